//! Members who are seen. The table `members` has the current members.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use mocha_schema::{MemberChange, NewMember, member_id};

use super::{Outcome, State, boost, joined::SAME_JOIN_MS, member_log, role};
use crate::{Error, Person, backend::Tables, event::MemberSeen};

/// The outcome for the row of a member.
pub(super) struct Seen {
    pub(super) outcome: Outcome,
    /// Whether the row was about an earlier membership.
    pub(super) has_returned: bool,
}

impl Seen {
    const fn unchanged() -> Self {
        Self { outcome: Outcome::Duplicate, has_returned: false }
    }
}

/// Records a member. If the membership is newer than the one in the file and the recorder missed
/// something since, the member left and joined again meanwhile.
pub(super) fn seen(tables: &mut impl Tables, state: &mut State, event: &MemberSeen) -> Result<Outcome, Error> {
    let Seen { outcome, has_returned } = store(tables, state, event)?;
    if let Some(joined_at) = event.joined_at.filter(|_| has_returned)
        && state.known.member_before(event).is_none()
    {
        let person = Person { guild_id: event.guild_id, user_id: event.user_id };
        member_log::left_before(tables, person, joined_at)?;
        // Both are in the member count that Discord sent with the guild.
        member_log::joined(tables, person, joined_at.timestamp_millis(), None, joined_at)?;
    }
    Ok(outcome)
}

/// Adds or changes the row of a member.
pub(super) fn store(tables: &mut impl Tables, state: &mut State, event: &MemberSeen) -> Result<Seen, Error> {
    let MemberSeen { at, guild_id, joined_at, nickname, premium_since, roles, user_id } = event;
    let person = Person { guild_id: *guild_id, user_id: *user_id };
    let profile = (joined_at, nickname, premium_since, roles);
    if state.members.has(&person, &profile) {
        return Ok(Seen::unchanged());
    }
    state.parents.guild(tables, *guild_id, *at)?;
    state.parents.user(tables, *user_id, *at)?;
    let nickname = nickname.as_deref();
    // Rows have whole seconds.
    let seconds = |time: &Option<chrono::DateTime<chrono::Utc>>| time.map(|time| time.timestamp());
    let known = match tables.member(person)? {
        None if member_log::left_after(tables, person, *at)? => return Ok(Seen::unchanged()),
        Some(known) if *at < known.updated_at => return Ok(Seen::unchanged()),
        known => known,
    };
    let new_roles = role::changed(tables, person, roles.as_ref())?;
    let seen = match known {
        None => {
            let (created_at, updated_at) = ((*at).into(), (*at).into());
            tables.insert_member(&NewMember {
                id: &member_id(*guild_id, *user_id),
                guild_id: *guild_id,
                user_id: *user_id,
                nickname,
                joined_at: joined_at.map(Into::into),
                premium_since: premium_since.map(Into::into),
                created_at,
                updated_at,
            })?;
            boost::changed(tables, person, None, *premium_since, *at)?;
            Seen { outcome: Outcome::Written, has_returned: false }
        }
        Some(known)
            if new_roles.is_none()
                && (known.nickname.as_deref(), seconds(&known.joined_at), seconds(&known.premium_since))
                    == (nickname, seconds(joined_at), seconds(premium_since)) =>
        {
            Seen::unchanged()
        }
        Some(known) => {
            let change = MemberChange {
                nickname: Some(nickname),
                joined_at: Some(joined_at.map(Into::into)),
                premium_since: Some(premium_since.map(Into::into)),
                updated_at: Some((*at).into()),
            };
            tables.update_member(person, &change)?;
            boost::changed(tables, person, known.premium_since, *premium_since, *at)?;
            let has_returned = known.joined_at.is_some_and(|before| is_later_membership(before, event));
            Seen { outcome: Outcome::Written, has_returned }
        }
    };
    if let Some(new_roles) = new_roles {
        tables.put_member_roles(person, &new_roles)?;
    } else if seen.has_returned && roles.is_none() {
        // The roles that are recorded ended with the earlier membership.
        tables.put_member_roles(person, &BTreeSet::new())?;
    }
    state.members.put(person, &profile);
    Ok(seen)
}

/// Returns whether the member joined again after the membership that began `before`. Times that are
/// close together, or not past yet, may be about one membership.
fn is_later_membership(before: DateTime<Utc>, event: &MemberSeen) -> bool {
    event.joined_at.is_some_and(|joined_at| {
        let (before_ms, joined_ms) = (before.timestamp_millis(), joined_at.timestamp_millis());
        joined_ms.saturating_sub(before_ms) > SAME_JOIN_MS
            && joined_ms.saturating_sub(event.at.timestamp_millis()) <= SAME_JOIN_MS
    })
}
