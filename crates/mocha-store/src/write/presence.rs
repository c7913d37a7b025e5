//! Status and activity: a row for each change.

use std::collections::{HashMap, hash_map::Entry};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use mocha_schema::{NewPresenceEvent, schema::presence_events};

use super::{Outcome, State};
use crate::{event::PresenceChanged, voice::Person};

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
    let at_ms = at.timestamp_millis();
    if let Some(last) = state.presences.last(conn, person)? {
        // Discord tells the same once for each guild and again after a reconnect; and a replay tells what is past.
        let same = (last.status.as_deref(), &last.activity) == (Some(status.as_str()), &activity);
        if same || at_ms < last.at_ms {
            return Ok(Outcome::Duplicate);
        }
    }
    state.parents.guild(conn, *guild_id, *at)?;
    state.parents.user(conn, *user_id, *at)?;
    let inserted = diesel::insert_or_ignore_into(presence_events::table)
        .values(NewPresenceEvent {
            id: &format!("presence:{guild_id}:{user_id}:{at_ms}"),
            guild_id: *guild_id,
            user_id: *user_id,
            status: Some(*status),
            activity_type: activity.as_ref().map(|(kind, _)| *kind),
            activity_name: activity.as_ref().map(|(_, name)| name.as_str()),
            created_at: (*at).into(),
        })
        .execute(conn)?;
    if inserted > 0 {
        state.presences.0.insert(person, Some(Last { activity, at_ms, status: Some(status.to_string()) }));
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
