//! Carries tombstones from one file to another.

use std::{ops::ControlFlow, path::Path};

use diesel::{prelude::*, sql_query, sql_types::Text, sqlite::SqliteConnection};
use mocha_recorder::{
    SteadyClock,
    tombstones::{Tombstone, Tombstones},
};
use mocha_schema::{GuildId, UserId};

use super::{
    erase::{Ended, ErasureProgress, erase},
    ledger::Person,
    rows::{Scope, tables},
    tombstones, wipe,
};
use crate::{
    Error, ErrorKind, Operation, Store,
    error::classify,
    link::{Access, Location, write},
};

impl Store {
    /// Copies the tombstones of another Mocha file into this one, and erases the users that they
    /// stand for. Returns how many of these users had rows here.
    ///
    /// Use it after you restored a backup: the backup still has users who were erased after it was
    /// made. Their tombstones are in the file that the backup replaces, and in newer backups. If
    /// you have neither, erase these users again. Users who were erased here at the same time or
    /// later, and who have been active since, keep their new rows. An erasure that was interrupted
    /// is completed. At the end the file is [vacuumed](Self::vacuum_erased) if any rows were
    /// deleted.
    ///
    /// It reads every table with rows about users once. The other file is only read. The callback
    /// gets the number of deleted rows after each batch. It is also called during the vacuum.
    /// [`ControlFlow::Break`] ends the operation early.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Io`], [`ErrorKind::NotMocha`], [`ErrorKind::SchemaTooNew`]: the other file is
    ///   missing, or another program or a newer Mocha wrote it. Nothing changed.
    /// * [`ErrorKind::Replaced`]: the store's own file was deleted or replaced since it was opened.
    ///   Nothing changed.
    /// * [`ErrorKind::Stopped`] if the callback ended it. [`ErrorKind::Busy`],
    ///   [`ErrorKind::DiskFull`] and others of SQLite. Run it again to continue. If only the vacuum
    ///   was left, call [`vacuum_erased`](Self::vacuum_erased).
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let (replaced, restored) = (folder.path().join("replaced.db"), folder.path().join("stats.db"));
    /// let user = 40.try_into()?;
    /// assert!(Store::open(&replaced)?.opt_out_user(user).run()?.is_complete());
    ///
    /// let store = Store::open(&restored)?;
    /// assert_eq!(store.reapply_erasures_from(&replaced).run()?, 0);
    /// assert!(store.is_opted_out(user, None)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "tombstones")]
    pub fn reapply_erasures_from<'a>(&self, path: impl AsRef<Path>) -> Operation<'a, ErasureProgress, usize> {
        let (path, store) = (path.as_ref().to_owned(), self.clone());
        Operation::new(move |on_progress| {
            let mut from = open(&path)?;
            let link = store.link();
            let mut conn = link.connect_writer()?;
            let (erased, rows) = carry_tombstones(&mut from, &mut conn, &link.settings.recorder.time, on_progress)?;
            if erased > 0 {
                wipe::wipe(link, &mut || on_progress(ErasureProgress { removed: rows, total: rows }))?;
            }
            Ok(erased)
        })
    }
}

/// Copies the tombstones and erases their users. Returns how many users had rows, and how many
/// rows those were. Their bytes are still in the file. It can be interrupted at any time and run
/// again.
pub(crate) fn carry_tombstones(
    from: &mut SqliteConnection,
    into: &mut SqliteConnection,
    clock: &SteadyClock,
    progress: &mut dyn FnMut(ErasureProgress) -> ControlFlow<()>,
) -> Result<(usize, u64), Error> {
    let failed = |error| classify("cannot copy tombstones", error);
    // Files of early versions of Mocha have no tombstones.
    if !has_tombstones(from).map_err(failed)? {
        return Ok((0, 0));
    }
    write(into, |into| tombstones::merge(from, into)).map_err(failed)?;
    let tombstones = tombstones::load(into).map_err(failed)?;
    if tombstones.is_empty() {
        return Ok((0, 0));
    }
    let scopes = people(into, &tombstones).map_err(failed)?;
    let total = scopes.iter().map(|scope| scope.count_all(into)).sum::<QueryResult<u64>>().map_err(failed)?;
    let (mut erased, mut before) = (0, 0);
    for scope in scopes {
        let mut told = |person: ErasureProgress| progress(ErasureProgress { removed: before + person.removed, total });
        let (removed, ended) = erase(into, scope, clock, &mut told).map_err(failed)?;
        if ended != Ended::Complete {
            return Err(Error::new(ErrorKind::Stopped, "the callback stopped the erasure of users with tombstones"));
        }
        erased += usize::from(!removed.is_empty());
        before += removed.iter().map(|removed| removed.rows).sum::<u64>();
    }
    Ok((erased, before))
}

