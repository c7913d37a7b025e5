//! A statement with the values of its parameters.

use diesel::{
    QueryResult, RunQueryDsl,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Nullable, Text, Untyped},
    sqlite::Sqlite,
};
#[cfg(feature = "postgres")]
use diesel::{pg::Pg, sql_types::Array};

#[cfg(feature = "postgres")]
use crate::Batch;
use crate::batch::{Row, Values};

/// A statement that has `?n` where its n-th value goes. Diesel prepares it once for a connection.
#[derive(Debug)]
pub struct Statement<'a> {
    binds: Vec<Bind<'a>>,
    sql: &'a str,
}

/// The value of a parameter.
#[derive(Debug)]
enum Bind<'a> {
    Number(Option<i64>),
    #[cfg(feature = "postgres")]
    Numbers(&'a [Option<i64>]),
    Text(Option<&'a str>),
    #[cfg(feature = "postgres")]
    Texts(&'a [Option<String>]),
}

impl<'a> Statement<'a> {
    /// Creates a statement whose parameters are numbers.
    pub(crate) fn new(sql: &'a str, numbers: impl IntoIterator<Item = i64>) -> Self {
        Self { binds: numbers.into_iter().map(|number| Bind::Number(Some(number))).collect(), sql }
    }

    /// Creates a statement whose only parameter is a text.
    pub(crate) fn of_text(sql: &'a str, text: &'a str) -> Self {
        Self { binds: vec![Bind::Text(Some(text))], sql }
    }

    /// Creates a statement whose parameters are the values of a row.
    pub(crate) fn of_row(sql: &'a str, row: Row<'a>) -> Self {
        let binds = row.batch.columns().iter().map(|values| match values {
            Values::Numbers(values) => Bind::Number(values.get(row.index).copied().flatten()),
            Values::Texts(values) => Bind::Text(values.get(row.index).and_then(Option::as_deref)),
        });
        Self { binds: binds.collect(), sql }
    }

    /// Creates a statement whose parameters are arrays, each with the values of a column.
    #[cfg(feature = "postgres")]
    pub(crate) fn of_batch(sql: &'a str, batch: &'a Batch) -> Self {
        let binds = batch.columns().iter().map(|values| match values {
            Values::Numbers(values) => Bind::Numbers(values),
            Values::Texts(values) => Bind::Texts(values),
        });
        Self { binds: binds.collect(), sql }
    }

    /// Calls `part` with each piece of SQL and the value after it.
    fn parts<'b>(&'b self, mut part: impl FnMut(&'b str, Option<&'b Bind<'a>>) -> QueryResult<()>) -> QueryResult<()> {
        let mut parts = self.sql.split('?');
        let mut sql = parts.next().unwrap_or_default();
        for next in parts {
            let digits = next.len() - next.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
            let (number, rest) = next.split_at(digits);
            let position = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let bind = position.and_then(|position| self.binds.get(position)).ok_or_else(|| {
                diesel::result::Error::QueryBuilderError(
                    format!("a statement of the archive names the value {number}, which is not there").into(),
                )
            })?;
            part(sql, Some(bind))?;
            sql = rest;
        }
        part(sql, None)
    }
}

impl QueryFragment<Sqlite> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.parts(|sql, bind| {
            out.push_sql(sql);
            match bind {
                Some(Bind::Number(value)) => out.push_bind_param::<Nullable<BigInt>, _>(value),
                Some(Bind::Text(value)) => out.push_bind_param::<Nullable<Text>, _>(value),
                #[cfg(feature = "postgres")]
                Some(Bind::Numbers(_) | Bind::Texts(_)) => {
                    Err(diesel::result::Error::QueryBuilderError("SQLite has no arrays".into()))
                }
                None => Ok(()),
            }
        })
    }
}

#[cfg(feature = "postgres")]
impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.parts(|sql, bind| {
            out.push_sql(sql);
            match bind {
                Some(Bind::Number(value)) => out.push_bind_param::<Nullable<BigInt>, _>(value),
                Some(Bind::Numbers(values)) => out.push_bind_param::<Array<Nullable<BigInt>>, _>(values),
                Some(Bind::Text(value)) => out.push_bind_param::<Nullable<Text>, _>(value),
                Some(Bind::Texts(values)) => out.push_bind_param::<Array<Nullable<Text>>, _>(values),
                None => Ok(()),
            }
        })
    }
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

impl QueryId for Statement<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Conn> RunQueryDsl<Conn> for &Statement<'_> {}
