//! Status and activity.

use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_types::Text};
use mocha_recorder::{
    Person,
    backend::{LastPresence, PresenceTable, presence_ms},
};
use mocha_schema::{GuildId, NewPresenceEvent, UserId, schema::presence_events};

use super::{Executed as _, SqliteTables};
use crate::Error;

impl PresenceTable for SqliteTables<'_> {
    fn last_presence(&mut self, person: Person) -> Result<Option<LastPresence>, Error> {
        type Row = (String, Option<String>, Option<i32>, Option<String>, DateTime<Utc>);
        let last: Option<Row> = presence_events::table
            .filter(presence_events::user_id.eq(person.user_id))
            .filter(presence_events::guild_id.eq(person.guild_id))
            .order((presence_events::created_at.desc(), presence_events::id.desc()))
            .select((
                presence_events::id,
                presence_events::status,
                presence_events::activity_type,
                presence_events::activity_name,
                presence_events::created_at,
            ))
            .first(self.conn)
            .optional()
            .executed()?;
        Ok(last.map(|(id, status, kind, name, at)| LastPresence {
            activity: kind.zip(name),
            at_ms: presence_ms(&id).unwrap_or_else(|| at.timestamp_millis()),
            status,
        }))
    }

    fn people_with_presence(&mut self, guild_id: GuildId) -> Result<Vec<UserId>, Error> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            user_id: UserId,
        }
        let rows: Vec<Row> = diesel::sql_query(PEOPLE_SQL).bind::<Text, _>(guild_id).load(self.conn).executed()?;
        Ok(rows.into_iter().map(|row| row.user_id).collect())
    }

    fn insert_presence(&mut self, presence: &NewPresenceEvent<'_>) -> Result<bool, Error> {
        let inserted =
            diesel::insert_or_ignore_into(presence_events::table).values(presence).execute(self.conn).executed()?;
        Ok(inserted > 0)
    }
}

/// Selects the members of a guild and the users with a presence that the recorder wrote. The recorder's ids begin with guild
/// and user, so each step seeks the next user in the index.
const PEOPLE_SQL: &str = "\
    SELECT user_id FROM members INDEXED BY idx_members_guild_id \
    WHERE guild_id = ?1 AND EXISTS (SELECT 1 FROM presence_events INDEXED BY idx_presence_events_user_time \
        WHERE presence_events.user_id = members.user_id AND presence_events.guild_id = ?1) \
    UNION \
    SELECT (SELECT user_id FROM presence_events WHERE id = told.id) FROM ( \
        WITH RECURSIVE told (id) AS ( \
            SELECT MIN(id) FROM presence_events \
            WHERE id >= 'presence:' || ?1 || ':' AND id < 'presence:' || ?1 || ';' \
            UNION ALL \
            SELECT (SELECT MIN(id) FROM presence_events \
                WHERE id > rtrim(rtrim(told.id, '0123456789'), ':') || ';' AND id < 'presence:' || ?1 || ';') \
            FROM told WHERE told.id IS NOT NULL \
        ) \
        SELECT id FROM told WHERE id IS NOT NULL \
    ) AS told";
