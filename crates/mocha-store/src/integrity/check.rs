//! Checks a file for damage.

use std::{fmt, ops::ControlFlow};

use super::{CheckReport, Orphans, UnreadableRows};
use crate::{
    Error, ErrorKind, Rollup, Store, Verification,
    error::with_advice,
    link::{Access, Link},
    sqlite::{Connection, SqliteError},
};

type Callback<'a> = Box<dyn FnMut(CheckProgress) -> ControlFlow<()> + 'a>;

/// How thorough a check is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CheckDepth {
    /// Checks all pages and rows, indexes against their tables, foreign keys, and the roll-ups against their sources.
    #[default]
    Full,
    /// Checks pages, rows and foreign keys. It is fast enough for each start of a program. It does not find rows that are missing
    /// in an index, nor wrong roll-ups.
    Quick,
}

/// A phase of a check.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CheckPhase {
    /// SQLite reads every page. It reports no progress.
    Pages,
    /// SQLite looks up the parent of each row. It reports no progress.
    ForeignKeys,
    /// A roll-up is computed again and compared.
    Rollup(Rollup),
    /// SQLite reads each value of the eight tables. It reports no progress.
    Values,
}

/// Reports the progress of a check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CheckProgress {
    /// The number of slices of the roll-up that are done, of `total`.
    pub done: usize,
    /// The current phase.
    pub phase: CheckPhase,
    /// The number of slices. 0 in phases without progress.
    pub total: usize,
}

/// Configures and runs a check. [`Store::check`] returns it.
#[must_use = "nothing is checked until `run`"]
pub struct Check<'a> {
    depth: CheckDepth,
    progress: Option<Callback<'a>>,
    store: Store,
}

impl Store {
    /// Checks pages, rows, indexes, foreign keys and roll-ups for damage.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::{CheckDepth, Store};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let store = Store::open(folder.path().join("stats.db"))?;
    /// let report = store.check().depth(CheckDepth::Quick).run()?;
    /// assert!(report.is_ok(), "{report}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "integrity_check")]
    #[doc(alias = "quick_check")]
    pub fn check<'a>(&self) -> Check<'a> {
        Check { depth: CheckDepth::default(), progress: None, store: self.clone() }
    }
}

impl<'a> Check<'a> {
    /// Sets how thorough the check is. Default: [`CheckDepth::Full`].
    pub fn depth(mut self, depth: CheckDepth) -> Self {
        self.depth = depth;
        self
    }

    /// Calls `on_progress` now and then. [`ControlFlow::Break`] ends the check, and the report has what was found until then.
    pub fn on_progress(mut self, on_progress: impl FnMut(CheckProgress) -> ControlFlow<()> + 'a) -> Self {
        self.progress = Some(Box::new(on_progress));
        self
    }

    /// Runs the check and returns the report. Damage is in the report and is not an error.
    ///
    /// It only reads, and other connections can write meanwhile. It reads every page, some of them twice. That takes about a
    /// second for 60 MB, or a tenth of that for a quick check. A read transaction stays open while pages and foreign keys are
    /// checked, so the write-ahead log grows by what is written meanwhile. Roll-ups are read in short transactions, as by
    /// [`verify`](Store::verify).
    ///
    /// Rows that Mocha cannot read are counted by table and column. Another program wrote them, and queries leave them out.
    ///
    /// The check cannot find a value that was changed into another valid one, for example a wrong number of words that is the
    /// same in the table and in the roll-up.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Replaced`]: the file was deleted or replaced since it was opened.
    /// * [`ErrorKind::Busy`], [`ErrorKind::Io`] and others of SQLite's that do not prove damage to the file.
    pub fn run(self) -> Result<CheckReport, Error> {
        let Self { depth, progress, store } = self;
        let mut progress = progress.unwrap_or_else(|| Box::new(|_| ControlFlow::Continue(())));
        let mut report = CheckReport::new(depth);
        pages(&store, &mut report, &mut progress)?;
        // Roll-ups cannot be compared with damaged tables.
        if depth == CheckDepth::Full && report.complete && report.damages.is_empty() {
            rollups(&store, &mut report, &mut progress)?;
        }
        Ok(report)
    }
}

/// Checks pages, rows, indexes and foreign keys in one transaction.
fn pages(store: &Store, report: &mut CheckReport, progress: &mut Callback<'_>) -> Result<(), Error> {
    let link = store.link();
    link.check_place()?;
    let failed = |error: SqliteError| error.into_error(format!("cannot check {}", link.location));
    let Some(conn) = integrity(link, report, progress)? else { return Ok(()) };
    let orphans = "SELECT count(*) || char(10) || \"table\" || char(10) || parent FROM pragma_foreign_key_check \
                   GROUP BY \"table\", parent ORDER BY \"table\", parent";
    let Some(orphans) = counts(&conn, CheckPhase::ForeignKeys, orphans, report, progress).map_err(failed)? else {
        return Ok(());
    };
    report.orphans = orphans.into_iter().map(|(rows, table, parent)| Orphans { parent, rows, table }).collect();
    let unreadable = "SELECT count(*) || char(10) || table_name || char(10) || column_name FROM unreadable_rows \
                      GROUP BY table_name, column_name ORDER BY table_name, column_name";
    let unreadable = counts(&conn, CheckPhase::Values, unreadable, report, progress).map_err(failed)?;
    let rows = |(rows, table, column)| UnreadableRows { column, rows, table };
    report.unreadable = unreadable.into_iter().flatten().map(rows).collect();
    Ok(())
}

