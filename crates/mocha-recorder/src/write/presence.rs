//! Status and activity. Each change gets a row.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use chrono::{DateTime, TimeDelta, Utc};
use mocha_schema::{NewPresenceEvent, PresenceStatus, UserId};

use super::{Outcome, State};
use crate::{
    Error, Person,
    backend::{LastPresence, Tables, presence_id},
    event::{PresenceChanged, PresencesListed},
};

/// The last recorded presence of people who were heard of recently.
#[derive(Debug, Default)]
pub(super) struct Presences(HashMap<Person, Option<Last>>);

#[derive(Clone, Debug)]
struct Last {
    /// When it arrived, in full precision, because several changes may arrive within one millisecond.
    arrived: DateTime<Utc>,
    written: LastPresence,
}

impl Last {
    /// Takes what the file has, which is known to the millisecond only.
    fn of(written: LastPresence) -> Option<Self> {
        let arrived = DateTime::from_timestamp_millis(written.at_ms)? + TimeDelta::microseconds(999);
        Some(Self { arrived, written })
    }
}

/// If there are more people, they are looked up again.
const LIMIT: usize = 200_000;

impl Presences {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn last(&mut self, tables: &mut impl Tables, person: Person) -> Result<Option<&Last>, Error> {
        if self.0.len() >= LIMIT {
            self.0.clear();
        }
        Ok(match self.0.entry(person) {
            Entry::Occupied(known) => known.into_mut().as_ref(),
            Entry::Vacant(unknown) => unknown.insert(tables.last_presence(person)?.and_then(Last::of)).as_ref(),
        })
    }
}

/// Records a change. `is_new` says that it was not delivered before.
pub(super) fn changed(
    tables: &mut impl Tables,
    state: &mut State,
    event: &PresenceChanged,
    is_new: bool,
) -> Result<Outcome, Error> {
    let PresenceChanged { activity, at, guild_id, status, user_id } = event;
    let person = Person { guild_id: *guild_id, user_id: *user_id };
    let activity = activity.as_ref().map(|activity| (i32::from(activity.kind), activity.name.clone()));
    let last = if is_new { state.presences.last(tables, person)?.map(|last| last.written.at_ms) } else { None };
    // Discord delivers what was missed at once. Each of these changes gets a millisecond of its own. Otherwise all but the
    // first would be lost.
    let next = last.and_then(|ms| DateTime::from_timestamp_millis(ms.saturating_add(1)));
    write(tables, state, person, Some(*status), activity, next.map_or(*at, |next| next.max(*at)))
}

/// Records that people who are missing from a list are offline. If the list is incomplete, their status is unknown.
pub(super) fn listed(tables: &mut impl Tables, state: &mut State, event: &PresencesListed) -> Result<Outcome, Error> {
    let PresencesListed { at, guild_id, is_complete, user_ids } = event;
    let listed: HashSet<&UserId> = user_ids.iter().collect();
    let status = is_complete.then_some(PresenceStatus::Offline);
    let mut outcome = Outcome::Duplicate;
    for user_id in tables.people_with_presence(*guild_id)? {
        let hidden = state.tombstones.withholds(user_id, Some(*guild_id), at.timestamp_millis());
        if hidden || listed.contains(&user_id) {
            continue;
        }
        let person = Person { guild_id: *guild_id, user_id };
        if write(tables, state, person, status, None, *at)? == Outcome::Written {
            outcome = Outcome::Written;
        }
    }
    Ok(outcome)
}

/// Adds a row if the presence differs from the last one. A row without a status says that it is unknown from then on.
fn write(
    tables: &mut impl Tables,
    state: &mut State,
    person: Person,
    status: Option<PresenceStatus>,
    activity: Option<(i32, String)>,
    at: DateTime<Utc>,
) -> Result<Outcome, Error> {
    let Person { guild_id, user_id } = person;
    let mut at_ms = at.timestamp_millis();
    if let Some(Last { arrived, written }) = state.presences.last(tables, person)? {
        // Discord repeats presences for each guild and after a reconnect, and a replay contains past ones.
        let same = (written.status.as_deref(), &written.activity) == (status.map(PresenceStatus::as_str), &activity);
        if same || at <= *arrived {
            return Ok(Outcome::Duplicate);
        }
        // The id of a row has the millisecond, so each change gets one of its own.
        at_ms = at_ms.max(written.at_ms.saturating_add(1));
    }
    state.parents.guild(tables, guild_id, at)?;
    state.parents.user(tables, user_id, at)?;
    let is_new = tables.insert_presence(&NewPresenceEvent {
        id: &presence_id(person, at_ms),
        guild_id,
        user_id,
        status,
        activity_type: activity.as_ref().map(|(kind, _)| *kind),
        activity_name: activity.as_ref().map(|(_, name)| name.as_str()),
        created_at: DateTime::from_timestamp_millis(at_ms).unwrap_or(at).into(),
    })?;
    if is_new {
        let written = LastPresence { activity, at_ms, status: status.map(|status| status.to_string()) };
        state.presences.0.insert(person, Some(Last { arrived: at, written }));
    }
    Ok(Outcome::of(is_new))
}
