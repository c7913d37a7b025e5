//! Voice time out of `voice_intervals`, clipped to a window.

use diesel::{connection::DefaultLoadingMode, prelude::*};
use mocha_schema::{
    ChannelId, GuildId, UserId,
    schema::{users, voice_intervals},
};

use crate::Window;

/// A row of `voice_intervals`, and whether its user is a bot.
#[derive(Clone, Copy, Debug, Queryable)]
pub(crate) struct Interval {
    pub(crate) user_id: UserId,
    pub(crate) bot: bool,
    pub(crate) channel_id: Option<ChannelId>,
    pub(crate) started_at_ms: i64,
    pub(crate) ended_at_ms: Option<i64>,
    pub(crate) seen_at_ms: i64,
    pub(crate) assumed: bool,
}

/// How long somebody was in voice, and how much of that was not seen but concluded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct VoiceTime {
    pub(crate) voice_ms: u64,
    pub(crate) assumed_ms: u64,
}

impl VoiceTime {
    // Saturating: a file that somebody else wrote into must not be able to make it panic.
    pub(crate) fn add(&mut self, other: Self) {
        self.voice_ms = self.voice_ms.saturating_add(other.voice_ms);
        self.assumed_ms = self.assumed_ms.saturating_add(other.assumed_ms);
    }
}

impl Interval {
    /// What of it lies in the window. While it is open it counts to the window's end, and to its last proof if the window
    /// has none; what comes after the last proof is assumed.
    pub(crate) fn clip(&self, window: Window) -> VoiceTime {
        let window_end = window.end_ms();
        let end = self.ended_at_ms.or(window_end).unwrap_or(self.seen_at_ms);
        let start = self.started_at_ms.max(window.start_ms());
        let end = window_end.map_or(end, |window_end| end.min(window_end));
        let voice_ms = between(start, end);
        let assumed_ms = match self.ended_at_ms {
            _ if self.assumed => voice_ms,
            None => between(start.max(self.seen_at_ms), end),
            Some(_) => 0,
        };
        VoiceTime { voice_ms, assumed_ms }
    }

    /// Whether it goes on at the window's end; if that has none, whether it is open.
    pub(crate) fn is_open_at_end(&self, window: Window) -> bool {
        match (self.ended_at_ms, window.end_ms()) {
            (None, None) => true,
            (Some(_), None) => false,
            (ended, Some(instant)) => self.started_at_ms <= instant && ended.is_none_or(|ended| ended > instant),
        }
    }
}

/// Milliseconds from one instant to another; 0 if that is not later.
fn between(start: i64, end: i64) -> u64 {
    u64::try_from(end.saturating_sub(start)).unwrap_or(0)
}

/// Hands over each interval of the guild that may have time in the window or be open at its end, one at a time, so that
/// memory grows with what `each` keeps.
pub(crate) fn scan(
    conn: &mut SqliteConnection,
    guild: GuildId,
    window: Window,
    mut each: impl FnMut(Interval),
) -> QueryResult<()> {
    let bots = users::table.filter(users::bot.eq(true)).select(users::id);
    let intervals = voice_intervals::table
        .filter(voice_intervals::guild_id.eq(guild))
        .filter(voice_intervals::started_at_ms.le(window.end_ms().unwrap_or(i64::MAX)))
        .filter(voice_intervals::ended_at_ms.is_null().or(voice_intervals::ended_at_ms.gt(window.start_ms())))
        .select((
            voice_intervals::user_id,
            voice_intervals::user_id.eq_any(bots),
            voice_intervals::channel_id,
            voice_intervals::started_at_ms,
            voice_intervals::ended_at_ms,
            voice_intervals::seen_at_ms,
            voice_intervals::assumed,
        ))
        .load_iter::<Interval, DefaultLoadingMode>(conn)?;
    for interval in intervals {
        each(interval?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::fixture::TestResult;

    #[test]
    fn an_interval_is_clipped_to_the_window() -> TestResult {
        let instant = |ms| DateTime::from_timestamp_millis(ms).ok_or("no such time");
        let (all, since) = (Window::all(), Window::since(instant(150)?)?);
        let between = |start, end| TestResult::Ok(Window::between(instant(start)?, instant(end)?)?);
        // started, ended, seen, assumed, window; voice, assumed, open.
        for (number, (started, ended, seen, assumed, window, expected)) in [
            (100, Some(200), 200, false, all, (100, 0, false)),
            (100, Some(200), 200, true, all, (100, 100, false)),
            (100, Some(200), 200, false, since, (50, 0, false)),
            (100, Some(200), 200, true, between(120, 130)?, (10, 10, true)),
            (100, Some(200), 200, false, between(100, 200)?, (100, 0, false)),
            (100, Some(200), 200, false, between(200, 300)?, (0, 0, false)),
            (100, Some(200), 200, false, between(50, 99)?, (0, 0, false)),
            (100, Some(200), 200, false, between(50, 100)?, (0, 0, true)),
            (100, None, 180, false, all, (80, 0, true)),
            (100, None, 180, false, since, (30, 0, true)),
            (100, None, 120, false, since, (0, 0, true)),
            (100, None, 180, false, between(0, 250)?, (150, 70, true)),
            (100, None, 180, true, between(0, 250)?, (150, 150, true)),
            (100, None, 180, false, between(200, 250)?, (50, 50, true)),
            (100, None, 180, false, between(0, 150)?, (50, 0, true)),
            (100, None, 50, false, all, (0, 0, true)),
            (i64::MIN, Some(i64::MAX), 0, false, between(200, 250)?, (50, 0, true)),
            (i64::MIN, None, i64::MAX, false, between(200, 250)?, (50, 0, true)),
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
                assumed,
            };
            let VoiceTime { voice_ms, assumed_ms } = interval.clip(window);
            assert_eq!((voice_ms, assumed_ms, interval.is_open_at_end(window)), expected, "case {number}");
        }
        Ok(())
    }
}
