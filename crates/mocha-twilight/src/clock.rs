//! When an event arrived.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that does not step back while the process runs, whatever is done to the machine's.
#[derive(Debug)]
pub(crate) struct Clock(Mutex<Anchor>);

/// An instant on the machine's clock and on the monotonic one.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    instant: Instant,
    wall: DateTime<Utc>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Anchor { instant: Instant::now(), wall: Utc::now() }))
    }

    /// The time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let mut anchor = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *anchor = anchor.next(Instant::now(), Utc::now());
        anchor.wall
    }
}

impl Anchor {
    /// Goes on with the monotonic clock, and with the machine's when that is ahead: the monotonic one stands still while
    /// the machine sleeps.
    fn next(self, instant: Instant, wall: DateTime<Utc>) -> Self {
        let elapsed = TimeDelta::from_std(instant.saturating_duration_since(self.instant)).unwrap_or_default();
        let steady = self.wall.checked_add_signed(elapsed).unwrap_or(self.wall);
        Self { instant, wall: steady.max(wall) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn time_goes_on_when_the_machine_sleeps_and_when_its_clock_steps_back() -> Result<(), Box<dyn std::error::Error>> {
        let start =
            Anchor { instant: Instant::now(), wall: DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")? };
        for (monotonic_seconds, wall_seconds, expected_seconds) in [
            (10, 10, 10),
            // A sleep of an hour.
            (10, 3610, 3610),
            // Stepped back by an hour.
            (10, -3590, 10),
            (0, -1, 0),
        ] {
            let next = start.next(
                start.instant + Duration::from_secs(monotonic_seconds),
                start.wall + TimeDelta::seconds(wall_seconds),
            );
            assert_eq!(
                next.wall - start.wall,
                TimeDelta::seconds(expected_seconds),
                "{monotonic_seconds} {wall_seconds}"
            );
        }
        Ok(())
    }
}
