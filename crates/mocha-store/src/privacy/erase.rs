//! Erasing a person.

use std::{collections::BTreeMap, fmt, ops::ControlFlow, sync::Arc, thread, time::Instant};

use chrono::{DateTime, Utc};
use diesel::{
    Connection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sqlite::SqliteConnection,
};
use mocha_schema::{GuildId, UserId};

use super::{
    ledger::{Person, Table},
    receipt::{Receipt, Removed},
    rows::{Scope, delete_samples, tables},
    tombstones::{self, EVERYWHERE, Tombstones},
    wipe,
};
use crate::{
    Error, Store,
    operation::{self, OnProgress},
};

/// At most how many rows go in one transaction: the recorder waits for it, some tens of milliseconds.
const BATCH: usize = 500;

/// How far an erasure has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ErasureProgress {
    /// How many rows are gone.
    pub removed: u64,
    /// How many there were when it began.
    pub total: u64,
}

/// The erasure of a person; made by [`Store::forget_user`] and [`Store::opt_out_user`].
#[must_use = "nobody is forgotten until `run`"]
pub struct Erasure<'a> {
    on_progress: Option<OnProgress<'a, ErasureProgress>>,
    opt_out: bool,
    scope: Scope,
    skip_vacuum: bool,
    store: Store,
}

impl Store {
    /// Erases a person: every row of Mocha's tables that is the person's, in all guilds or one.
    ///
    /// Gone are the user's row and memberships, messages, voice sessions, an open one too, comings and goings, presence,
    /// and the person's part of every roll-up, also that of events which are gone already. Answers are then as if the person had never
    /// been there, but for what counts without names: the number of members of a guild, and messages by quarter of an hour from before
    /// the horizon.
    ///
    /// It is about the past: what is not later than the erasure is not recorded again, however often it is repeated, and that the
    /// person is still there, is a member, is online, or was muted by a moderator, tells nothing either. A person who writes, joins,
    /// or changes something in voice afterwards (the channel, the own microphone, camera or stream) is counted from then on. To be left alone for good there is [`opt_out_user`](Self::opt_out_user). See
    /// [`privacy`](crate::privacy) for what remains, and why.
    ///
    /// ```
    /// use chrono::DateTime;
    /// use mocha_store::{Store, event::MessageSent};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("stats.db");
    /// let store = Store::open(&path)?;
    /// let recorder = store.recorder()?;
    /// let message = MessageSent {
    ///     at: DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?,
    ///     channel_id: 20.try_into()?,
    ///     content: None,
    ///     guild_id: 10.try_into()?,
    ///     kind: 0,
    ///     message_id: 30.try_into()?,
    ///     user_id: 40.try_into()?,
    /// };
    /// recorder.record(message)?;
    /// recorder.flush()?;
    ///
    /// let receipt = store.forget_user(message.user_id).run()?;
    /// assert!(receipt.is_complete());
    /// assert!(receipt.removed.iter().any(|removed| removed.table == "message_events" && removed.rows == 1));
    ///
    /// // Told again, it is not recorded again.
    /// recorder.record(message)?;
    /// recorder.flush()?;
    /// assert_eq!(recorder.stats().withheld, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "erase")]
    #[doc(alias = "gdpr")]
    pub fn forget_user<'a>(&self, user_id: UserId) -> Erasure<'a> {
        let scope = Scope { guild_id: None, user_id };
        Erasure { on_progress: None, opt_out: false, scope, skip_vacuum: false, store: self.clone() }
    }

    /// [`forget_user`](Self::forget_user), and records nothing of the person from now on, until
    /// [`opt_in_user`](Self::opt_in_user).
    pub fn opt_out_user<'a>(&self, user_id: UserId) -> Erasure<'a> {
        Erasure { opt_out: true, ..self.forget_user(user_id) }
    }

    /// Takes back what opt-outs there are of a person: in one guild, or with `None` all of them. Returns whether there were any.
    ///
    /// The person is recorded from now on; what was before stays forgotten. While a person is opted out of all guilds, opting in
    /// in one changes nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) and the others of SQLite.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// let user = 40.try_into()?;
    /// assert!(!store.opt_in_user(user, None)?);
    /// let receipt = store.opt_out_user(user).run()?;
    /// assert!(receipt.opted_out && store.is_opted_out(user, None)?);
    /// assert!(store.opt_in_user(user, None)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn opt_in_user(&self, user_id: UserId, guild_id: Option<GuildId>) -> Result<bool, Error> {
        let at_ms = Utc::now().timestamp_millis();
        self.write(|conn| tombstones::opt_in(conn, user_id, guild_id, at_ms)).map(|changed| changed > 0)
    }

    /// Whether a person opted out of a guild, be it by opting out of all; with `None`, of all.
    ///
    /// # Errors
    ///
    /// Those of [`Store::read`] that are SQLite's.
    pub fn is_opted_out(&self, user_id: UserId, guild_id: Option<GuildId>) -> Result<bool, Error> {
        let tombstones = self.read(Tombstones::load)?;
        Ok(tombstones.ruling(user_id, guild_id).is_some_and(|ruling| ruling.opted_out))
    }
}

