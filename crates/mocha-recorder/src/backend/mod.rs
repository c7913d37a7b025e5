//! The seam between the recorder and a database. Implement it to record into another database.
//!
//! The recorder owns one [`Backend`]: the connection it writes through. For each batch of events it calls
//! [`Backend::write`], which opens one transaction and lends it to the recorder as [`Tables`]. The recorder decides what
//! becomes of each event; the tables look up, add and change rows, and decide nothing.
//!
//! One transaction runs like this:
//!
//! 1. [`Tables::prepare`] with the events of the batch, in their order: the tables may look ahead, and take locks.
//! 2. [`Tables::generation`]: has somebody else changed what the recorder remembers?
//! 3. The operations of the nouns, event by event: [`ChannelTable`], [`GuildTable`], [`MemberTable`], [`MessageTable`],
//!    [`PresenceTable`], [`TombstoneTable`], [`UserTable`] and [`VoiceTable`].
//! 4. [`StateTable::put_position`] for each shard that advanced, then [`Tables::flush`].
//! 5. If a stamp is due: [`VoiceTable::stamp_intervals`], [`StateTable::raise_watermarks`],
//!    [`StateTable::put_recorder_state`], and [`Tables::flush`] again.
//! 6. The commit.
//!
//! # What every operation keeps to
//!
//! * It sees what earlier operations of the same transaction wrote, also if the tables hold it back until the flush.
//! * A name of an operation says what it does if a row with the same key is there already: `insert_…` leaves that row as
//!   it is, `put_…` replaces it, `update_…` and `delete_…` do nothing if there is no row.
//! * If an operation fails, the recorder rolls the transaction back and calls no further operation on these tables.
//! * An [`Error`] says whose fault it is. If the values of an event may be the cause, such as a violated constraint, mark
//!   it with [`Error::caused_by_event`]: the recorder then repeats the batch event by event and leaves out only that one.
//!   Any other error keeps all events waiting, and they are tried again.
//! * Times of rows have whole seconds (`UnixTime`); times whose names end in `_ms` are unix milliseconds.
//!
//! Keep aggregates right by triggers of the database or in the tables: the recorder does not compute them.

mod channel;
mod guild;
mod member;
mod message;
mod presence;
mod state;
mod tombstone;
mod user;
mod voice;

pub use self::{
    channel::{ChannelTable, StoredChannel},
    guild::GuildTable,
    member::{ListedMember, MemberTable, member_event_id, member_event_ms},
    message::MessageTable,
    presence::{LastPresence, PresenceTable, presence_id, presence_ms},
    state::{StateTable, Watermarks},
    tombstone::TombstoneTable,
    user::UserTable,
    voice::VoiceTable,
};
use crate::{Error, Event};

/// The connection that a recorder writes through. The recorder's thread owns it.
///
/// A backend connects when it has to, and connects again after a failure, so there is no operation for that. It checks
/// before each transaction that the place is still the one it was made for, as a file that was deleted is not.
pub trait Backend: Send + 'static {
    /// The tables during one transaction.
    type Tables<'t>: Tables;

    /// Runs `work` in one transaction that may write, and commits it if `work` returns `Ok`.
    ///
    /// `batch` is the number of this attempt. Numbers of one recorder only grow; one is never used again, not even for
    /// the same events. A backend whose commits can have an unknown outcome stores it in the transaction, along with
    /// something that no other recorder has.
    ///
    /// It takes the lock for writing at the beginning if the database has one, and waits for it for a limited time.
    /// After any failure the next call begins on a connection without a transaction.
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
    /// The answer is final: a server that is still ending the old connection has to be waited for, because that
    /// transaction may be committed yet.
    ///
    /// # Errors
    ///
    /// Why it cannot be found out now, such as a server that cannot be reached.
    fn was_committed(&mut self, batch: u64) -> Result<bool, Error>;

    /// Tidies up after the last transaction, as far as nobody has to wait for it. What fails here is only logged.
    fn finish(&mut self);
}

/// Why a transaction has no result.
#[derive(Debug)]
pub enum WriteError {
    /// Nothing of it is stored.
    Undone(Error),
    /// It may be stored or not: [`Backend::was_committed`] tells.
    Unknown(Error),
}

/// The tables during one transaction: all nouns, and what concerns the transaction as a whole.
pub trait Tables:
    ChannelTable
    + GuildTable
    + MemberTable
    + MessageTable
    + PresenceTable
    + StateTable
    + TombstoneTable
    + UserTable
    + VoiceTable
{
    /// Returns a number that is another one whenever somebody else committed a change that the recorder must not miss:
    /// a tombstone, the deletion of a row that the recorder may remember, or a position with another `owner`.
    ///
    /// If it differs from that of the last transaction, the recorder forgets what it remembers of rows, and loads the
    /// tombstones and the positions again. It is only compared within one connection: after each failure the recorder forgets it. No such
    /// change may be committed between this call and the commit.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    fn generation(&mut self) -> Result<i64, Error>;

    /// Lets the tables look up rows for all events of the batch at once, before the first of them is recorded.
    ///
    /// It may be called without any event. Events of users with a tombstone and events that are delivered again are
    /// among them, although no operation follows for those. By default it does nothing.
    ///
    /// # Errors
    ///
    /// Why the rows cannot be read.
    fn prepare<'e>(&mut self, events: impl Iterator<Item = &'e Event>) -> Result<(), Error> {
        drop(events);
        Ok(())
    }

    /// Writes everything that the tables hold back. Returns how many rows for which
    /// [`insert_message`](MessageTable::insert_message) returned `true` were there already.
    ///
    /// By default nothing is held back.
    ///
    /// # Errors
    ///
    /// Why the rows cannot be written; see the [module](self) for errors that an event causes.
    fn flush(&mut self) -> Result<u64, Error> {
        Ok(0)
    }
}
