//! Erases a user.

use std::{collections::BTreeMap, fmt, ops::ControlFlow, sync::Arc, thread, time::Instant};

use chrono::{DateTime, Utc};
use diesel::{
    Connection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sqlite::SqliteConnection,
};
use mocha_recorder::{
    SteadyClock,
    tombstones::{EVERYWHERE, Tombstone, guild_number},
};
use mocha_schema::{GuildId, UserId};

use super::{
    ledger::{Person, Table},
    receipt::{Receipt, Removed},
    rows::{Scope, delete_samples, is_event, tables},
    tombstones, wipe,
};
use crate::{Error, Store, error::classify, link::write};

/// The maximum number of rows in one transaction. The recorder waits for it, some tens of
/// milliseconds.
const BATCH: usize = 500;

/// Reports the progress of an erasure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ErasureProgress {
    /// The number of deleted rows.
    pub removed: u64,
    /// The number of rows when the erasure began.
    pub total: u64,
}

type OnProgress<'a> = Box<dyn FnMut(ErasureProgress) -> ControlFlow<()> + 'a>;

/// Configures the erasure of a user. [`Store::forget_user`] and [`Store::opt_out_user`] return it.
#[must_use = "no user is erased until `run`"]
pub struct Erasure<'a> {
    on_progress: Option<OnProgress<'a>>,
    opt_out: bool,
    scope: Scope,
    skip_vacuum: bool,
    store: Store,
}

impl Store {
    /// Erases a user: deletes every row about the user from Mocha's tables, in all guilds or in
    /// one.
    ///
    /// This covers the user's row and memberships, messages, voice sessions including an open one,
    /// joins and leaves, presence, and the user's part of every roll-up, also of events that a
    /// retention policy deleted. Reactions, replies and mentions that the user received are deleted
    /// too. Afterwards all answers are as if the user had never been there.
    /// Two anonymous counts stay: the number of members of a guild, and messages by quarter of an
    /// hour whose events were already deleted.
    ///
    /// The erasure is about the past. Events from before it are not recorded again, however often
    /// they are delivered. Events that only mention the user (a member list, a presence, a
    /// moderator's mute) are not recorded either. If the user writes, joins, or changes something
    /// in voice afterwards (the channel, the own microphone, camera or stream), Mocha counts the
    /// user from then on. To record nothing about a user in future, use
    /// [`opt_out_user`](Self::opt_out_user). [`privacy`](crate::privacy) describes what remains,
    /// and why.
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
    /// // The same message is not recorded a second time.
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

    /// Erases a user as [`forget_user`](Self::forget_user) does, and records nothing about the user
    /// until [`opt_in_user`](Self::opt_in_user) is called.
    pub fn opt_out_user<'a>(&self, user_id: UserId) -> Erasure<'a> {
        Erasure { opt_out: true, ..self.forget_user(user_id) }
    }

    /// Takes back a user's opt-outs: in one guild, or with `None` all of them. Returns whether
    /// there were any.
    ///
    /// The user is recorded from now on. Earlier events stay erased. While a user is opted out of
    /// all guilds, opting in to one guild changes nothing.
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
        let at_ms = self.link().settings.recorder.time.now().timestamp_millis();
        self.write(|conn| tombstones::opt_in(conn, user_id, guild_id, at_ms)).map(|changed| changed > 0)
    }

    /// Returns whether a user opted out of a guild, either of this one or of all guilds. With
    /// `None`, returns whether the user opted out of all guilds.
    ///
    /// # Errors
    ///
    /// Those of [`Store::read`] that come from SQLite.
    pub fn is_opted_out(&self, user_id: UserId, guild_id: Option<GuildId>) -> Result<bool, Error> {
        let tombstones = self.read(tombstones::load)?;
        Ok(tombstones.ruling(user_id, guild_id).is_some_and(|ruling| ruling.opted_out))
    }
}

impl<'a> Erasure<'a> {
    /// Limits the erasure to one guild. Rows in other guilds stay, and so does the user's own row
    /// while any guild needs it.
    pub fn in_guild(mut self, guild_id: GuildId) -> Self {
        self.scope.guild_id = Some(guild_id);
        self
    }

    /// Returns the guild that the erasure is limited to; `None` for all guilds.
    #[must_use]
    pub fn guild_id(&self) -> Option<GuildId> {
        self.scope.guild_id
    }

