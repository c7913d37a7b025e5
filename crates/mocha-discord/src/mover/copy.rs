//! Copies what is missing or different, page by page.

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
};

use diesel::{
    QueryResult,
    connection::SimpleConnection as _,
    result::{DatabaseErrorKind, Error as DieselError},
};
use mocha_postgres::PgStore;
use mocha_recorder::tombstones::Tombstones;
use mocha_schema::{
    GuildId,
    catalogue::{Kept, Table},
};
use mocha_store::{Error, ErrorKind, Rollup, Store};

use super::{
    Moved, OnProgress,
    connection::write,
    privacy,
    side::Side,
    table::{self, Copied, Row},
    verify,
};
use crate::AnyStore;

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// How many rows are read and written at once.
pub(super) const PAGE: i64 = 5_000;

/// The difference between the days of a guild that the totals count, and the totals.
const UNCOUNTED: &str = "\
    (SELECT coalesce((SELECT sum(messages) FROM message_days \
         WHERE guild_id = $1 AND day < (SELECT messages_to FROM watermarks)), 0) \
     - coalesce((SELECT sum(messages) FROM message_totals WHERE guild_id = $1), 0) \
     + coalesce((SELECT sum(voice_ms + sessions) FROM voice_days \
         WHERE guild_id = $1 AND day < (SELECT voice_to FROM watermarks)), 0) \
     - coalesce((SELECT sum(voice_ms + sessions) FROM voice_totals WHERE guild_id = $1), 0))";

/// Copies from one store to another one, and compares them.
pub(super) fn run(
    from: &AnyStore,
    to: &AnyStore,
    guilds: &[GuildId],
    progress: &mut OnProgress<'_>,
) -> Result<Moved, Error> {
    let ((AnyStore::Postgres(server), AnyStore::Sqlite(_)) | (AnyStore::Sqlite(_), AnyStore::Postgres(server))) =
        (from, to)
    else {
        let why = "a move goes from a SQLite file to a PostgreSQL database, or back";
        return Err(Error::new(ErrorKind::InvalidSetting { name: "to" }, why));
    };
    if matches!(to, AnyStore::Postgres(_))
        && write(to, |side| side.number("CAST(is_distributed() AS INTEGER)", ""))? != 0
    {
        let why = "the tables are distributed already; move the file first, then distribute them";
        return Err(Error::new(ErrorKind::InvalidSetting { name: "to" }, why));
    }
    let plans = plans(server)?;
    let mut moved = Moved::default();
    let mut cause = None;
    let read = from.read(|conn| -> Result<(), BoxedError> {
        let mut copy = Copy {
            from: Side::of(conn).ok_or("the source is an unknown database")?,
            horizons: HashMap::new(),
            is_rebuilt: true,
            moved: &mut moved,
            plans: &plans,
            progress,
            refused: HashMap::new(),
            to,
            tombstones: Tombstones::default(),
        };
        copy.all(guilds).map(drop).map_err(|error| match error {
            Failure::Store(error) => {
                cause = Some(error);
                "the destination failed".into()
            }
            Failure::Source(error) => error.into(),
        })
    });
    match cause {
        Some(cause) => Err(cause),
        None => read.map(|()| moved),
    }
}

/// Which of the stores failed.
#[derive(Debug)]
pub(super) enum Failure {
    Source(DieselError),
    Store(Error),
}

