//! A row of `voice_intervals`, clipped to a window.

use std::time::Duration;

use mocha_schema::{ChannelId, UserId, VoiceState};

use super::Assumed;
use crate::{
    Error, Window,
    database::{Dialect, Row},
    statement::Statement,
};

/// The longest assumed time after Mocha last confirmed a connection: five minutes.
///
/// A running recorder confirms every connection each half minute. After a crash there are no
/// confirmations, and members must not accrue time until the recorder is started again.
pub const ASSUMED_TAIL: Duration = Duration::from_millis(ASSUMED_TAIL_MS.cast_unsigned());

pub(crate) const ASSUMED_TAIL_MS: i64 = 300_000;

pub(super) const DAY_MS: i64 = 86_400_000;

/// A row of `voice_intervals`, and whether its user is a bot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    pub(super) user_id: UserId,
    pub(super) bot: bool,
    pub(super) channel_id: Option<ChannelId>,
    pub(super) started_at_ms: i64,
    pub(super) ended_at_ms: Option<i64>,
    pub(super) seen_at_ms: i64,
    pub(super) session_started_at_ms: i64,
    pub(super) state: VoiceState,
    pub(super) assumed: bool,
}

impl Interval {
    /// Returns a statement that selects the columns of [`of`](Self::of), up to the table.
    pub(super) fn statement(dialect: Dialect) -> Statement {
        let mut statement = Statement::new(dialect);
        statement.select([
            dialect.user(),
            dialect.either(
                "user_id IN (SELECT id FROM users WHERE bot = 1)",
                "user_id IN (SELECT id FROM users WHERE bot)",
            ),
            dialect.either("CAST(channel_id AS INTEGER)", "channel_id"),
            "started_at_ms",
            "ended_at_ms",
            "seen_at_ms",
            "session_started_at_ms",
            dialect.either(
                "server_mute + 2 * server_deaf + 4 * self_mute + 8 * self_deaf + 16 * stream + 32 * video \
                 + 64 * suppress + 128 * assumed",
                "server_mute::int + 2 * server_deaf::int + 4 * self_mute::int + 8 * self_deaf::int + 16 * stream::int \
                 + 32 * video::int + 64 * suppress::int + 128 * assumed::int",
            ),
        ]);
        statement.push(" FROM voice_intervals");
        statement
    }

    pub(super) fn of(row: &Row) -> Result<Self, Error> {
        let bits = row.number(7)?;
        let bit = |place: u8| bits >> place & 1 == 1;
        let state = VoiceState {
            server_mute: bit(0),
            server_deaf: bit(1),
            self_mute: bit(2),
            self_deaf: bit(3),
            stream: bit(4),
            video: bit(5),
            suppress: bit(6),
        };
        Ok(Self {
            user_id: row.id(0)?,
            bot: row.flag(1)?,
            channel_id: row.optional_id(2)?,
            started_at_ms: row.number(3)?,
            ended_at_ms: row.optional(4),
            seen_at_ms: row.number(5)?,
            session_started_at_ms: row.number(6)?,
            state,
            assumed: bit(7),
        })
    }

    /// Returns its part in the window, if there is one. An open interval lasts up to
    /// [`ASSUMED_TAIL`] after its last confirmation, but not beyond the present. If the window
    /// has no end, the interval ends with that confirmation.
    pub(super) fn clip(&self, window: Window) -> Option<Stay> {
        let from_ms = self.started_at_ms.max(window.start_ms());
        let to_ms = match (self.ended_at_ms, window.passed_ms()) {
            (None, Some(passed_ms)) => self.end_ms(window).min(passed_ms.max(self.seen_at_ms)),
            _ => self.end_ms(window),
        };
        let to_ms = to_ms.min(window.counted_until_ms());
        let assumed_from_ms = match self.ended_at_ms {
            _ if self.assumed => from_ms,
            None => self.seen_at_ms,
            Some(_) => to_ms,
        };
        let all = Stay { user_id: self.user_id, channel_id: self.channel_id, from_ms, assumed_from_ms, to_ms };
        all.part(from_ms, to_ms)
    }

