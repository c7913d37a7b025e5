//! One SQLite file for what happens on Discord servers: the [`Store`] opens it, the [`Recorder`] writes what happens.

mod backup;
mod error;
pub mod event;
mod integrity;
mod maintenance;
pub mod privacy;
mod recorder;
mod retention;
mod rollup;
mod sqlite;
mod store;
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
    recorder::{Recorder, RecorderStats},
    retention::{Keep, Purged, Retained, Retention},
    rollup::{Counted, Difference, MessageSums, Progress, Rebuilt, Rollup, Sums, Verification, VoiceSums},
    store::{Clock, Durability, Store, StoreBuilder},
};
