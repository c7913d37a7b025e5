//! Updates whose statements are prepared once for each connection.

use diesel::{
    QueryResult, RunQueryDsl,
    query_builder::{AsChangeset, AstPass, QueryFragment, QueryId},
    sqlite::{Sqlite, SqliteConnection},
};

/// Returns an update of the rows that the filter finds.
///
/// Diesel prepares each of its own updates again, because their columns may differ from call to call. That compiles every
/// trigger of the table, which takes longer than the update itself. Here the text of the statement is the key in Diesel's
/// cache.
pub(super) fn update<F, C: AsChangeset>(table: &'static str, filter: F, changes: C) -> Update<F, C::Changeset> {
    Update { changes: changes.as_changeset(), filter, table }
}

/// An update; see [`update`].
pub(super) struct Update<F, C> {
    changes: C,
    filter: F,
    table: &'static str,
}

impl<F: QueryFragment<Sqlite>, C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Update<F, C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        out.push_identifier(self.table)?;
        out.push_sql(" SET ");
        self.changes.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.filter.walk_ast(out)
    }
}

impl<F, C> QueryId for Update<F, C> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<F, C> RunQueryDsl<SqliteConnection> for Update<F, C> {}
