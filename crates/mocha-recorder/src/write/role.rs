//! Roles of members. The table `member_roles` has those of current members.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, RoleId};

use super::{Outcome, State};
use crate::{
    Error, Person,
    backend::Tables,
    event::{RoleRemoved, RolesListed},
};

/// The time from which Discord's ids count, in unix milliseconds.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// Returns the roles to write, if they differ from the recorded ones.
pub(super) fn changed(
    tables: &mut impl Tables,
    person: Person,
    roles: Option<&Vec<RoleId>>,
) -> Result<Option<BTreeSet<RoleId>>, Error> {
    let Some(roles) = roles else { return Ok(None) };
    let roles: BTreeSet<RoleId> = roles.iter().copied().collect();
    let known = tables.member_roles(person)?;
    Ok((roles != known).then_some(roles))
}

pub(super) fn removed(tables: &mut impl Tables, state: &mut State, event: RoleRemoved) -> Result<Outcome, Error> {
    take(tables, state, event.guild_id, [event.role_id])
}

pub(super) fn listed(tables: &mut impl Tables, state: &mut State, event: &RolesListed) -> Result<Outcome, Error> {
    let RolesListed { at, guild_id, role_ids } = event;
    let missing = |role: &RoleId| !role_ids.contains(role) && !is_created_after(*role, *at);
    let missing: Vec<RoleId> = tables.roles(*guild_id)?.into_iter().filter(missing).collect();
    take(tables, state, *guild_id, missing)
}

/// Deletes the roles of all members of a guild that the bot left.
pub(super) fn guild_gone(tables: &mut impl Tables, state: &mut State, guild_id: GuildId) -> Result<(), Error> {
    let roles = tables.roles(guild_id)?;
    take(tables, state, guild_id, roles)?;
    Ok(())
}

/// Takes roles from all members of a guild.
fn take(
    tables: &mut impl Tables,
    state: &mut State,
    guild_id: GuildId,
    roles: impl IntoIterator<Item = RoleId>,
) -> Result<Outcome, Error> {
    let mut is_changed = false;
    for role_id in roles {
        is_changed |= tables.delete_role(guild_id, role_id)?;
    }
    if is_changed {
        // The remembered members include their roles.
        state.members.clear();
    }
    Ok(Outcome::of(is_changed))
}

/// Reads the time of creation from the role's id.
fn is_created_after(role: RoleId, at: DateTime<Utc>) -> bool {
    i64::try_from(role.get() >> 22).is_ok_and(|ms| ms.saturating_add(EPOCH_MS) > at.timestamp_millis())
}
