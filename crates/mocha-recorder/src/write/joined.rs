//! Members who come and go. Discord tells of the same coming or going twice at times, and out of order after a reconnect.

use std::ops::Range;

use chrono::{DateTime, Utc};
use mocha_schema::{GuildChange, GuildId, MemberEvent, MemberEventType, NewMemberEvent};

use super::{Outcome, State, member, parent, voice};
use crate::{
    Error, Person,
    backend::{Tables, member_event_id},
    event::{MemberLeft, MemberSeen},
    voice::Told,
};

/// Two joins closer together than this are one, told twice with times that differ; and somebody who was seen before the
/// join that is younger than this was seen out of order.
const SAME_JOIN_MS: i64 = 60_000;

/// A second leave without a join between, if closer than this to the first, is the first one told again.
const SAME_LEAVE_MS: i64 = 3_600_000;

const ALWAYS: Range<i64> = 0..i64::MAX;

/// A join is one of somebody who was not a member: who was known as one, with nothing missed since, is one still.
pub(super) fn joined(tables: &mut impl Tables, state: &mut State, event: &MemberSeen) -> Result<Outcome, Error> {
    let person = Person { guild_id: event.guild_id, user_id: event.user_id };
    let at_ms = event.at.timestamp_millis();
    let began_ms = event.joined_at.map_or(at_ms, |joined_at| joined_at.timestamp_millis());
    let near = began_ms.saturating_sub(SAME_JOIN_MS)..began_ms.saturating_add(SAME_JOIN_MS);
    let told = match tables.last_member_event(MemberEventType::Join, person, near)? {
        // Somebody who left and came back within the minute joined twice.
        Some(told_ms) => tables.last_member_event(MemberEventType::Leave, person, told_ms..began_ms)?.is_none(),
        None => false,
    };
    let fresh = at_ms.abs_diff(began_ms) <= SAME_JOIN_MS.unsigned_abs();
    let stayed = match state.known.member_before(event) {
        Some(known_ms) => tables.last_member_event(MemberEventType::Leave, person, known_ms..at_ms)?.is_none(),
        None => false,
    };
    let is_new = !told && !stayed && (fresh || tables.member(person)?.is_none());
    let seen = member::seen(tables, state, event)?;
    if !is_new {
        state.known.see(event);
        return Ok(seen);
    }
    state.known.join(event);
    let member_count = count(tables, state, event.guild_id, 1, event.at)?;
    let id = member_event_id(MemberEventType::Join, person, began_ms);
    tables.insert_member_event(&entry(MemberEventType::Join, &id, person, member_count, event.at))?;
    Ok(Outcome::Written)
}

/// The membership ends, and with it a connection to voice.
pub(super) fn left(tables: &mut impl Tables, state: &mut State, event: &MemberLeft) -> Result<Outcome, Error> {
    let MemberLeft { at, guild_id, user_id } = *event;
    let person = Person { guild_id, user_id };
    let at_ms = at.timestamp_millis();
    let row = tables.member(person)?.map(|member| member.joined_at);
    let last_join = tables.last_member_event(MemberEventType::Join, person, ALWAYS)?;
    let last_leave = tables.last_member_event(MemberEventType::Leave, person, ALWAYS)?;
    let began_ms = match row {
        // Rows have whole seconds; the log knows the milliseconds, if the log has this membership.
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
        tables.delete_member(person)?;
        state.members.remove(&person);
    }
    if !is_new {
        return Ok(Outcome::Duplicate);
    }
    state.parents.guild(tables, guild_id, at)?;
    state.parents.user(tables, user_id, at)?;
    let member_count = count(tables, state, guild_id, -1, at)?;
    let id = member_event_id(MemberEventType::Leave, person, at_ms);
    tables.insert_member_event(&entry(MemberEventType::Leave, &id, person, member_count, at))?;
    crate::voice::learn(tables, &mut state.tracker, person)?;
    let rows = state.tracker.changed(person, None, mocha_schema::VoiceState::default(), Told { at, is_new: false });
    voice::write(tables, &rows)?;
    Ok(Outcome::Written)
}

/// The membership ended unheard, at this time or before.
pub(super) fn left_unheard(
    tables: &mut impl Tables,
    person: Person,
    member_count: Option<i32>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let id = member_event_id(MemberEventType::Leave, person, at.timestamp_millis()) + MemberEvent::INFERRED;
    tables.insert_member_event(&entry(MemberEventType::Leave, &id, person, member_count, at))
}

fn entry(
    event_type: MemberEventType,
    id: &str,
    Person { guild_id, user_id }: Person,
    member_count: Option<i32>,
    at: DateTime<Utc>,
) -> NewMemberEvent<'_> {
    NewMemberEvent { id, guild_id, user_id, event_type, member_count, created_at: at.into() }
}

/// Whether the person is known to have left after this time.
pub(super) fn left_after(tables: &mut impl Tables, person: Person, at: DateTime<Utc>) -> Result<bool, Error> {
    let later = at.timestamp_millis().saturating_add(1)..i64::MAX;
    Ok(tables.last_member_event(MemberEventType::Leave, person, later)?.is_some())
}

/// Whether the guild's number of members is of this second or later.
pub(super) fn is_counted(tables: &mut impl Tables, guild_id: GuildId, at: DateTime<Utc>) -> Result<bool, Error> {
    let guild = tables.guild(guild_id)?;
    Ok(guild.is_some_and(|guild| at.timestamp() <= guild.updated_at.timestamp()))
}

/// Moves the guild's number of members, if it is known, and gives the new one.
pub(super) fn count(
    tables: &mut impl Tables,
    state: &mut State,
    guild_id: GuildId,
    change: i32,
    at: DateTime<Utc>,
) -> Result<Option<i32>, Error> {
    state.parents.guild(tables, guild_id, at)?;
    let guild = parent::found(tables.guild(guild_id)?)?;
    let Some(known) = guild.member_count else { return Ok(None) };
    if at < guild.updated_at {
        // The guild was counted after this.
        return Ok(Some(known));
    }
    let count = known.saturating_add(change).max(0);
    let change = GuildChange { member_count: Some(Some(count)), updated_at: Some(at.into()), ..GuildChange::default() };
    tables.update_guild(guild_id, &change)?;
    Ok(Some(count))
}
