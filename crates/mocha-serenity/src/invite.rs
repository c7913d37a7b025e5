//! Invites of guilds.

use mocha_adapter::Translation;
use serenity::model::event::InviteCreateEvent;

use crate::convert;

/// Adds a new invite. Invites to group conversations are not recorded.
pub(crate) fn push_created(invite: &InviteCreateEvent, out: &mut Translation) {
    let Some(guild_id) = invite.guild_id else { return };
    let inviter_id = invite.inviter.as_ref().map(|inviter| convert::id(inviter.id));
    out.invite_created(convert::id(guild_id), &invite.code, inviter_id, Some(invite.max_uses.into()));
}
