//! Salvages what is readable of a damaged file.

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
    link::{Access, Location},
    sqlite::{Connection, SqliteError},
};

pub(super) type Callback<'a> = Box<dyn FnMut(SalvageProgress) -> ControlFlow<()> + 'a>;

/// Configures a salvage. [`Store::salvage`] returns it.
#[must_use = "nothing is salvaged until `run`"]
pub struct Salvage<'a> {
    damaged: PathBuf,
    new: PathBuf,
    progress: Option<Callback<'a>>,
}

/// Reports the progress of a salvage.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SalvageProgress {
    /// The number of rows that were read from the table.
    pub rows: u64,
    /// The table that is being read.
    pub table: String,
}

/// Reports what [`Salvage::run`] saved and lost.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Salvaged {
    /// Your own tables, indexes, triggers and views that could not be created again.
    pub not_made: Vec<String>,
    /// Each table of the damaged file, by its name. A roll-up that is made of events is listed with its rows from before the
    /// horizon. All other rows of roll-ups are computed again and not listed.
    pub tables: BTreeMap<String, SalvagedTable>,
}

/// Reports what was saved of a table.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct SalvagedTable {
    /// The number of rows that an index of the damaged file lists; `None` if the index was
    /// unreadable too.
    pub expected: Option<u64>,
    /// The number of these rows in the new file.
    pub rows: u64,
    /// Whether all pages were readable.
    pub whole: bool,
}

impl SalvagedTable {
    /// Returns whether every row was saved.
    #[must_use]
    pub fn is_ok(self) -> bool {
        self.whole && self.lost() == Some(0)
    }

    /// Returns how many rows are lost; `None` if that is unknown.
    #[must_use]
    pub fn lost(self) -> Option<u64> {
        self.expected.map(|expected| expected.saturating_sub(self.rows))
    }
}

impl Salvaged {
    /// Returns whether nothing was lost.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.not_made.is_empty() && self.tables.values().all(|table| table.is_ok())
    }
}

impl fmt::Display for Salvaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_ok() { "everything was saved" } else { "not everything was saved" })?;
        for (name, table) in self.tables.iter().filter(|(_, table)| !table.is_ok()) {
            match table.lost() {
                Some(lost) => write!(f, "\n{name}: {} rows saved, {lost} lost", table.rows)?,
                None => write!(f, "\n{name}: {} rows saved, an unknown number lost", table.rows)?,
            }
        }
        self.not_made.iter().try_for_each(|name| write!(f, "\n{name} could not be created again"))
    }
}

impl Store {
    /// Salvages what is readable of a damaged file into a new one. Try to [restore](Self::restore)
    /// a backup first.
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
    /// Calls `on_progress` now and then. [`ControlFlow::Break`] stops the salvage, and there is no
    /// new file then.
    pub fn on_progress(mut self, on_progress: impl FnMut(SalvageProgress) -> ControlFlow<()> + 'a) -> Self {
        self.progress = Some(Box::new(on_progress));
        self
    }

    /// Salvages the file, and returns when the new file is complete and on the disk.
    ///
    /// Each table is read row by row. At an unreadable place it continues with the next readable
    /// one. Rows with unreadable values, such as an id that is not a number, are left out. A guild,
    /// channel or user whose own row is lost gets one without a name. Roll-ups are computed from
    /// the events. Roll-ups from before the horizon, whose events are deleted, are copied. Erased
    /// users stay erased. Your own tables are copied too. It also works on a file written by the
    /// TypeScript original.
    ///
    /// A readable row is trusted: a salvage cannot notice that damage changed a number into another
    /// valid number. If SQLite cannot read the list of tables on the first page, nothing is readable.
    ///
    /// The damaged file is never written to, and its write-ahead log is read too. Stop the bot
    /// first all the same. The new file is written as `.partial` beside its place and then renamed,
    /// so it is complete or missing. It never replaces a file that appeared there meanwhile. Each
    /// row is read once and written with its roll-ups, which takes some seconds for each hundred
    /// thousand rows.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Corrupt`]: not even the list of tables is readable.
    /// * [`ErrorKind::NotMocha`], [`ErrorKind::SchemaTooNew`]: the file was written by another
    ///   program or by a newer Mocha.
    /// * [`ErrorKind::Stopped`]: the callback stopped it.
    /// * [`ErrorKind::Io`]: the damaged file is missing, or the new file, its log or its journal
    ///   already exists. The message names the file; move it away.
    /// * [`ErrorKind::DiskFull`], [`ErrorKind::ReadOnly`], [`ErrorKind::Busy`].
    pub fn run(self) -> Result<Salvaged, Error> {
        let Self { damaged, new, progress } = self;
        let from = open(&damaged)?;
        let failed = |error| io_error(&new, "cannot be used", error);
        if fs::symlink_metadata(&new).is_ok() {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        // SQLite would take it for a log of the new file.
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
        // This creates the tables and closes the file again.
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

/// A new file that is not complete yet. It is removed on drop, together with everything that SQLite
/// created beside it.
struct Partial(PathBuf);

impl Partial {
    fn remove(&self) {
        for end in ["", "-journal", "-wal", "-shm"] {
            let mut name = self.0.clone().into_os_string();
            name.push(end);
            // Usually there is none. If it cannot be removed, creating the next one fails and says
            // so.
            drop(fs::remove_file(name));
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Opens the damaged file for reading and begins a transaction, if the list of tables is readable.
fn open(path: &Path) -> Result<Connection, Error> {
    fs::metadata(path).map_err(|error| io_error(path, "cannot be used", error))?;
    let uri = Location::File(path.to_owned()).uri(Access::Read)?;
    // A read-only connection cannot roll back after a crash, and cannot read a log in a read-only
    // folder. The file is then read as it is.
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