    /// Returns whether it continues at the window's end, or at the present instant if that is
    /// earlier. If there is no end, returns whether it is open.
    pub(super) fn is_open_at_end(&self, window: Window) -> bool {
        match window.passed_ms() {
            None => self.ended_at_ms.is_none(),
            Some(instant) => self.started_at_ms <= instant && self.end_ms(window) > instant,
        }
    }

    fn end_ms(&self, window: Window) -> i64 {
        let tail_ms = if window.end_ms().is_some() { ASSUMED_TAIL_MS } else { 0 };
        self.ended_at_ms.unwrap_or_else(|| self.seen_at_ms.saturating_add(tail_ms))
    }
}

/// The time of a user in a channel: observed first, and assumed from an instant on. Never empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stay {
    pub(crate) user_id: UserId,
    pub(crate) channel_id: Option<ChannelId>,
    pub(crate) from_ms: i64,
    pub(super) assumed_from_ms: i64,
    pub(crate) to_ms: i64,
}

impl Stay {
    /// Returns its part between two instants, if there is one.
    pub(super) fn part(self, from_ms: i64, to_ms: i64) -> Option<Self> {
        let (from_ms, to_ms) = (self.from_ms.max(from_ms), self.to_ms.min(to_ms));
        if from_ms >= to_ms {
            return None;
        }
        Some(Self { from_ms, assumed_from_ms: self.assumed_from_ms.clamp(from_ms, to_ms), to_ms, ..self })
    }

    /// Returns its parts on single days in UTC, each with the number of its day.
    pub(super) fn days(self) -> impl Iterator<Item = (i64, Self)> {
        let mut from_ms = self.from_ms;
        std::iter::from_fn(move || {
            let part = self.part(from_ms, from_ms - from_ms.rem_euclid(DAY_MS) + DAY_MS)?;
            let day = from_ms.div_euclid(DAY_MS);
            from_ms = part.to_ms;
            Some((day, part))
        })
    }

    /// Returns the part that the policy counts, if there is one.
    pub(super) fn counted(self, assumed: Assumed) -> Option<Self> {
        match assumed {
            Assumed::Include => Some(self),
            Assumed::Exclude => self.part(self.from_ms, self.assumed_from_ms),
            Assumed::Only => self.part(self.assumed_from_ms, self.to_ms),
        }
    }

    /// Returns its length.
    pub(super) fn time(self) -> VoiceTime {
        VoiceTime {
            observed_ms: between(self.from_ms, self.assumed_from_ms),
            assumed_ms: between(self.assumed_from_ms, self.to_ms),
        }
    }
}

/// The time that a user was in voice.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct VoiceTime {
    pub(crate) observed_ms: u64,
    pub(crate) assumed_ms: u64,
}

impl VoiceTime {
    // The additions saturate, so that a file of another program cannot cause a panic.
    pub(crate) fn add(&mut self, other: Self) {
        self.observed_ms = self.observed_ms.saturating_add(other.observed_ms);
        self.assumed_ms = self.assumed_ms.saturating_add(other.assumed_ms);
    }

    /// Returns observed and assumed time together.
    pub(crate) const fn all_ms(self) -> u64 {
        self.observed_ms.saturating_add(self.assumed_ms)
    }

    pub(crate) const fn observed(self) -> Duration {
        Duration::from_millis(self.observed_ms)
    }

    pub(crate) const fn assumed(self) -> Duration {
        Duration::from_millis(self.assumed_ms)
    }

    /// Returns the time that the policy counts.
    pub(crate) const fn counted(self, assumed: Assumed) -> Duration {
        Duration::from_millis(self.voice_ms(assumed))
    }

