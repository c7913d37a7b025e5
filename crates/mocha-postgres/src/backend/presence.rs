//! Status and activity.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::{
    PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, BigInt, Integer, Nullable, Text},
};
use mocha_recorder::{
    Error, Person,
    backend::{LastPresence, PresenceTable, presence_ms},
};
use mocha_schema::{GuildId, NewPresenceEvent, PresenceStatus, Snowflake, UserId};

use super::{Executed as _, PgTables};

/// Rows that were added, until the flush.
#[derive(Debug, Default)]
pub(super) struct HeldPresences(Vec<Held>);

/// A row that owns its texts.
#[derive(Debug)]
struct Held {
    activity_name: Option<String>,
    activity_type: Option<i32>,
    created_at: i64,
    guild_id: GuildId,
    id: String,
    status: Option<&'static str>,
    user_id: UserId,
}

impl PresenceTable for PgTables<'_> {
    fn last_presence(&mut self, person: Person) -> Result<Option<LastPresence>, Error> {
        if let Some(last) = self.ahead.presences.remove(&person) {
            return Ok(last);
        }
        self.presences.flush(self.conn).executed()?;
        let named = if self.ahead.named_in_presences.contains(&person) {
            std::mem::take(&mut self.ahead.named_in_presences)
        } else {
            HashSet::from([person])
        };
        for people in self.ahead.lookups(named) {
            self.ahead.presences.extend(last_presences(self.conn, people).executed()?);
        }
        Ok(self.ahead.presences.remove(&person).flatten())
    }

    fn people_with_presence(&mut self, guild_id: GuildId) -> Result<Vec<UserId>, Error> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            user_id: UserId,
        }
        self.presences.flush(self.conn).executed()?;
        let rows: Vec<Row> = sql_query(PEOPLE_SQL).bind::<BigInt, _>(guild_id).load(self.conn).executed()?;
        Ok(rows.into_iter().map(|row| row.user_id).collect())
    }

    /// The recorder looked up the person's last row, and gives each row a millisecond of its own, so there is none with its id.
    fn insert_presence(&mut self, presence: &NewPresenceEvent<'_>) -> Result<bool, Error> {
        let NewPresenceEvent { id, guild_id, user_id, status, activity_type, activity_name, created_at } = *presence;
        self.ahead.presences.remove(&Person { guild_id, user_id });
        self.presences.0.push(Held {
            activity_name: activity_name.map(str::to_owned),
            activity_type,
            created_at: DateTime::<Utc>::from(created_at).timestamp(),
            guild_id,
            id: id.to_owned(),
            status: status.map(PresenceStatus::as_str),
            user_id,
        });
        Ok(true)
    }
}

/// Looks up the last presence of each person.
fn last_presences(conn: &mut PgConnection, people: Vec<Person>) -> QueryResult<HashMap<Person, Option<LastPresence>>> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = Nullable<Text>)]
        activity_name: Option<String>,
        #[diesel(sql_type = Nullable<Integer>)]
        activity_type: Option<i32>,
        #[diesel(sql_type = BigInt)]
        created_at: i64,
        #[diesel(sql_type = Snowflake)]
        guild_id: GuildId,
        #[diesel(sql_type = Text)]
        id: String,
        #[diesel(sql_type = Nullable<Text>)]
        status: Option<String>,
        #[diesel(sql_type = Snowflake)]
        user_id: UserId,
    }
    let mut found: HashMap<Person, Option<LastPresence>> = people.iter().map(|person| (*person, None)).collect();
    if people.is_empty() {
        return Ok(found);
    }
    let (guilds, users): (Vec<GuildId>, Vec<UserId>) =
        people.into_iter().map(|person| (person.guild_id, person.user_id)).unzip();
    let last: Vec<Last> = sql_query(
        "SELECT last.* FROM unnest($1, $2) AS person (guild_id, user_id), LATERAL (
             SELECT * FROM presence_events AS own
             WHERE own.user_id = person.user_id AND own.guild_id = person.guild_id AND own.guild_id = ANY ($3)
             ORDER BY created_at DESC, id DESC LIMIT 1
         ) AS last",
    )
    .bind::<Array<Snowflake>, _>(&guilds)
    .bind::<Array<Snowflake>, _>(users)
    .bind::<Array<Snowflake>, _>(guilds.iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>())
    .load(conn)?;
    for Last { activity_name, activity_type, created_at, guild_id, id, status, user_id } in last {
        let at_ms = presence_ms(&id).unwrap_or_else(|| created_at.saturating_mul(1000));
        let last = LastPresence { activity: activity_type.zip(activity_name), at_ms, status };
        found.insert(Person { guild_id, user_id }, Some(last));
    }
    Ok(found)
}

impl HeldPresences {
    /// Writes them in the order in which they came.
    pub(super) fn flush(&mut self, conn: &mut PgConnection) -> QueryResult<()> {
        let rows = std::mem::take(&mut self.0);
        if rows.is_empty() {
            return Ok(());
        }
        sql_query(
            "INSERT INTO presence_events (id, guild_id, user_id, status, activity_type, activity_name, created_at)
             SELECT id, guild_id, user_id, status, activity_type, activity_name, created_at
             FROM unnest($1, $2, $3, $4, $5, $6, $7) WITH ORDINALITY
                 AS held (id, guild_id, user_id, status, activity_type, activity_name, created_at, place)
             ORDER BY place ON CONFLICT DO NOTHING",
        )
        .bind::<Array<Text>, _>(column(&rows, |row| row.id.as_str()))
        .bind::<Array<Snowflake>, _>(column(&rows, |row| row.guild_id))
        .bind::<Array<Snowflake>, _>(column(&rows, |row| row.user_id))
        .bind::<Array<Nullable<Text>>, _>(column(&rows, |row| row.status))
        .bind::<Array<Nullable<Integer>>, _>(column(&rows, |row| row.activity_type))
        .bind::<Array<Nullable<Text>>, _>(column(&rows, |row| row.activity_name.as_deref()))
        .bind::<Array<BigInt>, _>(column(&rows, |row| row.created_at))
        .execute(conn)?;
        Ok(())
    }
}

fn column<'r, T>(rows: &'r [Held], value: impl Fn(&'r Held) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

/// Selects the members of a guild and the users with a presence that a recorder wrote. The ids of such rows begin with
/// guild and user, so each step seeks the next user.
const PEOPLE_SQL: &str = "\
    SELECT user_id FROM members \
    WHERE guild_id = $1 AND EXISTS (SELECT FROM presence_events \
        WHERE presence_events.user_id = members.user_id AND presence_events.guild_id = $1) \
    UNION \
    SELECT (SELECT user_id FROM presence_events WHERE guild_id = $1 AND id = told.id) FROM ( \
        WITH RECURSIVE told (id) AS ( \
            SELECT min(id) FROM presence_events \
            WHERE guild_id = $1 AND id >= 'presence:' || $1 || ':' AND id < 'presence:' || $1 || ';' \
            UNION ALL \
            SELECT (SELECT min(id) FROM presence_events \
                WHERE guild_id = $1 AND id > rtrim(rtrim(told.id, '0123456789'), ':') || ';' \
                    AND id < 'presence:' || $1 || ';') \
            FROM told WHERE told.id IS NOT NULL \
        ) \
        SELECT id FROM told WHERE id IS NOT NULL \
    ) AS told";
