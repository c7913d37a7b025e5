//! What was written lately, so that the same is not written, or even looked up, again and again.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

/// By key, a hash of what was last written under it.
#[derive(Debug)]
pub(super) struct Recent<K>(HashMap<K, u64>);

/// A bot meets some people again and again; a server has seldom more than these.
const LIMIT: usize = 200_000;

impl<K> Default for Recent<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Recent<K> {
    /// Whether exactly this was written under the key before.
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
