//! The work of a salvage, table by table.

use mocha_schema::{
    APPLICATION_ID, EARLIER_VERSIONS,
    catalogue::{Horizon, Kept, TABLES, Table, Time},
};

use super::{
    salvage::{Callback, SalvageProgress, Salvaged, SalvagedTable, unwritable},
    scan::{self, quoted},
};
use crate::{
    Error, ErrorKind,
    error::classify,
    link::{Access, Location},
    sqlite::Connection,
    store::{add_parents_now, fill_intervals},
};

/// The tables that are copied as they are: first those that events refer to, then the events.
fn recorded() -> impl Iterator<Item = &'static Table> {
    let is_recorded = |table: &&Table| table.made_of.is_empty() && ![HORIZONS, MIGRATIONS].contains(&table.name);
    let (events, others): (Vec<_>, Vec<_>) =
        TABLES.iter().filter(is_recorded).partition(|table| table.kept == Kept::Events);
    others.into_iter().chain(events)
}

/// The roll-ups that are made of events. Their rows from before the horizon are copied. All other
/// roll-ups are computed from these rows and the events.
fn rollups_of_events() -> impl Iterator<Item = (&'static Table, Time)> {
    let is_of_events = |table: &&Table| table.sources_of_sums().all(|source| source.kept == Kept::Events);
    Kept::Rollups.tables().filter(is_of_events).filter_map(|table| Some((table, table.time?)))
}

const HORIZONS: &str = "horizons";
const MIGRATIONS: &str = "mocha_migrations";
const DIESELS: &str = "__diesel_schema_migrations";

/// The number of rows after which a transaction is committed.
const BATCH: u64 = 10_000;

/// A salvage in progress.
pub(super) struct Work<'a> {
    pub(super) from: Connection,
    pub(super) progress: Callback<'a>,
    pub(super) salvaged: Salvaged,
    pub(super) to: Connection,
}

