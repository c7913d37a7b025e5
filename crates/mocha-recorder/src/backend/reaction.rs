//! The operations on `reactions`.

use mocha_schema::{GuildId, MessageId, NewReaction, UserId};

use crate::Error;

/// Adds and deletes reactions.
pub trait ReactionTable {
    /// Adds a reaction, unless it is there. If it is there without its author, and the author is known now, adds the author.
    /// Returns whether anything changed. The guild, the channel and the user have rows.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_reaction(&mut self, reaction: &NewReaction<'_>) -> Result<bool, Error>;

    /// Deletes a user's reaction. `emoji` is the value of its column. Returns whether it was there.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn delete_reaction(
        &mut self,
        guild_id: GuildId,
        message_id: MessageId,
        user_id: UserId,
        emoji: &str,
    ) -> Result<bool, Error>;

    /// Deletes all reactions to a message, or all with one emoji. Returns whether there were any.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn delete_reactions(
        &mut self,
        guild_id: GuildId,
        message_id: MessageId,
        emoji: Option<&str>,
    ) -> Result<bool, Error>;
}
