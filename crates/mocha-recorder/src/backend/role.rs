//! The operations on `member_roles`.

use std::collections::BTreeSet;

use mocha_schema::{GuildId, RoleId};

use crate::{Error, Person};

/// Looks up and replaces the roles of members.
pub trait RoleTable {
    /// Returns the roles of a member.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn member_roles(&mut self, person: Person) -> Result<BTreeSet<RoleId>, Error>;

    /// Replaces the roles of a member.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn put_member_roles(&mut self, person: Person, roles: &BTreeSet<RoleId>) -> Result<(), Error>;

    /// Returns the roles that any member of the guild has, in the order of their ids.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn roles(&mut self, guild_id: GuildId) -> Result<Vec<RoleId>, Error>;

    /// Takes a role from all members. Returns whether any had it.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn delete_role(&mut self, guild_id: GuildId, role_id: RoleId) -> Result<bool, Error>;
}
