//! Reads the readable rows of a damaged table.

use crate::{
    Error,
    sqlite::{Connection, SqliteError, Statement},
};

/// A table to read, and how to find its rows.
#[derive(Debug)]
pub(super) struct Table {
    /// The columns, in the order of the insertion's parameters.
    pub(super) columns: Vec<String>,
    /// The columns of the primary key of a table without row ids.
    pub(super) key: Option<Vec<String>>,
    pub(super) name: String,
    /// The rows to read, as an SQL condition.
    pub(super) wanted: String,
}

/// Takes the rows, one by one.
pub(super) type Sink<'a> = &'a mut dyn FnMut(&Statement<'_>) -> Result<(), Error>;

/// How a pass over rows ended.
enum End {
    /// There are no more rows.
    Done,
    /// The next row is unreadable. Contains the last number that was read.
    Unreadable(i64),
}

impl Table {
    /// Passes all readable rows to the sink, some of them twice. Returns `true` if no row was
    /// unreadable.
    ///
    /// `guilds` are the ids that are tried between two unreadable places.
    pub(super) fn read(&self, from: &Connection, guilds: &[String], sink: Sink<'_>) -> Result<bool, Error> {
        match &self.key {
            None => self.by_rowid(from, sink),
            Some(key) => self.by_key(from, key, guilds, sink),
        }
    }

    /// Follows the row ids, and skips unreadable places.
    fn by_rowid(&self, from: &Connection, sink: Sink<'_>) -> Result<bool, Error> {
        // Reads the table's own pages: an index may list other rows.
        let rows = format!(
            "SELECT rowid, {} FROM {} NOT INDEXED WHERE rowid >= ?1 AND ({}) ORDER BY rowid",
            self.columns(),
            quoted(&self.name),
            self.wanted
        );
        let (Ok(mut scan), Ok(mut probe)) = (from.prepare(&rows), from.prepare(&format!("{rows} LIMIT 1"))) else {
            return Ok(false);
        };
        let (mut first, mut whole) = (i64::MIN, true);
        loop {
            scan.reset();
            scan.bind_number(first).map_err(unreadable)?;
            match run(&mut scan, most_rows(from), sink)? {
                End::Done => return Ok(whole),
                End::Unreadable(last) => {
                    whole = false;
                    // Row ids begin at 1 unless another program chose others.
                    match next_readable(&mut probe, last.max(first).max(0))? {
                        Some(next) => first = next,
                        None => return Ok(false),
                    }
                }
            }
        }
    }

    /// Reads from both ends to the first unreadable place, and then guild by guild.
    fn by_key(&self, from: &Connection, key: &[String], guilds: &[String], sink: Sink<'_>) -> Result<bool, Error> {
        let Self { name, wanted, .. } = self;
        let ordered = |condition: &str, direction: &str| {
            let order: Vec<String> = key.iter().map(|column| format!("{} {direction}", quoted(column))).collect();
            format!(
                "SELECT 0, {} FROM {} NOT INDEXED WHERE ({wanted}) AND {condition} ORDER BY {}",
                self.columns(),
                quoted(name),
                order.join(", ")
            )
        };
        let mut both = |condition: &str| -> Result<bool, Error> {
            for direction in ["ASC", "DESC"] {
                let Ok(mut scan) = from.prepare(&ordered(condition, direction)) else { return Ok(false) };
                if matches!(run(&mut scan, most_rows(from), sink)?, End::Done) {
                    // Reading backwards is complete only if nothing was in between.
                    return Ok(direction == "ASC");
                }
            }
            Ok(false)
        };
        if both("true")? {
            return Ok(true);
        }
        if key.first().is_some_and(|column| column == "guild_id") {
            for guild_id in guilds {
                // As text or as a number, like the column.
                both(&format!("guild_id = '{guild_id}'"))?;
            }
        }
        Ok(false)
    }

    fn columns(&self) -> String {
        self.columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ")
    }
}

/// Passes rows to the sink until there are no more, or until one is unreadable. The numbers in the
/// first column rise, or are all 0; damaged pages may form a circle.
fn run(scan: &mut Statement<'_>, most_rows: u64, sink: Sink<'_>) -> Result<End, Error> {
    let (mut last, mut rows) = (i64::MIN, 0_u64);
    loop {
        match scan.step() {
            Ok(false) => return Ok(End::Done),
            Ok(true) => {
                let number = scan.number();
                rows += 1;
                if (number <= last && last > 0) || rows > most_rows {
                    return Ok(End::Unreadable(last));
                }
                sink(scan)?;
                last = number;
            }
            Err(error) if is_about_content(&error) => return Ok(End::Unreadable(last)),
            Err(error) => return Err(unreadable(error)),
        }
    }
}

/// More rows than fit into the file: a row needs at least four bytes.
fn most_rows(conn: &Connection) -> u64 {
    conn.number("SELECT page_count * page_size / 4 FROM pragma_page_count, pragma_page_size").unwrap_or(u64::MAX)
}

/// Returns the next number from which on rows are readable, after an unreadable place. It steps by
/// fewer rows than a page has, so that it does not miss a sound page between two damaged ones, and
/// by more if that finds nothing for long.
fn next_readable(probe: &mut Statement<'_>, after: i64) -> Result<Option<i64>, Error> {
    const STEP: i64 = 8;
    const STEPS: u32 = 4096;
    let mut is_readable = |first: i64| {
        probe.reset();
        probe.bind_number(first).map_err(unreadable)?;
        match probe.step() {
            Ok(_) => Ok(true),
            Err(error) if is_about_content(&error) => Ok(false),
            Err(error) => Err(unreadable(error)),
        }
    };
    let (mut low, mut high, mut step, mut steps) = (after, after.saturating_add(STEP), STEP, 0);
    while !is_readable(high)? {
        if high == i64::MAX {
            return Ok(None);
        }
        steps += 1;
        if steps % STEPS == 0 {
            step = step.saturating_mul(2);
        }
        low = high;
        high = high.saturating_add(step);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if is_readable(middle)? {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(Some(high))
}

/// Returns whether the error is about the content of the file, so that other rows may be readable.
/// SQLite reports damaged pages in several ways.
fn is_about_content(error: &SqliteError) -> bool {
    !error.is_busy() && !error.is_interrupt()
}

fn unreadable(error: SqliteError) -> Error {
    error.into_error("cannot read the damaged file")
}

/// Quotes a name for SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
