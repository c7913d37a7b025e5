//! Erases a user.

use std::{collections::BTreeMap, fmt, ops::ControlFlow};

use chrono::{DateTime, Utc};
use diesel::{Connection as _, PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use mocha_recorder::{
    Error, SteadyClock,
    tombstones::{EVERYWHERE, Tombstone, guild_number},
};
use mocha_schema::{
    GuildId, Snowflake, UserId,
    catalogue::{Person, Table},
};

use super::{
    receipt::{Receipt, Removed},
    rows::{Scope, is_event, tables},
    tombstones,
};
use crate::{
    PgStore,
    backend::{load_tombstones, lock_generation},
    error::classify,
};

/// The maximum number of rows in one transaction. Recorders wait for it, some tens of milliseconds.
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

/// Configures the erasure of a user. [`PgStore::forget_user`] and [`PgStore::opt_out_user`] return it.
#[must_use = "nobody is forgotten until `run`"]
pub struct Erasure<'a> {
    on_progress: Option<OnProgress<'a>>,
    opt_out: bool,
    scope: Scope,
    store: PgStore,
}

impl PgStore {
    /// Erases a user: deletes every row about the user from Mocha's tables, in all guilds or in one.
    ///
    /// This covers the user's row and memberships, messages, voice sessions including an open one, joins and leaves,
    /// presence, and the user's part of every roll-up, also of events that a retention policy deleted. Reactions, replies and
    /// mentions that the user received are deleted too. Two counts that name nobody stay: the number of members of a guild, and
    /// messages by quarter of an hour whose events were already deleted.
    ///
    /// Events from before the erasure are not recorded again, however often they are delivered, and by none of the recorders.
    /// If the user writes, joins or speaks afterwards, Mocha counts the user from then on. To record nothing in future, use
    /// [`opt_out_user`](Self::opt_out_user).
    ///
    /// ```
    /// use chrono::DateTime;
    /// use mocha_postgres::PgStore;
    /// use mocha_recorder::event::MessageSent;
    ///
    /// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
    /// let store = PgStore::connect(database.url())?;
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
    /// assert!(receipt.rows_gone);
    /// assert!(receipt.removed.iter().any(|removed| removed.table == "message_events" && removed.rows == 1));
    ///
    /// // The same message is not recorded a second time.
    /// recorder.record(message)?;
    /// recorder.flush()?;
    /// assert_eq!(recorder.stats().withheld, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forget_user<'a>(&self, user_id: UserId) -> Erasure<'a> {
        Erasure { on_progress: None, opt_out: false, scope: Scope { guild_id: None, user_id }, store: self.clone() }
    }

    /// Erases a user as [`forget_user`](Self::forget_user) does, and records nothing about the user until
    /// [`opt_in_user`](Self::opt_in_user) is called.
    pub fn opt_out_user<'a>(&self, user_id: UserId) -> Erasure<'a> {
        Erasure { opt_out: true, ..self.forget_user(user_id) }
    }

    /// Takes back a user's opt-outs: in one guild, or with `None` all of them. Returns whether there were any.
    ///
    /// The user is recorded from now on. Earlier events stay erased.
    ///
    /// # Errors
    ///
    /// Those of [`PgStore::write`] that come from the server.
    pub fn opt_in_user(&self, user_id: UserId, guild_id: Option<GuildId>) -> Result<bool, Error> {
        let at_ms = self.clock().now().timestamp_millis();
        let changed = self.write(|conn| {
            lock_generation(conn, true)?;
            tombstones::opt_in(conn, user_id, guild_id, at_ms)
        })?;
        Ok(changed > 0)
    }

    /// Returns whether a user opted out of a guild, either of this one or of all guilds. With `None`, returns whether the
    /// user opted out of all guilds.
    ///
    /// # Errors
    ///
    /// Those of [`PgStore::read`] that come from the server.
    pub fn is_opted_out(&self, user_id: UserId, guild_id: Option<GuildId>) -> Result<bool, Error> {
        let tombstones = self.read(load_tombstones)?;
        Ok(tombstones.ruling(user_id, guild_id).is_some_and(|ruling| ruling.opted_out))
    }
}

impl<'a> Erasure<'a> {
    /// Limits the erasure to one guild. What other guilds have about the user stays, and so does the user's own row while any
    /// guild needs it.
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

