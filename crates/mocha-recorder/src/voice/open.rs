//! The open session of a person who is connected.

use mocha_schema::{ChannelId, VoiceEventType, VoiceInterval, VoiceState};

use super::{
    days,
    rows::{Entry, Row},
};
use crate::Person;

/// A person's open session, and its interval that has not ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Open {
    pub(crate) channel_id: Option<ChannelId>,
    /// Whether this recorder heard of the guild. Otherwise another one may record it into the same file.
    pub(crate) claimed: bool,
    /// Whether the person is lost because the process did not run. If the connection survived that, nothing was missed.
    pub(crate) frozen: bool,
    /// When the person was last confirmed, once something may have been missed since. `None` while the tracker confirms the
    /// person.
    pub(crate) lost_since_ms: Option<i64>,
    pub(crate) session_started_at_ms: i64,
    pub(crate) started_at_ms: i64,
    pub(crate) state: VoiceState,
    /// Whether resuming the connection does not show that the person stayed, for example because Discord cannot reach the
    /// guild.
    pub(crate) unreachable: bool,
}

impl Open {
    /// Returns an interval of this session.
    pub(super) fn interval(self, person: Person, from: i64, to: Option<i64>, assumed: bool) -> VoiceInterval {
        VoiceInterval {
            guild_id: person.guild_id,
            user_id: person.user_id,
            started_at_ms: from,
            ended_at_ms: to,
            seen_at_ms: to.unwrap_or(from),
            session_started_at_ms: self.session_started_at_ms,
            channel_id: self.channel_id,
            state: self.state,
            assumed,
        }
    }

    /// Returns an entry of the log about this session.
    pub(super) fn log(self, person: Person, kind: VoiceEventType, at_ms: i64) -> Row {
        Row::Logged(Entry {
            at_ms,
            channel_id: self.channel_id,
            kind,
            person,
            session_started_at_ms: self.session_started_at_ms,
            state: self.state,
        })
    }

    /// Ends the open interval, and cuts it at each midnight.
    pub(super) fn close(self, person: Person, ended_at_ms: i64, rows: &mut Vec<Row>) {
        let mut parts = days(self.started_at_ms, ended_at_ms);
        let first_end = parts.next().map_or(self.started_at_ms, |(_, end)| end);
        rows.push(Row::Ended { person, started_at_ms: self.started_at_ms, ended_at_ms: first_end });
        rows.extend(parts.map(|(from, to)| Row::Interval(self.interval(person, from, Some(to), false))));
    }
}
