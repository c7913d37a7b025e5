//! Checks a file for damage, and salvages what is readable of a damaged one.

mod check;
mod report;
mod salvage;
mod scan;
mod work;

pub(crate) use self::check::refuse_damaged;
pub use self::{
    check::{Check, CheckDepth, CheckPhase, CheckProgress},
    report::{CheckReport, Orphans, UnreadableRows, Verdict},
    salvage::{Salvage, SalvageProgress, Salvaged, SalvagedTable},
};
