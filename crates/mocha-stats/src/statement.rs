//! Statements over roll-ups and events.

use std::{marker::PhantomData, ops::Range};

use diesel::{
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Text},
    sqlite::Sqlite,
};
use mocha_schema::{GuildId, UserId};

use crate::Bots;

/// A statement of constant parts, which Diesel keeps prepared by its text, as it does not with
/// `sql_query`. `R` is the SQL type of its rows.
#[derive(Clone, Debug)]
pub(crate) struct Statement<R> {
    binds: Vec<Bind>,
    row: PhantomData<R>,
    sql: String,
}

/// The value of a `?`.
#[derive(Clone, Debug)]
enum Bind {
    Number(i64),
    PlannedNumber(i64),
    PlannedText(String),
}

impl<R> Statement<R> {
    pub(crate) const fn new() -> Self {
        Self { binds: Vec::new(), row: PhantomData, sql: String::new() }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.sql.is_empty()
    }

    /// Begins a part whose rows come beside those of the parts before.
    pub(crate) fn select(&mut self, columns: impl IntoIterator<Item = &'static str>) -> &mut Self {
        self.push(if self.is_empty() { "SELECT " } else { " UNION ALL SELECT " });
        for (place, column) in columns.into_iter().enumerate() {
            self.push(if place == 0 { "" } else { ", " }).push(column);
        }
        self
    }

    pub(crate) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Binds the value of the next `?`. It is bound as `+?`, because SQLite looks at the value of a
    /// plain `?` and plans the statement again for each value. That takes longer than many an
    /// answer about a small guild.
    pub(crate) fn bind(&mut self, value: i64) -> &mut Self {
        self.binds.push(Bind::Number(value));
        self
    }

    /// The same for a value that decides which plan is best, by what SQLite knows of the column.
    pub(crate) fn bind_planned(&mut self, value: i64) -> &mut Self {
        self.binds.push(Bind::PlannedNumber(value));
        self
    }

    /// The same for a text: a number that is made one SQLite cannot look up.
    pub(crate) fn bind_planned_text(&mut self, text: String) -> &mut Self {
        self.binds.push(Bind::PlannedText(text));
        self
    }

    /// An id, as roll-ups have it: what is too large for SQLite is its largest.
    pub(crate) fn bind_id(&mut self, id: u64) -> &mut Self {
        self.bind(i64::try_from(id).unwrap_or(i64::MAX))
    }
}

/// The rows of a roll-up, of some of its periods or all: `FROM` is there.
pub(crate) fn rollup_of<R>(
    statement: &mut Statement<R>,
    table: &str,
    guild: GuildId,
    user: Option<UserId>,
    bots: Bots,
    periods: Option<(&str, &Range<i64>)>,
) {
    statement.push(table);
    // That of all time has the user in its key.
    if user.is_some() && periods.is_some() {
        statement.push(" INDEXED BY idx_").push(table).push("_user");
    }
    statement.push(" WHERE guild_id = ?").bind_id(guild.get());
    if let Some(user) = user {
        statement.push(" AND user_id = ?").bind_id(user.get());
    }
    statement.push(bots.condition_of_rollup());
    if let Some((unit, range)) = periods {
        statement.push(" AND ").push(unit).push(" >= ? AND ").push(unit).push(" < ?").bind(range.start).bind(range.end);
    }
}

impl<R> QueryFragment<Sqlite> for Statement<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let mut binds = self.binds.iter();
        for (place, part) in self.sql.split('?').enumerate() {
            if place > 0 {
                match binds.next() {
                    Some(Bind::Number(number)) => {
                        out.push_sql("+");
                        out.push_bind_param::<BigInt, _>(number)?;
                    }
                    Some(Bind::PlannedNumber(number)) => out.push_bind_param::<BigInt, _>(number)?,
                    Some(Bind::PlannedText(text)) => out.push_bind_param::<Text, _>(text)?,
                    None => return Err(diesel::result::Error::QueryBuilderError("a bind is missing".into())),
                }
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

impl<R> QueryId for Statement<R> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<R> Query for Statement<R> {
    type SqlType = R;
}

impl<R, Conn> RunQueryDsl<Conn> for Statement<R> {}
