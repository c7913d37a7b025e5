//! Keeps the events of Mocha's stores as Parquet files, which DuckDB, Spark and Polars read as they
//! are.
//!
//! A store takes some 260 bytes for a message, because it is made for writing and asking. An
//! [`Archive`] takes some nine, and answers questions over years and over all guilds by programs
//! made for that. [`Archive::add`] adds what a store has.
//!
//! ```
//! use chrono::DateTime;
//! use mocha_archive::Archive;
//! use mocha_store::{Store, event::MessageSent};
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let store = Store::open(folder.join("stats.db"))?;
//! let recorder = store.recorder()?;
//! recorder.record(MessageSent {
//!     at: DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?,
//!     channel_id: 20.try_into()?,
//!     content: None,
//!     guild_id: 10.try_into()?,
//!     kind: 0,
//!     message_id: 30.try_into()?,
//!     user_id: 40.try_into()?,
//! })?;
//! recorder.flush()?;
//!
//! let archive = Archive::open(folder.join("archive"))?;
//! archive.add(&store)?;
//! let entries = archive.manifest()?;
//! assert_eq!((entries[0].table.as_str(), entries[0].month.as_str(), entries[0].rows), ("messages", "2023-11", 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod batch;
mod column;
mod database;
mod decode;
mod digest;
mod disk;
mod encode;
mod erase;
mod error;
mod export;
mod gather;
mod known;
mod layout;
mod manifest;
mod member;
mod message;
mod month;
mod parents;
mod partition;
mod presence;
mod restore;
mod retain;
mod source;
mod verify;
mod voice_event;
mod voice_interval;
mod write;

pub use self::{
    archive::Archive,
    batch::{Batch, Cell},
    column::{Column, ColumnKind},
    database::{Database, Erasure, Receipt},
    erase::{ErasedEverywhere, ErasedFile, ErasedFiles},
    error::{Error, ErrorKind},
    layout::{LAYOUTS, Layout, SCHEMA_VERSION},
    manifest::Entry,
    month::Month,
    partition::Partition,
    restore::{Restore, Restored},
    retain::ArchiveKeeper,
    source::{Source, Span},
    verify::Verified,
    write::Written,
};

/// Tests the example in README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
