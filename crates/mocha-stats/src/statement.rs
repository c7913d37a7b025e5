//! Statements for either database.

use std::ops::Range;

use diesel::{
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Text, Untyped},
    sqlite::Sqlite,
};
use mocha_schema::{GuildId, UserId};

use crate::{Bots, database::Dialect};

/// A statement of constant parts. Diesel keeps it prepared by its text, unlike a statement of
/// `sql_query`. A part in which the dialects differ has both forms.
#[derive(Clone, Debug)]
pub struct Statement {
    binds: Vec<Bind>,
    dialect: Dialect,
    sql: String,
}

/// The value of a `?`.
#[derive(Clone, Debug)]
enum Bind {
    Number(i64),
    PlannedNumber(i64),
    Text(String),
}

impl Statement {
    pub(crate) const fn new(dialect: Dialect) -> Self {
        Self { binds: Vec::new(), dialect, sql: String::new() }
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.sql.is_empty()
    }

    /// Begins a part whose rows are added to those of the earlier parts.
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

    /// Adds a part in which the dialects differ.
    pub(crate) fn either(&mut self, sqlite: &str, postgres: &str) -> &mut Self {
        let sql = self.dialect.either(sqlite, postgres);
        self.push(sql)
    }

    /// Names the index to read a table through. Only SQLite needs it. Otherwise it reads a whole
    /// guild to group a week by user.
    pub(crate) fn indexed_by(&mut self, index: &str) -> &mut Self {
        match self.dialect {
            Dialect::Postgres => self,
            Dialect::Sqlite => self.push(" INDEXED BY ").push(index),
        }
    }

    /// Adds the condition that a column is this id. The column has texts in SQLite and numbers in
    /// PostgreSQL.
    pub(crate) fn is_id(&mut self, column: &str, id: u64) -> &mut Self {
        self.push(column).either(" = CAST(? AS TEXT)", " = ?").bind_id(id)
    }

    /// Adds the condition that such columns are ids. In SQLite other programs may have written
    /// other texts.
    pub(crate) fn are_ids<'a>(&mut self, columns: impl IntoIterator<Item = &'a str>) -> &mut Self {
        if self.dialect == Dialect::Sqlite {
            for column in columns {
                self.push(" AND ").push(column).push(" > '0' AND ").push(column);
                self.push(" = CAST(CAST(").push(column).push(" AS INTEGER) AS TEXT)");
            }
        }
        self
    }

    /// Adds the condition on bots to a condition on events.
    pub(crate) fn of_bots(&mut self, bots: Bots) -> &mut Self {
        let condition = bots.condition_of_event(self.dialect);
        self.push(condition)
    }

    /// Binds the value of the next `?`. SQLite gets `+?`, because it reads the value of a plain `?`
    /// and plans the statement again for each value. That takes longer than many answers about a
    /// small guild.
    pub(crate) fn bind(&mut self, value: i64) -> &mut Self {
        self.binds.push(Bind::Number(value));
        self
    }

    /// Binds a value by which SQLite chooses the best plan from its statistics.
    pub(crate) fn bind_planned(&mut self, value: i64) -> &mut Self {
        self.binds.push(Bind::PlannedNumber(value));
        self
    }

    /// Binds an id as a text, because SQLite cannot look it up if the statement converts it.
    pub(crate) fn bind_planned_id(&mut self, id: u64) -> &mut Self {
        match self.dialect {
            Dialect::Postgres => self.bind_id(id),
            Dialect::Sqlite => self.bind_text(id.to_string()),
        }
    }

    pub(crate) fn bind_text(&mut self, text: String) -> &mut Self {
        self.binds.push(Bind::Text(text));
        self
    }

    /// Binds an id as a number, as roll-ups have it. An id that is too large becomes the largest.
    pub(crate) fn bind_id(&mut self, id: u64) -> &mut Self {
        self.bind(i64::try_from(id).unwrap_or(i64::MAX))
    }
}

impl Dialect {
    pub(crate) const fn either<'a>(self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        match self {
            Self::Postgres => postgres,
            Self::Sqlite => sqlite,
        }
    }

    /// Returns the expression for a user's id as a number, in a table with ids as texts.
    pub(crate) const fn user(self) -> &'static str {
        match self {
            Self::Postgres => "user_id",
            Self::Sqlite => "CAST(user_id AS INTEGER)",
        }
    }
}

/// Adds the table and the condition for the rows of a roll-up, in some periods or all. `FROM` is
/// already there.
pub(crate) fn rollup_of(
    statement: &mut Statement,
    table: &str,
    guild: GuildId,
    user: Option<UserId>,
    bots: Bots,
    periods: Option<(&str, &Range<i64>)>,
) {
    statement.push(table);
    // The roll-up of all time has the user in its key.
    if user.is_some() && periods.is_some() {
        statement.indexed_by(&format!("idx_{table}_user"));
    }
    statement.push(" WHERE guild_id = ?").bind_id(guild.get());
    if let Some(user) = user {
        statement.push(" AND user_id = ?").bind_id(user.get());
    }
    statement.push(bots.condition_of_rollup(statement.dialect));
    if let Some((unit, range)) = periods {
        statement.push(" AND ").push(unit).push(" >= ? AND ").push(unit).push(" < ?").bind(range.start).bind(range.end);
    }
}

impl QueryFragment<Sqlite> for Statement {
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
                    Some(Bind::Text(text)) => out.push_bind_param::<Text, _>(text)?,
                    None => return Err(diesel::result::Error::QueryBuilderError("a bind is missing".into())),
                }
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

#[cfg(feature = "postgres")]
impl QueryFragment<diesel::pg::Pg> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
        let mut binds = self.binds.iter();
        for (place, part) in self.sql.split('?').enumerate() {
            if place > 0 {
                match binds.next() {
                    Some(Bind::Number(number) | Bind::PlannedNumber(number)) => {
                        out.push_bind_param::<BigInt, _>(number)?;
                    }
                    Some(Bind::Text(text)) => out.push_bind_param::<Text, _>(text)?,
                    None => return Err(diesel::result::Error::QueryBuilderError("a bind is missing".into())),
                }
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

impl QueryId for Statement {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl<Conn> RunQueryDsl<Conn> for &Statement {}
