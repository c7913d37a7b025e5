//! The operations on the recorder's own state: `recorder_states`, `gateway_sessions`, `horizons` and `watermarks`.

use mocha_schema::{GatewaySession, RecorderState};

use crate::Error;

/// Looks up and changes the recorder's own state.
pub trait StateTable {
    /// Returns the row of the shard that was heard last. `None` if no shard was heard yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn recorder_state(&mut self) -> Result<Option<RecorderState>, Error>;

    /// Writes when a shard was last heard. The key is the shard count and the shard.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn put_recorder_state(&mut self, state: &RecorderState) -> Result<(), Error>;

    /// Returns the position and the owner of each shard's gateway session.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn positions(&mut self) -> Result<Vec<GatewaySession>, Error>;

    /// Writes the position and the owner of a shard's gateway session. The key is the bot, the shard count and the shard.
    ///
    /// If the `owner` changes, the other recorder must see another [`generation`](super::Tables::generation).
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn put_position(&mut self, position: &GatewaySession) -> Result<(), Error>;

    /// Returns the horizon of messages in unix seconds, from `horizons`.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn message_horizon(&mut self) -> Result<i64, Error>;

    /// Raises the watermarks that are lower than these. Roll-ups of months and of all time then include the days below them. A
    /// database whose roll-ups are complete at each commit need not do anything.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn raise_watermarks(&mut self, to: Watermarks) -> Result<(), Error>;
}

/// The first days, since 1970 in UTC, that the roll-ups of months and of all time do not include. `None` leaves a watermark
/// unchanged.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Watermarks {
    /// The watermark of messages.
    pub messages_to: Option<i64>,
    /// The watermark of voice.
    pub voice_to: Option<i64>,
}