    /// Returns the user.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.scope.user_id
    }

    /// Does not rewrite the file. Call [`Store::vacuum_erased`] later, for example after several
    /// erasures. Until then most of the deleted bytes are overwritten, but not all. A
    /// backup by [`BackupMethod::Paced`](crate::BackupMethod::Paced) copies pages as they are and
    /// may contain them too. A backup by [`BackupMethod::Compact`](crate::BackupMethod::Compact)
    /// contains none.
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

    /// Erases the user. Blocks; in an async program call it on a thread for blocking work.
    ///
    /// 1. It writes the tombstone, so that no recorder, not even one in another process, writes
    ///    earlier events again.
    /// 2. It deletes the events in transactions of at most 500 rows, with pauses in which others
    ///    can write. The callback gets the progress after each of them, and can end the erasure by
    ///    [`ControlFlow::Break`].
    /// 3. One last transaction deletes the rest: roll-ups, the user's row, and events since the
    ///    erasure began. Later events are recorded as those of a new user.
    /// 4. It [vacuums](Store::vacuum_erased) the file. No byte of the id remains in the file or its
    ///    write-ahead log, nor in backups that are made from then on.
    ///
    /// If the erasure is interrupted, or the program ends, call it again to delete the rest. The
    /// recorder adds nothing about the user in between. All rows are found through indexes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy),
    /// [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull) and others of SQLite if rows could not
    /// be deleted. If only the vacuum failed, that is not an error: the [`Receipt`] reports it.
    pub fn run(self) -> Result<Receipt, Error> {
        let Self { on_progress, opt_out, scope, skip_vacuum, store } = self;
        let mut progress = on_progress.unwrap_or_else(|| Box::new(|_| ControlFlow::Continue(())));
        let link = store.link();
        let clock = &link.settings.recorder.time;
        let failed = |error| classify(format!("cannot erase a user from {}", link.location), error);
        let mut conn = link.connect_writer()?;
        conn.batch_execute("PRAGMA secure_delete = ON").map_err(failed)?;
        let guild_id = scope.guild_id.map_or(EVERYWHERE, guild_number);
        write(&mut conn, |conn| {
            tombstones::put_erasure(conn, scope.user_id, guild_id, clock.now().timestamp_millis(), opt_out)
        })
        .map_err(failed)?;
        let (removed, ended) = erase(&mut conn, scope, clock, &mut progress).map_err(failed)?;
        let total = removed.iter().map(|removed| removed.rows).sum();
        let all = ErasureProgress { removed: total, total };
        let rows_gone = ended != Ended::Incomplete;
        let ruling = tombstones::load(&mut conn).map_err(failed)?.ruling(scope.user_id, scope.guild_id);
        let wiped = (rows_gone && !skip_vacuum).then(|| wipe::wipe(link, &mut || progress(all)));
        Ok(Receipt {
            at: ruling
                .and_then(|ruling| DateTime::from_timestamp_millis(ruling.forgotten_at_ms))
                .unwrap_or_else(|| now(clock)),
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

/// The result of deleting rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ended {
    /// The callback ended it, and rows are left.
    Incomplete,
    Complete,
    /// All rows are deleted, and the callback ended the operation then.
    Stopped,
}

/// Deletes the user's rows. Returns what was deleted, and whether that was everything.
///
/// Events are deleted in batches, and triggers subtract them from the roll-ups. Everything else is
/// deleted in one transaction at the end, together with events that the user caused meanwhile.
pub(super) fn erase(
    conn: &mut SqliteConnection,
    scope: Scope,
    clock: &SteadyClock,
    progress: &mut dyn FnMut(ErasureProgress) -> ControlFlow<()>,
) -> diesel::QueryResult<(Vec<Removed>, Ended)> {
    let found = conn.transaction(|conn| counts(conn, scope))?;
    let total = found.iter().map(|found| found.rows).sum();
    let mut deleted: Vec<Removed> = Vec::new();
    let (mut removed, mut until) = (0, 0);
    for table in tables().filter(|table| is_event(table)) {
        until += found.iter().find(|found| found.table == table.name).map_or(0, |found| found.rows);
        loop {
            let begun = Instant::now();
            let batch = write(conn, |conn| scope.delete(conn, table, Some(BATCH)))?;
            let rows = u64::try_from(batch).unwrap_or(u64::MAX);
            deleted.push(Removed { rows, table: table.name });
            let last = batch < BATCH;
            // The user may have added rows.
            removed = if last { until } else { until.min(removed + rows) };
            if batch > 0 && progress(ErasureProgress { removed, total }).is_break() {
                return Ok((sums(deleted), Ended::Incomplete));
            }
            if last {
                break;
            }
            // SQLite gives the lock to the first connection that asks, and a waiting connection
            // asks only now and then. So this pauses.
            thread::sleep(begun.elapsed());
        }
    }
    deleted.extend(write(conn, |conn| sweep(conn, scope, clock, &found))?);
    let deleted = sums(deleted);
    if !deleted.is_empty() && progress(ErasureProgress { removed: total, total }).is_break() {
        return Ok((deleted, Ended::Stopped));
    }
    Ok((deleted, Ended::Complete))
}

/// Deletes all remaining rows of the user, and returns the number of rows by table.
///
/// If the user came back meanwhile, the erasure covers everything until now. The recorder notices
/// that the file changed, and no longer follows the user's voice session. Later events are those of
/// a new user.
fn sweep(
    conn: &mut SqliteConnection,
    scope: Scope,
    clock: &SteadyClock,
    found: &[Removed],
) -> diesel::QueryResult<Vec<Removed>> {
    let is_hidden = tombstones::load(conn)?.ruling(scope.user_id, scope.guild_id).is_some_and(Tombstone::hides);
    if !is_hidden {
        let guild_id = scope.guild_id.map_or(EVERYWHERE, guild_number);
        tombstones::put_erasure(conn, scope.user_id, guild_id, clock.now().timestamp_millis(), false)?;
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
    let is_event = |removed: &Removed| Table::find(removed.table).is_some_and(is_event);
    // Triggers have deleted rows of roll-ups too.
    let sums = counts(conn, scope)?.into_iter().zip(before).zip(found).map(|((left, before), found)| Removed {
        rows: before.rows.max(found.rows).saturating_sub(left.rows),
        table: left.table,
    });
    let events = deleted.into_iter().filter(is_event);
    Ok(events.chain(sums.filter(|removed| !is_event(removed))).collect())
}

/// Returns the number of the user's rows by table.
fn counts(conn: &mut SqliteConnection, scope: Scope) -> diesel::QueryResult<Vec<Removed>> {
    tables().map(|table| Ok(Removed { rows: scope.count(conn, table)?, table: table.name })).collect()
}

/// Adds up the deleted rows by table.
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

/// Returns the current time in whole milliseconds, as the file stores it.
fn now(clock: &SteadyClock) -> DateTime<Utc> {
    let now = clock.now();
    DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
}
