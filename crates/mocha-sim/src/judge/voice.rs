//! One person's voice as it was reported, and when that was not the truth.

use super::{timeline::Timeline, voices::Rules};

/// A span in which the file cannot have the truth.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "the unit is part of the name")]
pub(super) struct Doubt {
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    /// How much of it may count as voice.
    pub(super) most_ms: i64,
}

/// The events about a person that the recorder received.
#[derive(Clone, Debug)]
pub(super) struct Reported<T> {
    /// When the person was last confirmed, while nothing is heard.
    deaf_since_ms: Option<i64>,
    doubts: Vec<Doubt>,
    /// Whether an event was refused, so that resuming the connection does not show who stayed.
    is_missing: bool,
    /// Whether Discord could not reach the guild, so that resuming the connection does not show who stayed. An event about the
    /// person shows that it can.
    is_unreachable: bool,
    /// The time of the person's last change from a frame in the file. Each change has a millisecond of its own.
    last_change_ms: i64,
    timeline: Timeline<T>,
}

impl<T> Default for Reported<T> {
    fn default() -> Self {
        Self {
            deaf_since_ms: None,
            doubts: Vec::new(),
            is_missing: false,
            is_unreachable: false,
            last_change_ms: i64::MIN,
            timeline: Timeline::default(),
        }
    }
}

impl<T: Copy + Eq> Reported<T> {
    /// Notes that nothing is heard from here on.
    ///
    /// The file confirms a change that got a later millisecond of its own until then.
    pub(super) fn lose(&mut self, confirmed_ms: i64, rules: Rules) {
        self.deaf_since_ms.get_or_insert(confirmed_ms.max(self.last_change_ms).saturating_sub(rules.slack));
    }

    /// Notes that an event will never be heard. The file confirms the person until `stamped_ms`.
    pub(super) fn miss(&mut self, confirmed_ms: i64, stamped_ms: i64, rules: Rules) {
        if self.deaf_since_ms.is_none() && stamped_ms < confirmed_ms {
            let most_ms = confirmed_ms - stamped_ms;
            self.doubts.push(Doubt { from_ms: stamped_ms, to_ms: confirmed_ms, most_ms });
        }
        self.lose(confirmed_ms, rules);
        self.is_missing = true;
    }

    /// Notes that Discord cannot reach the guild from here on.
    pub(super) fn lose_guild(&mut self, at_ms: i64, rules: Rules) {
        self.lose(at_ms, rules);
        self.is_unreachable = true;
    }

    /// Notes that the recorder ended. The next one does not know of outages.
    pub(super) fn stop(&mut self, confirmed_ms: i64, rules: Rules) {
        self.lose(confirmed_ms, rules);
        self.is_unreachable = false;
    }

    /// Notes that everything that was missed was delivered, so that a person without an event stayed.
    pub(super) fn resume(&mut self) {
        if !self.is_missing && !self.is_unreachable {
            self.deaf_since_ms = None;
        }
    }

    /// Returns a time after the last change in the file.
    pub(super) fn last_ms(&self) -> i64 {
        self.last_change_ms.saturating_add(1)
    }

    /// Notes that a change from a frame arrives at this time.
    pub(super) fn change(&mut self, at_ms: i64) {
        let shifted_ms = at_ms.max(self.last_change_ms.saturating_add(1));
        self.last_change_ms = shifted_ms;
        if shifted_ms > at_ms {
            let to_ms = shifted_ms + 1;
            self.doubts.push(Doubt { from_ms: at_ms, to_ms, most_ms: to_ms - at_ms });
        }
    }

    /// Notes that the person is heard of. A change says when somebody left, and a snapshot does not.
    ///
    /// The recorder may have confirmed the person earlier than this assumes, by the slack at most.
    pub(super) fn hear(&mut self, truth: &Timeline<T>, value: Option<T>, at_ms: i64, snapshot: bool, rules: Rules) {
        (self.is_missing, self.is_unreachable) = (false, false);
        if let Some(since_ms) = self.deaf_since_ms.take() {
            let before = self.timeline.last();
            // The time of the last change may have been shifted to after this one.
            let gap_ms = at_ms.saturating_sub(since_ms).max(0);
            let goes_on = before.is_some() && (value.is_some() || !snapshot);
            let (bridged, may_be) = (gap_ms <= rules.bridge_limit, gap_ms - rules.slack <= rules.bridge_limit);
            let nothing_missed = truth.holds(before, since_ms, at_ms);
            if !nothing_missed || (before.is_some() && !(goes_on && bridged)) {
                // If the gap is bridged, all of it counts. Otherwise the session ended when it was last confirmed.
                let most_ms = if goes_on && may_be { gap_ms } else { rules.slack.min(gap_ms) };
                self.doubts.push(Doubt { from_ms: since_ms, to_ms: at_ms, most_ms });
            }
        }
        self.timeline.push(at_ms, value);
    }

    /// Returns all spans in which the file cannot have the truth.
    pub(super) fn doubts(&self, truth: &Timeline<T>, end_ms: i64, rules: Rules) -> Vec<Doubt> {
        let mut doubts = self.doubts.clone();
        if let Some(from_ms) = self.deaf_since_ms.filter(|since_ms| *since_ms < end_ms) {
            // The person is not confirmed until the next event.
            doubts.push(Doubt { from_ms, to_ms: end_ms, most_ms: rules.slack });
        }
        let known = doubts.clone();
        let edges = known.iter().flat_map(|doubt| [doubt.from_ms, doubt.to_ms]);
        for (from_ms, to_ms) in pieces(truth.instants().chain(self.timeline.instants()).chain(edges), end_ms) {
            let is_known = known.iter().any(|doubt| (doubt.from_ms..doubt.to_ms).contains(&from_ms));
            if !is_known && self.timeline.at(from_ms) != truth.at(from_ms) {
                // A frame was lost, late, or out of order. Until the next event the file counts what was reported.
                let most_ms = if self.timeline.at(from_ms).is_some() { to_ms - from_ms } else { 0 };
                doubts.push(Doubt { from_ms, to_ms, most_ms });
            }
        }
        // If several changes arrive late, only the last one is the truth at that time. Sessions end in between.
        let late =
            self.timeline.instants().filter(|reported_ms| truth.instants().all(|true_ms| true_ms != *reported_ms));
        doubts.extend(late.map(|at_ms| Doubt { from_ms: at_ms, to_ms: at_ms, most_ms: 0 }));
        doubts
    }
}

/// Returns the spans between these times, and from the last one to the end.
pub(super) fn pieces(instants: impl Iterator<Item = i64>, end_ms: i64) -> Vec<(i64, i64)> {
    let mut instants: Vec<i64> = instants.filter(|at_ms| *at_ms < end_ms).collect();
    instants.push(end_ms);
    instants.sort_unstable();
    instants.dedup();
    instants.iter().copied().zip(instants.iter().copied().skip(1)).collect()
}