    /// Calls `on_progress` after each transaction with the number of rows that are deleted. [`ControlFlow::Break`] ends the
    /// erasure early.
    pub fn on_progress(mut self, on_progress: impl FnMut(ErasureProgress) -> ControlFlow<()> + 'a) -> Self {
        self.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Erases the user. Blocks; in an async program call it on a thread for blocking work.
    ///
    /// 1. It writes the tombstone and waits for running transactions, so that no recorder writes earlier events again.
    /// 2. It deletes the events in transactions of at most 500 rows. Recorders wait for each of them.
    /// 3. One last transaction deletes the rest: roll-ups, the user's row, and what the user did since the erasure began.
    ///
    /// If it is interrupted, call it again to delete the rest. The recorders add nothing about the user in between.
    ///
    /// # Errors
    ///
    /// Those of [`PgStore::write`] that come from the server.
    pub fn run(self) -> Result<Receipt, Error> {
        let Self { on_progress, opt_out, scope, store } = self;
        let mut progress = on_progress.unwrap_or_else(|| Box::new(|_| ControlFlow::Continue(())));
        let failed = |error| classify("cannot erase a user", error);
        let mut conn = store.connection()?;
        let conn = &mut *conn;
        let clock = store.clock();
        let guild_id = scope.guild_id.map_or(EVERYWHERE, guild_number);
        conn.transaction(|conn| {
            lock_generation(conn, true)?;
            tombstones::bury(conn, scope.user_id, guild_id, clock.now().timestamp_millis(), opt_out)
        })
        .map_err(failed)?;
        let (removed, rows_gone) = erase(conn, scope, &clock, &mut progress).map_err(failed)?;
        let ruling = load_tombstones(conn).map_err(failed)?.ruling(scope.user_id, scope.guild_id);
        Ok(Receipt {
            at: ruling
                .and_then(|ruling| DateTime::from_timestamp_millis(ruling.forgotten_at_ms))
                .unwrap_or_else(Utc::now),
            guild_id: scope.guild_id,
            id: receipt_id(conn).map_err(failed)?,
            opted_out: ruling.is_some_and(|ruling| ruling.opted_out),
            removed,
            rows_gone,
        })
    }
}

impl fmt::Debug for Erasure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { on_progress: _, opt_out, scope, store } = self;
        f.debug_struct("Erasure")
            .field("opt_out", opt_out)
            .field("scope", scope)
            .field("store", store)
            .finish_non_exhaustive()
    }
}

/// Deletes the user's rows. Returns what was deleted, and whether that was everything.
fn erase(
    conn: &mut PgConnection,
    scope: Scope,
    clock: &SteadyClock,
    progress: &mut OnProgress<'_>,
) -> QueryResult<(Vec<Removed>, bool)> {
    let found = counts(conn, scope)?;
    let total = found.values().sum();
    let mut deleted: BTreeMap<&'static str, u64> = BTreeMap::new();
    for table in tables().filter(|table| is_event(table)) {
        loop {
            let rows = conn.transaction(|conn| {
                // Recorders lock rows in another order.
                lock_generation(conn, true)?;
                scope.delete_some(conn, table, BATCH)
            })?;
            if rows == 0 {
                break;
            }
            *deleted.entry(table.name).or_default() += rows;
            let removed = deleted.values().sum::<u64>().min(total);
            if progress(ErasureProgress { removed, total }).is_break() {
                return Ok((listed(deleted), false));
            }
        }
    }
    conn.transaction(|conn| sweep(conn, scope, clock, &found, &mut deleted))?;
    let deleted = listed(deleted);
    if !deleted.is_empty() {
        // Everything is deleted, so there is nothing left to stop.
        let _ = progress(ErasureProgress { removed: total, total });
    }
    Ok((deleted, true))
}

/// Deletes all remaining rows of the user.
///
/// If the user came back meanwhile, the erasure covers everything until now. Recorders notice that, and no longer follow the
/// user's voice session. Later events are those of a new user.
fn sweep(
    conn: &mut PgConnection,
    scope: Scope,
    clock: &SteadyClock,
    found: &BTreeMap<&'static str, u64>,
    deleted: &mut BTreeMap<&'static str, u64>,
) -> QueryResult<()> {
    let is_distributed = lock_generation(conn, true)?.is_distributed;
    let is_hidden = load_tombstones(conn)?.ruling(scope.user_id, scope.guild_id).is_some_and(Tombstone::hides);
    if !is_hidden {
        let guild_id = scope.guild_id.map_or(EVERYWHERE, guild_number);
        tombstones::bury(conn, scope.user_id, guild_id, clock.now().timestamp_millis(), false)?;
    }
    let before = counts(conn, scope)?;
    for table in tables() {
        let is_kept = table.person == Some(Person::Own) && scope.guild_id.is_some() && scope.is_mentioned(conn)?;
        if !is_kept {
            let rows = scope.delete(conn, table)?;
            if is_event(table) {
                *deleted.entry(table.name).or_default() += rows;
            }
        }
    }
    if is_distributed {
        // Citus has no triggers of users.
        sql_query("SELECT note_bots(ARRAY[$1])").bind::<Snowflake, _>(scope.user_id).execute(conn)?;
    }
    // Triggers have deleted rows of roll-ups too.
    let left = counts(conn, scope)?;
    for Table { name, .. } in tables().filter(|table| !is_event(table)) {
        let of = |counts: &BTreeMap<&str, u64>| counts.get(name).copied().unwrap_or_default();
        deleted.insert(name, of(found).max(of(&before)).saturating_sub(of(&left)));
    }
    Ok(())
}

/// Returns the number of the user's rows by table.
fn counts(conn: &mut PgConnection, scope: Scope) -> QueryResult<BTreeMap<&'static str, u64>> {
    tables().map(|table| Ok((table.name, scope.count(conn, table)?))).collect()
}

fn listed(rows: BTreeMap<&'static str, u64>) -> Vec<Removed> {
    rows.into_iter().filter(|(_, rows)| *rows > 0).map(|(table, rows)| Removed { rows, table }).collect()
}

fn receipt_id(conn: &mut PgConnection) -> QueryResult<String> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = Text)]
        id: String,
    }
    let Id { id } = sql_query("SELECT replace(gen_random_uuid()::TEXT, '-', '') AS id").get_result(conn)?;
    Ok(id)
}
