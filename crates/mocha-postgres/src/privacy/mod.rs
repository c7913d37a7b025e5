//! Erasing, opting out and exporting: the same as in the SQLite store.

mod erase;
mod erasures;
mod export;
mod receipt;
mod rows;
mod tombstones;

pub use self::{
    erase::{Erasure, ErasureProgress},
    erasures::Erasures,
    export::Export,
    receipt::{Receipt, Removed},
};
