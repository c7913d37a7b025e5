//! Whether the file is as it should be, and what can be saved of one that is not.

mod check;
mod report;
mod salvage;
mod scan;
mod work;

pub(crate) use self::check::refuse_damaged;
pub use self::{
    check::{Check, CheckDepth, CheckPhase, CheckProgress},
    report::{CheckReport, Orphans, Verdict},
    salvage::{Salvage, SalvageProgress, Salvaged, SalvagedTable},
};
