//! Recently written values, so that the same values are not written or looked up again.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

/// For each key, a hash of the values that were last written.
#[derive(Debug)]
pub(super) struct Recent<K>(HashMap<K, u64>);

/// Few servers have more active users, and bots hear about the same users again and again.
const LIMIT: usize = 200_000;

impl<K> Default for Recent<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Recent<K> {
    /// Returns whether exactly these values were last written for the key.
    pub(super) fn has(&self, key: &K, value: &impl Hash) -> bool {
        self.0.get(key) == Some(&hash(value))
    }

    pub(super) fn put(&mut self, key: K, value: &impl Hash) {
        if self.0.len() >= LIMIT {
            self.0.clear();
        }
        self.0.insert(key, hash(value));
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.0.remove(key);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