impl From<DieselError> for Failure {
    fn from(error: DieselError) -> Self {
        Self::Source(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

fn plans(server: &PgStore) -> Result<HashMap<&'static str, Copied>, Error> {
    let tables = table::of_guild().chain(table::of_days());
    let others = ["users", "recorder_states", "gateway_sessions"].into_iter().filter_map(Table::find);
    server.read(|conn| {
        let plans = tables.chain(others).map(|table| Ok((table.name, Copied::load(conn, table)?)));
        plans.collect::<QueryResult<_>>()
    })
}

/// A move that is under way.
pub(super) struct Copy<'c, 'p> {
    pub(super) from: Side<'c>,
    /// The horizons of the destination, in unix seconds, by column.
    pub(super) horizons: HashMap<&'static str, i64>,
    /// Whether the longer roll-ups of a file count all days.
    pub(super) is_rebuilt: bool,
    pub(super) moved: &'c mut Moved,
    pub(super) plans: &'c HashMap<&'static str, Copied>,
    pub(super) progress: &'c mut OnProgress<'p>,
    /// The keys of rows that the destination refused, by table.
    pub(super) refused: HashMap<&'static str, HashSet<Row>>,
    pub(super) to: &'c AnyStore,
    pub(super) tombstones: Tombstones,
}

impl Copy<'_, '_> {
    fn all(&mut self, guilds: &[GuildId]) -> Result<ControlFlow<()>, Failure> {
        if let Side::Postgres(conn) = &mut self.from {
            // The transaction waits while the file is written.
            conn.batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")?;
        }
        let chosen = if guilds.is_empty() { self.guilds()? } else { guilds.to_vec() };
        self.moved.total = self.total(guilds)?;
        self.tombstones = privacy::carry(&mut self.from, self.to, guilds)?;
        self.move_horizons()?;
        if guilds.is_empty() && self.users()?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let mut compared = Vec::new();
        for guild_id in &chosen {
            let guild = guild_id.to_string();
            if self.is_ahead(&guild)? {
                self.moved.ahead.push(*guild_id);
                continue;
            }
            if !guilds.is_empty() && self.users_of(&guild)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let ControlFlow::Continue(rows) = self.guild(&guild)? else { return Ok(ControlFlow::Break(())) };
            compared.push((*guild_id, rows));
        }
        if guilds.is_empty() {
            self.odd_rows(&chosen)?;
        }
        if self.moved.ahead.is_empty() {
            let tables: &[&str] =
                if guilds.is_empty() { &["recorder_states", "gateway_sessions"] } else { &["recorder_states"] };
            self.recorder(tables)?;
        }
        self.finish()?;
        for (guild_id, rows) in compared {
            if verify::guild(self, guild_id, &rows)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.moved.guilds += 1;
        }
        self.moved.ended = true;
        Ok(ControlFlow::Continue(()))
    }

    /// Copies a guild with its users, and compares nothing.
    pub(super) fn one(&mut self, guild_id: GuildId) -> Result<(), Failure> {
        let guild = guild_id.to_string();
        self.move_horizons()?;
        if self.users_of(&guild)?.is_continue() && self.guild(&guild)?.is_continue() {
            self.recorder(&["recorder_states"])?;
            self.finish()?;
        }
        Ok(())
    }

    /// Returns the guilds of the source that have an id that both databases can hold.
    fn guilds(&mut self) -> QueryResult<Vec<GuildId>> {
        let ids = self.from.texts("SELECT CAST(id AS TEXT) AS line FROM guilds ORDER BY 1", "")?;
        let readable = ids.into_iter().filter(|id| table::fits(table::Kind::Big, id));
        Ok(readable.filter_map(|id| id.parse().ok()).collect())
    }

    fn total(&mut self, guilds: &[GuildId]) -> QueryResult<u64> {
        let mut total = 0;
        for table in table::of_guild() {
            let column = self.plans.get(table.name).map_or("guild_id", Copied::guild_column);
            if guilds.is_empty() {
                total += self.from.number(&format!("(SELECT count(*) FROM {})", table.name), "")?;
            }
            for guild_id in guilds {
                let count = format!("(SELECT count(*) FROM {} WHERE {column} = $1)", table.name);
                total += self.from.number(&count, &guild_id.to_string())?;
            }
        }
        Ok(u64::try_from(total).unwrap_or_default())
    }

    /// Moves the horizons of the destination to those of the source, if these are later.
    fn move_horizons(&mut self) -> Result<(), Failure> {
        let columns = ["members_from", "messages_from", "presences_from", "rollups_from", "voice_from"];
        let mut sets = Vec::new();
        for column in columns {
            let ours = self.from.number(&format!("(SELECT {column} FROM horizons)"), "")?;
            sets.push(format!("{column} = CASE WHEN {column} > {ours} THEN {column} ELSE {ours} END"));
        }
        let update = format!("UPDATE horizons SET {}", sets.join(", "));
        self.horizons = write(self.to, |side| {
            side.execute(&update)?;
            columns
                .into_iter()
                .map(|column| Ok((column, side.number(&format!("(SELECT {column} FROM horizons)"), "")?)))
                .collect()
        })?;
        Ok(())
    }

    /// Returns whether the destination has events of a guild that are newer than everything in the source.
    fn is_ahead(&mut self, guild: &str) -> Result<bool, Failure> {
        let newest: Vec<String> = (Kept::Events.tables())
            .filter_map(|table| {
                let time = table.time?;
                let newest = format!("SELECT max({}) * {}", time.column, time.unit_ms);
                let last = 253_402_300_799_999 / time.unit_ms;
                let is_time = format!("{} BETWEEN 0 AND {last}", time.column);
                Some(format!("{newest} AS ms FROM {} WHERE guild_id = $1 AND {is_time}", table.name))
            })
            .collect();
        let newest = format!("(SELECT max(ms) FROM ({}) AS newest)", newest.join(" UNION ALL "));
        let seen = self.from.number("(SELECT max(seen_at_ms) FROM recorder_states)", "")?;
        let ours = self.from.number(&newest, guild)?.max(seen);
        let theirs = write(self.to, |side| side.number(&newest, guild))?;
        Ok(theirs > ours)
    }

    /// Copies the rows of a guild. Returns the number of rows of each table that the destination should have.
    fn guild(&mut self, guild: &str) -> Result<ControlFlow<(), HashMap<&'static str, u64>>, Failure> {
        let mut counts = HashMap::new();
        self.close_voice(guild)?;
        for table in table::of_guild() {
            let ControlFlow::Continue(rows) = self.table(table, guild, i64::MAX)? else {
                return Ok(ControlFlow::Break(()));
            };
            counts.insert(table.name, rows);
        }
        for table in table::of_days() {
            let Some(time) = table.time else { continue };
            let horizon = self.horizons.get(time.horizon.column()).copied().unwrap_or_default();
            let before = horizon.saturating_mul(1000).div_euclid(time.unit_ms);
            if before > 0 && self.table(table, guild, before)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if write(self.to, |side| side.number(UNCOUNTED, guild))? != 0 {
            // Triggers do not count what is written into roll-ups.
            match (self.to, guild.parse()) {
                (AnyStore::Postgres(store), Ok(guild_id)) => store.rebuild_guild(guild_id)?,
                _ => self.is_rebuilt = false,
            }
        }
        Ok(ControlFlow::Continue(counts))
    }

    /// Deletes the open intervals of voice that the source does not have, because a user can have only one.
    fn close_voice(&mut self, guild: &str) -> Result<(), Failure> {
        let open = "FROM voice_intervals WHERE guild_id = $1 AND ended_at_ms IS NULL";
        let keys = format!("SELECT CAST(user_id AS TEXT) || ' ' || CAST(started_at_ms AS TEXT) AS line {open}");
        let ours: HashSet<String> = self.from.texts(&keys, guild)?.into_iter().collect();
        let gone: Vec<String> = write(self.to, |side| side.texts(&keys, guild))?;
        for key in gone.into_iter().filter(|key| !ours.contains(key)) {
            let Some((user, started)) = key.split_once(' ') else { continue };
            let is_it = format!("CAST(user_id AS TEXT) = '{user}' AND started_at_ms = {started}");
            write(self.to, |side| side.texts(&format!("DELETE {open} AND {is_it} RETURNING '' AS line"), guild))?;
            self.moved.deleted += 1;
        }
        Ok(())
    }

    /// Copies the rows of a table from before a time, in the unit of the table. Returns how many the destination should have.
    fn table(&mut self, table: &'static Table, guild: &str, before: i64) -> Result<ControlFlow<(), u64>, Failure> {
        let Some(plan) = self.plans.get(table.name) else { return Ok(ControlFlow::Continue(0)) };
        let (mut from, mut rows) = (0, 0);
        loop {
            let page = self.from.page(plan, guild, (from, before), Some(PAGE))?;
            let next = page.next;
            let span = (from, next.unwrap_or(before));
            let there = write(self.to, |side| Ok(side.page(plan, guild, span, None)?.rows))?;
            self.moved.add_odd(table.name, page.odd);
            let len = u64::try_from(page.rows.len()).unwrap_or(u64::MAX);
            rows += self.reconcile(plan, page.rows, there)?;
            // Roll-ups do not count as rows.
            self.moved.rows += if before == i64::MAX { len } else { 0 };
            if (self.progress)(self.moved).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            match next {
                Some(next) => from = next,
                None => return Ok(ControlFlow::Continue(rows)),
            }
        }
    }

    /// Makes rows of the destination the same as those of the source. Returns how many it should have.
    fn reconcile(&mut self, plan: &Copied, mut rows: Vec<Row>, there: Vec<Row>) -> Result<u64, Failure> {
        if let Some(refused) = self.refused.get(plan.table.name) {
            rows.retain(|row| !refused.contains(&plan.key_of(row)));
        }
        let mut there = by_key(plan, there);
        let len = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        rows.retain(|row| there.remove(&plan.key_of(row)).is_none_or(|theirs| theirs != *row));
        let gone: Vec<Row> = there.into_values().filter(|row| self.goes(plan, row)).collect();
        let odd = self.write_rows(plan, &rows, &gone)?;
        Ok(len - odd)
    }

    /// Whether a row that the source does not have is deleted in the destination. An event is deleted only if the source
    /// erased a user whom it names, or if it is from before the horizon. A reaction that the source lacks was taken back.
    fn goes(&self, plan: &Copied, row: &Row) -> bool {
        let Copied { table, .. } = plan;
        if table.guild.is_none() {
            // Other recorders' rows.
            return false;
        }
        if table.kept != Kept::Events || plan.is_open(row) || table.name == "reactions" {
            return !["channels", "guilds"].contains(&table.name);
        }
        let Some(time) = table.time else { return false };
        let at_ms = plan.number(row, time.column).unwrap_or(i64::MAX).saturating_mul(time.unit_ms);
        let horizon = self.horizons.get(time.horizon.column()).copied().unwrap_or_default();
        let id = |column| plan.value(row, column).and_then(|id| id.parse::<u64>().ok());
        let guild_id = id("guild_id").and_then(|id| id.try_into().ok());
        let mut users = ["user_id"].into_iter().chain(table.second_person());
        let is_erased = users.any(|column| {
            let user_id = id(column).and_then(|id| id.try_into().ok());
            let ruling = user_id.and_then(|user_id| self.tombstones.ruling(user_id, guild_id));
            ruling.is_some_and(|ruling| ruling.forgotten_at_ms >= at_ms)
        });
        at_ms < horizon.saturating_mul(1000) || is_erased
    }

    /// Writes and deletes rows in one transaction. Returns how many the destination refused.
    pub(super) fn write_rows(&mut self, plan: &Copied, rows: &[Row], gone: &[Row]) -> Result<u64, Failure> {
        if rows.is_empty() && gone.is_empty() {
            return Ok(0);
        }
        let guild = rows.iter().chain(gone).find_map(|row| plan.value(row, plan.guild_column()).map(str::to_owned));
        let is_users = plan.table.name == "users";
        let odd = write(self.to, |side| {
            side.lock(guild.as_deref().filter(|_| !is_users))?;
            if !gone.is_empty() {
                side.delete(plan, gone)?;
            }
            let mut odd = Vec::new();
            put(side, plan, rows, &mut odd)?;
            Ok(odd)
        })?;
        let refused = u64::try_from(odd.len()).unwrap_or(u64::MAX);
        self.moved.written += u64::try_from(rows.len()).unwrap_or(u64::MAX) - refused;
        self.moved.deleted += u64::try_from(gone.len()).unwrap_or(u64::MAX);
        self.moved.add_odd(plan.table.name, refused);
        let keys = odd.iter().map(|row| plan.key_of(row));
        self.refused.entry(plan.table.name).or_default().extend(keys);
        Ok(refused)
    }

    /// Counts the rows whose guild or time is odd. No page has them.
    fn odd_rows(&mut self, guilds: &[GuildId]) -> Result<(), Failure> {
        let ids = guilds.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
        let Side::Sqlite(_) = self.from else { return Ok(()) };
        for table in table::of_guild() {
            let column = self.plans.get(table.name).map_or("guild_id", Copied::guild_column);
            let time = table.time.map_or_else(String::new, |time| {
                let last = 253_402_300_799_999 / time.unit_ms;
                format!(" OR {0} NOT BETWEEN 0 AND {last} OR {0} IS NULL", time.column)
            });
            let is_known = if ids.is_empty() { "false".to_owned() } else { format!("{column} IN ({ids})") };
            let count = format!("(SELECT count(*) FROM {} WHERE NOT {is_known}{time})", table.name);
            let odd = u64::try_from(self.from.number(&count, "")?).unwrap_or_default();
            self.moved.add_odd(table.name, odd);
        }
        Ok(())
    }

    /// Copies when each shard was last heard, and how far its gateway session is recorded, unless a recorder of the
    /// destination ran later.
    fn recorder(&mut self, tables: &[&'static str]) -> Result<(), Failure> {
        let seen = "(SELECT max(seen_at_ms) FROM recorder_states)";
        let ours = self.from.number(seen, "")?;
        if write(self.to, |side| side.number(seen, ""))? > ours {
            return Ok(());
        }
        for name in tables {
            let Some(plan) = self.plans.get(*name) else { continue };
            let rows = self.from.all(plan)?.rows;
            let there = write(self.to, |side| Ok(side.all(plan)?.rows))?;
            self.reconcile(plan, rows, there)?;
        }
        Ok(())
    }

    /// Analyzes the tables of a database, or fills the roll-ups of a file, so that questions are fast.
    fn finish(&mut self) -> Result<(), Failure> {
        if self.moved.written == 0 && self.is_rebuilt {
            return Ok(());
        }
        match self.to {
            AnyStore::Postgres(store) => {
                let names = self.plans.keys().copied().collect::<Vec<_>>().join(", ");
                store.write(|conn| conn.batch_execute(&format!("ANALYZE {names}")))?;
            }
            AnyStore::Sqlite(store) => {
                for rollup in Rollup::ALL.into_iter().filter(|_| !self.is_rebuilt) {
                    store.rebuild(rollup).run()?;
                }
                raise_watermarks(store)?;
            }
        }
        Ok(())
    }
}

pub(super) fn by_key(plan: &Copied, rows: Vec<Row>) -> HashMap<Row, Row> {
    rows.into_iter().map(|row| (plan.key_of(&row), row)).collect()
}

/// Writes rows, and adds those that the database refuses for their values to `odd`.
fn put(side: &mut Side<'_>, plan: &Copied, rows: &[Row], odd: &mut Vec<Row>) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    match side.savepoint(|side| side.put(plan, rows)) {
        Err(error) if is_refusal(&error) => {
            if let [row] = rows {
                odd.push(row.clone());
                return Ok(());
            }
            let (first, second) = rows.split_at(rows.len() / 2);
            put(side, plan, first, odd)?;
            put(side, plan, second, odd)
        }
        result => result,
    }
}

fn is_refusal(error: &DieselError) -> bool {
    use DatabaseErrorKind::{CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation};
    matches!(
        error,
        DieselError::DatabaseError(CheckViolation | ForeignKeyViolation | NotNullViolation | UniqueViolation, _)
    )
}

/// Fills the roll-ups of months and of all time of a file, except for the last day, which may go on.
fn raise_watermarks(store: &Store) -> Result<(), Error> {
    let to = |watermark: &str, table: &str| {
        format!(
            "{watermark} = max({watermark}, coalesce((SELECT max(day) FROM {table} \
             WHERE day <= CAST(strftime('%s', 'now') AS INTEGER) / 86400), 0))"
        )
    };
    let update =
        format!("UPDATE watermarks SET {}, {}", to("messages_to", "message_days"), to("voice_to", "voice_days"));
    store.write(|conn| conn.batch_execute(&update))
}
