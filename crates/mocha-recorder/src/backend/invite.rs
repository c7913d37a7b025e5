//! The operations on `invites` and `invited_members`.

use std::ops::RangeInclusive;

use mocha_schema::{GuildId, Invite, InvitedMember, UserId};

use crate::{Error, Person};

/// Changes invites, and the joins that used them.
pub trait InviteTable {
    /// Returns the invites of a guild, in the order of their codes as bytes.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn invites(&mut self, guild_id: GuildId) -> Result<Vec<Invite>, Error>;

    /// Adds an invite, or replaces its row.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn put_invite(&mut self, invite: &Invite) -> Result<(), Error>;

    /// Deletes an invite.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn delete_invite(&mut self, guild_id: GuildId, code: &str) -> Result<(), Error>;

    /// Sets `listed_at_ms` of all invites of a guild, except those that were created later than that.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn list_invites(&mut self, guild_id: GuildId, listed_at_ms: i64) -> Result<(), Error>;

    /// Adds a join without an invite, unless it is there or the guild has no invites.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_invited_member(&mut self, person: Person, joined_at_ms: i64) -> Result<(), Error>;

    /// Returns the joins of a guild in this range of `joined_at_ms`, except those of bots, in the order of user and time.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn invited_members(
        &mut self,
        guild_id: GuildId,
        range_ms: RangeInclusive<i64>,
    ) -> Result<Vec<(UserId, i64)>, Error>;

    /// Sets the invite of a join that has a row.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn update_invited_member(&mut self, member: &InvitedMember) -> Result<(), Error>;
}
