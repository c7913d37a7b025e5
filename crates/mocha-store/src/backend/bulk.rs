//! Many messages at once, as an import brings them.
//!
//! The triggers of `message_events` take as long as the rows themselves. Here those that count are set aside and put back
//! within the transaction, and [`count`] adds to the roll-ups what they would have added. So the roll-ups are right at each
//! commit, and no other connection ever sees the table without its triggers. Triggers of other programs run as always.

use std::collections::HashSet;

use diesel::{
    QueryResult, QueryableByName,
    connection::SimpleConnection as _,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
    sqlite::SqliteConnection,
};
use mocha_schema::{MessageId, NewMessageEvent, Snowflake, schema::message_events};

use super::{Executed as _, count::count};
use crate::Error;

/// The number of rows in a statement. More are hardly faster.
const ROWS: usize = 16;

/// The triggers that [`count`] makes up for.
const COUNTED: [&str; 2] = ["message_events_added", "message_events_late"];

/// The messages that a bulk insert added.
pub(super) enum Inserted {
    All,
    Only(HashSet<MessageId>),
}

impl Inserted {
    pub(super) fn has(&self, id: MessageId) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.contains(&id),
        }
    }
}

/// Adds the messages that the table does not have. Returns `None` and does nothing if the file lacks a trigger.
pub(super) fn insert(conn: &mut SqliteConnection, rows: &[NewMessageEvent]) -> Result<Option<Inserted>, Error> {
    let Some(last_row) = last_row(conn).executed()? else { return Ok(None) };
    let Some(triggers) = set_aside(conn).executed()? else { return Ok(None) };
    let inserted = insert_rows(conn, rows).executed()?;
    conn.batch_execute(&triggers).executed()?;
    let inserted =
        if inserted == rows.len() { Inserted::All } else { Inserted::Only(ids_after(conn, last_row).executed()?) };
    count(conn, rows.iter().filter(|row| inserted.has(row.id))).executed()?;
    Ok(Some(inserted))
}

fn insert_rows(conn: &mut SqliteConnection, rows: &[NewMessageEvent]) -> QueryResult<usize> {
    let (chunks, rest) = rows.as_chunks::<ROWS>();
    let mut inserted = 0;
    for chunk in chunks {
        inserted += diesel::insert_or_ignore_into(message_events::table).values(chunk).execute(conn)?;
    }
    for row in rest {
        inserted += diesel::insert_or_ignore_into(message_events::table).values(row).execute(conn)?;
    }
    Ok(inserted)
}

#[derive(QueryableByName)]
struct Trigger {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

/// Drops the triggers that count new messages, and the trigger of awards if no guild counts awards. Returns the statements that
/// put them back.
fn set_aside(conn: &mut SqliteConnection) -> QueryResult<Option<String>> {
    let triggers: Vec<Trigger> = sql_query(
        "SELECT name, sql FROM sqlite_schema
         WHERE type = 'trigger' AND (
             name IN ('message_events_added', 'message_events_late')
             OR name = 'message_events_added_to_awards' AND NOT EXISTS (SELECT 1 FROM award_spans)
         ) ORDER BY rowid",
    )
    .load(conn)?;
    if triggers.iter().filter(|trigger| COUNTED.contains(&trigger.name.as_str())).count() < COUNTED.len() {
        return Ok(None);
    }
    for trigger in &triggers {
        conn.batch_execute(&format!("DROP TRIGGER {}", trigger.name))?;
    }
    Ok(Some(triggers.into_iter().map(|trigger| trigger.sql + ";").collect()))
}

#[derive(QueryableByName)]
struct LastRow {
    #[diesel(sql_type = BigInt)]
    rowid: i64,
}

/// Returns the largest row number, unless new rows could get a smaller one.
fn last_row(conn: &mut SqliteConnection) -> QueryResult<Option<i64>> {
    let LastRow { rowid } =
        sql_query("SELECT coalesce(max(rowid), 0) AS rowid FROM message_events").get_result(conn)?;
    Ok((rowid < i64::MAX / 2).then_some(rowid))
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Snowflake)]
    id: MessageId,
}

fn ids_after(conn: &mut SqliteConnection, row: i64) -> QueryResult<HashSet<MessageId>> {
    let ids: Vec<Id> = sql_query("SELECT id FROM message_events WHERE rowid > ?").bind::<BigInt, _>(row).load(conn)?;
    Ok(ids.into_iter().map(|Id { id }| id).collect())
}