impl Work<'_> {
    pub(super) fn run(mut self, location: &Location) -> Result<Salvaged, Error> {
        self.check_version()?;
        for pragma in ["synchronous = OFF", "foreign_keys = OFF", "recursive_triggers = ON", "cache_size = 10000"] {
            self.execute(&format!("PRAGMA {pragma}"))?;
        }
        self.execute("BEGIN")?;
        let known = self.take_horizons()?;
        for table in recorded() {
            self.table(table.name, None)?;
        }
        if !known {
            self.guess_horizons()?;
        }
        for (table, time) in rollups_of_events() {
            let horizon =
                self.to.number(&format!("SELECT {} FROM {HORIZONS}", time.horizon.column())).map_err(unwritable)?;
            self.table(table.name, Some(format!("{} < {horizon} * 1000 / {}", time.column, time.unit_ms)))?;
        }
        self.copy_own_objects()?;
        self.execute(&add_parents_now())?;
        self.execute("COMMIT")?;
        if !self.salvaged.tables.contains_key("voice_intervals") {
            let mut conn = location.connect(Access::Write)?;
            fill_intervals(&mut conn)
                .map_err(|error| classify("cannot compute intervals from the voice log", error))?;
        }
        self.execute(include_str!("../store/adopt_watermarks.sql"))?;
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(self.salvaged)
    }

    /// Refuses a file with tables that this version of Mocha does not know.
    fn check_version(&self) -> Result<(), Error> {
        const VERSIONS: &str = "SELECT version FROM mocha_migrations ORDER BY version DESC";
        let own = self.to.texts(VERSIONS).map_err(unwritable)?;
        // Ignores versions that are damaged or cannot be read.
        let newest = self.from.texts(VERSIONS).unwrap_or_default().into_iter().next();
        let newest = newest.filter(|version| version.len() == 14 && version.bytes().all(|byte| byte.is_ascii_digit()));
        if newest.as_ref() > own.first() {
            return Err(Error::new(ErrorKind::SchemaTooNew, "a newer Mocha wrote the damaged file"));
        }
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<(), Error> {
        self.to.execute(sql).map_err(unwritable)
    }

    /// Copies the horizons, because rows are counted from there on. Returns whether they are known.
    fn take_horizons(&mut self) -> Result<bool, Error> {
        let mut columns = columns(&self.from, HORIZONS);
        if columns.is_empty() {
            // An early version of Mocha, without horizons, wrote the file.
            return Ok(true);
        }
        columns.retain(|column| column != "id");
        let read = |column| self.from.number(&format!("SELECT {column} FROM {HORIZONS} WHERE id = 1"));
        let mut known = true;
        for column in &columns {
            let set = read(column).map(|from| self.to.execute(&format!("UPDATE {HORIZONS} SET {column} = {from}")));
            known &= matches!(set, Ok(Ok(())));
        }
        let table = SalvagedTable { expected: Some(1), rows: u64::from(known), whole: known };
        self.salvaged.tables.insert(HORIZONS.to_owned(), table);
        if !known {
            self.execute(&format!("UPDATE {HORIZONS} SET {} = 0", columns.join(" = 0, ")))?;
        }
        Ok(known)
    }

    /// Sets unreadable horizons: to the first day that has events or, if no events were saved, to
    /// the day after the last roll-ups.
    fn guess_horizons(&self) -> Result<(), Error> {
        const DAY_MS: i64 = 86_400_000;
        for horizon in Horizon::ALL {
            let of_events = Kept::Events.tables().filter_map(|table| Some((table.name, table.time?)));
            let first = of_events.filter(|(_, time)| time.horizon == horizon);
            let first =
                first.map(|(name, time)| format!("SELECT min({}) * {} AS ms FROM {name}", time.column, time.unit_ms));
            let first = first.collect::<Vec<_>>().join(" UNION ALL ");
            let after_sums =
                rollups_of_events().filter(|(_, time)| time.horizon == horizon).filter_map(|(table, time)| {
                    let Time { column, unit_ms, .. } = time;
                    // A time that is not between 1970 and 9999 is damaged.
                    let last = 253_402_300_799_999 / unit_ms;
                    let sql = format!(
                        "SELECT (max({column}) + 1) * {unit_ms} FROM {} WHERE {column} BETWEEN 0 AND {last}",
                        table.name
                    );
                    self.from.number(&sql).ok()
                });
            let after_sums = after_sums.max().unwrap_or(0);
            self.execute(&format!(
                "UPDATE {HORIZONS} SET {} = coalesce(max(0, (SELECT min(ms) FROM ({first})) / {DAY_MS}), \
                 ({after_sums} + {DAY_MS} - 1) / {DAY_MS}) * 86400",
                horizon.column()
            ))?;
        }
        Ok(())
    }

    /// Copies the readable rows of a table that both files have: all rows, or those `wanted`.
    fn table(&mut self, name: &str, wanted: Option<String>) -> Result<(), Error> {
        let there = columns(&self.from, name);
        let mut columns = columns(&self.to, name);
        columns.retain(|column| there.contains(column));
        if columns.is_empty() {
            return Ok(());
        }
        let parameters: Vec<String> = (1..=columns.len()).map(|number| format!("?{number}")).collect();
        let sound: Vec<String> =
            columns.iter().zip(&parameters).map(|(column, it)| readable(name, column, it)).collect();
        let names: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let insert = format!(
            "INSERT OR IGNORE INTO {} ({}) SELECT {} WHERE {}",
            quoted(name),
            names.join(", "),
            parameters.join(", "),
            sound.join(" AND ")
        );
        let Self { from, progress, to, .. } = self;
        let wanted = wanted.unwrap_or_else(|| "true".to_owned());
        let count = format!("SELECT count(*) FROM {} WHERE {wanted}", quoted(name));
        let expected = from.number(&count).ok();
        let key = key(from, name);
        let guilds = to.texts("SELECT id FROM guilds").map_err(unwritable)?;
        let mut insert = to.prepare(&insert).map_err(unwritable)?;
        let mut rows = 0_u64;
        let table = scan::Table { columns, key, name: name.to_owned(), wanted };
        let whole = table.read(from, &guilds, &mut |row| {
            insert.reset();
            match insert.bind_row(row).and_then(|()| insert.step()) {
                Err(error) if !error.is_caused_by_row() => return Err(unwritable(error)),
                _ => insert.reset(),
            }
            rows += 1;
            if rows.is_multiple_of(BATCH) {
                to.execute("COMMIT; BEGIN").map_err(unwritable)?;
            }
            if rows.is_multiple_of(1000) && progress(SalvageProgress { rows, table: name.to_owned() }).is_break() {
                return Err(Error::new(ErrorKind::Stopped, "the callback stopped it"));
            }
            Ok(())
        })?;
        drop(insert);
        let rows = to.number(&count).map_err(unwritable)?;
        self.salvaged.tables.insert(name.to_owned(), SalvagedTable { expected, rows, whole });
        Ok(())
    }

    /// Creates the objects that Mocha does not know, in the order in which they were created: first
    /// tables with their rows, then everything else.
    fn copy_own_objects(&mut self) -> Result<(), Error> {
        const OBJECTS: &str = "FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql IS NOT NULL \
                               ORDER BY type <> 'table', rowid";
        let list = |what: &str, of: &Connection| of.texts(&format!("SELECT {what} {OBJECTS}")).unwrap_or_default();
        let known = list("name", &self.to);
        let bots_own = self.bots_own_migrations();
        let (names, statements) = (list("name", &self.from), list("sql", &self.from));
        for (name, sql) in names.into_iter().zip(statements).filter(|(name, _)| !known.contains(name)) {
            let wanted = bots_own.clone().filter(|_| name == DIESELS);
            // The table has no rows of the bot.
            if let Some(wanted) = &wanted
                && matches!(self.from.number(&format!("SELECT count(*) FROM {DIESELS} WHERE {wanted}")), Ok(0))
            {
                continue;
            }
            // Objects of an older Mocha version are not created again.
            if self.to.execute(&sql).is_err() {
                self.salvaged.not_made.push(name);
            } else if sql.to_lowercase().starts_with("create table") {
                self.table(&name, wanted)?;
            }
        }
        Ok(())
    }

    /// Returns the condition for the rows of Diesel's table of migrations that are the bot's, if an
    /// earlier Mocha recorded its migrations there too.
    fn bots_own_migrations(&self) -> Option<String> {
        let id = self.from.texts("PRAGMA application_id").unwrap_or_default();
        let is_earlier = id == [APPLICATION_ID.to_string()] && columns(&self.from, MIGRATIONS).is_empty();
        is_earlier.then(|| format!("NOT ({EARLIER_VERSIONS})"))
    }
}

