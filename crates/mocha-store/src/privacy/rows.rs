//! Finds and deletes the rows about a user in every table of the catalogue.

use diesel::{
    prelude::*,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_query,
    sql_types::{BigInt, Bool, Text},
    sqlite::{Sqlite, SqliteConnection},
};
use mocha_schema::{
    GuildId, UserId,
    catalogue::{Guild, Kept, Person, TABLES, Table},
};

use crate::tables;

/// The user and the guild whose rows to find.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Scope {
    pub(super) guild_id: Option<GuildId>,
    pub(super) user_id: UserId,
}

/// Lists the tables with rows about users. Events come before the roll-ups that are made of them.
/// `users` is last because other tables refer to it.
pub(super) fn tables() -> impl Iterator<Item = &'static Table> {
    let of = |person: Person| TABLES.iter().filter(move |table| table.person == Some(person));
    [Person::Text, Person::Number, Person::Own].into_iter().flat_map(of)
}

/// Returns whether the rows are events or memberships, which may be many and are deleted in batches. The others are totals, which
/// triggers change too.
pub(super) fn is_event(table: &Table) -> bool {
    table.person == Some(Person::Text) || table.kept == Kept::Events
}

impl Scope {
    pub(super) fn everywhere(self) -> Self {
        Self { guild_id: None, ..self }
    }

