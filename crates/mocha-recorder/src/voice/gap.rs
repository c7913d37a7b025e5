//! Gaps: what becomes of a session after time in which nothing was heard of it.

use super::{
    days,
    tracker::{Open, Row, Tracker, close},
};
use crate::{Person, event::VoiceScope};

/// Discord lets a lost connection resume for some minutes, and tells then what was missed.
pub(super) const RESUME_WINDOW_MS: i64 = 600_000;

impl Tracker {
    /// Ends the sessions that were lost so long ago that nothing will bridge the gap.
    pub(super) fn give_up(&mut self) -> Vec<Row> {
        let patience_ms = self.bridge_limit_ms().max(RESUME_WINDOW_MS);
        let given_up: Vec<(Person, Open, i64)> = self
            .everybody()
            .filter(|(_, open)| open.claimed && !open.frozen)
            .filter_map(|(person, open)| Some((person, open, open.lost_since_ms?)))
            .filter(|(.., since_ms)| self.proof_ms().saturating_sub(*since_ms) > patience_ms)
            .collect();
        let mut rows = Vec::new();
        for (person, open, since_ms) in given_up {
            self.end(person, open, since_ms, &mut rows);
        }
        rows
    }

    /// The people in the scope are not confirmed any longer, and a resumed connection does not change that.
    pub(crate) fn lose(&mut self, scope: VoiceScope) {
        let in_scope = |(person, _): &(Person, Open)| scope.includes(person.guild_id, person.user_id);
        let people: Vec<(Person, Open)> = self.everybody().filter(in_scope).collect();
        for (person, open) in people {
            self.set_unheard(person.guild_id, true);
            self.put_open(
                person,
                Open { frozen: false, lost_since_ms: Some(self.last_proof(person, open)), unreachable: true, ..open },
            );
        }
    }

    /// The person was last proved at `since_ms`, and is heard of again at `at_ms`.
    ///
    /// After no more than the bridge limit the time between is assumed, and the session goes on until then at least.
    /// Else it ended at its last proof. Gives the session that goes on.
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
        let proved = Open { frozen: false, lost_since_ms: None, unreachable: false, ..lost };
        if gap_ms <= 0 {
            self.put_open(person, proved);
            return Some(proved);
        }
        close(person, lost, since_ms, rows);
        rows.extend(days(since_ms, at_ms).map(|(from, to)| Row::Interval(lost.interval(person, from, Some(to), true))));
        let next = Open { started_at_ms: at_ms, ..proved };
        self.open(person, next, rows);
        Some(next)
    }
}
