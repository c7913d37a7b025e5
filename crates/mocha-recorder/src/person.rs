//! A user in a guild.

use mocha_schema::{GuildId, UserId};

/// Names a user in a guild.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Person {
    /// The guild.
    pub guild_id: GuildId,
    /// The user.
    pub user_id: UserId,
}
