//! Reactions.

use diesel::prelude::*;
use mocha_recorder::backend::ReactionTable;
use mocha_schema::{GuildId, MessageId, NewReaction, UserId, schema::reactions};

use super::{Executed as _, SqliteTables};
use crate::Error;

impl ReactionTable for SqliteTables<'_> {
    fn insert_reaction(&mut self, reaction: &NewReaction<'_>) -> Result<bool, Error> {
        let insert = diesel::insert_into(reactions::table).values(reaction).on_conflict_do_nothing();
        if insert.execute(self.conn).executed()? > 0 {
            return Ok(true);
        }
        let Some(author_id) = reaction.author_id else { return Ok(false) };
        let known = reactions::table
            .find((reaction.guild_id, reaction.message_id, reaction.user_id, reaction.emoji))
            .filter(reactions::author_id.is_null());
        let learned = diesel::update(known).set(reactions::author_id.eq(author_id)).execute(self.conn).executed()?;
        Ok(learned > 0)
    }

    fn delete_reaction(
        &mut self,
        guild_id: GuildId,
        message_id: MessageId,
        user_id: UserId,
        emoji: &str,
    ) -> Result<bool, Error> {
        let reaction = reactions::table.find((guild_id, message_id, user_id, emoji));
        Ok(diesel::delete(reaction).execute(self.conn).executed()? > 0)
    }

    fn delete_reactions(
        &mut self,
        guild_id: GuildId,
        message_id: MessageId,
        emoji: Option<&str>,
    ) -> Result<bool, Error> {
        let of_message = reactions::guild_id.eq(guild_id).and(reactions::message_id.eq(message_id));
        let deleted = match emoji {
            Some(emoji) => diesel::delete(reactions::table.filter(of_message).filter(reactions::emoji.eq(emoji)))
                .execute(self.conn),
            None => diesel::delete(reactions::table.filter(of_message)).execute(self.conn),
        };
        Ok(deleted.executed()? > 0)
    }
}
