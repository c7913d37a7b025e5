//! The log of joins and leaves, by the ids of its entries.

use chrono::{DateTime, TimeDelta, Utc};
use mocha_schema::{MemberEvent, MemberEventType, NewMemberEvent};

use crate::{
    Error, Person,
    backend::{Tables, member_event_id},
};

/// Adds a join. Its id has the time at which the membership began.
pub(super) fn joined(
    tables: &mut impl Tables,
    person: Person,
    began_ms: i64,
    member_count: Option<i32>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let id = member_event_id(MemberEventType::Join, person, began_ms);
    add(tables, MemberEventType::Join, &id, person, member_count, at)
}

/// Adds a leave.
pub(super) fn left(
    tables: &mut impl Tables,
    person: Person,
    member_count: Option<i32>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let id = member_event_id(MemberEventType::Leave, person, at.timestamp_millis());
    add(tables, MemberEventType::Leave, &id, person, member_count, at)
}

/// Adds a leave that was not observed and happened at this time or before.
pub(super) fn left_unheard(
    tables: &mut impl Tables,
    person: Person,
    member_count: Option<i32>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let id = member_event_id(MemberEventType::Leave, person, at.timestamp_millis()) + MemberEvent::INFERRED;
    add(tables, MemberEventType::Leave, &id, person, member_count, at)
}

/// Adds the leave of a member who left unobserved and joined again at this time.
pub(super) fn left_before(tables: &mut impl Tables, person: Person, joined_at: DateTime<Utc>) -> Result<(), Error> {
    // A leave at the time of a join would be taken for the end of that membership.
    let at = joined_at.checked_sub_signed(TimeDelta::milliseconds(1)).unwrap_or(joined_at);
    left_unheard(tables, person, None, at)
}

/// Returns whether the user is known to have left after this time.
pub(super) fn left_after(tables: &mut impl Tables, person: Person, at: DateTime<Utc>) -> Result<bool, Error> {
    let later = at.timestamp_millis().saturating_add(1)..i64::MAX;
    Ok(tables.last_member_event(MemberEventType::Leave, person, later)?.is_some())
}

fn add(
    tables: &mut impl Tables,
    event_type: MemberEventType,
    id: &str,
    Person { guild_id, user_id }: Person,
    member_count: Option<i32>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let created_at = at.into();
    tables.insert_member_event(&NewMemberEvent { id, guild_id, user_id, event_type, member_count, created_at })
}
