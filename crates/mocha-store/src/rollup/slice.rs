//! Slices: the unit that is compared or rebuilt in one transaction.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_query,
    sql_types::{BigInt, Text},
    sqlite::{Sqlite, SqliteConnection},
};

use super::{Rollup, statement};
use crate::{Error, Store};

/// Reports the progress of a verification or a rebuild, which work in slices of thirty days of a
/// guild.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RebuildProgress {
    /// How many differences a verification has found so far. 0 for a rebuild.
    pub differences: usize,
    /// How many slices are done.
    pub done: usize,
    /// How many slices had events or rows at the beginning.
    pub total: usize,
}

/// Thirty days of one guild.
pub(super) struct Slice {
    pub(super) guild_id: i64,
    month: i64,
    /// All spellings of the guild's id in the events, as a JSON array.
    names: String,
}

impl Slice {
    /// Returns a query of this slice.
    pub(super) fn query(&self, statement: &str) -> BoxedSqlQuery<'_, Sqlite, SqlQuery> {
        sql_query(statement)
            .into_boxed()
            .bind::<Text, _>(self.names.as_str())
            .bind::<BigInt, _>(self.guild_id)
            .bind::<BigInt, _>(self.month)
    }
}

/// The months of a guild, and all spellings of its id in the events as JSON strings. A sound file has one spelling.
#[derive(Default)]
struct Guild {
    months: BTreeSet<i64>,
    names: BTreeSet<String>,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    guild_id: i64,
    #[diesel(sql_type = BigInt)]
    month: i64,
    #[diesel(sql_type = Text)]
    name: String,
}

/// Calls `step` for each slice of a roll-up, in order of guild and month, with the progress including that slice. Returns
/// whether all slices are done: `step` can end it early.
pub(super) fn each(
    store: &Store,
    rollup: Rollup,
    mut step: impl FnMut(&Slice, RebuildProgress) -> Result<ControlFlow<()>, Error>,
) -> Result<bool, Error> {
    let guilds = store.read(|conn| guilds(conn, rollup))?;
    let total = guilds.values().map(|guild| guild.months.len()).sum();
    let mut done = 0;
    for (guild_id, Guild { months, names }) in guilds {
        let names = format!("[{}]", names.into_iter().collect::<Vec<_>>().join(","));
        for month in months {
            done += 1;
            let slice = Slice { guild_id, month, names: names.clone() };
            if step(&slice, RebuildProgress { differences: 0, done, total })?.is_break() {
                return Ok(done == total);
            }
        }
    }
    Ok(true)
}

fn guilds(conn: &mut SqliteConnection, rollup: Rollup) -> QueryResult<BTreeMap<i64, Guild>> {
    let mut guilds = BTreeMap::<_, Guild>::new();
    for source in statement::sources(rollup) {
        for Found { guild_id, month, name } in sql_query(statement::slices(&source)).load(conn)? {
            let guild = guilds.entry(guild_id).or_default();
            guild.months.insert(month);
            guild.names.insert(name);
        }
    }
    Ok(guilds)
}
