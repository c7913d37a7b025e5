//! Who was in voice longest.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use mocha_schema::{GuildId, UserId};

use super::{VoiceFilter, VoiceScan, VoiceStateFilter, interval::VoiceTime, scope::Scope, total::VoiceRead};
use crate::{Error, Window, leaderboard::ranked, per_user::PerUser};

/// The question who was in voice longest; made by [`Leaderboard::voice`](crate::Leaderboard::voice).
///
/// All time in voice counts, in any channel, muted or alone too, unless a [`VoiceFilter`] leaves it out.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct VoiceLeaderboard {
    limit: Option<usize>,
    scope: Scope,
}

/// Who was in voice longest.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceLeaderboardAnswer {
    /// Everybody with voice time or a finished session, by voice time, longest first; equals by user id as a number.
    pub entries: Vec<VoiceRank>,
    /// How many are on the board, also those whom the limit leaves out.
    pub user_count: u64,
    /// Milliseconds of everybody who counts, also of those whom the limit leaves out: observed, assumed or both, as the
    /// filter's [`Assumed`](crate::Assumed) says.
    pub voice_ms: u64,
    /// Milliseconds of them all that were observed.
    pub observed_ms: u64,
    /// Milliseconds of them all that were assumed: they bridge a gap, or come after the last proof.
    pub assumed_ms: u64,
    /// How many are in voice at the instant the window ends, in any channel and state; without an end, and in a window that
    /// goes on, how many are in voice now; `None` if single intervals of then are kept no more. Of the filter only whether bots count is minded. Who was last proved to be there
    /// [`ASSUMED_TAIL_MS`](crate::ASSUMED_TAIL_MS) or more before the window's end is not.
    pub open_sessions: Option<u64>,
    /// From when on what is counted is kept, if the window starts earlier: what was before is not counted. Of
    /// [`exclude_alone`](VoiceFilter::exclude_alone) time single intervals are read, which are kept less long. `None` if all of the window is known.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
    /// Whether more than the window was counted: of a day at its edge of which only the roll-up is left, all. Of
    /// [`exclude_alone`](VoiceFilter::exclude_alone) time no roll-up knows: there only `sessions` can be of more.
    pub rounded_to_days: bool,
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
    /// Milliseconds in voice: observed, assumed or both, as the filter's [`Assumed`](crate::Assumed) says.
    pub voice_ms: u64,
    /// Milliseconds that were observed.
    pub observed_ms: u64,
    /// Milliseconds that were assumed: they bridge a gap, or come after the last proof.
    pub assumed_ms: u64,
    /// Entries of the voice log that tell of a session's end in the window, by the whole second of it. Of the filter only
    /// whether bots count is minded.
    pub sessions: u64,
}

impl VoiceLeaderboard {
    pub(crate) const fn of(guild: GuildId) -> Self {
        Self { limit: None, scope: Scope::of(guild) }
    }

    /// Counts only what lies in this window, time to the millisecond. The default is all time.
    ///
    /// Who is still in voice counts to the window's end, but no longer than [`ASSUMED_TAIL_MS`](crate::ASSUMED_TAIL_MS)
    /// after the last proof; without an end, to the last proof.
    pub const fn within(mut self, window: Window) -> Self {
        self.scope.window = window;
        self
    }

    /// Counts only the time that this filter lets through. The default is all time of people.
    pub fn filter(mut self, filter: VoiceFilter) -> Self {
        self.scope.filter = filter;
        self
    }

    /// Lists only the first `n`. Ranks and totals stay what they are without it. The default is everybody.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = Some(n);
        self
    }

    /// Asks the file.
    ///
    /// Reads roll-ups of months and days, and single intervals and entries of the voice log of at most a day at each edge of
    /// the window; of [`exclude_alone`](VoiceFilter::exclude_alone) time all intervals of the window. Through keys and indexes, in one
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
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let monday = chrono::DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// // One was there from nine to ten; one came at nine, was last seen at half past, and may be there yet.
    /// let until = |minutes| Window::between(monday, monday + chrono::TimeDelta::minutes(minutes));
    /// let board = Leaderboard::voice(GuildId::try_from(1)?).within(until(9 * 60 + 33)?).load(&mut conn)?;
    /// let [left, there] = board.entries[..] else { return Err("two were in voice".into()) };
    /// assert_eq!((left.rank, left.user_id.get(), left.voice_ms, left.assumed_ms), (1, 20, 33 * 60_000, 0));
    /// assert_eq!((there.rank, there.user_id.get(), there.voice_ms, there.assumed_ms), (1, 30, 33 * 60_000, 3 * 60_000));
    /// assert_eq!(board.open_sessions, Some(2));
    ///
    /// // More than five minutes after that nobody believes it any longer.
    /// let board = Leaderboard::voice(GuildId::try_from(1)?).within(until(10 * 60)?).load(&mut conn)?;
    /// assert_eq!((board.entries[1].voice_ms, board.open_sessions), (35 * 60_000, Some(0)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut SqliteConnection) -> Result<VoiceLeaderboardAnswer, Error> {
        let board = conn.transaction(|conn| {
            let mut users = PerUser::new(User::add);
            let VoiceRead { horizon, mut open, rounded_to_days, .. } = self.scope.each_part(conn, false, |part| {
                users.add(part.user, User { sessions: part.sessions, time: part.time });
            })?;
            let Scope { ref filter, guild, window, .. } = self.scope;
            let scan = VoiceScan {
                bots: filter.bots,
                channels: false,
                guild,
                state: VoiceStateFilter::All,
                user: None,
                window,
            };
            open.extend(scan.leave_after_end(conn)?);
            // Of a time of which no single intervals are left nobody knows.
            let known = self.scope.window.passed_ms().is_none_or(|ms| ms >= horizon.voice_from.saturating_mul(1000));
            let open_sessions = known.then(|| u64::try_from(open.len()).unwrap_or(u64::MAX));
            let data_since = self.scope.data_since(horizon);
            Ok(Board { data_since, open_sessions, users: users.finish(), rounded_to_days })
        });
        board.map(|board| self.answer(board)).map_err(Error::database)
    }

    fn answer(&self, Board { data_since, open_sessions, mut users, rounded_to_days }: Board) -> VoiceLeaderboardAnswer {
        let assumed = self.scope.filter.assumed;
        let mut all = VoiceTime::default();
        users.retain(|(_, user)| {
            all.add(user.time);
            user.time.voice_ms(assumed) > 0 || user.sessions > 0
        });
        let count = u64::try_from(users.len()).unwrap_or(u64::MAX);
        let listed = 0..self.limit.unwrap_or(usize::MAX);
        let entries =
            ranked(&users, listed, |(_, user)| user.time.voice_ms(assumed)).map(|(rank, &(user_id, user))| {
                let User { sessions, time } = user;
                let VoiceTime { observed_ms, assumed_ms } = time;
                VoiceRank { rank, user_id, voice_ms: time.voice_ms(assumed), observed_ms, assumed_ms, sessions }
            });
        let entries = entries.collect();
        let VoiceTime { observed_ms, assumed_ms } = all;
        VoiceLeaderboardAnswer {
            entries,
            user_count: count,
            voice_ms: all.voice_ms(assumed),
            observed_ms,
            assumed_ms,
            open_sessions,
            data_since,
            window: self.scope.window,
            rounded_to_days,
        }
    }
}

