//! Roles of a guild. The roles of a member are in [`MemberSeen`](super::MemberSeen).

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, RoleId};

use super::Event;

/// Reports that a role was deleted. No member has it any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RoleRemoved {
    /// When it was deleted.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// The role.
    pub role_id: RoleId,
}

impl From<RoleRemoved> for Event {
    fn from(event: RoleRemoved) -> Self {
        Self::RoleRemoved(event)
    }
}

/// Reports all roles of a guild. Roles that are missing were deleted while the bot was not listening.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RolesListed {
    /// When the list was received. Roles that were created later are not missing.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// The roles, in any order.
    pub role_ids: Vec<RoleId>,
}

impl From<RolesListed> for Event {
    fn from(event: RolesListed) -> Self {
        Self::RolesListed(event)
    }
}
