//! One SQLite file for what happens on Discord servers: the [`Store`] opens it, the [`Recorder`] writes what happens.

mod error;
pub mod event;
mod recorder;
mod rollup;
mod store;
mod voice;
mod write;

pub use self::{
    error::{Error, ErrorKind},
    event::Event,
    recorder::{Recorder, RecorderStats},
    rollup::{Counted, Difference, MessageSums, Progress, Rebuilt, Rollup, Sums, Verification, VoiceSums},
    store::{Clock, Durability, Store, StoreBuilder},
};
