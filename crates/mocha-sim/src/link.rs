//! A shard and its connection.

use std::collections::VecDeque;

use mocha_store::{Event, Frame};

use crate::World;

/// The state of a connection to Discord.
#[derive(Debug, Default)]
pub(crate) enum Link {
    /// The connection broke and will begin a new session.
    Gone { until_ms: i64 },
    /// The guild is unavailable. Meanwhile the connection may break and be resumed.
    Outage { until_ms: i64 },
    /// The connection broke and will be resumed.
    Resumable { missed: Vec<Event>, until_ms: i64 },
    #[default]
    Up,
}

impl Link {
    pub(crate) const fn until_ms(&self) -> Option<i64> {
        match self {
            Self::Gone { until_ms } | Self::Outage { until_ms } | Self::Resumable { until_ms, .. } => Some(*until_ms),
            Self::Up => None,
        }
    }
}

/// An event that will be delivered again.
#[derive(Debug)]
pub(crate) struct Echo {
    /// The number of other events before it.
    pub(crate) after: u64,
    pub(crate) event: Event,
    pub(crate) frame: Option<Frame>,
    /// Whether the event gets the time of its second arrival.
    pub(crate) is_late: bool,
}

/// A shard with one guild.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    /// When a heartbeat was last acknowledged.
    pub(crate) beat_ms: i64,
    pub(crate) echoes: VecDeque<Echo>,
    pub(crate) link: Link,
    /// The last frames of the session, which a resumed connection may deliver again.
    pub(crate) sent: VecDeque<(Frame, Event)>,
    pub(crate) sequence: u64,
    pub(crate) session: u32,
    pub(crate) world: World,
}

/// A time in which the process does not run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Freeze {
    pub(crate) asleep: bool,
    pub(crate) since_ms: i64,
    pub(crate) until_ms: i64,
}

impl Echo {
    /// Returns an event that waits in the socket.
    pub(crate) fn buffered(event: &Event) -> Self {
        Self { after: 0, event: event.clone(), frame: None, is_late: false }
    }
}
