//! Status and activity: a row for each change.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_types::Text};
use mocha_schema::{GuildId, NewPresenceEvent, PresenceStatus, UserId, schema::presence_events};

use super::{Outcome, State};
use crate::{
    event::{PresenceChanged, PresencesListed},
    voice::Person,
};

/// What was last recorded of people lately heard of.
#[derive(Debug, Default)]
pub(super) struct Presences(HashMap<Person, Option<Last>>);

#[derive(Clone, Debug)]
struct Last {
    activity: Option<(i32, String)>,
    at_ms: i64,
    /// As it stands in the file: older programs may have written others than Discord knows.
    status: Option<String>,
}

/// Beyond, people are looked up again.
const LIMIT: usize = 200_000;

impl Presences {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn last(&mut self, conn: &mut SqliteConnection, person: Person) -> QueryResult<Option<&Last>> {
        if self.0.len() >= LIMIT {
            self.0.clear();
        }
        Ok(match self.0.entry(person) {
            Entry::Occupied(known) => known.into_mut().as_ref(),
            Entry::Vacant(unknown) => unknown.insert(load(conn, person)?).as_ref(),
        })
    }
}

pub(super) fn changed(conn: &mut SqliteConnection, state: &mut State, event: &PresenceChanged) -> QueryResult<Outcome> {
    let PresenceChanged { activity, at, guild_id, status, user_id } = event;
    let person = Person { guild_id: *guild_id, user_id: *user_id };
    let activity = activity.as_ref().map(|activity| (i32::from(activity.kind), activity.name.clone()));
    write(conn, state, person, Some(*status), activity, *at)
}

/// A person missing in a list of all who are online is offline; an incomplete list leaves it open.
pub(super) fn listed(conn: &mut SqliteConnection, state: &mut State, event: &PresencesListed) -> QueryResult<Outcome> {
    let PresencesListed { at, guild_id, is_complete, user_ids } = event;
    let listed: HashSet<&UserId> = user_ids.iter().collect();
    let status = is_complete.then_some(PresenceStatus::Offline);
    let mut outcome = Outcome::Duplicate;
    for user_id in people(conn, *guild_id)? {
        let hidden = state.tombstones.hides(user_id, Some(*guild_id), at.timestamp_millis());
        if hidden || listed.contains(&user_id) {
            continue;
        }
        let person = Person { guild_id: *guild_id, user_id };
        if write(conn, state, person, status, None, *at)? == Outcome::Written {
            outcome = Outcome::Written;
        }
    }
    Ok(outcome)
}

/// Everybody who has a row in the guild: members, and those whose rows the recorder wrote, by a step from the ids of one
/// person to those of the next.
fn people(conn: &mut SqliteConnection, guild_id: GuildId) -> QueryResult<Vec<UserId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        user_id: UserId,
    }
    let rows: Vec<Row> = diesel::sql_query(PEOPLE_SQL).bind::<Text, _>(guild_id).load(conn)?;
    Ok(rows.into_iter().map(|row| row.user_id).collect())
}

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

/// Adds a row if it says something new. A row without a status says that it is not known from then on.
fn write(
    conn: &mut SqliteConnection,
    state: &mut State,
    person: Person,
    status: Option<PresenceStatus>,
    activity: Option<(i32, String)>,
    at: DateTime<Utc>,
) -> QueryResult<Outcome> {
    let Person { guild_id, user_id } = person;
    let at_ms = at.timestamp_millis();
    if let Some(last) = state.presences.last(conn, person)? {
        // Discord tells the same once for each guild and again after a reconnect; and a replay tells what is past.
        let same = (last.status.as_deref(), &last.activity) == (status.map(PresenceStatus::as_str), &activity);
        if same || at_ms < last.at_ms {
            return Ok(Outcome::Duplicate);
        }
    }
    state.parents.guild(conn, guild_id, at)?;
    state.parents.user(conn, user_id, at)?;
    let inserted = diesel::insert_or_ignore_into(presence_events::table)
        .values(NewPresenceEvent {
            id: &format!("presence:{guild_id}:{user_id}:{at_ms}"),
            guild_id,
            user_id,
            status,
            activity_type: activity.as_ref().map(|(kind, _)| *kind),
            activity_name: activity.as_ref().map(|(_, name)| name.as_str()),
            created_at: at.into(),
        })
        .execute(conn)?;
    if inserted > 0 {
        state
            .presences
            .0
            .insert(person, Some(Last { activity, at_ms, status: status.map(|status| status.to_string()) }));
    }
    Ok(Outcome::of(inserted > 0))
}

fn load(conn: &mut SqliteConnection, person: Person) -> QueryResult<Option<Last>> {
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
        .first(conn)
        .optional()?;
    Ok(last.map(|(id, status, kind, name, at)| {
        // The id has the milliseconds, unless an older program made it.
        let ms = id.strip_prefix("presence:").and_then(|id| id.rsplit(':').next()?.parse().ok());
        Last { activity: kind.zip(name), at_ms: ms.unwrap_or_else(|| at.timestamp_millis()), status }
    }))
}
