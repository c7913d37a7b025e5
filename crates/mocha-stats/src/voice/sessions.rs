//! Sessions: from connecting to disconnecting, through any channels.

use std::time::Duration;

use foldhash::{HashMap, HashMapExt};
use mocha_schema::UserId;

use super::interval::{Interval, between};
use crate::Window;

/// Counts the voice sessions that began and that ended in a window. A session is the whole time from
/// connecting to disconnecting, through any channels and states, including time before the window.
///
/// Sessions are counted from intervals, which have milliseconds, and not from the voice log, which
/// has whole seconds. So a session that ended in the millisecond in which it began does not count.
/// Only the filter's choice of bots applies to them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceSessions {
    /// How many began in the window.
    pub started: u64,
    /// How many ended in the window.
    pub ended: u64,
    /// The length of the longest that ended. `None` if none did.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "longest_ms", serialize_with = "crate::duration::optional_milliseconds")
    )]
    pub longest: Option<Duration>,
    /// The mean length of those that ended, rounded down to whole milliseconds. `None` if none did.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "mean_ms", serialize_with = "crate::duration::optional_milliseconds")
    )]
    pub mean: Option<Duration>,
}

/// Counts sessions from their intervals, which come in order of time.
#[derive(Debug)]
pub(super) struct Sessions {
    ended: u64,
    /// The last session of each user, which may go on.
    last: HashMap<UserId, Session>,
    longest_ms: Option<u64>,
    started: u64,
    total_ms: u64,
    window: Window,
}

#[derive(Clone, Copy, Debug)]
struct Session {
    started_at_ms: i64,
    ended_at_ms: Option<i64>,
}

impl Sessions {
    pub(super) fn new(window: Window) -> Self {
        Self { ended: 0, last: HashMap::new(), longest_ms: None, started: 0, total_ms: 0, window }
    }

    pub(super) fn add(&mut self, interval: &Interval) {
        let session = Session { started_at_ms: interval.session_started_at_ms, ended_at_ms: interval.ended_at_ms };
        let before = self.last.insert(interval.user_id, session);
        if before.is_some_and(|before| before.started_at_ms == session.started_at_ms) {
            return;
        }
        self.started += u64::from(self.holds(session.started_at_ms));
        if let Some(before) = before {
            self.end(before);
        }
    }

    pub(super) fn finish(mut self) -> VoiceSessions {
        for session in std::mem::take(&mut self.last).into_values() {
            self.end(session);
        }
        let Self { ended, longest_ms, started, total_ms, .. } = self;
        let (longest, mean) = (longest_ms, total_ms.checked_div(ended));
        VoiceSessions {
            started,
            ended,
            longest: longest.map(Duration::from_millis),
            mean: mean.map(Duration::from_millis),
        }
    }

    /// Ends a session. None of its intervals follow, in the window or after it.
    fn end(&mut self, session: Session) {
        let Some(ended_at_ms) = session.ended_at_ms.filter(|ended_at_ms| self.holds(*ended_at_ms)) else { return };
        let length_ms = between(session.started_at_ms, ended_at_ms);
        self.ended += 1;
        self.longest_ms = self.longest_ms.max(Some(length_ms));
        self.total_ms = self.total_ms.saturating_add(length_ms);
    }

    fn holds(&self, instant_ms: i64) -> bool {
        self.window.start_ms() <= instant_ms && instant_ms < self.window.counted_until_ms()
    }
}
