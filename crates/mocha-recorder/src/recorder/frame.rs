//! Where events come from.

use std::sync::Arc;

use crate::Event;

/// Says which gateway frame events come from.
///
/// Adapters for gateway libraries give it along with the events. With the place in the gateway session the recorder
/// knows exactly which events Discord delivers again: a frame whose sequence number was recorded before changes
/// nothing.
///
/// ```
/// use mocha_store::Frame;
///
/// let frame = Frame::new().of_shard(0, 1).in_session("the id of the session", 42);
/// assert_eq!(frame.sequence(), Some(42));
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Frame {
    session: Option<(Arc<str>, u64)>,
    shard: Option<(u32, u32)>,
}

impl Frame {
    /// Creates a frame of which nothing is known but that it came from the gateway.
    #[must_use]
    pub const fn new() -> Self {
        Self { session: None, shard: None }
    }

    /// Adds the shard that received it: its number, from 0, and how many shards there are.
    #[must_use]
    pub const fn of_shard(mut self, shard_id: u32, shard_count: u32) -> Self {
        self.shard = Some((shard_id, shard_count));
        self
    }

    /// Adds the place in the gateway session: its id, and the frame's sequence number.
    #[must_use]
    pub fn in_session(self, session_id: impl Into<Arc<str>>, sequence: u64) -> Self {
        Self { session: Some((session_id.into(), sequence)), ..self }
    }

    /// Returns the sequence number, if the place in the session is known.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        self.session.as_ref().map(|(_, sequence)| *sequence)
    }

    /// Returns the shard that received it, if that is known: its number, and how many shards there are.
    #[must_use]
    pub const fn shard(&self) -> Option<(u32, u32)> {
        self.shard
    }

    /// The shard, the session's id and the sequence number, if all of them are known.
    pub(crate) fn place(&self) -> Option<((u32, u32), &Arc<str>, u64)> {
        let (id, sequence) = self.session.as_ref()?;
        Some((self.shard?, id, *sequence))
    }
}

/// An event in the queue.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) event: Event,
    /// The frame it comes from, which other events may share.
    pub(crate) frame: Option<Arc<Frame>>,
    /// Whether it is the last one of its frame.
    pub(crate) is_last: bool,
}
