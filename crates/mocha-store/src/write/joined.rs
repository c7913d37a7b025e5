//! Members who come and go. Discord tells of the same coming or going twice at times, and out of order after a reconnect.

use std::ops::Range;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use mocha_schema::{
    GuildId, MemberEvent, MemberEventType, NewMemberEvent, UnixTime, member_id,
    schema::{guilds, member_events, members},
};

use super::{Outcome, State, member, voice};
use crate::{
    event::{MemberLeft, MemberSeen},
    voice::{Person, Told},
};

/// Two joins closer together than this are one, told twice with times that differ; and somebody who was seen before the
/// join that is younger than this was seen out of order.
const SAME_JOIN_MS: i64 = 60_000;

/// A second leave without a join between, if closer than this to the first, is the first one told again.
const SAME_LEAVE_MS: i64 = 3_600_000;

/// A join is one of somebody who was not a member: who was known as one, with nothing missed since, is one still.
pub(super) fn joined(conn: &mut SqliteConnection, state: &mut State, event: &MemberSeen) -> QueryResult<Outcome> {
    let person = Person { guild_id: event.guild_id, user_id: event.user_id };
    let at_ms = event.at.timestamp_millis();
    let began_ms = event.joined_at.map_or(at_ms, |joined_at| joined_at.timestamp_millis());
    let near = began_ms.saturating_sub(SAME_JOIN_MS)..began_ms.saturating_add(SAME_JOIN_MS);
    let told = match last(conn, MemberEventType::Join, person, near)? {
        // Somebody who left and came back within the minute joined twice.
        Some(told_ms) => last(conn, MemberEventType::Leave, person, told_ms..began_ms)?.is_none(),
        None => false,
    };
    let fresh = at_ms.abs_diff(began_ms) <= SAME_JOIN_MS.unsigned_abs();
    let stayed = match state.known.member_before(event) {
        Some(known_ms) => last(conn, MemberEventType::Leave, person, known_ms..at_ms)?.is_none(),
        None => false,
    };
    let is_new = !told && !stayed && (fresh || !is_member(conn, person)?);
    let seen = member::seen(conn, state, event)?;
    if !is_new {
        state.known.see(event);
        return Ok(seen);
    }
    state.known.join(event);
    let member_count = count(conn, state, event.guild_id, 1, event.at)?;
    let id = event_id(MemberEventType::Join, person, began_ms);
    log(conn, MemberEventType::Join, &id, person, member_count, event.at)?;
    Ok(Outcome::Written)
}

/// The membership ends, and with it a connection to voice.
pub(super) fn left(conn: &mut SqliteConnection, state: &mut State, event: &MemberLeft) -> QueryResult<Outcome> {
    let MemberLeft { at, guild_id, user_id } = *event;
    let person = Person { guild_id, user_id };
    let at_ms = at.timestamp_millis();
    let id = member_id(guild_id, user_id);
    let row: Option<Option<DateTime<Utc>>> =
        members::table.find(&id).select(members::joined_at).get_result(conn).optional()?;
    let last_join = last(conn, MemberEventType::Join, person, ALWAYS)?;
    let last_leave = last(conn, MemberEventType::Leave, person, ALWAYS)?;
    let began_ms = match row {
        // The file has whole seconds; the log knows the milliseconds, if the log has this membership.
        Some(Some(joined_at)) => {
            last_join.filter(|ms| ms.div_euclid(1000) == joined_at.timestamp()).or(Some(joined_at.timestamp_millis()))
        }
        Some(None) | None => last_join,
    };
    // A membership that began later is another one: this arrives late.
    let ended = began_ms.filter(|began| *began <= at_ms);
    let is_new = last_leave.is_none_or(|last_leave| {
        at_ms > last_leave && (ended.is_some_and(|began| began > last_leave) || at_ms - last_leave > SAME_LEAVE_MS)
    });
    if row.is_some() && (ended.is_some() || began_ms.is_none()) {
        diesel::delete(members::table.find(&id)).execute(conn)?;
        state.members.remove(&person);
    }
    if !is_new {
        return Ok(Outcome::Duplicate);
    }
    state.parents.guild(conn, guild_id, at)?;
    state.parents.user(conn, user_id, at)?;
    let member_count = count(conn, state, guild_id, -1, at)?;
    let id = event_id(MemberEventType::Leave, person, at_ms);
    log(conn, MemberEventType::Leave, &id, person, member_count, at)?;
    crate::voice::learn(conn, &mut state.tracker, person)?;
    let rows = state.tracker.changed(person, None, mocha_schema::VoiceState::default(), Told { at, is_new: false });
    voice::write(conn, &rows)?;
    Ok(Outcome::Written)
}