#[derive(Debug)]
struct Board {
    data_since: Option<DateTime<Utc>>,
    open_sessions: Option<u64>,
    users: Vec<(UserId, User)>,
    rounded_to_days: bool,
}

#[derive(Clone, Copy, Debug)]
struct User {
    sessions: u64,
    time: VoiceTime,
}

impl User {
    // Saturating: a file that somebody else wrote into must not be able to make it panic.
    fn add(&mut self, Self { sessions, time }: Self) {
        self.sessions = self.sessions.saturating_add(sessions);
        self.time.add(time);
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
        random::{self, LogEntry},
        voice::truth,
    };

    /// The same in plain Rust, tick by tick.
    fn expected(
        question: &VoiceLeaderboard,
        voice: &truth::Voice,
        log: &[LogEntry],
    ) -> TestResult<VoiceLeaderboardAnswer> {
        let Scope { ref filter, window, .. } = question.scope;
        let counts = |guild: u64, user| guild == random::GUILD && random::counts(filter.bots, user);
        let leaves: Vec<_> = log
            .iter()
            .filter(|event| counts(event.guild, event.user) && event.kind == VoiceEventType::Leave)
            .filter(|event| random::holds(window, event.second * 1000))
            .collect();
        let there: Vec<_> = voice.ticks(window).flat_map(|tick| voice.counted(window, filter, tick)).collect();
        let mut entries = Vec::new();
        let users = there.iter().map(|there| there.talk.user).chain(leaves.iter().map(|event| event.user));
        for user in users.collect::<BTreeSet<u64>>() {
            let own: Vec<_> = there.iter().filter(|there| there.talk.user == user).copied().collect();
            let (observed_ms, assumed_ms) = voice.ms(&own);
            let voice_ms = truth::by_policy(filter.assumed, observed_ms, assumed_ms);
            let sessions = leaves.iter().filter(|event| event.user == user).count().try_into()?;
            if voice_ms > 0 || sessions > 0 {
                let user_id = user.try_into()?;
                entries.push(VoiceRank { rank: 0, user_id, voice_ms, observed_ms, assumed_ms, sessions });
            }
        }
        let times: Vec<u64> = entries.iter().map(|entry| entry.voice_ms).collect();
        for entry in &mut entries {
            entry.rank = u64::try_from(times.iter().filter(|time| **time > entry.voice_ms).count())? + 1;
        }
        entries.sort_by_key(|entry| entry.rank);
        let users = entries.len().try_into()?;
        entries.truncate(question.limit.unwrap_or(usize::MAX));
        let (observed_ms, assumed_ms) = voice.ms(&there);
        let open: BTreeSet<u64> = voice
            .talks
            .iter()
            .filter(|talk| counts(talk.guild, talk.user) && voice.goes_on_at_the_end_of(window, talk))
            .map(|talk| talk.user)
            .collect();
        Ok(VoiceLeaderboardAnswer {
            entries,
            user_count: users,
            voice_ms: times.iter().sum(),
            observed_ms,
            assumed_ms,
            open_sessions: Some(open.len().try_into()?),
            data_since: None,
            window,
            rounded_to_days: false,
        })
    }

    proptest! {
        #[test]
        fn it_is_what_plain_rust_counts(
            (voice, window) in truth::voice(), log in random::voice_log(3600), filter in truth::filter(),
            limit in random::limit()
        ) {
            let mut conn = empty().unwrap();
            voice.insert(&mut conn).unwrap();
            random::insert_voice_log(&mut conn, &log).unwrap();
            let question = Leaderboard::voice(random::GUILD.try_into().unwrap()).within(window).filter(filter);
            let question = match limit {
                Some(limit) => question.limit(limit),
                None => question,
            };
            prop_assert_eq!(question.load(&mut conn).unwrap(), expected(&question, &voice, &log).unwrap());
        }
    }
}
