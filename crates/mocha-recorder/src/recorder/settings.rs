//! The settings of a recorder.

use std::{sync::Arc, time::Duration};

use crate::{Error, ErrorKind, time::SteadyClock};

/// Chooses what advances the recorder's time, which confirms that members in voice are still
/// connected.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Clock {
    /// The system's clock. Bots use this.
    #[default]
    System,
    /// Only the times of the events. Use this for replays, imports and tests.
    ///
    /// Each event confirms everything before it, so silence is not a gap. A message moves the time by a day at most,
    /// because its time is when Discord received it. An event that is older than everything that was recorded before
    /// the start counts as delivered again. So does a change of a voice state that is a day older than the last one.
    Events,
}

/// Configures a recorder. Stores have a builder for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecorderSettings {
    /// How many events one transaction commits at most. Default: 4,096.
    pub batch_len: usize,
    /// The longest gap across which a voice session continues, if the member is in voice before and after it. Default:
    /// 5 minutes.
    pub bridge_limit: Duration,
    /// The clock that advances the recorder's time. Default: [`Clock::System`].
    pub clock: Clock,
    /// How long an event waits for others before it is committed, at most. Default: 250 milliseconds.
    pub flush_interval: Duration,
    /// How many events may wait to be committed before the recorder refuses more. Default: 65,536.
    ///
    /// Methods that wait for room, such as `record_blocking`, wait until there are fewer than half of that, and fewer than
    /// one and a half times [`batch_len`](Self::batch_len). Those that record frames wait for any room.
    pub queue_len: usize,
    /// How long a shutdown tries to write what is left. Default: 5 seconds.
    pub shutdown_timeout: Duration,
    /// Where the time comes from. Default: the system's clocks.
    pub time: Arc<SteadyClock>,
}

impl Default for RecorderSettings {
    fn default() -> Self {
        Self {
            batch_len: 4096,
            bridge_limit: Duration::from_mins(5),
            clock: Clock::System,
            flush_interval: Duration::from_millis(250),
            queue_len: 65_536,
            shutdown_timeout: Duration::from_secs(5),
            time: Arc::default(),
        }
    }
}

impl RecorderSettings {
    /// Checks that a recorder can be started with these settings.
    ///
    /// ```
    /// use mocha_recorder::{ErrorKind, RecorderSettings};
    ///
    /// let mut settings = RecorderSettings::default();
    /// settings.check()?;
    /// settings.queue_len = 0;
    /// assert_eq!(settings.check().unwrap_err().kind(), &ErrorKind::InvalidSetting { name: "queue_len" });
    /// # Ok::<(), mocha_recorder::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`] for the first setting that is out of range.
    pub fn check(&self) -> Result<(), Error> {
        for (name, holds) in [
            ("batch_len", self.batch_len > 0),
            ("bridge_limit", i64::try_from(self.bridge_limit.as_millis()).is_ok()),
            ("queue_len", self.queue_len > 0),
        ] {
            if !holds {
                return Err(Error::new(ErrorKind::InvalidSetting { name }, format!("`{name}` is out of range")));
            }
        }
        Ok(())
    }
}
