//! Members who join and leave. Discord sometimes delivers a join or leave twice, and out of order
//! after a reconnect.

use std::ops::Range;

use mocha_schema::MemberEventType;

use super::{
    Outcome, State, boost,
    member::{self, Seen},
    member_count, member_log, voice,
};
use crate::{
    Error, Person,
    backend::Tables,
    event::{MemberLeft, MemberSeen},
    voice::Arrival,
};

/// Two joins that are closer together than this are the same join with different times. A member
/// who was seen up to this long before a join was seen out of order.
pub(super) const SAME_JOIN_MS: i64 = 60_000;

/// A second leave within this time, without a join between, is the first one delivered again.
const SAME_LEAVE_MS: i64 = 3_600_000;

const ALWAYS: Range<i64> = 0..i64::MAX;

/// Records a join if the user was not a member. A user who is known as a member, with nothing
/// missed since, still is one.
pub(super) fn joined(tables: &mut impl Tables, state: &mut State, event: &MemberSeen) -> Result<Outcome, Error> {
    let person = Person { guild_id: event.guild_id, user_id: event.user_id };
    let at_ms = event.at.timestamp_millis();
    let began_ms = event.joined_at.map_or(at_ms, |joined_at| joined_at.timestamp_millis());
    let near = began_ms.saturating_sub(SAME_JOIN_MS)..began_ms.saturating_add(SAME_JOIN_MS);
    let told = match tables.last_member_event(MemberEventType::Join, person, near)? {
        // A member who left and came back within the minute joined twice.
        Some(told_ms) => tables.last_member_event(MemberEventType::Leave, person, told_ms..began_ms)?.is_none(),
        None => false,
    };
    let fresh = at_ms.abs_diff(began_ms) <= SAME_JOIN_MS.unsigned_abs();
    let stayed = match state.known.member_before(event) {
        Some(known_ms) => tables.last_member_event(MemberEventType::Leave, person, known_ms..at_ms)?.is_none(),
        None => false,
    };
    let is_new = !told && !stayed && (fresh || tables.member(person)?.is_none());
    let Seen { outcome, has_returned } = member::store(tables, state, event)?;
    if !is_new {
        state.known.see(event);
        return Ok(outcome);
    }
    if has_returned {
        // The leave was not observed.
        member_log::left_before(tables, person, event.joined_at.unwrap_or(event.at))?;
    }
    state.known.join(event);
    let member_count = member_count::change(tables, state, event.guild_id, 1, event.at)?;
    member_log::joined(tables, person, began_ms, member_count, event.at)?;
    tables.insert_invited_member(person, at_ms)?;
    Ok(Outcome::Written)
}

/// Ends the membership, and with it a connection to voice.
pub(super) fn left(tables: &mut impl Tables, state: &mut State, event: &MemberLeft) -> Result<Outcome, Error> {
    let MemberLeft { at, guild_id, user_id } = *event;
    let person = Person { guild_id, user_id };
    let at_ms = at.timestamp_millis();
    let member = tables.member(person)?;
    let row = member.as_ref().map(|member| member.joined_at);
    let last_join = tables.last_member_event(MemberEventType::Join, person, ALWAYS)?;
    let last_leave = tables.last_member_event(MemberEventType::Leave, person, ALWAYS)?;
    let began_ms = match row {
        // Rows have whole seconds. The log has milliseconds, if it has this membership.
        Some(Some(joined_at)) => {
            last_join.filter(|ms| ms.div_euclid(1000) == joined_at.timestamp()).or(Some(joined_at.timestamp_millis()))
        }
        Some(None) | None => last_join,
    };
    // A membership that began later is another one: this event is late.
    let ended = began_ms.filter(|began| *began <= at_ms);
    let is_new = last_leave.is_none_or(|last_leave| {
        at_ms > last_leave && (ended.is_some_and(|began| began > last_leave) || at_ms - last_leave > SAME_LEAVE_MS)
    });
    if row.is_some() && (ended.is_some() || began_ms.is_none()) {
        tables.delete_member(person)?;
        boost::changed(tables, person, member.and_then(|member| member.premium_since), None, at)?;
        state.members.remove(&person);
    }
    if !is_new {
        return Ok(Outcome::Duplicate);
    }
    state.parents.guild(tables, guild_id, at)?;
    state.parents.user(tables, user_id, at)?;
    let member_count = member_count::change(tables, state, guild_id, -1, at)?;
    member_log::left(tables, person, member_count, at)?;
    crate::voice::learn(tables, &mut state.tracker, person)?;
    let rows = state.tracker.changed(person, None, mocha_schema::VoiceState::default(), Arrival { at, is_new: false });
    voice::write(tables, &rows)?;
    Ok(Outcome::Written)
}