impl<'a> Erasure<'a> {
    /// Only in this guild. What other guilds have of the person stays, and so does the user's own row while any has.
    pub fn in_guild(mut self, guild_id: GuildId) -> Self {
        self.scope.guild_id = Some(guild_id);
        self
    }

    /// Leaves it to a later [`Store::vacuum_erased`] to rewrite the file, for several erasures at once. Until then most of the
    /// bytes are overwritten, but not all, and a backup by [`BackupMethod::Paced`](crate::BackupMethod::Paced), which copies
    /// pages as they are, may have them too; one by [`BackupMethod::Compact`](crate::BackupMethod::Compact) has none.
    pub fn skip_vacuum(mut self) -> Self {
        self.skip_vacuum = true;
        self
    }

    /// Calls `on_progress` after each transaction with the number of rows that are deleted, and while
    /// the file is vacuumed. [`ControlFlow::Break`] ends the erasure early.
    pub fn on_progress(mut self, on_progress: impl FnMut(ErasureProgress) -> ControlFlow<()> + 'a) -> Self {
        self.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Erases the person. Blocks; in an async program use a thread for blocking work.
    ///
    /// First it leaves the tombstone, so that the recorder, be it of another process, writes nothing more from before. Then the events
    /// go, 500 in a transaction, with pauses for others to write; after each `progress` hears how far it has come, and
    /// ends it by [`ControlFlow::Break`]. One last transaction removes the rest: roll-ups, the user, and
    /// what the person did since the erasure began. What comes later is recorded as of a new user. Last it [wipes the traces](Store::vacuum_erased), in which `progress` is asked too: no byte
    /// of the id remains in the file or its write-ahead log, nor in backups made from then on.
    ///
    /// If it is broken off, or the program ends meanwhile, the rest goes when the person is forgotten again; the recorder
    /// adds nothing in between. It finds the rows through indexes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy), [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull) and the others
    /// of SQLite, if rows could not be removed. That only the bytes are left is no error: the [`Receipt`] says so.
    pub fn run(self) -> Result<Receipt, Error> {
        let Self { on_progress, opt_out, scope, skip_vacuum, store } = self;
        let mut progress = on_progress.unwrap_or_else(operation::ignore);
        let link = store.link();
        let failed = |error| Error::classify(format!("cannot erase a person from {}", link.location), error);
        let mut conn = link.connect_writer()?;
        conn.batch_execute("PRAGMA secure_delete = ON").map_err(failed)?;
        let guild_id = scope.guild_id.map_or(EVERYWHERE, tombstones::number);
        conn.immediate_transaction(|conn| {
            tombstones::bury(conn, scope.user_id, guild_id, now().timestamp_millis(), opt_out)
        })
        .map_err(failed)?;
        let (removed, ended) = erase(&mut conn, scope, &mut progress).map_err(failed)?;
        let total = removed.iter().map(|removed| removed.rows).sum();
        let all = ErasureProgress { removed: total, total };
        let rows_gone = ended != Ended::Broken;
        let ruling = Tombstones::load(&mut conn).map_err(failed)?.ruling(scope.user_id, scope.guild_id);
        let wiped = (rows_gone && !skip_vacuum).then(|| wipe::wipe(link, &mut || progress(all)));
        Ok(Receipt {
            at: ruling.and_then(|ruling| DateTime::from_timestamp_millis(ruling.forgotten_at_ms)).unwrap_or_else(now),
            guild_id: scope.guild_id,
            id: receipt_id(&mut conn).map_err(failed)?,
            opted_out: ruling.is_some_and(|ruling| ruling.opted_out),
            removed,
            rows_gone,
            traces_gone: matches!(wiped, Some(Ok(()))),
            traces_left_by: wiped.and_then(Result::err).map(Arc::new),
        })
    }
}

impl fmt::Debug for Erasure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { on_progress: _, opt_out, scope, skip_vacuum, store } = self;
        f.debug_struct("Erasure")
            .field("opt_out", opt_out)
            .field("scope", scope)
            .field("skip_vacuum", skip_vacuum)
            .field("store", store)
            .finish_non_exhaustive()
    }
}

/// How far an erasure of rows came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ended {
    /// It was broken off, and rows are left.
    Broken,
    Complete,
    /// All rows are gone, and nothing else is to be done.
    Stopped,
}

