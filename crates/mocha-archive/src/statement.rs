//! A statement of a layout with the values of a row.

use diesel::{
    QueryResult, RunQueryDsl,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{BigInt, Nullable, Text},
    sqlite::Sqlite,
};

use crate::batch::{Row, Values};

/// The statement has `?n` where the value of the n-th column goes. Diesel prepares it once for a
/// connection.
pub(crate) struct Statement<'a> {
    pub(crate) row: Row<'a>,
    pub(crate) sql: &'static str,
}

impl QueryFragment<Sqlite> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let mut parts = self.sql.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for part in parts {
            let digits = part.len() - part.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
            let (number, rest) = part.split_at(digits);
            let column = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            match column.and_then(|column| self.row.batch.columns().get(column)) {
                Some(Values::Numbers(values)) => {
                    out.push_bind_param::<Nullable<BigInt>, _>(values.get(self.row.index).unwrap_or(&None))?;
                }
                Some(Values::Texts(values)) => {
                    out.push_bind_param::<Nullable<Text>, _>(values.get(self.row.index).unwrap_or(&None))?;
                }
                None => {
                    return Err(diesel::result::Error::QueryBuilderError(
                        format!("a statement of the archive names the column {number}, which is not there").into(),
                    ));
                }
            }
            out.push_sql(rest);
        }
        Ok(())
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Conn> RunQueryDsl<Conn> for Statement<'_> {}
