//! How long a guild, or one user in it, was in voice.

use std::time::Duration;

use chrono::{DateTime, Utc};
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use mocha_schema::{ChannelId, GuildId, UserId};

use super::{
    Assumed, ChannelVoice, VoiceFilter, VoiceSessions,
    channels::by_time,
    interval::{Interval, Stay, VoiceTime},
    scope::{Fold, Scope},
    sessions::Sessions,
};
use crate::{Bots, Database, Error, Window};

/// A question about how long the members of a guild, or one [`user`](Self::user), were in voice,
/// where, and in how many sessions.
///
/// The time of each member counts: two members in a channel for an hour are two hours.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
#[doc(alias = "UserVoice")]
pub struct GuildVoice(Scope);

/// The voice time and sessions of a guild or of one user in it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GuildVoiceAnswer {
    /// Time in voice: observed, assumed or both, as the filter's
    /// [`Assumed`] says.
    #[cfg_attr(feature = "serde", serde(rename = "voice_ms", serialize_with = "crate::duration::milliseconds"))]
    pub voice_time: Duration,
    /// The observed part of it.
    #[cfg_attr(feature = "serde", serde(rename = "observed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub observed: Duration,
    /// The assumed part of it: time that bridges a gap, or follows the last confirmation of the
    /// connection.
    #[cfg_attr(feature = "serde", serde(rename = "assumed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub assumed: Duration,
    /// The channels with any of `voice_time`, longest time first. Ties are ordered by channel id as a
    /// number; the unknown channel is the last of them.
    pub channels: Vec<ChannelVoice>,
    /// How many users had any of `voice_time`.
    pub user_count: u64,
    /// The sessions.
    pub sessions: VoiceSessions,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

impl GuildVoice {
    /// Asks about this guild. Defaults: all time, humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self(Scope::of(guild))
    }

    /// Counts only what lies in this window, to the millisecond. The default is all time.
    ///
    /// A member who is still in voice counts up to the window's end, for at most
    /// [`ASSUMED_TAIL`](crate::ASSUMED_TAIL) after Mocha last confirmed the connection. If
    /// the window has no end, the time counts up to that confirmation.
    pub const fn within(mut self, window: Window) -> Self {
        self.0.window = window;
        self
    }

    /// Counts only this user. A bot counts if it is the user, whatever the filter says about bots.
    pub const fn user(mut self, user: UserId) -> Self {
        self.0.user = Some(user);
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.0.filter.bots = bots;
        self
    }

    /// Counts only the voice time that this filter lets through. The default is all time.
    pub fn filter(mut self, filter: VoiceFilter) -> Self {
        self.0.filter = filter.bots(self.0.filter.bots);
        self
    }

    /// Runs the query.
    ///
    /// Reads the intervals of the window and of the day before it in one transaction: those of the
    /// guild through an index, those of one user through the primary key. With
    /// [`exclude_alone`](VoiceFilter::exclude_alone) it reads those of the guild in both cases.
    /// Memory grows with users and channels.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::{GuildVoice, VoiceFilter};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // One was there for an hour; another came, was last seen half an hour later, and is there yet.
    /// let answer = GuildVoice::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// assert_eq!((answer.voice_time, answer.user_count), (Duration::from_mins(90), 2));
    /// assert_eq!((answer.sessions.started, answer.sessions.ended), (2, 1));
    /// let hour = Duration::from_hours(1);
    /// assert_eq!((answer.sessions.longest, answer.sessions.mean), (Some(hour), Some(hour)));
    ///
    /// let one = GuildVoice::of(GuildId::try_from(1)?).user(UserId::try_from(20)?);
    /// assert_eq!(one.load(&mut conn)?.voice_time, hour);
    /// // Somebody else was in the channel for half of the hour.
    /// assert_eq!(one.filter(VoiceFilter::new().exclude_alone()).load(&mut conn)?.voice_time, hour / 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<GuildVoiceAnswer, Error> {
        let mut scope = self.0.clone();
        if scope.user.is_some() {
            scope.filter.bots = Bots::Include;
        }
        let (assumed, window) = (scope.filter.assumed, scope.window);
        let (totals, data_since) = scope.load(conn, |kept| Totals {
            assumed,
            channels: HashMap::new(),
            sessions: Sessions::new(kept),
            time: VoiceTime::default(),
            users: HashSet::new(),
        })?;
        let Totals { channels, sessions, time, users, .. } = totals;
        Ok(GuildVoiceAnswer {
            voice_time: time.counted(assumed),
            observed: time.observed(),
            assumed: time.assumed(),
            channels: by_time(channels, assumed),
            user_count: u64::try_from(users.len()).unwrap_or(u64::MAX),
            sessions: sessions.finish(),
            data_since,
            window,
        })
    }
}

#[derive(Debug)]
struct Totals {
    assumed: Assumed,
    channels: HashMap<Option<ChannelId>, VoiceTime>,
    sessions: Sessions,
    time: VoiceTime,
    users: HashSet<UserId>,
}

impl Fold for Totals {
    fn interval(&mut self, interval: &Interval) {
        self.sessions.add(interval);
    }

