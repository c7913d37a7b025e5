//! Saving what can be read of a damaged file.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use mocha_schema::{
    APPLICATION_ID, EARLIER_VERSIONS,
    catalogue::{Horizon, Kept, TABLES, Table, Time},
};

use super::scan::{self, quoted};
use crate::{
    Error, ErrorKind, Maintenance, Store,
    backup::{BESIDE, beside, put, sync},
    sqlite::{Connection, SqliteError},
    store::{Access, Location, fill_intervals},
    tables,
};

type Callback<'a> = Box<dyn FnMut(SalvageProgress) -> ControlFlow<()> + 'a>;

/// How a damaged file is salvaged; by [`Store::salvage`].
#[must_use = "nothing is salvaged until `run`"]
pub struct Salvage<'a> {
    damaged: PathBuf,
    new: PathBuf,
    progress: Option<Callback<'a>>,
}

/// How far a salvage has come.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SalvageProgress {
    /// How many rows of the table were read.
    pub rows: u64,
    /// The table that is read.
    pub table: String,
}

/// What [`Salvage::run`] saved, and what it did not.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Salvaged {
    /// The author's own tables, indexes, triggers and views that could not be made again.
    pub not_made: Vec<String>,
    /// Each table of the damaged file, by its name. Of the roll-ups that are made of events, the rows from before the horizon
    /// count; all other rows of roll-ups are computed again and not listed.
    pub tables: BTreeMap<String, SalvagedTable>,
}

/// What was saved of a table.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct SalvagedTable {
    /// How many rows an index of the damaged file knew of; `None` if that was unreadable too.
    pub expected: Option<u64>,
    /// How many of these rows are in the new file.
    pub rows: u64,
    /// Whether all pages could be read.
    pub whole: bool,
}

impl SalvagedTable {
    /// Whether every row is there.
    #[must_use]
    pub fn is_ok(self) -> bool {
        self.whole && self.lost() == Some(0)
    }

    /// How many rows are lost; `None` if nobody knows.
    #[must_use]
    pub fn lost(self) -> Option<u64> {
        self.expected.map(|expected| expected.saturating_sub(self.rows))
    }
}

impl Salvaged {
    /// Whether nothing was lost.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.not_made.is_empty() && self.tables.values().all(|table| table.is_ok())
    }
}

impl fmt::Display for Salvaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_ok() { "all was saved" } else { "not all was saved" })?;
        for (name, table) in self.tables.iter().filter(|(_, table)| !table.is_ok()) {
            match table.lost() {
                Some(lost) => write!(f, "\n{name}: {} rows saved, {lost} lost", table.rows)?,
                None => write!(f, "\n{name}: {} rows saved, nobody knows how many were lost", table.rows)?,
            }
        }
        self.not_made.iter().try_for_each(|name| write!(f, "\n{name} could not be made again"))
    }
}

impl Store {
    /// Saves what can be read of a damaged file into a new one. Try to [restore](Self::restore) a backup first.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let (damaged, new) = (folder.path().join("stats.db"), folder.path().join("saved.db"));
    /// # drop(Store::open(&damaged)?);
    /// let salvaged = Store::salvage(&damaged, &new).run()?;
    /// assert!(salvaged.is_ok(), "{salvaged}");
    /// assert!(Store::open(&new)?.check().run()?.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "recover")]
    pub fn salvage<'a>(damaged: impl AsRef<Path>, new: impl AsRef<Path>) -> Salvage<'a> {
        Salvage { damaged: damaged.as_ref().to_owned(), new: new.as_ref().to_owned(), progress: None }
    }
}

