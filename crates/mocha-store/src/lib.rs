//! One SQLite file for what happens on Discord servers: the [`Store`] opens it, the [`Recorder`] writes what happens.
//!
//! An [`Event`] is what was heard, as plain values without Discord's wire format; `mocha-discord` makes them of gateway
//! events. The recorder takes events without blocking and commits them in groups, each with the sums that questions are
//! answered from. What is told twice changes nothing the second time, and after a crash or a gap nobody counts as being in
//! voice who was not heard to be.
//!
//! The tables are those of `mocha-schema`, and the author's own may be beside them: [`Store::read`] and [`Store::write`]
//! give a Diesel connection for any query. To keep the file for years there are [`Store::apply_retention`], [`Store::backup`] and
//! [`Store::restore`], [`Store::check`] and [`Store::salvage`], [`Store::forget_user`] and the [`Maintenance`] that the store does
//! by itself. Each method says what it locks and what survives a failure; each [`Error`] has a [kind](Error::kind).
//!
//! ```
//! use chrono::DateTime;
//! use diesel::prelude::*;
//! use mocha_schema::schema::voice_intervals;
//! use mocha_store::{Clock, Store, event::VoiceStateChanged};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("stats.db");
//! // A bot leaves the clock as it is.
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

mod backup;
mod error;
pub mod event;
mod integrity;
mod maintenance;
mod operation;
pub mod privacy;
mod recorder;
mod retention;
mod rollup;
mod sqlite;
mod store;
mod tables;
mod time;
mod voice;
mod write;

pub use self::{
    backup::{BackedUp, Backup, BackupMethod, BackupPhase, BackupProgress, Restore, Restored},
    error::{Error, ErrorKind},
    event::Event,
    integrity::{
        Check, CheckDepth, CheckPhase, CheckProgress, CheckReport, Orphans, Salvage, SalvageProgress, Salvaged,
        SalvagedTable, Verdict,
    },
    maintenance::{Checkpoint, Freed, Maintenance, MaintenanceStats, Step},
    operation::Operation,
    recorder::{Frame, Recorder, RecorderStats},
    retention::{Keep, Purged, Retained, RetentionPolicy},
    rollup::{
        Counted, Difference, MemberSums, MessageSums, RebuildProgress, Rebuilt, Rollup, Sums, Verification, VoiceSums,
    },
    store::{Clock, Durability, Store, StoreBuilder},
    time::TimeSource,
};