/// The membership ended unheard, at this time or before.
pub(super) fn left_unheard(
    conn: &mut SqliteConnection,
    person: Person,
    member_count: Option<i32>,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let id = event_id(MemberEventType::Leave, person, at.timestamp_millis()) + MemberEvent::INFERRED;
    log(conn, MemberEventType::Leave, &id, person, member_count, at)
}

/// Whether the person is known to have left after this time.
pub(super) fn left_after(conn: &mut SqliteConnection, person: Person, at: DateTime<Utc>) -> QueryResult<bool> {
    let later = at.timestamp_millis().saturating_add(1)..i64::MAX;
    Ok(last(conn, MemberEventType::Leave, person, later)?.is_some())
}

fn is_member(conn: &mut SqliteConnection, person: Person) -> QueryResult<bool> {
    let id = member_id(person.guild_id, person.user_id);
    Ok(members::table.find(&id).select(members::guild_id).get_result::<GuildId>(conn).optional()?.is_some())
}

const ALWAYS: Range<i64> = 0..i64::MAX;

/// The last instant in the range at which the log has the person come or go. It is part of the entry's id, whose index finds it.
fn last(
    conn: &mut SqliteConnection,
    kind: MemberEventType,
    person: Person,
    range: Range<i64>,
) -> QueryResult<Option<i64>> {
    let last: Option<String> = member_events::table
        .filter(member_events::id.ge(event_id(kind, person, range.start.max(0))))
        .filter(member_events::id.lt(event_id(kind, person, range.end)))
        .select(diesel::dsl::max(member_events::id))
        .get_result(conn)?;
    Ok(last.and_then(|id| id.split(':').nth(3)?.parse().ok()))
}

/// The digits are as many for every time, so that ids are ordered as times are.
fn event_id(kind: MemberEventType, Person { guild_id, user_id }: Person, at_ms: i64) -> String {
    format!("{kind}:{guild_id}:{user_id}:{at_ms:019}")
}

fn log(
    conn: &mut SqliteConnection,
    kind: MemberEventType,
    id: &str,
    person: Person,
    member_count: Option<i32>,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_or_ignore_into(member_events::table)
        .values(NewMemberEvent {
            id,
            guild_id: person.guild_id,
            user_id: person.user_id,
            event_type: kind,
            member_count,
            created_at: at.into(),
        })
        .execute(conn)?;
    Ok(())
}

/// Whether the guild's number of members is of this second or later.
pub(super) fn is_counted(conn: &mut SqliteConnection, guild_id: GuildId, at: DateTime<Utc>) -> QueryResult<bool> {
    let updated_at: Option<DateTime<Utc>> =
        guilds::table.find(guild_id).select(guilds::updated_at).get_result(conn).optional()?;
    Ok(updated_at.is_some_and(|updated_at| at.timestamp() <= updated_at.timestamp()))
}

/// Moves the guild's number of members, if it is known, and gives the new one.
pub(super) fn count(
    conn: &mut SqliteConnection,
    state: &mut State,
    guild_id: GuildId,
    change: i32,
    at: DateTime<Utc>,
) -> QueryResult<Option<i32>> {
    state.parents.guild(conn, guild_id, at)?;
    let (known, updated_at): (Option<i32>, DateTime<Utc>) =
        guilds::table.find(guild_id).select((guilds::member_count, guilds::updated_at)).get_result(conn)?;
    let Some(known) = known else { return Ok(None) };
    if at < updated_at {
        // The guild was counted after this.
        return Ok(Some(known));
    }
    let count = known.saturating_add(change).max(0);
    diesel::update(guilds::table.find(guild_id))
        .set((guilds::member_count.eq(count), guilds::updated_at.eq(UnixTime::from(at))))
        .execute(conn)?;
    Ok(Some(count))
}
