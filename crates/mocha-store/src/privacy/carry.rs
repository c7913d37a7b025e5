//! Tombstones from one file to another.

use std::{ops::ControlFlow, path::Path};

use diesel::{prelude::*, sql_query, sql_types::Text, sqlite::SqliteConnection};
use mocha_schema::{GuildId, UserId};

use super::{
    erase::{Ended, ErasureProgress, erase},
    ledger::Person,
    rows::{Scope, tables},
    tombstones::{self, Tombstone, Tombstones},
    wipe,
};
use crate::{
    Error, ErrorKind, Operation, Store,
    store::{Access, Location},
};

impl Store {
    /// Takes over the tombstones of another file of Mocha's, and erases from this one whom they speak of. Returns how many people
    /// had rows here that are gone.
    ///
    /// For a backup that was restored: those who were forgotten after it was made are in it. Their tombstones are in
    /// the file that it replaces, and in newer backups; who has neither has to forget them again. Who was forgotten here no
    /// earlier than there and came back since stays. An erasure that was broken off goes on. At last it [wipes the traces](Self::vacuum_erased), if anybody went.
    ///
    /// It reads all tables with rows of people as a whole, once. The other file is read only. `progress` hears after each batch how
    /// many rows of all these people are gone, is asked while the traces are wiped, and ends it by [`ControlFlow::Break`].
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Io`], [`ErrorKind::NotMocha`], [`ErrorKind::SchemaTooNew`]: the other file is not there, another program's,
    ///   or a newer Mocha's. Nothing changed.
    /// * [`ErrorKind::Replaced`]: the store's own file was deleted or replaced since it was opened. Nothing changed.
    /// * [`ErrorKind::Stopped`]: `progress` said so. [`ErrorKind::Busy`], [`ErrorKind::DiskFull`] and the others of SQLite. Try
    ///   again: it goes on where it stopped, but for traces, if only those were left; then [wipe them](Self::vacuum_erased).
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
            let (erased, rows) = carry_tombstones(&mut from, &mut conn, on_progress)?;
            if erased > 0 {
                wipe::wipe(link, &mut || on_progress(ErasureProgress { removed: rows, total: rows }))?;
            }
            Ok(erased)
        })
    }
}

/// Takes over tombstones and erases whom they hide; gives how many people had rows, and how many those were. Traces of them are left. It
/// may be broken off at any time and done again.
pub(crate) fn carry_tombstones(
    from: &mut SqliteConnection,
    into: &mut SqliteConnection,
    progress: &mut dyn FnMut(ErasureProgress) -> ControlFlow<()>,
) -> Result<(usize, u64), Error> {
    let failed = |error| Error::classify("cannot take over tombstones", error);
    // A file from before there were tombstones has none to give.
    if !has_tombstones(from).map_err(failed)? {
        return Ok((0, 0));
    }
    into.immediate_transaction(|into| tombstones::merge(from, into)).map_err(failed)?;
    let tombstones = Tombstones::load(into).map_err(failed)?;
    if tombstones.is_empty() {
        return Ok((0, 0));
    }
    let scopes = people(into, &tombstones).map_err(failed)?;
    let total = scopes.iter().map(|scope| scope.count_all(into)).sum::<QueryResult<u64>>().map_err(failed)?;
    let (mut erased, mut before) = (0, 0);
    for scope in scopes {
        let mut told = |person: ErasureProgress| progress(ErasureProgress { removed: before + person.removed, total });
        let (removed, ended) = erase(into, scope, &mut told).map_err(failed)?;
        if ended != Ended::Complete {
            return Err(Error::new(ErrorKind::Stopped, "erasing whom the tombstones speak of was stopped on demand"));
        }
        erased += usize::from(!removed.is_empty());
        before += removed.iter().map(|removed| removed.rows).sum::<u64>();
    }
    Ok((erased, before))
}

/// Opens a file that has to be Mocha's, for reading.
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
        .map_err(|error| Error::classify(format!("cannot read {name}"), error))?;
    if application_id != mocha_schema::APPLICATION_ID {
        return Err(Error::new(ErrorKind::NotMocha, format!("{name} is no file of Mocha's")));
    }
    mocha_schema::check_version(&mut conn).map_err(|error| {
        let context = format!("cannot take tombstones from {name}");
        if error.is_schema_too_new() {
            Error::with_source(ErrorKind::SchemaTooNew, context, error)
        } else {
            Error::classify(context, error)
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

/// The people hidden by tombstones of whom the file has rows all the same, with the guild: there should be none.
fn people(conn: &mut SqliteConnection, tombstones: &Tombstones) -> QueryResult<Vec<Scope>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = Text)]
        id: String,
    }
    let mut people = std::collections::BTreeSet::new();
    for table in tables() {
        let column = if table.person == Some(Person::Own) { "id" } else { "user_id" };
        let ids =
            sql_query(format!("SELECT DISTINCT CAST(CAST({column} AS INTEGER) AS TEXT) AS id FROM {}", table.name));
        // What is no id is nobody's.
        people.extend(ids.load::<Id>(conn)?.into_iter().filter_map(|Id { id }| id.parse::<UserId>().ok()));
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
            // The person came back in some guilds after a later erasure there.
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

/// Returns the guilds in which the file has rows of the person.
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
