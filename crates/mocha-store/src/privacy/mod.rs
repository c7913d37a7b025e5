//! What the file keeps of people: the ledger of it, a person's own rows, and their erasure.
//!
//! * [`LEDGER`] lists every column, and what it tells of people.
//! * [`Store::export_user`](crate::Store::export_user) writes down what there is of a person.
//! * [`Store::forget_user`](crate::Store::forget_user) erases a person, and [`Store::opt_out_user`](crate::Store::opt_out_user)
//!   for good.
//!
//! # What erasure leaves
//!
//! A *tombstone*: a keyed hash of the user's id (HMAC-SHA-256), the guild, and when. It keeps the recorder from writing
//! again what it hears again, and a restored backup from bringing the person back. The key is random, made for the first tombstone
//! of a file, and kept in the file, for whoever restores a backup needs both. So the hash keeps the id from who sees a tombstone
//! alone, and from being the same in two files. It does not keep it from who has the whole file and
//! a list of ids to try, and is personal data as long as that is so.
//!
//! The recorder asks for tombstones, and nothing else does: rows that the author's own code writes are the author's to withhold.
//!
//! Counts that name nobody stay: the number of members of a guild, and messages by quarter of an hour from before the horizon, of
//! which nobody knows any more whose they were. So do tables of the author's own, logs, and backups made before: those are to be deleted, or
//! restored with the tombstones ([`Store::reapply_erasures_from`](crate::Store::reapply_erasures_from)).

pub(crate) mod carry;
mod erase;
mod export;
mod receipt;
mod rows;
mod tombstones;
mod wipe;

use mocha_schema::catalogue as ledger;
pub use mocha_schema::catalogue::{Class, Column, Kept, Person, Source, TABLES as LEDGER, Table};

pub(crate) use self::tombstones::{Tombstones, Verdict};
pub use self::{
    erase::{Erasure, ErasureProgress},
    export::Export,
    receipt::{Receipt, Removed},
};
