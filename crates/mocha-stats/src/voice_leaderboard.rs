//! Who was in voice longest.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Text},
};
use mocha_schema::{GuildId, UserId};

use crate::{
    Bots, Error, Window,
    leaderboard::ranked,
    scan::{self, Unsigned},
    voice_interval::{self, Interval, VoiceTime},
};

/// The question who was in voice longest; made by [`Leaderboard::voice`](crate::Leaderboard::voice).
///
/// All time in voice counts, in any channel, muted or alone too.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct VoiceLeaderboard {
    bots: Bots,
    guild: GuildId,
    limit: Option<usize>,
    window: Window,
}

/// Who was in voice longest.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceLeaderboardAnswer {
    /// Everybody with time or a finished session, by voice time, longest first; equals by user id as a number.
    pub entries: Vec<VoiceRank>,
    /// Milliseconds of everybody who counts, also of those whom the limit leaves out.
    pub voice_ms: u64,
    /// How many of them are assumed.
    pub assumed_ms: u64,
    /// How many who count are in voice at the instant the window ends; without an end, how many are in voice now.
    pub open_sessions: u64,
    /// The window that was asked about.
    pub window: Window,
}

/// Somebody's place on a [`VoiceLeaderboardAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceRank {
    /// `RANK()` by voice time: equal times share a rank, and the next rank skips as many.
    pub rank: u64,
    /// The user.
    pub user_id: UserId,
    /// Milliseconds in voice.
    pub voice_ms: u64,
    /// How many of them are assumed: they bridge a gap, or come after the last proof.
    pub assumed_ms: u64,
    /// Sessions that ended in the window, by the whole second of their end.
    pub sessions: u64,
}

impl VoiceLeaderboard {
    pub(crate) const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, limit: None, window: Window::all() }
    }

    /// Counts only what lies in this window, time to the millisecond. The default is all time.
    ///
    /// Who is still in voice counts to the window's end, so it should not lie in the future; without an end, to the last
    /// instant they were seen.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Whether bots count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Lists only the first `n`. Ranks and totals stay what they are without it. The default is everybody.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = Some(n);
        self
    }

    /// Asks the file.
    ///
    /// Reads the guild's intervals up to the window's end and its voice log of the window through their indexes, in one
    /// transaction; memory grows with people.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): SQLite refused, or a row holds what is no id.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{Leaderboard, Window};
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// # let monday = chrono::DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// // One was there from nine to ten; one came at nine, was last seen at half past, and is there yet.
    /// let until_ten = Window::between(monday, monday + chrono::TimeDelta::hours(10))?;
    /// let board = Leaderboard::voice(GuildId::try_from(1)?).within(until_ten).load(&mut conn)?;
    /// let [left, there] = board.entries[..] else { return Err("two were in voice".into()) };
    /// assert_eq!((left.rank, left.user_id.get(), left.voice_ms, left.assumed_ms), (1, 20, 3_600_000, 0));
    /// assert_eq!((there.rank, there.user_id.get(), there.voice_ms, there.assumed_ms), (1, 30, 3_600_000, 1_800_000));
    /// assert_eq!(board.open_sessions, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut SqliteConnection) -> Result<VoiceLeaderboardAnswer, Error> {
        let mut fold = Fold::default();
        conn.transaction(|conn| {
            voice_interval::scan(conn, self.guild, self.window, |interval| fold.add_interval(&self, &interval))?;
            let finished: Vec<Finished> = scan::events(FINISHED_SQL, self.guild, self.window).load(conn)?;
            for finished in &finished {
                fold.add_finished(&self, finished);
            }
            Ok(())
        })
        .map_err(Error::database)?;
        Ok(fold.finish(&self))
    }
}

const FINISHED_SQL: &str = "\
    SELECT user_id, user_id IN (SELECT id FROM users WHERE bot = 1) AS bot, COUNT(*) AS sessions \
    FROM voice_events INDEXED BY idx_voice_events_guild_time \
    WHERE guild_id = ?1 AND created_at >= ?2 AND created_at < ?3 AND event_type = 'leave' \
    GROUP BY user_id";

/// The finished sessions of somebody.
#[derive(Clone, Copy, Debug, QueryableByName)]
struct Finished {
    #[diesel(sql_type = Text)]
    user_id: UserId,
    #[diesel(sql_type = Bool)]
    bot: bool,
    #[diesel(sql_type = BigInt, deserialize_as = Unsigned)]
    sessions: u64,
}

#[derive(Debug, Default)]
struct Fold(HashMap<UserId, Voice>);

