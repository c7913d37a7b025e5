//! Roles.

use std::{fmt, num::NonZeroU64};

use mocha_recorder::event::{RoleRemoved, RolesListed};
use mocha_schema::{GuildId, RoleId};

use crate::{ResourceType, Translation};

/// The ids of a member's roles, in the type of the gateway library. They are converted only if roles are recorded.
pub trait RoleIds: fmt::Debug {
    /// Returns the ids in order, each once.
    fn ids(&self) -> Vec<RoleId>;
}

impl<Id: Copy + fmt::Debug + Into<NonZeroU64>> RoleIds for Vec<Id> {
    fn ids(&self) -> Vec<RoleId> {
        sorted(self.iter().map(|id| (*id).into().into()))
    }
}

impl Translation {
    /// Adds the deletion of a role.
    pub fn role_removed(&mut self, guild_id: GuildId, role_id: RoleId) {
        if self.wants(ResourceType::ROLE) {
            self.push(RoleRemoved { at: self.at(), guild_id, role_id });
        }
    }

    /// Adds the roles in a `GUILD_CREATE`.
    pub(crate) fn roles_listed(&mut self, guild_id: GuildId, roles: impl IntoIterator<Item = RoleId>) {
        if self.wants(ResourceType::ROLE) {
            self.push(RolesListed { at: self.at(), guild_id, role_ids: sorted(roles) });
        }
    }
}

fn sorted(ids: impl IntoIterator<Item = RoleId>) -> Vec<RoleId> {
    let mut ids: Vec<RoleId> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