    fn stay(&mut self, stay: Stay) {
        self.time.add(stay.time());
        self.channels.entry(stay.channel_id).or_default().add(stay.time());
        if stay.counted(self.assumed).is_some() {
            self.users.insert(stay.user_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use mocha_schema::VoiceInterval;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        VoiceChannels, random,
        test_file::empty,
        voice::truth::{self, There},
    };

    /// The same in plain Rust, tick by tick.
    fn expected(question: &GuildVoice, voice: &truth::Voice) -> (Duration, Duration, Duration, u64) {
        let Scope { ref filter, window, .. } = question.0;
        let there: Vec<There> = voice.ticks(window).flat_map(|tick| voice.counted(window, filter, tick)).collect();
        let (observed, assumed) = voice.time(&there);
        let users: BTreeSet<u64> =
            there.iter().filter(|there| truth::of_policy(filter.assumed, there)).map(|there| there.talk.user).collect();
        let voice_time = truth::by_policy(filter.assumed, observed, assumed);
        (voice_time, observed, assumed, users.len().try_into().unwrap())
    }

    /// Sessions in plain Rust: all intervals of one, put together.
    fn expected_sessions(history: &[VoiceInterval], bots: Bots, window: Window) -> VoiceSessions {
        let counted = history.iter().filter(|part| random::counts(bots, part.user_id.get()));
        let keys: BTreeSet<(u64, i64)> = counted.map(|part| (part.user_id.get(), part.session_started_at_ms)).collect();
        let (mut answer, mut lengths) = (VoiceSessions::default(), Vec::new());
        for (user, start) in keys {
            let parts = history.iter().filter(|part| (part.user_id.get(), part.session_started_at_ms) == (user, start));
            let ends: Option<Vec<i64>> = parts.map(|part| part.ended_at_ms).collect();
            answer.started += u64::from(random::holds(window, start));
            if let Some(end) = ends.and_then(|ends| ends.into_iter().max()).filter(|end| random::holds(window, *end)) {
                answer.ended += 1;
                lengths.push(Duration::from_millis((end - start).try_into().unwrap()));
            }
        }
        answer.longest = lengths.iter().copied().max();
        let mean_ms = |sum: Duration| u64::try_from(sum.as_millis()).unwrap() / answer.ended;
        answer.mean = (answer.ended > 0).then(|| Duration::from_millis(mean_ms(lengths.iter().sum())));
        answer
    }

    proptest! {
        #[test]
        fn time_matches_plain_rust((voice, window) in truth::voice(), filter in truth::filter()) {
            let mut conn = empty().unwrap();
            voice.insert(&mut conn).unwrap();
            let question = GuildVoice::of(random::GUILD.try_into().unwrap()).within(window).bots(filter.bots).filter(filter);
            let answer = question.load(&mut conn).unwrap();
            let got = (answer.voice_time, answer.observed, answer.assumed, answer.user_count);
            prop_assert_eq!(got, expected(&question, &voice));
        }

        #[test]
        fn sessions_match_plain_rust((history, window) in truth::history(), filter in truth::filter()) {
            let mut conn = empty().unwrap();
            truth::insert_history(&mut conn, &history).unwrap();
            let question = GuildVoice::of(random::GUILD.try_into().unwrap()).within(window).bots(filter.bots).filter(filter.clone());
            let sessions = question.load(&mut conn).unwrap().sessions;
            prop_assert_eq!(sessions, expected_sessions(&history, filter.bots, window));
        }

        #[test]
        fn time_of_a_user_matches_plain_rust(
            (voice, window) in truth::voice(), filter in truth::filter(), user in random::any_user()
        ) {
            let mut conn = empty().unwrap();
            voice.insert(&mut conn).unwrap();
            let (guild, user_id) = (GuildId::try_from(random::GUILD).unwrap(), UserId::try_from(user).unwrap());
            let answer = GuildVoice::of(guild).user(user_id).within(window).bots(filter.bots).filter(filter.clone()).load(&mut conn).unwrap();
            let filter = filter.bots(Bots::Include);
            let there: Vec<_> = voice
                .ticks(window)
                .flat_map(|tick| voice.counted(window, &filter, tick))
                .filter(|there| there.talk.user == user)
                .collect();
            let (observed, assumed) = voice.time(&there);
            prop_assert_eq!((answer.observed, answer.assumed), (observed, assumed));
            prop_assert_eq!(answer.voice_time, truth::by_policy(filter.assumed, observed, assumed));
            prop_assert_eq!(answer.channels, voice.by_channel(filter.assumed, &there));
        }

        #[test]
        fn sessions_of_a_user_are_counted_as_if_alone_in_the_file((history, window) in truth::history(), user in random::any_user()) {
            let mut conn = empty().unwrap();
            truth::insert_history(&mut conn, &history).unwrap();
            let (guild, user_id) = (GuildId::try_from(random::GUILD).unwrap(), UserId::try_from(user).unwrap());
            let question = GuildVoice::of(guild).user(user_id).within(window);
            let answer = question.load(&mut conn).unwrap();
            let in_company = question.filter(VoiceFilter::new().exclude_alone()).load(&mut conn).unwrap();
            prop_assert_eq!(answer.sessions, in_company.sessions);
            // The same as if nobody else were in the file.
            let own: Vec<_> = history.into_iter().filter(|part| part.user_id == user_id).collect();
            let mut conn = empty().unwrap();
            truth::insert_history(&mut conn, &own).unwrap();
            let filter = VoiceFilter::new().bots(Bots::Include);
            let alone = GuildVoice::of(guild).within(window).bots(filter.bots).filter(filter.clone()).load(&mut conn).unwrap();
            prop_assert_eq!((answer.sessions, answer.voice_time), (alone.sessions, alone.voice_time));
            let channels = VoiceChannels::of(guild).within(window).bots(filter.bots).filter(filter).load(&mut conn).unwrap();
            prop_assert_eq!(answer.channels, channels.channels);
        }
    }
}
