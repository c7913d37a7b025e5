//! Remembers recent changes, because Discord delivers some of them twice.

use std::{
    collections::{HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

/// A set of the most recent items, by their hashes.
#[derive(Debug, Default)]
pub(super) struct Recent {
    added: usize,
    hashes: HashSet<u64>,
    order: VecDeque<u64>,
}

/// More items than a reconnect ever delivers again.
const LIMIT: usize = 65_536;

impl Recent {
    /// Adds an item, and returns whether it is new.
    pub(super) fn add(&mut self, item: &impl Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        item.hash(&mut hasher);
        let hash = hasher.finish();
        if !self.hashes.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        self.added += 1;
        if self.order.len() > LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.hashes.remove(&oldest);
        }
        true
    }

    /// Returns how many items were ever added.
    pub(super) fn added(&self) -> usize {
        self.added
    }

    /// Removes what was added after this number of items.
    pub(super) fn undo_to(&mut self, added: usize) {
        while self.added > added {
            self.added -= 1;
            let Some(newest) = self.order.pop_back() else { break };
            self.hashes.remove(&newest);
        }
    }
}