#[derive(Debug, Default)]
struct Voice {
    open: bool,
    sessions: u64,
    time: VoiceTime,
}

impl Fold {
    fn add_interval(&mut self, question: &VoiceLeaderboard, interval: &Interval) {
        if question.bots.counts(interval.bot) {
            let voice = self.0.entry(interval.user_id).or_default();
            voice.time.add(interval.clip(question.window));
            voice.open |= interval.is_open_at_end(question.window);
        }
    }

    fn add_finished(&mut self, question: &VoiceLeaderboard, finished: &Finished) {
        if question.bots.counts(finished.bot) {
            self.0.entry(finished.user_id).or_default().sessions += finished.sessions;
        }
    }

    fn finish(self, question: &VoiceLeaderboard) -> VoiceLeaderboardAnswer {
        let (mut all, mut open_sessions) = (VoiceTime::default(), 0);
        let mut rows = Vec::with_capacity(self.0.len());
        for (user_id, voice) in self.0 {
            all.add(voice.time);
            open_sessions += u64::from(voice.open);
            if voice.time.voice_ms > 0 || voice.sessions > 0 {
                rows.push((user_id, voice));
            }
        }
        let entries =
            ranked(rows, |(_, voice)| voice.time.voice_ms, |(user_id, _)| *user_id)
                .into_iter()
                .take(question.limit.unwrap_or(usize::MAX))
                .map(|(rank, (user_id, Voice { open: _, sessions, time: VoiceTime { voice_ms, assumed_ms } }))| {
                    VoiceRank { rank, user_id, voice_ms, assumed_ms, sessions }
                })
                .collect();
        let VoiceTime { voice_ms, assumed_ms } = all;
        VoiceLeaderboardAnswer { entries, voice_ms, assumed_ms, open_sessions, window: question.window }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use mocha_schema::VoiceEventType;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Leaderboard,
        fixture::{TestResult, empty},
        random::{self, Talk},
    };

    /// The same in plain Rust: time millisecond by millisecond.
    fn expected(question: VoiceLeaderboard, voice: &random::Voice) -> TestResult<VoiceLeaderboardAnswer> {
        let counts = |guild: u64, user| guild == random::GUILD && random::counts(question.bots, user);
        let talks: Vec<&Talk> = voice.talks.iter().filter(|talk| counts(talk.guild, talk.user)).collect();
        let leaves: Vec<_> = voice
            .log
            .iter()
            .filter(|event| counts(event.guild, event.user) && event.kind == VoiceEventType::Leave)
            .filter(|event| random::holds(question.window, event.second * 1000))
            .collect();
        let (mut entries, mut open_sessions) = (Vec::new(), 0);
        let users = talks.iter().map(|talk| talk.user).chain(leaves.iter().map(|event| event.user));
        for user in users.collect::<BTreeSet<u64>>() {
            let own = || talks.iter().filter(move |talk| talk.user == user);
            let (voice_ms, assumed_ms) = random::milliseconds(question.window, own().copied());
            let sessions = leaves.iter().filter(|event| event.user == user).count().try_into()?;
            open_sessions += u64::from(own().any(|talk| talk.goes_on_at_the_end_of(question.window)));
            if voice_ms > 0 || sessions > 0 {
                entries.push(VoiceRank { rank: 0, user_id: user.try_into()?, voice_ms, assumed_ms, sessions });
            }
        }
        let times: Vec<u64> = entries.iter().map(|entry| entry.voice_ms).collect();
        for entry in &mut entries {
            entry.rank = u64::try_from(times.iter().filter(|time| **time > entry.voice_ms).count())? + 1;
        }
        entries.sort_by_key(|entry| entry.rank);
        let assumed_ms = entries.iter().map(|entry| entry.assumed_ms).sum();
        entries.truncate(question.limit.unwrap_or(usize::MAX));
        let (voice_ms, window) = (times.iter().sum(), question.window);
        Ok(VoiceLeaderboardAnswer { entries, voice_ms, assumed_ms, open_sessions, window })
    }

    proptest! {
        #[test]
        fn it_is_what_plain_rust_counts(
            voice in random::voice(3), window in random::window(3), bots in random::bots(), limit in random::limit()
        ) {
            let mut conn = empty().unwrap();
            random::insert_voice(&mut conn, &voice).unwrap();
            let question = Leaderboard::voice(random::GUILD.try_into().unwrap()).within(window).bots(bots);
            let question = limit.map_or(question, |limit| question.limit(limit));
            prop_assert_eq!(question.load(&mut conn).unwrap(), expected(question, &voice).unwrap());
        }
    }
}