/// Removes the person's rows; gives what it removed, and whether that was all.
///
/// Events go in batches, and triggers take them out of the sums. What else there is goes in one transaction at the end, with
/// what the person did meanwhile.
pub(super) fn erase(
    conn: &mut SqliteConnection,
    scope: Scope,
    progress: &mut dyn FnMut(ErasureProgress) -> ControlFlow<()>,
) -> diesel::QueryResult<(Vec<Removed>, Ended)> {
    let found = conn.transaction(|conn| counts(conn, scope))?;
    let total = found.iter().map(|found| found.rows).sum();
    let mut deleted: Vec<Removed> = Vec::new();
    let (mut removed, mut until) = (0, 0);
    for table in tables().filter(|table| table.person == Some(Person::Text)) {
        until += found.iter().find(|found| found.table == table.name).map_or(0, |found| found.rows);
        loop {
            let begun = Instant::now();
            let batch = conn.immediate_transaction(|conn| scope.delete(conn, table, Some(BATCH)))?;
            let rows = u64::try_from(batch).unwrap_or(u64::MAX);
            deleted.push(Removed { rows, table: table.name });
            let last = batch < BATCH;
            // The person may have added rows.
            removed = if last { until } else { until.min(removed + rows) };
            if batch > 0 && progress(ErasureProgress { removed, total }).is_break() {
                return Ok((sums(deleted), Ended::Broken));
            }
            if last {
                break;
            }
            // SQLite lets in who asks first, and who waits asks seldom.
            thread::sleep(begun.elapsed());
        }
    }
    deleted.extend(conn.immediate_transaction(|conn| sweep(conn, scope, &found))?);
    let deleted = sums(deleted);
    if !deleted.is_empty() && progress(ErasureProgress { removed: total, total }).is_break() {
        return Ok((deleted, Ended::Stopped));
    }
    Ok((deleted, Ended::Complete))
}

/// Removes all rows of the person that are left, and gives how many rows of each table went.
///
/// If the person came back meanwhile, the erasure is of now: what was recorded until now is gone, and the recorder, which
/// sees that the file changed, follows the person's voice session no more. What comes later is as of a new user.
fn sweep(conn: &mut SqliteConnection, scope: Scope, found: &[Removed]) -> diesel::QueryResult<Vec<Removed>> {
    let is_hidden =
        Tombstones::load(conn)?.ruling(scope.user_id, scope.guild_id).is_some_and(tombstones::Tombstone::hides);
    if !is_hidden {
        let guild_id = scope.guild_id.map_or(EVERYWHERE, tombstones::number);
        tombstones::bury(conn, scope.user_id, guild_id, now().timestamp_millis(), false)?;
    }
    let before = counts(conn, scope)?;
    let mut deleted = Vec::new();
    for table in tables() {
        let is_kept = table.person == Some(Person::Own) && scope.guild_id.is_some() && scope.is_mentioned(conn)?;
        if !is_kept {
            let rows = u64::try_from(scope.delete(conn, table, None)?).unwrap_or(u64::MAX);
            deleted.push(Removed { rows, table: table.name });
        }
    }
    delete_samples(conn, scope.user_id)?;
    let is_event =
        |removed: &Removed| Table::find(removed.table).is_some_and(|table| table.person == Some(Person::Text));
    // Triggers took rows out of the sums too.
    let sums = counts(conn, scope)?.into_iter().zip(before).zip(found).map(|((left, before), found)| Removed {
        rows: before.rows.max(found.rows).saturating_sub(left.rows),
        table: left.table,
    });
    let events = deleted.into_iter().filter(is_event);
    Ok(events.chain(sums.filter(|removed| !is_event(removed))).collect())
}

/// Returns how many rows each table has of the person.
fn counts(conn: &mut SqliteConnection, scope: Scope) -> diesel::QueryResult<Vec<Removed>> {
    tables().map(|table| Ok(Removed { rows: scope.count(conn, table)?, table: table.name })).collect()
}

/// Adds up what was removed from each table.
fn sums(removed: Vec<Removed>) -> Vec<Removed> {
    let mut rows = BTreeMap::<&'static str, u64>::new();
    for removed in removed {
        *rows.entry(removed.table).or_default() += removed.rows;
    }
    rows.into_iter().filter(|(_, rows)| *rows > 0).map(|(table, rows)| Removed { rows, table }).collect()
}

fn receipt_id(conn: &mut SqliteConnection) -> diesel::QueryResult<String> {
    #[derive(QueryableByName)]
    struct Random {
        #[diesel(sql_type = diesel::sql_types::Text)]
        id: String,
    }
    let Random { id } = sql_query("SELECT lower(hex(randomblob(16))) AS id").get_result(conn)?;
    Ok(id)
}

/// Now, in whole milliseconds, as the file has it.
fn now() -> DateTime<Utc> {
    let now = Utc::now();
    DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
}