/// Returns the columns of a table that are not generated. Empty if there is no such table.
fn columns(conn: &Connection, table: &str) -> Vec<String> {
    let name = table.replace('\'', "''");
    conn.texts(&format!("SELECT name FROM pragma_table_info('{name}')")).unwrap_or_default()
}

/// Returns the primary key of a table without row ids.
fn key(conn: &Connection, table: &str) -> Option<Vec<String>> {
    let name = table.replace('\'', "''");
    let without = conn.texts(&format!("SELECT wr FROM pragma_table_list('{name}')")).unwrap_or_default();
    (without == ["1"])
        .then(|| conn.texts(&format!("SELECT name FROM pragma_table_info('{name}') WHERE pk > 0 ORDER BY pk")))
        .and_then(Result::ok)
}

/// Returns the condition that Mocha can read a value. Values in your own tables are not checked.
fn readable(table: &str, column: &str, value: &str) -> String {
    let is_own = Table::find(table).is_some();
    let decimal =
        format!("({value} IS NULL OR typeof({value}) = 'integer' OR CAST(CAST({value} AS INTEGER) AS TEXT) = {value})");
    match (table, column) {
        _ if !is_own => "true".to_owned(),
        ("voice_events", "event_type") => format!("{value} IN ('join', 'leave', 'move')"),
        ("member_events", "event_type") => format!("{value} IN ('join', 'leave')"),
        ("presence_events", "status") => {
            format!("({value} IS NULL OR {value} IN ('online', 'idle', 'dnd', 'offline'))")
        }
        ("guilds" | "users" | "channels" | "message_events", "id")
        | (_, "guild_id" | "user_id" | "channel_id" | "parent_id" | "afk_channel_id") => decimal,
        (
            _,
            "created_at" | "updated_at" | "joined_at" | "premium_since" | "session_start" | "session_end" | "gone_at",
        ) => {
            format!("({value} IS NULL OR typeof({value}) = 'integer' AND {value} BETWEEN 0 AND 253402300799)")
        }
        _ => "true".to_owned(),
    }
}
