//! Saving what can be read of a damaged file.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use super::work::Work;
use crate::{
    Error, ErrorKind, Maintenance, Store,
    backup::{SIDE_FILE_SUFFIXES, put, side_file, sync},
    error::io_error,
    sqlite::{Connection, SqliteError},
    store::{Access, Location},
};

pub(super) type Callback<'a> = Box<dyn FnMut(SalvageProgress) -> ControlFlow<()> + 'a>;

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
    /// Each table of the damaged file, by its name. A roll-up that is made of events is listed with its rows from before the
    /// horizon. All other rows of roll-ups are computed again and not listed.
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
    pub fn on_progress(mut self, on_progress: impl FnMut(SalvageProgress) -> ControlFlow<()> + 'a) -> Self {
        self.progress = Some(Box::new(on_progress));
        self
    }

    /// Salvages, and returns when the new file is whole and on the disk.
    ///
    /// Each table is read row by row, and from where that ends it goes on at the next place that can be read. A row whose values
    /// cannot be, as an id that is no number, is left out; a guild, channel or user whose row is lost gets one without a name.
    /// The roll-ups are computed again from the events; those from before the horizon, of which there are no events, are taken over.
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
        let failed = |error| io_error(&new, "cannot be used", error);
        if fs::symlink_metadata(&new).is_ok() {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        // SQLite would take it for the new file's.
        if let Some(left) =
            SIDE_FILE_SUFFIXES.map(|end| side_file(&new, end)).iter().find(|left| fs::symlink_metadata(left).is_ok())
        {
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
    fs::metadata(path).map_err(|error| io_error(path, "cannot be used", error))?;
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

pub(super) fn unwritable(error: SqliteError) -> Error {
    error.into_error("cannot write the new file")
}

impl fmt::Debug for Salvage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { damaged, new, progress: _ } = self;
        f.debug_struct("Salvage").field("damaged", damaged).field("new", new).finish_non_exhaustive()
    }
}
