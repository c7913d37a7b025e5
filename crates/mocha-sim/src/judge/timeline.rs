//! A value over time.

/// A value that changes now and then. Times are in milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Timeline<T> {
    /// The changes in order of time.
    changes: Vec<(i64, Option<T>)>,
}

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self { changes: Vec::new() }
    }
}

impl<T: Copy + Eq> Timeline<T> {
    /// Adds a change. If two changes have one time, the later call counts.
    pub(super) fn push(&mut self, at_ms: i64, value: Option<T>) {
        if self.last() != value {
            self.changes.push((at_ms, value));
        }
    }

    pub(super) fn last(&self) -> Option<T> {
        self.changes.last().and_then(|(_, value)| *value)
    }

    pub(super) fn at(&self, at_ms: i64) -> Option<T> {
        let after = self.changes.partition_point(|(changed_ms, _)| *changed_ms <= at_ms);
        self.changes.get(after.checked_sub(1)?).and_then(|(_, value)| *value)
    }

    /// Returns whether the value is this in all of `[from, to)`.
    pub(super) fn holds(&self, value: Option<T>, from_ms: i64, to_ms: i64) -> bool {
        let mut inside = self.instants().filter(|at_ms| (from_ms..to_ms).contains(at_ms));
        self.at(from_ms) == value && inside.all(|at_ms| self.at(at_ms) == value)
    }

    pub(super) fn instants(&self) -> impl Iterator<Item = i64> {
        self.changes.iter().map(|(at_ms, _)| *at_ms)
    }

    /// Returns the half-open spans with a value, in order. A span that goes on has no end.
    pub(super) fn stretches(&self) -> Vec<(i64, Option<i64>)> {
        let mut stretches = Vec::new();
        let mut since = None;
        for (at_ms, value) in &self.changes {
            match (since, value) {
                (None, Some(_)) => since = Some(*at_ms),
                (Some(from_ms), None) => {
                    stretches.push((from_ms, Some(*at_ms)));
                    since = None;
                }
                _ => {}
            }
        }
        stretches.extend(since.map(|from_ms| (from_ms, None)));
        stretches
    }
}
