//! Stores what happens on Discord servers in one SQLite file. [`Store`] opens the file, and
//! [`Recorder`] writes events to it.
//!
//! An [`Event`] is plain data without Discord's wire format; `mocha-discord` makes events from
//! gateway events. The recorder takes events without blocking and commits them in groups, each with
//! the roll-ups that answer questions. Recording is idempotent: an event that is delivered again
//! changes nothing. After a crash or a gap, members accrue voice time only while there is evidence
//! that they are connected.
//!
//! The tables are those of `mocha-schema`, and the file may contain your own tables as well.
//! [`Store::read`] and [`Store::write`] provide a Diesel connection for any query. These keep a
//! file in order for years: [`Store::apply_retention`], [`Store::backup`] and [`Store::restore`],
//! [`Store::check`] and [`Store::salvage`], [`Store::forget_user`], and [`Maintenance`], which the
//! store runs by itself. Each method says what it locks and what survives a failure. Each [`Error`]
//! has a [kind](Error::kind).
//!
//! ```
//! use chrono::DateTime;
//! use diesel::prelude::*;
//! use mocha_schema::schema::voice_intervals;
//! use mocha_store::{Clock, Store, event::VoiceStateChanged};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("stats.db");
//! // `Clock::Events` takes the time from the events. A bot leaves the clock as it is.
//! let store = Store::builder().clock(Clock::Events).open(&path)?;
//! let recorder = store.recorder()?;
//! for (second, channel_id) in [(0, Some(20.try_into()?)), (90, None)] {
//!     recorder.record(VoiceStateChanged {
//!         at: DateTime::from_timestamp(1_700_000_000 + second, 0).ok_or("no such time")?,
//!         channel_id,
//!         guild_id: 10.try_into()?,
//!         state: mocha_schema::VoiceState::default(),
//!         user_id: 40.try_into()?,
//!     })?;
//! }
//! recorder.flush()?;
//! let (from, to) = store.read(|conn| {
//!     voice_intervals::table
//!         .select((voice_intervals::started_at_ms, voice_intervals::ended_at_ms))
//!         .get_result::<(i64, Option<i64>)>(conn)
//! })?;
//! assert_eq!(to, Some(from + 90_000));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod award;
mod backend;
mod backup;
mod error;
mod integrity;
mod link;
mod maintenance;
mod point_balance;
pub mod privacy;
mod retention;
mod rollup;
mod sqlite;
mod store;
mod tables;

pub use mocha_recorder::{
    Clock, Error, ErrorKind, Event, Frame, Operation, Recorder, RecorderStats, SetBalances, ShardClaim, StoredSession,
    TimeSource, event,
};

pub use self::{
    backup::{BackedUp, Backup, BackupMethod, BackupPhase, BackupProgress, Restore, Restored},
    integrity::{
        Check, CheckDepth, CheckPhase, CheckProgress, CheckReport, Orphans, Salvage, SalvageProgress, Salvaged,
        SalvagedTable, UnreadableRows, Verdict,
    },
    link::Durability,
    maintenance::{Checkpoint, Freed, Maintenance, MaintenanceStats, Step},
    retention::{Batches, DeletedBatch, Expired, Keep, Keeper, Purged, Retained, RetentionPolicy},
    rollup::{
        AwardSums, Counted, Difference, MemberSums, MessageSums, RebuildProgress, Rebuilt, Rollup, Sums, Verification,
        VoiceSums,
    },
    store::{Adopted, Converted, ConvertedTable, Oddity, OddityKind, Store, StoreBuilder},
};

/// Tests the example in README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
