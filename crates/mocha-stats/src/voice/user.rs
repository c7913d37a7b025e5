//! How long one user was in voice.

use chrono::{DateTime, Utc};
use diesel::SqliteConnection;
use foldhash::{HashMap, HashMapExt};
use mocha_schema::{ChannelId, GuildId, UserId};

use super::{
    ChannelVoice, VoiceFilter, VoiceSessions,
    channels::by_time,
    interval::{Interval, Stay, VoiceTime},
    scope::{Fold, Scope},
    sessions::Sessions,
};
use crate::{Bots, Error, Window};

/// The question how long one user was in voice in a guild, where, and in how many sessions.
///
/// A bot that is asked about counts: of the filter only that is not minded.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct UserVoice {
    scope: Scope,
    user: UserId,
}

/// How long one user was in voice.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct UserVoiceAnswer {
    /// Milliseconds in voice: observed, assumed or both, as the filter's [`Assumed`](crate::Assumed) says.
    pub voice_ms: u64,
    /// Milliseconds that were observed.
    pub observed_ms: u64,
    /// Milliseconds that were assumed: they bridge a gap, or come after the last proof.
    pub assumed_ms: u64,
    /// The channels that the user has any of `voice_ms` in, by it, longest first; equals by channel id as a number, the
    /// unknown channel last.
    pub channels: Vec<ChannelVoice>,
    /// The sessions.
    pub sessions: VoiceSessions,
    /// From when on what is counted is kept, if the window starts earlier: what was before is not counted. `None` if all of the
    /// window is known.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

impl UserVoice {
    /// Asks about this user in this guild; of all time, until told otherwise.
    pub const fn of(guild: GuildId, user: UserId) -> Self {
        Self { scope: Scope::of(guild), user }
    }

    /// Counts only what lies in this window, to the millisecond. The default is all time.
    ///
    /// Who is still in voice counts to the window's end, but no longer than [`ASSUMED_TAIL_MS`](crate::ASSUMED_TAIL_MS)
    /// after the last proof; without an end, to the last proof.
    pub const fn within(mut self, window: Window) -> Self {
        self.scope.window = window;
        self
    }

    /// Counts only the time that this filter lets through. The default is all time.
    pub fn filter(mut self, filter: VoiceFilter) -> Self {
        self.scope.filter = filter;
        self
    }

    /// Asks the file.
    ///
    /// Reads the user's intervals of the window and of the day before it through the primary key, and of a
    /// [`exclude_alone`](VoiceFilter::exclude_alone) filter everybody's in the guild, in one transaction; memory grows with channels.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): SQLite refused, or a row holds what is no id.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::{UserVoice, VoiceFilter};
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let question = UserVoice::of(GuildId::try_from(1)?, UserId::try_from(20)?);
    /// let answer = question.load(&mut conn)?;
    /// assert_eq!((answer.voice_ms, answer.sessions.ended), (3_600_000, 1));
    /// assert_eq!(answer.channels[0].channel_id.map(|channel| channel.get()), Some(3000));
    ///
    /// // For half of the hour somebody else was there.
    /// assert_eq!(question.filter(VoiceFilter::new().exclude_alone()).load(&mut conn)?.voice_ms, 1_800_000);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut SqliteConnection) -> Result<UserVoiceAnswer, Error> {
        let filter = self.scope.filter.clone().bots(Bots::Include);
        let scope = Scope { filter, user: Some(self.user), ..self.scope };
        let Scope { ref filter, window, .. } = scope;
        let (profile, data_since) = scope.load(conn, |kept| Profile {
            channels: HashMap::new(),
            sessions: Sessions::new(kept),
            time: VoiceTime::default(),
        })?;
        let Profile { channels, sessions, time } = profile;
        let VoiceTime { observed_ms, assumed_ms } = time;
        let voice_ms = time.voice_ms(filter.assumed);
        let channels = by_time(channels, filter.assumed);
        let sessions = sessions.finish();
        Ok(UserVoiceAnswer { voice_ms, observed_ms, assumed_ms, channels, sessions, data_since, window })
    }
}

#[derive(Debug)]
struct Profile {
    channels: HashMap<Option<ChannelId>, VoiceTime>,
    sessions: Sessions,
    time: VoiceTime,
}

impl Fold for Profile {
    fn interval(&mut self, interval: &Interval) {
        self.sessions.add(interval);
    }

    fn stay(&mut self, stay: Stay) {
        self.time.add(stay.time());
        self.channels.entry(stay.channel_id).or_default().add(stay.time());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{VoiceChannels, fixture::empty, random, voice::truth};

    proptest! {
        #[test]
        fn time_is_what_plain_rust_counts(
            (voice, window) in truth::voice(), filter in truth::filter(), user in random::any_user()
        ) {
            let mut conn = empty().unwrap();
            voice.insert(&mut conn).unwrap();
            let (guild, user_id) = (GuildId::try_from(random::GUILD).unwrap(), UserId::try_from(user).unwrap());
            let answer = UserVoice::of(guild, user_id).within(window).filter(filter.clone()).load(&mut conn).unwrap();
            let filter = filter.bots(Bots::Include);
            let there: Vec<_> = voice
                .ticks(window)
                .flat_map(|tick| voice.counted(window, &filter, tick))
                .filter(|there| there.talk.user == user)
                .collect();
            let (observed_ms, assumed_ms) = voice.ms(&there);
            prop_assert_eq!((answer.observed_ms, answer.assumed_ms), (observed_ms, assumed_ms));
            prop_assert_eq!(answer.voice_ms, truth::by_policy(filter.assumed, observed_ms, assumed_ms));
            prop_assert_eq!(answer.channels, voice.by_channel(filter.assumed, &there));
        }

        #[test]
        fn sessions_are_those_of_the_user((history, window) in truth::history(), user in random::any_user()) {
            let mut conn = empty().unwrap();
            truth::insert_history(&mut conn, &history).unwrap();
            let (guild, user_id) = (GuildId::try_from(random::GUILD).unwrap(), UserId::try_from(user).unwrap());
            let question = UserVoice::of(guild, user_id).within(window);
            let answer = question.load(&mut conn).unwrap();
            let in_company = question.filter(VoiceFilter::new().exclude_alone()).load(&mut conn).unwrap();
            prop_assert_eq!(answer.sessions, in_company.sessions);
            // The same as if nobody else were in the file.
            let own: Vec<_> = history.into_iter().filter(|part| part.user_id == user_id).collect();
            let mut conn = empty().unwrap();
            truth::insert_history(&mut conn, &own).unwrap();
            let filter = VoiceFilter::new().bots(Bots::Include);
            let alone = crate::GuildVoice::of(guild).within(window).filter(filter.clone()).load(&mut conn).unwrap();
            prop_assert_eq!((answer.sessions, answer.voice_ms), (alone.sessions, alone.voice_ms));
            let channels = VoiceChannels::of(guild).within(window).filter(filter).load(&mut conn).unwrap();
            prop_assert_eq!(answer.channels, channels.channels);
        }
    }
}
