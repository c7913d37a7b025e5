//! One SQLite file for what happens on Discord servers: the [`Store`] opens it, the [`Recorder`] writes what happens.

mod error;
pub mod event;
mod recorder;
mod store;
mod voice;
mod write;

pub use self::{
    error::{Error, ErrorKind},
    event::Event,
    recorder::{Recorder, RecorderStats},
    store::{Clock, Durability, Store, StoreBuilder},
};