/// Opens a Mocha file for reading, and refuses any other file.
fn open(path: &Path) -> Result<SqliteConnection, Error> {
    #[derive(QueryableByName)]
    struct Header {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        application_id: i32,
    }
    let name = path.display();
    let mut conn = Location::File(path.to_owned()).connect(Access::Read)?;
    let Header { application_id } = sql_query("PRAGMA application_id")
        .get_result(&mut conn)
        .map_err(|error| classify(format!("cannot read {name}"), error))?;
    if application_id != mocha_schema::APPLICATION_ID {
        return Err(Error::new(ErrorKind::NotMocha, format!("{name} is not a Mocha file")));
    }
    mocha_schema::check_version(&mut conn).map_err(|error| {
        let context = format!("cannot read the tombstones of {name}");
        if error.is_schema_too_new() {
            Error::with_source(ErrorKind::SchemaTooNew, context, error)
        } else {
            classify(context, error)
        }
    })?;
    Ok(conn)
}

fn has_tombstones(conn: &mut SqliteConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        found: bool,
    }
    let Found { found } =
        sql_query("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'tombstones') AS found").get_result(conn)?;
    Ok(found)
}

/// Returns the users, with the guild, who have a tombstone and still have rows in the file.
fn people(conn: &mut SqliteConnection, tombstones: &Tombstones) -> QueryResult<Vec<Scope>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = Text)]
        id: String,
    }
    let mut people = std::collections::BTreeSet::new();
    for table in tables() {
        let column = if table.person == Some(Person::Own) { "id" } else { "user_id" };
        for column in [column].into_iter().chain(table.second_person()) {
            let ids = sql_query(format!(
                "SELECT DISTINCT CAST(CAST({column} AS INTEGER) AS TEXT) AS id FROM {} WHERE {column} IS NOT NULL",
                table.name
            ));
            // A text that is not an id names no user.
            people.extend(ids.load::<Id>(conn)?.into_iter().filter_map(|Id { id }| id.parse::<UserId>().ok()));
        }
    }
    let mut scopes = Vec::new();
    for user_id in people {
        let hides = |guild_id| tombstones.ruling(user_id, guild_id).is_some_and(Tombstone::hides);
        let named: Vec<GuildId> = tombstones.of(user_id).filter_map(|tombstone| guild(tombstone.guild_id)).collect();
        let guilds = if !hides(None) {
            named
        } else if named.iter().all(|guild_id| hides(Some(*guild_id))) {
            scopes.push(Scope { guild_id: None, user_id });
            continue;
        } else {
            // The user was erased later in some guilds and has been active there since.
            guilds_of(conn, user_id)?
        };
        let hidden = guilds.into_iter().filter(|guild_id| hides(Some(*guild_id)));
        scopes.extend(hidden.map(|guild_id| Scope { guild_id: Some(guild_id), user_id }));
    }
    Ok(scopes)
}

fn guild(number: i64) -> Option<GuildId> {
    u64::try_from(number).ok().and_then(|id| GuildId::try_from(id).ok())
}

/// Returns the guilds in which the file has rows about the user.
fn guilds_of(conn: &mut SqliteConnection, user_id: UserId) -> QueryResult<Vec<GuildId>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        id: i64,
    }
    let scope = Scope { guild_id: None, user_id };
    let mut guilds = std::collections::BTreeSet::new();
    for table in tables().filter(|table| table.guild.is_some()) {
        let sql = format!(
            "SELECT DISTINCT CAST(guild_id AS INTEGER) AS id FROM {} WHERE {}",
            table.name,
            scope.condition(table)
        );
        guilds.extend(scope.query(sql).load::<Id>(conn)?.into_iter().filter_map(|Id { id }| guild(id)));
    }
    Ok(guilds.into_iter().collect())
}
