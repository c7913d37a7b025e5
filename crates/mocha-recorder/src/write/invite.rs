//! Invites, and which of them joins used. Discord says only how often each invite was used.

use std::collections::BTreeMap;

use mocha_schema::{Invite, InvitedMember, UserId};

use super::{Outcome, State};
use crate::{
    Error,
    backend::Tables,
    event::{InviteCreated, InvitesListed, ListedInvite},
};

/// Adds an invite to those of the last list. Without a list there is nothing to compare its uses with.
pub(super) fn created(tables: &mut impl Tables, event: &InviteCreated) -> Result<Outcome, Error> {
    let InviteCreated { at, ref code, guild_id, inviter_id, max_uses } = *event;
    let known = tables.invites(guild_id)?;
    let at_ms = at.timestamp_millis();
    let is_known = known.iter().any(|invite| invite.code == *code);
    if is_known || last_list(&known).is_none_or(|listed_at_ms| at_ms <= listed_at_ms) {
        return Ok(Outcome::Duplicate);
    }
    tables.put_invite(&Invite {
        guild_id,
        code: code.clone(),
        user_id: inviter_id,
        is_vanity: false,
        uses: 0,
        max_uses: limit(max_uses),
        created_at_ms: Some(at_ms),
        listed_at_ms: None,
    })?;
    Ok(Outcome::Written)
}

/// Finds the invite that the joins since the last list used, and replaces that list.
pub(super) fn listed(tables: &mut impl Tables, state: &mut State, event: &InvitesListed) -> Result<Outcome, Error> {
    let InvitesListed { at, guild_id, ref invites } = *event;
    let at_ms = at.timestamp_millis();
    let known = tables.invites(guild_id)?;
    let before_ms = last_list(&known);
    if before_ms.is_some_and(|before_ms| at_ms <= before_ms) {
        return Ok(Outcome::Duplicate);
    }
    state.parents.guild(tables, guild_id, at)?;
    // A list that was on its way when an invite was created does not have it.
    let (known, later): (Vec<Invite>, Vec<Invite>) =
        known.into_iter().partition(|invite| invite.created_at_ms.is_none_or(|created_at_ms| created_at_ms <= at_ms));
    let listed: BTreeMap<&str, &ListedInvite> = invites.iter().map(|invite| (invite.code.as_str(), invite)).collect();
    if let Some(before_ms) = before_ms {
        let joins = tables.invited_members(guild_id, before_ms.saturating_add(1)..=at_ms)?;
        // An erasure that is running may not have reached the rows yet.
        let hidden = |user_id| state.tombstones.withholds(user_id, Some(guild_id), at_ms);
        if let Some(used) = used(&known, &listed, joins.len()) {
            let inviter_id = used.inviter_id.filter(|inviter_id| !hidden(*inviter_id));
            for (user_id, joined_at_ms) in joins.into_iter().filter(|(user_id, _)| !hidden(*user_id)) {
                let code = Some(used.code.to_owned());
                let is_vanity = used.is_vanity;
                tables.update_invited_member(&InvitedMember {
                    guild_id,
                    user_id,
                    joined_at_ms,
                    code,
                    inviter_id,
                    is_vanity,
                })?;
            }
        }
    }
    for gone in known.iter().filter(|invite| !listed.contains_key(invite.code.as_str())) {
        tables.delete_invite(guild_id, &gone.code)?;
    }
    for ListedInvite { code, inviter_id, is_vanity, max_uses, uses } in listed.into_values() {
        let known = known.iter().chain(&later).find(|invite| invite.code == *code);
        let row = Invite {
            guild_id,
            code: code.clone(),
            user_id: *inviter_id,
            is_vanity: *is_vanity,
            uses: number(*uses),
            max_uses: limit(*max_uses),
            created_at_ms: known.and_then(|invite| invite.created_at_ms),
            listed_at_ms: Some(at_ms),
        };
        // The time of the list is set for all rows at once.
        let listed_at_ms = known.and_then(|invite| invite.listed_at_ms);
        if known != Some(&Invite { listed_at_ms, ..row.clone() }) {
            tables.put_invite(&row)?;
        }
    }
    tables.list_invites(guild_id, at_ms)?;
    Ok(Outcome::Written)
}

/// The invite that all joins between two lists used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Used<'a> {
    code: &'a str,
    inviter_id: Option<UserId>,
    is_vanity: bool,
}

/// Returns the invite that this many joins used, if the two lists name a single one.
///
/// A join without any invite, such as one through the discovery of servers, raises no uses. A join that the recorder missed has no
/// row, but raises the uses. In both cases the numbers differ, and the invite is unknown. If both happen between two lists, the
/// numbers agree and the answer is wrong. The same holds for a join without an invite while an invite with one use left expires.
fn used<'a>(known: &'a [Invite], listed: &BTreeMap<&'a str, &'a ListedInvite>, joins: usize) -> Option<Used<'a>> {
    let joins = i64::try_from(joins).ok().filter(|joins| *joins > 0)?;
    let mut risen = None;
    for invite in listed.values() {
        let uses = number(invite.uses);
        let before = known.iter().find(|known| known.code == invite.code).map(|known| known.uses);
        match before {
            Some(before) if uses == before => {}
            Some(before) if uses > before && risen.is_none() => risen = Some((*invite, uses - before)),
            None if uses == 0 => {}
            // The second invite that rose, or one whose uses at the last list are unknown.
            _ => return None,
        }
    }
    if let Some((ListedInvite { code, inviter_id, is_vanity, .. }, rise)) = risen {
        let used = Used { code, inviter_id: *inviter_id, is_vanity: *is_vanity };
        return Some(used).filter(|_| rise == joins);
    }
    let mut missing = known.iter().filter(|invite| !listed.contains_key(invite.code.as_str()));
    let (Some(gone), None) = (missing.next(), missing.next()) else { return None };
    let is_used_up = gone.max_uses.is_some_and(|max_uses| max_uses.saturating_sub(gone.uses) == joins);
    is_used_up.then_some(Used { code: &gone.code, inviter_id: gone.user_id, is_vanity: gone.is_vanity })
}

/// Returns when the bot asked for the last list of the guild with these invites.
fn last_list(invites: &[Invite]) -> Option<i64> {
    invites.iter().filter_map(|invite| invite.listed_at_ms).max()
}

/// Discord's 0 is no limit.
fn limit(max_uses: Option<u64>) -> Option<i64> {
    max_uses.filter(|max_uses| *max_uses > 0).map(number)
}

/// The events are checked: their numbers fit.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
