//! Takes the events of Discord servers and decides what becomes of them. No database inside.
//!
//! A [`Recorder`] takes [`Event`]s without blocking. A thread of its own commits them in groups, through a
//! [`Backend`](backend::Backend) that some store gave it: the SQLite file of `mocha-store`, or another one. The
//! decisions of each noun are here, such as when a voice session ends and who is a member; the backend executes them.
//!
//! * Bots use a recorder, which their store starts for them, and make events by an adapter for their gateway library.
//! * Adapters translate a library's gateway events into [`event`]s, and give each its [`Frame`].
//! * Stores implement the traits of [`backend`], and start recorders by [`RecorderSlot`].

pub mod backend;
mod error;
pub mod event;
mod operation;
mod person;
mod recorder;
pub mod retention;
mod time;
pub mod tombstones;
mod voice;
mod write;

pub use self::{
    error::{Error, ErrorKind},
    event::Event,
    operation::Operation,
    person::Person,
    recorder::{Clock, Frame, Recorder, RecorderSettings, RecorderSlot, RecorderStats, ShardClaim, StoredSession},
    time::{SteadyClock, TimeSource},
    voice::days,
};
