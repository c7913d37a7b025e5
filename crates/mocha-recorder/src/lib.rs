//! Takes the events of Discord servers and decides how to record them. It knows no database.
//!
//! A [`Recorder`] takes [`Event`]s without blocking. Its thread commits them in groups through the
//! [`Backend`](backend::Backend) of a store, such as the SQLite file of `mocha-store`. This crate makes the decisions, such as
//! when a voice session ends and who is a member. The backend executes them.
//!
//! * Bots get a recorder from their store, and events from an adapter for their gateway library.
//! * Adapters translate a library's gateway events into [`event`]s, and give each its [`Frame`].
//! * Stores implement the traits of [`backend`], and start recorders by [`RecorderSlot`].

mod award;
pub mod backend;
mod error;
pub mod event;
mod operation;
mod person;
mod point_balance;
mod recorder;
pub mod retention;
mod time;
pub mod tombstones;
mod voice;
mod write;

pub use self::{
    award::award_seconds,
    error::{Error, ErrorKind},
    event::Event,
    operation::Operation,
    person::Person,
    point_balance::{PointBalances, SetBalances},
    recorder::{Clock, Frame, Recorder, RecorderSettings, RecorderSlot, RecorderStats, ShardClaim, StoredSession},
    time::{SteadyClock, TimeSource},
    voice::days,
};
