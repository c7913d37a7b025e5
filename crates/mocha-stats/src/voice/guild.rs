//! How much a guild was in voice.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::SqliteConnection;
use mocha_schema::{GuildId, UserId};

use super::{
    VoiceFilter, VoiceSessions,
    interval::{Interval, Stay, VoiceTime},
    scope::{Fold, Scope},
    sessions::Sessions,
};
use crate::{Error, Window};

/// The question how long everybody in a guild was in voice, and how many sessions there were.
///
/// Each person's time counts: two people in a channel for an hour are two hours.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct GuildVoice(Scope);

/// How long everybody in a guild was in voice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GuildVoiceAnswer {
    /// Milliseconds in voice: observed, assumed or both, as the filter's [`Assumed`](crate::Assumed) says.
    pub voice_ms: u64,
    /// Milliseconds that were observed.
    pub observed_ms: u64,
    /// Milliseconds that were assumed: they bridge a gap, or come after the last proof.
    pub assumed_ms: u64,
    /// Who had any of `voice_ms`, each once.
    pub user_count: u64,
    /// The sessions.
    pub sessions: VoiceSessions,
    /// From when on what is counted is kept, if the window starts earlier: what was before is not counted. `None` if all of the
    /// window is known.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

impl GuildVoice {
    /// Asks about this guild; of all time and without bots, until told otherwise.
    pub const fn of(guild: GuildId) -> Self {
        Self(Scope::of(guild))
    }

    /// Counts only what lies in this window, to the millisecond. The default is all time.
    ///
    /// Who is still in voice counts to the window's end, but no longer than [`ASSUMED_TAIL_MS`](crate::ASSUMED_TAIL_MS)
    /// after the last proof; without an end, to the last proof.
    pub const fn within(mut self, window: Window) -> Self {
        self.0.window = window;
        self
    }

    /// Counts only the time that this filter lets through. The default is all time of people.
    pub fn filter(mut self, filter: VoiceFilter) -> Self {
        self.0.filter = filter;
        self
    }

    /// Asks the file.
    ///
    /// Reads the guild's intervals of the window and of the day before it through an index, in one transaction; memory
    /// grows with people.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): SQLite refused, or a row holds what is no id.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::GuildVoice;
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // One was there for an hour; another came, was last seen half an hour later, and is there yet.
    /// let answer = GuildVoice::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// assert_eq!((answer.voice_ms, answer.user_count), (90 * 60_000, 2));
    /// assert_eq!((answer.sessions.started, answer.sessions.ended), (2, 1));
    /// assert_eq!((answer.sessions.longest_ms, answer.sessions.mean_ms), (Some(3_600_000), Some(3_600_000)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut SqliteConnection) -> Result<GuildVoiceAnswer, Error> {
        let Scope { ref filter, window, .. } = self.0;
        let (totals, data_since) = self.0.load(conn, |kept| Totals {
            scope: &self.0,
            sessions: Sessions::new(kept),
            time: VoiceTime::default(),
            users: HashSet::new(),
        })?;
        let Totals { scope: _, sessions, time, users } = totals;
        let VoiceTime { observed_ms, assumed_ms } = time;
        Ok(GuildVoiceAnswer {
            voice_ms: time.voice_ms(filter.assumed),
            observed_ms,
            assumed_ms,
            user_count: u64::try_from(users.len()).unwrap_or(u64::MAX),
            sessions: sessions.finish(),
            data_since,
            window,
        })
    }
}

#[derive(Debug)]
struct Totals<'a> {
    scope: &'a Scope,
    sessions: Sessions,
    time: VoiceTime,
    users: HashSet<UserId>,
}

impl Fold for Totals<'_> {
    fn interval(&mut self, interval: &Interval) {
        self.sessions.add(interval);
    }

    fn stay(&mut self, stay: Stay) {
        self.time.add(stay.time());
        if stay.counted(self.scope.filter.assumed).is_some() {
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
        Bots,
        fixture::empty,
        random,
        voice::truth::{self, There},
    };

    /// The same in plain Rust, tick by tick.
    fn expected(question: &GuildVoice, voice: &truth::Voice) -> (u64, u64, u64, u64) {
        let Scope { ref filter, window, .. } = question.0;
        let there: Vec<There> = voice.ticks(window).flat_map(|tick| voice.counted(window, filter, tick)).collect();
        let (observed_ms, assumed_ms) = voice.ms(&there);
        let users: BTreeSet<u64> =
            there.iter().filter(|there| truth::of_policy(filter.assumed, there)).map(|there| there.talk.user).collect();
        let voice_ms = truth::by_policy(filter.assumed, observed_ms, assumed_ms);
        (voice_ms, observed_ms, assumed_ms, users.len().try_into().unwrap())
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
                lengths.push(u64::try_from(end - start).unwrap());
            }
        }
        answer.longest_ms = lengths.iter().copied().max();
        answer.mean_ms = (answer.ended > 0).then(|| lengths.iter().sum::<u64>() / answer.ended);
        answer
    }

    proptest! {
        #[test]
        fn time_is_what_plain_rust_counts((voice, window) in truth::voice(), filter in truth::filter()) {
            let mut conn = empty().unwrap();
            voice.insert(&mut conn).unwrap();
            let question = GuildVoice::of(random::GUILD.try_into().unwrap()).within(window).filter(filter);
            let answer = question.load(&mut conn).unwrap();
            let got = (answer.voice_ms, answer.observed_ms, answer.assumed_ms, answer.user_count);
            prop_assert_eq!(got, expected(&question, &voice));
        }

        #[test]
        fn sessions_are_what_plain_rust_counts((history, window) in truth::history(), filter in truth::filter()) {
            let mut conn = empty().unwrap();
            truth::insert_history(&mut conn, &history).unwrap();
            let question = GuildVoice::of(random::GUILD.try_into().unwrap()).within(window).filter(filter.clone());
            let sessions = question.load(&mut conn).unwrap().sessions;
            prop_assert_eq!(sessions, expected_sessions(&history, filter.bots, window));
        }
    }
}
