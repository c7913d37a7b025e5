//! One SQLite file for what happens on Discord servers: the [`Store`] and its [`Recorder`].

mod error;
pub mod event;
mod recorder;
mod store;

pub use self::{
    error::{Error, ErrorKind},
    event::Event,
    recorder::{Recorder, RecorderStats},
    store::{Durability, Store, StoreBuilder},
};
