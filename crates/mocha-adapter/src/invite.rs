//! Invites of guilds.

use mocha_recorder::event::InviteCreated;
use mocha_schema::{GuildId, UserId};

use crate::{ResourceType, Translation};

impl Translation {
    /// Adds a new invite.
    pub fn invite_created(&mut self, guild_id: GuildId, code: &str, inviter_id: Option<UserId>, max_uses: Option<u64>) {
        if self.wants(ResourceType::INVITE) {
            self.push(InviteCreated { at: self.at(), code: code.to_owned(), guild_id, inviter_id, max_uses });
        }
    }
}