/// The number of rows, and two names.
type Counted = (u64, String, String);

/// Runs a query that counts rows by two names. Each row of the answer is a text of three lines, because a name may contain
/// any other character. Returns `None` if the callback ended the check.
fn counts(
    conn: &Connection,
    phase: CheckPhase,
    sql: &str,
    report: &mut CheckReport,
    progress: &mut Callback<'_>,
) -> Result<Option<Vec<Counted>>, SqliteError> {
    let Some(lines) = run_check(conn, phase, sql, report, progress)? else { return Ok(None) };
    let count = |line: String| {
        let mut parts = line.splitn(3, '\n');
        Some((parts.next()?.parse().ok()?, parts.next()?.to_owned(), parts.next()?.to_owned()))
    };
    Ok(Some(lines.into_iter().filter_map(count).collect()))
}

/// Checks pages, rows and, for a full check, indexes. Returns the connection with its transaction, or `None` if the callback
/// ended the check.
fn integrity(link: &Link, report: &mut CheckReport, progress: &mut Callback<'_>) -> Result<Option<Connection>, Error> {
    let failed = |error: SqliteError| error.into_error(format!("cannot check {}", link.location));
    let conn = Connection::open(&link.location.uri(Access::Read)?).map_err(failed)?;
    let busy_timeout = format!("PRAGMA busy_timeout = {}", link.settings.busy_timeout.as_millis());
    conn.execute(&busy_timeout).and_then(|()| conn.execute("BEGIN")).map_err(failed)?;
    let pragma = match report.depth {
        CheckDepth::Full => "PRAGMA integrity_check",
        CheckDepth::Quick => "PRAGMA quick_check",
    };
    let complaints = run_check(&conn, CheckPhase::Pages, pragma, report, progress).map_err(failed)?;
    let Some(mut complaints) = complaints else { return Ok(None) };
    complaints.retain(|complaint| complaint != "ok");
    report.damages.append(&mut complaints);
    Ok(Some(conn))
}

/// Refuses a damaged file, with advice in the error.
pub(crate) fn refuse_damaged(link: &Link, depth: CheckDepth) -> Result<(), Error> {
    let mut report = CheckReport::new(depth);
    let mut go_on: Callback<'_> = Box::new(|_| ControlFlow::Continue(()));
    integrity(link, &mut report, &mut go_on)?;
    match report.damages.into_iter().next() {
        Some(damage) => {
            let context = format!("cannot open {}", link.location);
            Err(with_advice(Error::with_source(ErrorKind::Corrupt, context, damage)))
        }
        None => Ok(()),
    }
}

/// Runs one of the check's queries. An error that shows damage becomes a finding. Returns `None` if the callback ended the check.
fn run_check(
    conn: &Connection,
    phase: CheckPhase,
    sql: &str,
    report: &mut CheckReport,
    progress: &mut Callback<'_>,
) -> Result<Option<Vec<String>>, SqliteError> {
    let mut go_on = || progress(CheckProgress { done: 0, phase, total: 0 });
    match conn.interruptible(&mut go_on, |conn| conn.texts(sql)) {
        Ok(texts) => Ok(Some(texts)),
        // The query is right, so an error in it shows a damaged schema.
        Err(error) if error.is_damage() || error.is_about_sql() => {
            report.damages.push(error.to_string());
            Ok(Some(Vec::new()))
        }
        Err(error) if error.is_interrupt() => {
            report.complete = false;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn rollups(store: &Store, report: &mut CheckReport, progress: &mut Callback<'_>) -> Result<(), Error> {
    for rollup in Rollup::ALL {
        let phase = CheckPhase::Rollup(rollup);
        let tell =
            |so_far: crate::RebuildProgress| progress(CheckProgress { done: so_far.done, phase, total: so_far.total });
        match store.verify(rollup).on_progress(tell).run() {
            Ok(verification) => {
                report.complete &= verification.complete;
                report.rollups.push(verification);
            }
            // A total is too large, or a page is damaged.
            Err(error) if [ErrorKind::Corrupt, ErrorKind::Database, ErrorKind::NotMocha].contains(error.kind()) => {
                let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                report.damages.push(format!("{rollup} cannot be verified: {cause}"));
            }
            Err(error) => return Err(error),
        }
        if report.rollups.last().is_some_and(|Verification { complete, .. }| !complete) {
            break;
        }
    }
    Ok(())
}

impl fmt::Debug for Check<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { depth, progress: _, store } = self;
        f.debug_struct("Check").field("depth", depth).field("store", store).finish_non_exhaustive()
    }
}
