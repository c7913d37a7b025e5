//! A digest of rows, to compare what was written with what is read back.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use foldhash::fast::{FixedState, FoldHasher};

use crate::{
    batch::{Batch, Values},
    layout::Layout,
};

/// The hash of each column's values in their order. It depends on no other division into batches.
///
/// It is compared within one process only: the manifest has SHA-256 of the file.
#[derive(Clone)]
pub(crate) struct Digest(Vec<FoldHasher<'static>>);

impl Digest {
    pub(crate) fn new(layout: &Layout) -> Self {
        Self(layout.columns.iter().map(|_| FixedState::default().build_hasher()).collect())
    }

    pub(crate) fn add(&mut self, batch: &Batch) {
        for (hasher, values) in self.0.iter_mut().zip(batch.columns()) {
            match values {
                Values::Numbers(values) => {
                    for value in values {
                        hasher.write_u8(u8::from(value.is_some()));
                        hasher.write_i64(value.unwrap_or_default());
                    }
                }
                Values::Texts(values) => {
                    for value in values {
                        value.hash(hasher);
                    }
                }
            }
        }
    }

    fn values(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(FoldHasher::finish)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.values().eq(other.values())
    }
}

impl Eq for Digest {}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.values()).finish()
    }
}
