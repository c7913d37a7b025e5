//! Puts archived rows back into a database.

use std::ops::RangeInclusive;

use diesel::QueryResult;
use mocha_schema::{GuildId, UserId, catalogue::Table};
use mocha_store::Store;

use crate::{
    Archive, Batch, Database, Error, Month, Partition,
    batch::Row,
    database::{Connection, Dialect, Statement, Withholds, number},
    layout::Layout,
    parents::Parents,
    source::id,
};

/// The number of rows in a transaction. The recorder waits for it, some tens of milliseconds.
const BATCH: usize = 1_000;

/// Configures a restoration. [`Archive::restore`] returns it.
#[derive(Clone, Debug)]
#[must_use = "nothing is restored until `run`"]
pub struct Restore<D = Store> {
    archive: Archive,
    guild_id: Option<GuildId>,
    months: Option<RangeInclusive<Month>>,
    store: D,
}

/// Reports what a restoration did with the rows that were read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Restored {
    /// Rows from before the store's horizon. They were left out, because the store's roll-ups count
    /// them already.
    pub before_horizon: u64,
    /// Rows that the store had.
    pub known: u64,
    /// Rows that were put into the store.
    pub rows: u64,
    /// Rows that PostgreSQL cannot hold: messages whose id is no number, and texts with a NUL
    /// character. They were left out. A SQLite file holds every row.
    pub unfit: u64,
    /// Rows of users who were erased from the store or opted out. They were left out.
    pub withheld: u64,
}

impl Archive {
    /// Puts the rows of the archive into a store: of all guilds and months, unless
    /// [`in_guild`](Restore::in_guild) and [`months`](Restore::months) say otherwise.
    ///
    /// The store may be new or have rows: a row whose key is there stays as it is. The store's
    /// triggers count new rows in the roll-ups. Guilds, channels and users that are unknown get a
    /// row without a name; users keep whether they are bots.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_archive::Archive;
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let archive = Archive::open(folder.path().join("archive"))?;
    /// let store = Store::open(folder.path().join("new.db"))?;
    /// let restored = archive.restore(&store).in_guild(10.try_into()?).months("2023-01".parse()?..="2023-12".parse()?).run()?;
    /// assert_eq!(restored.rows, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "unarchive")]
    pub fn restore<D: Database>(&self, store: &D) -> Restore<D> {
        Restore { archive: self.clone(), guild_id: None, months: None, store: store.clone() }
    }
}

impl<D: Database> Restore<D> {
    /// Restores the rows of one guild.
    pub fn in_guild(mut self, guild_id: GuildId) -> Self {
        self.guild_id = Some(guild_id);
        self
    }

    /// Restores the rows of these months, the last one included.
    pub fn months(mut self, months: RangeInclusive<Month>) -> Self {
        self.months = Some(months);
        self
    }

    /// Restores the rows, 1,000 in a transaction. Blocks. Run it again after an interruption: it
    /// adds the rest.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) and
    /// [`ErrorKind::Foreign`](crate::ErrorKind::Foreign) name the file: nothing of it was restored.
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) if the store fails. Files before it in the
    /// order of table, guild and month are restored.
    pub fn run(self) -> Result<Restored, Error> {
        let Self { archive, guild_id, months, store } = self;
        let _lock = archive.reading()?;
        let wanted = |partition: &Partition| {
            guild_id.is_none_or(|guild_id| partition.guild_id == guild_id)
                && months.as_ref().is_none_or(|months| months.contains(&partition.month))
        };
        let (mut parents, mut restored) = (Parents::default(), Restored::default());
        for (partition, _) in archive.entries(wanted)? {
            let Some(mut decoder) = archive.decoder(&partition)? else { continue };
            while let Some(batch) = decoder.next()? {
                restore(&store, &batch, &mut parents, &mut restored, None)?;
            }
        }
        if restored.rows > 0 {
            store.write(raise_watermarks)?;
        }
        Ok(restored)
    }
}

/// Puts the rows of a batch into the store, but for those of users who were erased from it, or from
/// another.
pub(crate) fn restore(
    store: &impl Database,
    batch: &Batch,
    parents: &mut Parents,
    restored: &mut Restored,
    others: Option<&Withholds>,
) -> Result<(), Error> {
    let mut rows = batch.rows().peekable();
    while rows.peek().is_some() {
        let before = *restored;
        let written = store.write(|conn| {
            let erasures = conn.erasures()?;
            let horizon_ms = horizon_ms(conn, batch.layout())?;
            let mut wanted = Batch::new(batch.layout());
            for row in rows.by_ref().take(BATCH) {
                if row.time() < horizon_ms {
                    restored.before_horizon += 1;
                } else if is_erased(&erasures, row) || others.is_some_and(|others| is_erased(others, row)) {
                    restored.withheld += 1;
                } else if !conn.dialect().holds(row) {
                    restored.unfit += 1;
                } else {
                    parents.add(conn, row)?;
                    wanted.push_row(row);
                }
            }
            let rows = if wanted.is_empty() { 0 } else { insert(conn, &wanted)? };
            restored.rows += rows;
            restored.known += u64::try_from(wanted.len()).unwrap_or(rows).saturating_sub(rows);
            Ok(())
        });
        if let Err(error) = written {
            // The transaction was undone, and with it the parents.
            parents.clear();
            *restored = before;
            return Err(error);
        }
    }
    Ok(())
}

fn is_erased(erasures: &Withholds, row: Row<'_>) -> bool {
    let person = row.named("user_id").and_then(id::<UserId>).zip(row.named("guild_id").and_then(id::<GuildId>));
    person.is_some_and(|(user_id, guild_id)| erasures(user_id, guild_id, row.time()))
}

/// Returns how many rows are new.
fn insert(conn: &mut impl Connection, batch: &Batch) -> QueryResult<u64> {
    let sql = conn.dialect().insert(batch.layout());
    Ok(u64::try_from(conn.execute_batch(&sql, batch)?).unwrap_or(u64::MAX))
}

/// Returns the horizon of the table's events, in unix milliseconds.
fn horizon_ms(conn: &mut impl Connection, layout: &Layout) -> QueryResult<i64> {
    let Some(time) = Table::find(layout.table).and_then(|table| table.time) else { return Ok(i64::MIN) };
    let query = format!("SELECT {} AS second FROM horizons", time.horizon.column());
    let second = number(conn, &Statement::new(&query, []))?;
    Ok(second.map_or(i64::MIN, |second| second.saturating_mul(1000)))
}

/// Fills the roll-ups of longer periods up to the day of the newest event that is not to come.
/// PostgreSQL's are always complete.
pub(crate) fn raise_watermarks(conn: &mut impl Connection) -> QueryResult<()> {
    if conn.dialect() == Dialect::Postgres {
        return Ok(());
    }
    let newest = |table: &str| {
        format!(
            "coalesce((SELECT max(day) FROM {table} WHERE day <= CAST(strftime('%s', 'now') AS INTEGER) / 86400), 0)"
        )
    };
    let sql = format!(
        "UPDATE watermarks SET messages_to = max(messages_to, {}), voice_to = max(voice_to, {})",
        newest("message_days"),
        newest("voice_days")
    );
    conn.execute(&Statement::new(&sql, [])).map(drop)
}
