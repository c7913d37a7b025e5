//! The operations on what the recorder notes of itself: `recorder_states`, `gateway_sessions` and `watermarks`.

use mocha_schema::{GatewaySession, RecorderState};

use crate::Error;

/// Looks up and changes what the recorder notes of itself.
pub trait StateTable {
    /// Returns the row of the shard that was heard last; `None` if none ever was.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    fn recorder_state(&mut self) -> Result<Option<RecorderState>, Error>;

    /// Notes when a shard was last heard. The key is the shard count and the shard.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn put_recorder_state(&mut self, state: &RecorderState) -> Result<(), Error>;

    /// Returns up to which frame the gateway session of each shard is recorded, and which recorder has it.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    fn positions(&mut self) -> Result<Vec<GatewaySession>, Error>;

    /// Notes up to which frame a shard's gateway session is recorded. The key is the bot, the shard count and the shard.
    ///
    /// If it changes the `owner`, the other recorder has to see another [`generation`](super::Tables::generation).
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn put_position(&mut self, position: &GatewaySession) -> Result<(), Error>;

    /// Raises the watermarks that are lower than these. Aggregates of months and of all time then cover the days below
    /// them. A database that keeps all aggregates right at every commit has nothing to do here.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn raise_watermarks(&mut self, to: Watermarks) -> Result<(), Error>;
}

/// Up to which days, exclusive, aggregates of months and of all time are filled: days since 1970 in UTC. `None` for one
/// that stays.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Watermarks {
    /// Those of messages.
    pub messages_to: Option<i64>,
    /// Those of voice.
    pub voice_to: Option<i64>,
}
