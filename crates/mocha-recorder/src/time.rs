//! The clock of a store. The recorder, adapters, retention and erasure share it, so that they agree.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};

/// The source of a store's time: the system's clocks, or those of a test.
pub trait TimeSource: fmt::Debug + Send + Sync {
    /// Returns the time since a fixed instant. It never goes back.
    fn monotonic(&self) -> Duration;

    /// Returns the time of the wall clock, which may be set.
    fn wall(&self) -> DateTime<Utc>;
}

/// The system's clocks.
#[derive(Debug)]
struct System(Instant);

impl TimeSource for System {
    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn wall(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// If the clock was not read for this long, the process was frozen. The writer reads it every 30 seconds.
const FROZEN: Duration = Duration::from_secs(75);

/// How far the wall clock may run ahead of the monotonic one, because a time server sets it now and then.
const DRIFT: TimeDelta = TimeDelta::seconds(5);

/// If the wall clock steps back further than this, it was wrong before, and the new time counts.
const BELIEVED: TimeDelta = TimeDelta::days(1);

/// A span of time in which the process did not run, or whose length is unknown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Interruption {
    /// The last reading of the clock before it.
    pub(crate) from: DateTime<Utc>,
    /// The first reading after it. It is earlier than `from` if the clock was wrong before.
    pub(crate) until: DateTime<Utc>,
}

/// A clock that stays steady when the machine's wall clock is set, and detects interruptions.
#[derive(Debug)]
pub struct SteadyClock {
    source: Arc<dyn TimeSource>,
    /// The monotonic time at which the clock was created.
    started: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    interruptions: Vec<Interruption>,
    last: Option<Look>,
}

/// An instant on both clocks.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: DateTime<Utc>,
    monotonic: Duration,
}

impl Default for SteadyClock {
    fn default() -> Self {
        Self::new(Arc::new(System(Instant::now())))
    }
}

impl SteadyClock {
    /// Creates a clock that reads this source. The default reads the system's clocks.
    #[must_use]
    pub fn new(source: Arc<dyn TimeSource>) -> Self {
        Self { started: source.monotonic(), source, state: Mutex::default() }
    }

    /// Returns the time since the clock was created.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.source.monotonic().saturating_sub(self.started)
    }

    /// Returns the time. Stores an interruption if there was one since the last reading.
    pub fn now(&self) -> DateTime<Utc> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (monotonic, wall) = (self.source.monotonic(), self.source.wall());
        let Some(last) = state.last else {
            state.last = Some(Look { at: wall, monotonic });
            return wall;
        };
        let elapsed = monotonic.saturating_sub(last.monotonic);
        let (at, interrupted) = last.next(elapsed, wall);
        if interrupted {
            state.interruptions.push(Interruption { from: last.at, until: at });
        }
        state.last = Some(Look { at, monotonic });
        at
    }

    /// Returns the interruptions since the last call, in order.
    pub(crate) fn take_interruptions(&self) -> Vec<Interruption> {
        std::mem::take(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner).interruptions)
    }
}

impl Look {
    /// Returns the time this long after the reading, and whether there was an interruption.
    ///
    /// A wall clock that is ahead counts, because the monotonic clock stands still while the machine sleeps. A wall clock that is
    /// behind counts only if it is behind by more than a day.
    fn next(self, elapsed: Duration, wall: DateTime<Utc>) -> (DateTime<Utc>, bool) {
        let frozen = elapsed > FROZEN;
        let elapsed = TimeDelta::from_std(elapsed).unwrap_or(TimeDelta::MAX);
        let steady = self.at.checked_add_signed(elapsed).unwrap_or(self.at);
        let ahead = wall.signed_duration_since(steady);
        if ahead < -BELIEVED {
            return (wall, true);
        }
        (steady.max(wall), frozen || ahead > DRIFT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_when_the_machine_sleeps_and_when_its_clock_steps_back() -> Result<(), Box<dyn std::error::Error>> {
        let last =
            Look { at: DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?, monotonic: Duration::ZERO };
        let day = 86_400;
        for (monotonic_seconds, wall_seconds, expected_seconds, interrupted) in [
            (10, 10, 10, false),
            // A time server sets the clock.
            (10, 13, 13, false),
            // The machine slept for an hour.
            (10, 3_610, 3_610, true),
            // The process was frozen for five minutes.
            (300, 300, 300, true),
            // The clock stepped forward by 30 days, and back by an hour, and back by 30 days.
            (10, 30 * day, 30 * day, true),
            (10, -3_590, 10, false),
            (10, -30 * day, -30 * day, true),
            (0, -1, 0, false),
        ] {
            let next = last.next(Duration::from_secs(monotonic_seconds), last.at + TimeDelta::seconds(wall_seconds));
            let expected = (last.at + TimeDelta::seconds(expected_seconds), interrupted);
            assert_eq!(next, expected, "{monotonic_seconds} {wall_seconds}");
        }
        Ok(())
    }
}
