//! Gaps: how a session is lost, and what becomes of it when its person is heard of again.

use mocha_schema::GuildId;

use super::{
    days,
    open::Open,
    rows::Row,
    tracker::{Arrival, Tracker},
};
use crate::{Person, event::VoiceScope};

/// For so long Discord lets a lost connection resume, and then delivers what was missed.
pub(super) const RESUME_WINDOW_MS: i64 = 600_000;

/// Why a guild's events are no longer heard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Loss {
    /// The connection ended. It may be resumed.
    Connection,
    /// Discord cannot reach the guild. Resuming the connection does not show who stayed.
    Guild,
    /// Another session began. Each guild's snapshot shows who is there. Resuming the session before does not.
    Session,
}

impl Tracker {
    /// Loses everybody in a guild that Discord cannot reach, until its next snapshot.
    pub(crate) fn guild_unreachable(&mut self, guild_id: GuildId, arrival: Arrival) {
        if self.is_new_outage(guild_id, arrival) {
            self.guild_lost(guild_id, arrival.at.timestamp_millis(), None, Loss::Guild);
        }
    }

    /// Loses everybody in the guild. Its connection was last heard at `heard_ms`, if that is known.
    pub(super) fn guild_lost(&mut self, guild_id: GuildId, at_ms: i64, heard_ms: Option<i64>, loss: Loss) {
        if loss != Loss::Connection {
            self.set_unheard(guild_id, true);
        }
        let is_exact = self.is_replay() || self.connections().confirmed(guild_id).is_some();
        for (person, open) in self.open_until(guild_id, at_ms) {
            let confirmed_ms = self.session_confirmed_ms(person, open);
            let lost_since_ms = match (open.lost_since_ms, heard_ms) {
                (None, Some(heard_ms)) if is_exact => heard_ms.max(open.started_at_ms),
                (None, Some(heard_ms)) => heard_ms.max(confirmed_ms),
                _ => confirmed_ms,
            };
            let lost_since_ms = Some(lost_since_ms);
            let unreachable = loss != Loss::Connection || open.unreachable;
            let frozen = loss == Loss::Connection && open.frozen;
            self.put_open(person, Open { claimed: true, frozen, lost_since_ms, unreachable, ..open });
        }
    }

    /// Loses the people in the scope. Resuming the connection does not show that they stayed.
    pub(crate) fn lose(&mut self, scope: VoiceScope) {
        let in_scope = |(person, _): &(Person, Open)| scope.includes(person.guild_id, person.user_id);
        let people: Vec<(Person, Open)> = self.everybody().filter(in_scope).collect();
        for (person, open) in people {
            self.set_unheard(person.guild_id, true);
            let lost_since_ms = Some(self.session_confirmed_ms(person, open));
            self.put_open(person, Open { frozen: false, lost_since_ms, unreachable: true, ..open });
        }
    }

    /// Ends the sessions that were lost so long ago that nothing can bridge the gap any more.
    pub(super) fn give_up(&mut self) -> Vec<Row> {
        let patience_ms = self.bridge_limit_ms().max(RESUME_WINDOW_MS);
        let given_up: Vec<(Person, Open, i64)> = self
            .everybody()
            .filter(|(_, open)| open.claimed && !open.frozen)
            .filter_map(|(person, open)| Some((person, open, open.lost_since_ms?)))
            .filter(|(.., since_ms)| self.last_confirmed_ms().saturating_sub(*since_ms) > patience_ms)
            .collect();
        let mut rows = Vec::new();
        for (person, open, since_ms) in given_up {
            self.end(person, open, since_ms, &mut rows);
        }
        rows
    }

    /// Bridges the gap of a person who was last confirmed at `since_ms` and is heard of again at `at_ms`.
    ///
    /// If the gap is no longer than the bridge limit, it is assumed, and the session goes on. Otherwise the session ended
    /// when the person was last confirmed. Returns the session if it goes on.
    pub(super) fn bridge(
        &mut self,
        person: Person,
        lost: Open,
        since_ms: i64,
        at_ms: i64,
        rows: &mut Vec<Row>,
    ) -> Option<Open> {
        let gap_ms = at_ms.saturating_sub(since_ms);
        if gap_ms > self.bridge_limit_ms() {
            self.end(person, lost, since_ms, rows);
            return None;
        }
        let found = Open { frozen: false, lost_since_ms: None, unreachable: false, ..lost };
        if gap_ms <= 0 {
            self.put_open(person, found);
            return Some(found);
        }
        lost.close(person, since_ms, rows);
        rows.extend(days(since_ms, at_ms).map(|(from, to)| Row::Interval(lost.interval(person, from, Some(to), true))));
        let next = Open { started_at_ms: at_ms, ..found };
        self.open(person, next, rows);
        Some(next)
    }
}
