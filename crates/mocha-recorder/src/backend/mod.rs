//! The interface between the recorder and a database. Implement it to record into another database.
//!
//! The recorder owns one [`Backend`]: the connection it writes through. For each batch of events it calls
//! [`Backend::write`], which opens one transaction and lends it to the recorder as [`Tables`]. The recorder makes all
//! decisions about an event. The tables look up, add and change rows.
//!
//! One transaction runs like this:
//!
//! 1. [`Tables::prepare`] with the events of the batch, in their order: the tables may look ahead, and take locks.
//! 2. [`Tables::generation`], which shows whether another program changed rows that the recorder remembers.
//! 3. The operations of the nouns, event by event: [`AddresseeTable`], [`BoostTable`], [`ChannelTable`], [`CommandTable`], [`GuildTable`],
//!    [`HistoryTable`], [`InviteTable`], [`MemberTable`], [`MessageTable`], [`PresenceTable`], [`ReactionTable`], [`RoleTable`], [`TombstoneTable`],
//!    [`UserTable`] and [`VoiceTable`].
//! 4. [`StateTable::put_position`] for each shard that advanced, then [`Tables::flush`].
//! 5. If a stamp is due: [`VoiceTable::stamp_intervals`], [`StateTable::raise_watermarks`],
//!    [`StateTable::put_recorder_state`], and [`Tables::flush`] again.
//! 6. The commit.
//!
//! # Rules for every operation
//!
//! * It sees the rows that earlier operations of the same transaction wrote, even if the tables hold them back until the flush.
//! * The name of an operation defines what happens if a row with the same key exists: `insert_…` leaves that row unchanged,
//!   and `put_…` replaces it. `update_…` and `delete_…` do nothing if there is no row.
//! * If an operation fails, the recorder rolls the transaction back and calls no further operation on these tables.
//! * If the values of an event may be the cause of an [`Error`], such as a violated constraint, mark the error with
//!   [`Error::caused_by_event`]. The recorder then repeats the batch event by event and leaves out only that event. After any
//!   other error all events wait and are tried again.
//! * Times of rows have whole seconds (`UnixTime`); times whose names end in `_ms` are unix milliseconds.
//!
//! Maintain roll-ups by triggers of the database or in the tables. The recorder does not compute them.

mod addressee;
mod boost;
mod channel;
mod command;
mod guild;
mod history;
mod invite;
mod member;
mod message;
mod presence;
mod reaction;
mod role;
mod state;
mod tombstone;
mod user;
mod voice;

pub use self::{
    addressee::AddresseeTable,
    boost::BoostTable,
    channel::{ChannelTable, StoredChannel},
    command::CommandTable,
    guild::GuildTable,
    history::HistoryTable,
    invite::InviteTable,
    member::{ListedMember, MemberTable, member_event_id, member_event_ms},
    message::{MessageTable, is_answer},
    presence::{LastPresence, PresenceTable, presence_id, presence_ms},
    reaction::ReactionTable,
    role::RoleTable,
    state::{StateTable, Watermarks},
    tombstone::TombstoneTable,
    user::UserTable,
    voice::VoiceTable,
};
use crate::{Error, Event};

/// The connection that a recorder writes through. The recorder's thread owns it.
///
/// A backend connects when it has to, and connects again after a failure, so there is no operation for that. Before each
/// transaction it checks that its database is still the same, because a file may have been deleted or replaced.
pub trait Backend: Send + 'static {
    /// The tables during one transaction.
    type Tables<'t>: Tables;

    /// Runs `work` in one transaction that may write, and commits it if `work` returns `Ok`.
    ///
    /// `batch` is the number of this attempt. The numbers of one recorder only grow, and none is used twice, not even for the same
    /// events. A backend whose commits can have an unknown outcome stores the number in the transaction, with an identifier that
    /// no other recorder has.
    ///
    /// It takes the write lock at the beginning if the database has one, and waits for it for a limited time. After any failure
    /// the next call begins on a connection without a transaction.
    ///
    /// # Errors
    ///
    /// [`WriteError::Undone`] if nothing of the transaction is stored: `work` failed, or connecting, beginning or
    /// committing did. Its error is that of `work` if that failed, even if the rollback failed too.
    /// [`WriteError::Unknown`] if the connection broke after COMMIT was sent and before it was answered.
    fn write<T>(
        &mut self,
        batch: u64,
        work: impl FnOnce(&mut Self::Tables<'_>) -> Result<T, Error>,
    ) -> Result<T, WriteError>;

    /// Returns whether the transaction with this number was committed, on a new connection.
    ///
    /// The recorder calls it after [`WriteError::Unknown`], and again after each error, before it writes anything else.
    /// The answer is final. If the server is still ending the old connection, wait for it, because that transaction may still be
    /// committed.
    ///
    /// # Errors
    ///
    /// Returns an error if the answer is unknown for now, for example because the server cannot be reached.
    fn was_committed(&mut self, batch: u64) -> Result<bool, Error>;

    /// Cleans up after the last transaction, without waiting for others. Failures are only logged.
    fn finish(&mut self);
}

/// The error of a transaction.
#[derive(Debug)]
pub enum WriteError {
    /// The transaction is not stored.
    Undone(Error),
    /// The transaction may be stored or not. [`Backend::was_committed`] returns whether it is.
    Unknown(Error),
}

/// The tables during one transaction: all nouns, and the operations of the transaction as a whole.
pub trait Tables:
    AddresseeTable
    + BoostTable
    + ChannelTable
    + CommandTable
    + GuildTable
    + HistoryTable
    + InviteTable
    + MemberTable
    + MessageTable
    + PresenceTable
    + ReactionTable
    + RoleTable
    + StateTable
    + TombstoneTable
    + UserTable
    + VoiceTable
{
    /// Returns a number that differs whenever another program has committed a change that the recorder must notice: a tombstone,
    /// the deletion of a row that the recorder may remember, or a position with another `owner`.
    ///
    /// If it differs from that of the last transaction, the recorder drops its remembered rows, and loads the tombstones and the
    /// positions again. Numbers are compared only within one connection. No such change may be committed between this call and the
    /// commit.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn generation(&mut self) -> Result<i64, Error>;

    /// Lets the tables look up rows for all events of the batch at once, before the first of them is recorded.
    ///
    /// It may be called without any event. The events include those of users with a tombstone and those that are delivered again,
    /// although no operation follows for them. By default it does nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn prepare<'e>(&mut self, events: impl Iterator<Item = &'e Event>) -> Result<(), Error> {
        drop(events);
        Ok(())
    }

    /// Writes everything that the tables hold back. Returns how many calls of
    /// [`insert_message`](MessageTable::insert_message) returned `true` and changed nothing.
    ///
    /// By default nothing is held back.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails; see the [module](self) for errors that an event causes.
    fn flush(&mut self) -> Result<u64, Error> {
        Ok(0)
    }
}
