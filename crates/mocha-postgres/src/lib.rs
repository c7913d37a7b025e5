//! Records what happens on Discord servers into PostgreSQL 15 or newer.
//!
//! [`PgStore::connect`] takes the place of `Store::open` of the SQLite store. Recorder, events and errors are those of
//! `mocha-recorder`, and the tables are those of `mocha-schema`. Several recorders, on several machines, write into one
//! database at once.
//!
//! Everything here needs the feature `libpq`, which links the system's libpq.
//!
//! # What happens when
//!
//! | when | then |
//! |---|---|
//! | the server is away, restarts or fails over | events wait in the recorder's queue, and are written when it is back; [`ErrorKind::Unavailable`](mocha_recorder::ErrorKind::Unavailable) |
//! | the queue is full meanwhile | `record` refuses further events, counts them, and the recorder notes that voice was missed |
//! | the connection breaks during a COMMIT | the recorder asks the server whether the batch is in, and neither loses nor repeats it |
//! | the disk of the server's tables is full | events wait, as above; [`ErrorKind::DiskFull`](mocha_recorder::ErrorKind::DiskFull) |
//! | a statement takes longer than the timeout | its batch is tried again; [`ErrorKind::Busy`](mocha_recorder::ErrorKind::Busy) |
//! | the server is a standby | reading works, writing fails as [`ErrorKind::ReadOnly`](mocha_recorder::ErrorKind::ReadOnly) |
//! | user, password or database is wrong | [`ErrorKind::AccessDenied`](mocha_recorder::ErrorKind::AccessDenied) |
//! | the server is older than PostgreSQL 15 | [`ErrorKind::ServerTooOld`](mocha_recorder::ErrorKind::ServerTooOld) |
//! | a table of Mocha's name belongs to another program | [`ErrorKind::NotMocha`](mocha_recorder::ErrorKind::NotMocha); give Mocha a [schema](PgStoreBuilder::schema) of its own |
//! | a newer Mocha migrated the database | [`ErrorKind::SchemaTooNew`](mocha_recorder::ErrorKind::SchemaTooNew) |
//! | two processes migrate at once | one waits for the other |
#![cfg(feature = "libpq")]

mod award;
mod backend;
mod builder;
mod error;
mod link;
mod point_balance;
mod privacy;
mod retention;
mod rollup;
mod store;

pub use mocha_recorder::retention::{Batches, DeletedBatch, Expired, Keep, Keeper, Purged, Retained, RetentionPolicy};

pub use self::{
    builder::PgStoreBuilder,
    privacy::{Erasure, ErasureProgress, Erasures, Export, Receipt, Removed},
    rollup::RollupDifference,
    store::PgStore,
};
