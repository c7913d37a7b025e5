//! The time from which single messages are kept.

use chrono::{DateTime, Utc};

use super::{Recorder, session::Request};
use crate::Error;

impl Recorder {
    /// Returns the horizon of messages: the time before which retention has deleted all of them. 1970 if it deleted none.
    ///
    /// A message from before it would be stored, but not counted, and the next run of retention would delete it. So an
    /// import can leave out older messages. Retention may move the horizon forward after this call.
    ///
    /// Everything recorded before the call is in the file when it returns. Blocks; in an async program see
    /// `message_horizon_async`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Closed`](crate::ErrorKind::Closed): the recorder was shut down.
    /// * The reason why the file cannot be written or read.
    pub fn message_horizon(&self) -> Result<DateTime<Utc>, Error> {
        self.ask(Request::MessageHorizon).map(time)
    }

    /// [`message_horizon`](Self::message_horizon) for async programs: waits without blocking a thread.
    ///
    /// # Errors
    ///
    /// As [`message_horizon`](Self::message_horizon).
    #[cfg(feature = "tokio")]
    pub async fn message_horizon_async(&self) -> Result<DateTime<Utc>, Error> {
        self.ask_async(Request::MessageHorizon).await.map(time)
    }
}

/// Returns a time of the table `horizons`. Its constraints allow only midnights that `chrono` has.
fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}