    /// Returns the milliseconds that the policy counts.
    pub(super) const fn voice_ms(self, assumed: Assumed) -> u64 {
        match assumed {
            Assumed::Include => self.all_ms(),
            Assumed::Exclude => self.observed_ms,
            Assumed::Only => self.assumed_ms,
        }
    }
}

/// Returns the milliseconds from one instant to another. 0 if that is not later.
pub(super) fn between(start_ms: i64, end_ms: i64) -> u64 {
    u64::try_from(end_ms.saturating_sub(start_ms)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::fixture::TestResult;

    #[test]
    fn an_interval_is_clipped_to_the_window() -> TestResult {
        const TAIL: i64 = ASSUMED_TAIL_MS;
        let instant = |ms| DateTime::from_timestamp_millis(ms).ok_or("no such time");
        let (all, since) = (Window::all(), Window::since(instant(150)?)?);
        let between = |start, end| TestResult::Ok(Window::between(instant(start)?, instant(end)?)?);
        // started, ended, seen, assumed, window; observed, assumed, open.
        for (number, (started, ended, seen, assumed, window, expected)) in [
            (100, Some(200), 200, false, all, (100, 0, false)),
            (100, Some(200), 200, true, all, (0, 100, false)),
            (100, Some(200), 200, false, since, (50, 0, false)),
            (100, Some(200), 200, true, between(120, 130)?, (0, 10, true)),
            (100, Some(200), 200, false, between(100, 200)?, (100, 0, false)),
            (100, Some(200), 200, false, between(200, 300)?, (0, 0, false)),
            (100, Some(200), 200, false, between(50, 99)?, (0, 0, false)),
            (100, Some(200), 200, false, between(50, 100)?, (0, 0, true)),
            (100, None, 180, false, all, (80, 0, true)),
            (100, None, 180, false, since, (30, 0, true)),
            (100, None, 120, false, since, (0, 0, true)),
            (100, None, 180, false, between(0, 250)?, (80, 70, true)),
            (100, None, 180, true, between(0, 250)?, (0, 150, true)),
            (100, None, 180, false, between(200, 250)?, (0, 50, true)),
            (100, None, 180, false, between(0, 150)?, (50, 0, true)),
            (100, None, 50, false, all, (0, 0, true)),
            // After the last confirmation it goes on for a while, and not for ever.
            (100, None, 180, false, between(0, 180 + TAIL - 1)?, (80, 299_999, true)),
            (100, None, 180, false, between(0, 180 + TAIL)?, (80, 300_000, false)),
            (100, None, 180, false, between(0, 180 + 9 * TAIL)?, (80, 300_000, false)),
            (100, None, 180, false, between(180 + TAIL - 1, 180 + 9 * TAIL)?, (0, 1, false)),
            (100, None, 180, false, between(180 + TAIL, 180 + 9 * TAIL)?, (0, 0, false)),
            (100, None, i64::MAX, false, all, (3_599_942_399_900, 0, true)),
            (i64::MIN, Some(i64::MAX), 0, false, between(200, 250)?, (50, 0, true)),
            (i64::MIN, None, i64::MAX, false, between(200, 250)?, (50, 0, true)),
            (i64::MAX, None, i64::MIN, false, between(200, 250)?, (0, 0, false)),
        ]
        .into_iter()
        .enumerate()
        {
            let interval = Interval {
                user_id: 1.try_into()?,
                bot: false,
                channel_id: None,
                started_at_ms: started,
                ended_at_ms: ended,
                seen_at_ms: seen,
                session_started_at_ms: started,
                state: VoiceState::default(),
                assumed,
            };
            let VoiceTime { observed_ms, assumed_ms } = interval.clip(window).map(Stay::time).unwrap_or_default();
            assert_eq!((observed_ms, assumed_ms, interval.is_open_at_end(window)), expected, "case {number}");
        }
        Ok(())
    }
}
