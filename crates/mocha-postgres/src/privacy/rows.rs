//! Finds the rows about a user.

use diesel::{
    OptionalExtension as _, PgConnection, QueryResult, QueryableByName, RunQueryDsl,
    pg::Pg,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_query,
    sql_types::{BigInt, Bool},
};
use mocha_schema::{
    GuildId, Snowflake, UserId,
    catalogue::{Guild, Kept, Person, TABLES, Table},
};

/// A user, in one guild or in all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    pub(super) guild_id: Option<GuildId>,
    pub(super) user_id: UserId,
}

/// The tables with rows about users. The users themselves come last, because other rows refer to them.
pub(super) fn tables() -> impl Iterator<Item = &'static Table> {
    let of = |own: bool| {
        TABLES.iter().filter(move |table| table.person.is_some_and(|person| (person == Person::Own) == own))
    };
    of(false).chain(of(true))
}

/// Whether the rows are events or memberships. The others are totals, which triggers change too.
pub(super) fn is_event(table: &Table) -> bool {
    table.person == Some(Person::Text) || table.kept == Kept::Events
}

impl Scope {
    /// Returns the SQL condition that a row of the table is about the user. `$1` is the user, and `$2` the guild.
    pub(super) fn condition(self, table: &Table) -> String {
        let user = match (table.person, table.second_person()) {
            (Some(Person::Own), _) => return "id = $1".to_owned(),
            (_, Some(other)) => format!("(user_id = $1 OR {other} = $1)"),
            (_, None) => "user_id = $1".to_owned(),
        };
        match (table.guild, self.guild_id) {
            (Some(Guild::Number | Guild::Text), Some(_)) => format!("{user} AND guild_id = $2"),
            _ => user,
        }
    }

    /// Binds the user, and the guild if the statement has it.
    pub(super) fn bind(self, sql: String) -> BoxedSqlQuery<'static, Pg, SqlQuery> {
        let has_guild = sql.contains("$2");
        let query = sql_query(sql).into_boxed().bind::<BigInt, _>(self.user_id);
        match self.guild_id {
            Some(guild_id) if has_guild => query.bind::<BigInt, _>(guild_id),
            _ => query,
        }
    }

    pub(super) fn count(self, conn: &mut PgConnection, table: &Table) -> QueryResult<u64> {
        #[derive(QueryableByName)]
        struct Counted {
            #[diesel(sql_type = BigInt)]
            rows: i64,
        }
        let sql = format!("SELECT count(*) AS rows FROM {} WHERE {}", table.name, self.condition(table));
        let Counted { rows } = self.bind(sql).get_result(conn)?;
        Ok(u64::try_from(rows).unwrap_or_default())
    }

    /// Deletes all rows of the table.
    pub(super) fn delete(self, conn: &mut PgConnection, table: &Table) -> QueryResult<u64> {
        let sql = format!("DELETE FROM {} WHERE {}", table.name, self.condition(table));
        Ok(u64::try_from(self.bind(sql).execute(conn)?).unwrap_or(u64::MAX))
    }

    /// Deletes rows of one guild from the table, at most `limit`, and returns how many. Only 0 means that none are
    /// left.
    pub(super) fn delete_some(self, conn: &mut PgConnection, table: &Table, limit: usize) -> QueryResult<u64> {
        #[derive(QueryableByName)]
        struct First {
            #[diesel(sql_type = Snowflake)]
            guild_id: GuildId,
        }
        let Table { name, .. } = table;
        let sql = format!("SELECT guild_id FROM {name} WHERE {} LIMIT 1", self.condition(table));
        let Some(First { guild_id }) = self.bind(sql).get_result(conn).optional()? else { return Ok(0) };
        let of_guild = Self { guild_id: Some(guild_id), ..self };
        let condition = of_guild.condition(table);
        // A DELETE has no LIMIT in PostgreSQL. With Citus, `ctid` identifies a row only within one guild.
        let sql = format!(
            "DELETE FROM {name} WHERE guild_id = $2
                 AND ctid = ANY (ARRAY(SELECT ctid FROM {name} WHERE {condition} LIMIT {limit}))"
        );
        Ok(u64::try_from(of_guild.bind(sql).execute(conn)?).unwrap_or(u64::MAX))
    }

    /// Returns whether any guild has something about the user.
    pub(super) fn is_mentioned(self, conn: &mut PgConnection) -> QueryResult<bool> {
        #[derive(QueryableByName)]
        struct Found {
            #[diesel(sql_type = Bool)]
            found: bool,
        }
        let everywhere = Self { guild_id: None, ..self };
        for table in tables().filter(|table| table.person != Some(Person::Own)) {
            let sql =
                format!("SELECT EXISTS (SELECT 1 FROM {} WHERE {}) AS found", table.name, everywhere.condition(table));
            let Found { found } = everywhere.bind(sql).get_result(conn)?;
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