    /// Returns a statement in which `?1` is the user, and `?2` the guild if there is one.
    pub(super) fn query(self, sql: String) -> BoxedSqlQuery<'static, Sqlite, SqlQuery> {
        let query = sql_query(sql).into_boxed().bind::<Text, _>(self.user_id);
        match self.guild_id {
            Some(guild_id) => query.bind::<Text, _>(guild_id),
            None => query,
        }
    }

    /// Returns the condition that a row is about the user `?1`, in the guild `?2` or in any;
    /// `false` for a table without users.
    ///
    /// Triggers read a text as the number that it begins with, so every spelling of the two ids
    /// matches.
    pub(super) fn condition(self, table: &Table) -> String {
        let user = match table.person {
            // The user's own row belongs to no guild, and has no `?2`.
            Some(Person::Own) => return spellings(table, "id", ""),
            Some(Person::Number) => {
                let is_user = |column| format!("{column} = CAST(?1 AS INTEGER)");
                match table.second_person() {
                    Some(other) => format!("({} OR {})", is_user("user_id"), is_user(other)),
                    None => is_user("user_id"),
                }
            }
            // The key of this table begins with the guild. SQLite would read the whole table
            // without it.
            Some(Person::Text) if table.name == "voice_intervals" => {
                let guild = format!("guild_id IN ({EACH_GUILD_OF_VOICE}) AND");
                format!("{guild} {}", spellings(table, "user_id", &guild))
            }
            Some(Person::Text) => spellings(table, "user_id", ""),
            _ => return "false".to_owned(),
        };
        match (self.guild_id, table.guild) {
            (Some(_), Some(Guild::Number)) => format!("{user} AND guild_id = CAST(?2 AS INTEGER)"),
            (Some(_), _) => format!("{user} AND CAST(guild_id AS INTEGER) = CAST(?2 AS INTEGER)"),
            (None, _) => user,
        }
    }

    /// Returns the guild in which the table is searched.
    pub(super) fn of(self, table: &Table) -> Self {
        if table.person == Some(Person::Own) { self.everywhere() } else { self }
    }

    /// Returns how many rows the table has about the user.
    pub(super) fn count(self, conn: &mut SqliteConnection, table: &Table) -> QueryResult<u64> {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let scope = self.of(table);
        let sql = format!("SELECT count(*) AS count FROM {} WHERE {}", table.name, scope.condition(table));
        let Count { count } = scope.query(sql).get_result(conn)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Returns how many rows all tables have about the user.
    pub(super) fn count_all(self, conn: &mut SqliteConnection) -> QueryResult<u64> {
        tables().map(|table| self.count(conn, table)).sum()
    }

    /// Returns whether any table of guilds has a row about the user, in any guild.
    pub(super) fn is_mentioned(self, conn: &mut SqliteConnection) -> QueryResult<bool> {
        #[derive(QueryableByName)]
        struct Found {
            #[diesel(sql_type = Bool)]
            found: bool,
        }
        let scope = self.everywhere();
        for table in tables().filter(|table| table.person != Some(Person::Own)) {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {} WHERE {}) AS found", table.name, scope.condition(table));
            let Found { found } = scope.query(sql).get_result(conn)?;
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Deletes rows of the table, at most `limit` if there is one, and returns how many.
    pub(super) fn delete(self, conn: &mut SqliteConnection, table: &Table, limit: Option<usize>) -> QueryResult<usize> {
        let scope = self.of(table);
        let limit = limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default();
        let rest = format!("WHERE {}{limit}", scope.condition(table));
        scope.query(tables::delete(table, &rest)).execute(conn)
    }
}

/// Returns the condition that a text column has any spelling of `?1`, found through the column's
/// index: `?1` itself, `?1` followed by something other than a digit, and everything that does not
/// begin with a letter or a digit from 1 to 9, such as a zero, a space, a sign, or a blob.
fn spellings(table: &Table, column: &str, guild: &str) -> String {
    let ranges = [
        format!("{column} > ?1 AND {column} < ?1 || '0'"),
        format!("{column} >= ?1 || ':' AND {column} < ?1 || char(1114111)"),
        format!("{column} < '1'"),
        format!("{column} >= x''"),
    ];
    let others = ranges.map(|range| {
        let number = format!("CAST({column} AS INTEGER) = CAST(?1 AS INTEGER)");
        format!(" UNION ALL SELECT {column} FROM {} WHERE {guild} {range} AND {number}", table.name)
    });
    format!("{column} IN (SELECT ?1{})", others.concat())
}

const EACH_GUILD_OF_VOICE: &str = "\
    WITH RECURSIVE guild (id) AS ( \
    SELECT min(guild_id) FROM voice_intervals UNION ALL \
    SELECT (SELECT min(guild_id) FROM voice_intervals WHERE guild_id > guild.id) FROM guild \
    WHERE guild.id IS NOT NULL) SELECT id FROM guild";

/// Deletes what SQLite's own statistics contain about the user: samples of keys.
pub(super) fn delete_samples(conn: &mut SqliteConnection, user_id: UserId) -> QueryResult<()> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat4') AS found";
    let Found { found } = sql_query(sql).get_result(conn)?;
    if found {
        // A sample stores an integer like a row: in the smallest number of bytes that holds it and
        // its sign.
        let number = i64::try_from(user_id.get()).unwrap_or(i64::MAX);
        let bytes = number.to_be_bytes();
        let len = [1, 2, 3, 4, 6].into_iter().find(|len| number < 1 << (len * 8 - 1)).unwrap_or(8);
        let stored = bytes.get(bytes.len() - len..).unwrap_or_default();
        sql_query("DELETE FROM sqlite_stat4 WHERE instr(sample, CAST(? AS BLOB)) OR instr(sample, ?)")
            .bind::<Text, _>(user_id)
            .bind::<diesel::sql_types::Binary, _>(stored)
            .execute(conn)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    #[test]
    fn rows_about_a_user_are_found_through_indexes() -> Result<(), Box<dyn std::error::Error>> {
        let store = Store::builder().open_in_memory()?;
        let user_id = UserId::try_from(40)?;
        for guild_id in [None, Some(GuildId::try_from(10)?)] {
            let scope = Scope { guild_id, user_id };
            for table in tables() {
                let scope = scope.of(table);
                let sql = format!("EXPLAIN QUERY PLAN SELECT * FROM {} WHERE {}", table.name, scope.condition(table));
                let steps: Vec<Step> = store.read(|conn| scope.query(sql).load(conn))?;
                let scans: Vec<_> = steps
                    .into_iter()
                    .map(|step| step.detail)
                    .filter(|step| step.starts_with("SCAN") && step.contains(table.name))
                    .collect();
                assert_eq!(scans, [""; 0], "{}", table.name);
            }
        }
        Ok(())
    }
}
