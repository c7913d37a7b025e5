//! Data about users: what Mocha stores, and how to export and erase it.
//!
//! * [`LEDGER`] lists every column and its class of personal data.
//! * [`Store::export_user`](crate::Store::export_user) exports the rows about a user.
//! * [`Store::forget_user`](crate::Store::forget_user) erases a user, and
//!   [`Store::opt_out_user`](crate::Store::opt_out_user) also stops recording the user.
//!
//! # What an erasure leaves
//!
//! An erasure leaves a *tombstone*: a keyed hash of the user's id (HMAC-SHA-256), the guild, and
//! the time. Because of it the recorder does not record the same events again, and a restored
//! backup does not bring the user back. The key is random. It is created with a file's first
//! tombstone and kept in the file, because restoring a backup needs both. A tombstone alone does
//! not reveal the id, and hashes differ between files. With the whole file and a list of ids to
//! try, the id can be found, so the hash is still personal data.
//!
//! Only the recorder and [`Store::set_point_balances`](crate::Store::set_point_balances) check
//! tombstones. If your own code writes rows, it has to skip erased users itself.
//!
//! Two anonymous counts stay: the number of members of a guild, and messages by quarter of an hour
//! whose events a retention policy deleted. The file does not know their authors any more. Your
//! own tables, logs and earlier backups stay too. Delete those, or restore them with the tombstones
//! ([`Store::reapply_erasures_from`](crate::Store::reapply_erasures_from)).

pub(crate) mod carry;
mod erase;
mod erasures;
mod export;
mod receipt;
mod rows;
mod tombstones;
mod wipe;

use mocha_schema::catalogue as ledger;
pub use mocha_schema::catalogue::{Class, Column, Kept, Person, Source, TABLES as LEDGER, Table};

pub(crate) use self::tombstones::load as load_tombstones;
pub use self::{
    erase::{Erasure, ErasureProgress},
    erasures::Erasures,
    export::Export,
    receipt::{Receipt, Removed},
};
