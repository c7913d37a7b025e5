//! What of one person's voice was told, and when it was not the truth.

use super::{timeline::Timeline, voices::Rules};

/// Time of which the file cannot know the truth.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "the unit is part of the name")]
pub(super) struct Doubt {
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    /// How much of it at most counts as voice.
    pub(super) most_ms: i64,
}

/// What was told of a person.
#[derive(Clone, Debug)]
pub(super) struct Told<T> {
    /// Time in which nothing was heard, and nothing told later.
    deaf: Vec<(i64, i64)>,
    /// The last proof, while nothing is heard.
    deaf_since_ms: Option<i64>,
    doubts: Vec<Doubt>,
    /// Whether that a connection is resumed says nothing.
    is_missing: bool,
    /// When the person's last change from a frame is in the file. Each has a millisecond of its own.
    last_change_ms: i64,
    timeline: Timeline<T>,
}

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self {
            deaf: Vec::new(),
            deaf_since_ms: None,
            doubts: Vec::new(),
            is_missing: false,
            last_change_ms: i64::MIN,
            timeline: Timeline::default(),
        }
    }
}

impl<T: Copy + Eq> Told<T> {
    /// Nothing is heard from here on.
    pub(super) fn lose(&mut self, proof_ms: i64, rules: Rules) {
        self.deaf_since_ms.get_or_insert(proof_ms.saturating_sub(rules.slack));
    }

    /// Something will never be heard.
    pub(super) fn miss(&mut self, proof_ms: i64, rules: Rules) {
        self.lose(proof_ms, rules);
        self.is_missing = true;
    }

    /// All that was missed was told: a person without an event stayed.
    pub(super) fn resume(&mut self) {
        if !self.is_missing {
            self.deaf_since_ms = None;
        }
    }

    /// When the last change is in the file at the latest.
    pub(super) fn last_ms(&self) -> i64 {
        self.last_change_ms.saturating_add(1)
    }

    /// A change from a frame comes at this time.
    pub(super) fn change(&mut self, at_ms: i64) {
        let shifted_ms = at_ms.max(self.last_change_ms.saturating_add(1));
        self.last_change_ms = shifted_ms;
        if shifted_ms > at_ms {
            let to_ms = shifted_ms + 1;
            self.doubts.push(Doubt { from_ms: at_ms, to_ms, most_ms: to_ms - at_ms });
        }
    }

    /// The person is heard of. A snapshot does not know when somebody left, and a change does.
    ///
    /// The last proof may have been earlier than the recorder's, by the slack at most.
    pub(super) fn hear(&mut self, truth: &Timeline<T>, value: Option<T>, at_ms: i64, snapshot: bool, rules: Rules) {
        self.is_missing = false;
        if let Some(since_ms) = self.deaf_since_ms.take() {
            let before = self.timeline.last();
            let gap_ms = at_ms.saturating_sub(since_ms);
            let goes_on = before.is_some() && (value.is_some() || !snapshot);
            let (bridged, may_be) = (gap_ms <= rules.bridge_limit, gap_ms - rules.slack <= rules.bridge_limit);
            let nothing_missed = truth.holds(before, since_ms, at_ms);
            if !nothing_missed || (before.is_some() && !(goes_on && bridged)) {
                // Bridging counts the whole gap; without it the session ended at its last proof.
                let most_ms = if goes_on && may_be { gap_ms } else { rules.slack.min(gap_ms) };
                self.doubts.push(Doubt { from_ms: since_ms, to_ms: at_ms, most_ms });
            }
            self.deaf.push((since_ms, at_ms));
        }
        self.timeline.push(at_ms, value);
    }

    /// All time of which the file cannot know the truth.
    pub(super) fn doubts(&self, truth: &Timeline<T>, end_ms: i64, rules: Rules) -> Vec<Doubt> {
        let mut doubts = self.doubts.clone();
        if let Some(from_ms) = self.deaf_since_ms.filter(|since_ms| *since_ms < end_ms) {
            // Nobody is confirmed until heard of again.
            doubts.push(Doubt { from_ms, to_ms: end_ms, most_ms: rules.slack });
        }
        for (from_ms, to_ms) in
            pieces(truth.instants().chain(self.timeline.instants()).chain(deaf_ends(&self.deaf)), end_ms)
        {
            let deaf = self.deaf.iter().any(|(since, until)| (*since..*until).contains(&from_ms));
            if !deaf && self.timeline.at(from_ms) != truth.at(from_ms) {
                // A frame was lost, or came out of order: until the person is heard of again the file counts what it was told.
                let most_ms = if self.timeline.at(from_ms).is_some() { to_ms - from_ms } else { 0 };
                doubts.push(Doubt { from_ms, to_ms, most_ms });
            }
        }
        // Told late, of several changes only the last one is the truth of then, and sessions end in between.
        let late = self.timeline.instants().filter(|told_ms| truth.instants().all(|true_ms| true_ms != *told_ms));
        doubts.extend(late.map(|at_ms| Doubt { from_ms: at_ms, to_ms: at_ms, most_ms: 0 }));
        doubts
    }
}

fn deaf_ends(deaf: &[(i64, i64)]) -> impl Iterator<Item = i64> {
    deaf.iter().flat_map(|(since_ms, until_ms)| [*since_ms, *until_ms])
}

/// The time between one instant and the next, and between the last one and the end.
pub(super) fn pieces(instants: impl Iterator<Item = i64>, end_ms: i64) -> Vec<(i64, i64)> {
    let mut instants: Vec<i64> = instants.filter(|at_ms| *at_ms < end_ms).collect();
    instants.push(end_ms);
    instants.sort_unstable();
    instants.dedup();
    instants.iter().copied().zip(instants.iter().copied().skip(1)).collect()
}