impl<'a> Salvage<'a> {
    /// Tells now and then how far it has come, and stops it on [`ControlFlow::Break`]: then there is no new file.
    pub fn progress(mut self, progress: impl FnMut(SalvageProgress) -> ControlFlow<()> + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Salvages, and returns when the new file is whole and on the disk.
    ///
    /// Each table is read row by row, and from where that ends it goes on at the next place that can be read. A row whose values
    /// cannot be, as an id that is no number, is left out; a guild, channel or user whose row is lost gets one without a name.
    /// The roll-ups are made anew from the events; those from before the horizon, of which there are no events, are taken over.
    /// Who was forgotten stays so. The author's own tables come along. It works on a file of the TypeScript original too.
    ///
    /// A row that reads well is believed: a number that the damage made another one is not found out. If SQLite cannot
    /// read the list of tables on the first page, nothing is readable.
    ///
    /// The damaged file is never written to, and what its write-ahead log has is read along; stop the bot first all the
    /// same. The new one is made beside its place as `.partial` and then renamed, so there is all of it or nothing; a
    /// file that somebody made there meanwhile stays. Each row is read once and written with its roll-ups, which takes
    /// some seconds for each hundred thousand.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Corrupt`]: not even the list of tables can be read.
    /// * [`ErrorKind::NotMocha`], [`ErrorKind::SchemaTooNew`]: the file is another program's, or a newer Mocha's.
    /// * [`ErrorKind::Stopped`]: `progress` said so.
    /// * [`ErrorKind::Io`]: the damaged file is not there, or there is one where the new one is to be, or the log or
    ///   journal of one: the message names it. Move it away.
    /// * [`ErrorKind::DiskFull`], [`ErrorKind::ReadOnly`], [`ErrorKind::Busy`].
    pub fn run(self) -> Result<Salvaged, Error> {
        let Self { damaged, new, progress } = self;
        let from = open(&damaged)?;
        let failed = |error| io_error(&new, error);
        if fs::symlink_metadata(&new).is_ok() {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        // SQLite would take it for the new file's.
        if let Some(left) = BESIDE.map(|end| beside(&new, end)).iter().find(|left| fs::symlink_metadata(left).is_ok()) {
            let context = format!("{} is in the way of the new file", left.display());
            return Err(Error::with_source(ErrorKind::Io, context, io::Error::from(io::ErrorKind::AlreadyExists)));
        }
        let mut partial_name = new.clone().into_os_string();
        partial_name.push(".partial");
        let partial = Partial(partial_name.into());
        partial.remove();
        let progress = progress.unwrap_or_else(|| Box::new(|_| ControlFlow::Continue(())));
        // It makes the tables, and lets go of the file.
        drop(Store::builder().maintenance(Maintenance::off()).readers(1).open(&partial.0)?);
        let location = Location::File(partial.0.clone());
        let to = Connection::open(&location.uri(Access::Write)?).map_err(unwritable)?;
        let salvaged = Work { from, progress, to, salvaged: Salvaged::default() }.run(&location)?;
        fs::OpenOptions::new().write(true).open(&partial.0).and_then(|file| file.sync_all()).map_err(failed)?;
        put(&partial.0, &new).map_err(failed)?;
        let path = std::path::absolute(&new).map_err(failed)?;
        sync(path.parent().unwrap_or(&path)).map_err(failed)?;
        Ok(salvaged)
    }
}

/// A new file that is not whole yet, and goes with all that SQLite made beside it.
struct Partial(PathBuf);

impl Partial {
    fn remove(&self) {
        for end in ["", "-journal", "-wal", "-shm"] {
            let mut name = self.0.clone().into_os_string();
            name.push(end);
            // Nearly always there is none; if it cannot be removed, making the next one says so.
            drop(fs::remove_file(name));
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Opens the damaged file for reading, and begins a transaction, if the list of its tables can be read.
fn open(path: &Path) -> Result<Connection, Error> {
    fs::metadata(path).map_err(|error| io_error(path, error))?;
    let uri = Location::File(path.to_owned()).uri(Access::Read)?;
    // Without writing SQLite cannot undo what a crash left, nor read a log in a folder that is read-only; then as it is.
    let attempt = |uri: &str| {
        let conn = Connection::open(uri)?;
        conn.execute("PRAGMA busy_timeout = 5000")?;
        conn.execute("BEGIN")?;
        let tables = conn.texts("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
        Ok::<_, SqliteError>((conn, tables))
    };
    let opened = attempt(&uri).or_else(|_| attempt(&format!("{uri}&immutable=1")));
    let (conn, tables) = opened.map_err(|error| {
        let kind = if error.is_damage() { ErrorKind::Corrupt } else { ErrorKind::Io };
        Error::with_source(kind, format!("nothing of {} can be read", path.display()), error)
    })?;
    for shared in ["guilds", "users", "channels", "message_events"] {
        if !tables.iter().any(|table| table == shared) {
            return Err(Error::new(ErrorKind::NotMocha, format!("{} has no table `{shared}`", path.display())));
        }
    }
    Ok(conn)
}

fn io_error(path: &Path, source: io::Error) -> Error {
    let kind = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::DiskFull,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::ReadOnly,
        _ => ErrorKind::Io,
    };
    Error::with_source(kind, format!("{} cannot be used", path.display()), source)
}

fn unwritable(error: SqliteError) -> Error {
    error.into_error("cannot write the new file")
}

/// The tables that are read as they are: those that events speak of, and then the events.
fn recorded() -> impl Iterator<Item = &'static Table> {
    let is_recorded = |table: &&Table| table.made_of.is_empty() && ![HORIZONS, MIGRATIONS].contains(&table.name);
    let (events, others): (Vec<_>, Vec<_>) =
        TABLES.iter().filter(is_recorded).partition(|table| table.kept == Kept::Events);
    others.into_iter().chain(events)
}

/// The sums that are made of events, of which the file has no more from before the horizon. All other sums are made of these.
fn sums_of_events() -> impl Iterator<Item = (&'static Table, Time)> {
    let is_of_events = |table: &&Table| table.sources_of_sums().all(|source| source.kept == Kept::Events);
    tables::kept(Kept::Rollups).filter(is_of_events).filter_map(|table| Some((table, table.time?)))
}

const HORIZONS: &str = "horizons";
const MIGRATIONS: &str = "mocha_migrations";
const DIESELS: &str = "__diesel_schema_migrations";

/// Written to the disk after so many rows.
const BATCH: u64 = 10_000;

struct Work<'a> {
    from: Connection,
    progress: Callback<'a>,
    salvaged: Salvaged,
    to: Connection,
}

impl Work<'_> {
    fn run(mut self, location: &Location) -> Result<Salvaged, Error> {
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
        for (table, time) in sums_of_events() {
            let horizon =
                self.to.number(&format!("SELECT {} FROM {HORIZONS}", time.horizon.column())).map_err(unwritable)?;
            self.table(table.name, Some(format!("{} < {horizon} * 1000 / {}", time.column, time.unit_ms)))?;
        }
        self.authors_own()?;
        self.execute(include_str!("../store/adopt_orphans.sql"))?;
        self.execute("COMMIT")?;
        if !self.salvaged.tables.contains_key("voice_intervals") {
            let mut conn = location.connect(Access::Write)?;
            fill_intervals(&mut conn).map_err(|error| Error::classify("cannot make intervals of the log", error))?;
        }
        self.execute(include_str!("../store/adopt_watermarks.sql"))?;
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(self.salvaged)
    }

    /// Refuses a file with tables that nobody here knows the meaning of.
    fn check_version(&self) -> Result<(), Error> {
        const VERSIONS: &str = "SELECT version FROM mocha_migrations ORDER BY version DESC";
        let own = self.to.texts(VERSIONS).map_err(unwritable)?;
        // Of what is damaged no version is all digits, and one that cannot be read says nothing.
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

    /// Takes over from when on events are complete, for what comes in is counted from there on; says whether that is known.
    fn take_horizons(&mut self) -> Result<bool, Error> {
        let mut columns = columns(&self.from, HORIZONS);
        if columns.is_empty() {
            // A file from before there were any.
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

    /// Sets horizons that cannot be read: to the first day that has events or, if none were saved, to the day after the last sums.
    fn guess_horizons(&self) -> Result<(), Error> {
        const DAY_MS: i64 = 86_400_000;
        for horizon in Horizon::ALL {
            let of_events = tables::kept(Kept::Events).filter_map(|table| Some((table.name, table.time?)));
            let first = of_events.filter(|(_, time)| time.horizon == horizon);
            let first =
                first.map(|(name, time)| format!("SELECT min({}) * {} AS ms FROM {name}", time.column, time.unit_ms));
            let first = first.collect::<Vec<_>>().join(" UNION ALL ");
            let after_sums =
                sums_of_events().filter(|(_, time)| time.horizon == horizon).filter_map(|(table, time)| {
                    let Time { column, unit_ms, .. } = time;
                    // What is no time between 1970 and 9999 is damaged.
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

    /// Copies what can be read of a table that both have: all rows, or those `wanted`.
    fn table(&mut self, name: &str, wanted: Option<String>) -> Result<(), Error> {
        let there = columns(&self.from, name);
        let mut columns = columns(&self.to, name);
        columns.retain(|column| there.contains(column));
        if columns.is_empty() {
            return Ok(());
        }
        let parameters: Vec<String> = (1..=columns.len()).map(|number| format!("?{number}")).collect();
        let sound: Vec<String> = columns.iter().zip(&parameters).map(|(column, it)| sound(name, column, it)).collect();
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
                Err(error) if !error.blames_row() => return Err(unwritable(error)),
                _ => insert.reset(),
            }
            rows += 1;
            if rows.is_multiple_of(BATCH) {
                to.execute("COMMIT; BEGIN").map_err(unwritable)?;
            }
            if rows.is_multiple_of(1000) && progress(SalvageProgress { rows, table: name.to_owned() }).is_break() {
                return Err(Error::new(ErrorKind::Stopped, "it was stopped on demand"));
            }
            Ok(())
        })?;
        drop(insert);
        let rows = to.number(&count).map_err(unwritable)?;
        self.salvaged.tables.insert(name.to_owned(), SalvagedTable { expected, rows, whole });
        Ok(())
    }

    /// Makes what Mocha does not know as it was made, tables with their rows before all else.
    fn authors_own(&mut self) -> Result<(), Error> {
        const OBJECTS: &str = "FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql IS NOT NULL \
                               ORDER BY type <> 'table', rowid";
        let list = |what: &str, of: &Connection| of.texts(&format!("SELECT {what} {OBJECTS}")).unwrap_or_default();
        let known = list("name", &self.to);
        let bots_own = self.bots_own_migrations();
        let (names, statements) = (list("name", &self.from), list("sql", &self.from));
        for (name, sql) in names.into_iter().zip(statements).filter(|(name, _)| !known.contains(name)) {
            let wanted = bots_own.clone().filter(|_| name == DIESELS);
            // Nothing of the bot's is in it.
            if let Some(wanted) = &wanted
                && matches!(self.from.number(&format!("SELECT count(*) FROM {DIESELS} WHERE {wanted}")), Ok(0))
            {
                continue;
            }
            // What was Mocha's in another version is gone with that.
            if self.to.execute(&sql).is_err() {
                self.salvaged.not_made.push(name);
            } else if sql.to_lowercase().starts_with("create table") {
                self.table(&name, wanted)?;
            }
        }
        Ok(())
    }

    /// Which rows of Diesel's table are not Mocha's, if an earlier Mocha noted its migrations there.
    fn bots_own_migrations(&self) -> Option<String> {
        let id = self.from.texts("PRAGMA application_id").unwrap_or_default();
        let is_earlier = id == [APPLICATION_ID.to_string()] && columns(&self.from, MIGRATIONS).is_empty();
        is_earlier.then(|| format!("NOT ({EARLIER_VERSIONS})"))
    }
}

/// The columns of a table that have values of their own; none if there is no such table.
fn columns(conn: &Connection, table: &str) -> Vec<String> {
    let name = table.replace('\'', "''");
    conn.texts(&format!("SELECT name FROM pragma_table_info('{name}')")).unwrap_or_default()
}

/// The primary key of a table without row ids.
fn key(conn: &Connection, table: &str) -> Option<Vec<String>> {
    let name = table.replace('\'', "''");
    let without = conn.texts(&format!("SELECT wr FROM pragma_table_list('{name}')")).unwrap_or_default();
    (without == ["1"])
        .then(|| conn.texts(&format!("SELECT name FROM pragma_table_info('{name}') WHERE pk > 0 ORDER BY pk")))
        .and_then(Result::ok)
}

/// The condition that a value is one that Mocha can read; what is in the author's tables is the author's.
fn sound(table: &str, column: &str, value: &str) -> String {
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

impl fmt::Debug for Salvage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { damaged, new, progress: _ } = self;
        f.debug_struct("Salvage").field("damaged", damaged).field("new", new).finish_non_exhaustive()
    }
}
