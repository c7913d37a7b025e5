//! Uses of the bot's commands.

use mocha_schema::NewCommandUse;

use super::{Outcome, State, parent};
use crate::{Error, backend::Tables, event::CommandUsed};

pub(super) fn used(tables: &mut impl Tables, state: &mut State, event: &CommandUsed) -> Result<Outcome, Error> {
    let CommandUsed { at, channel_id, guild_id, interaction_id, ref name, user_id } = *event;
    state.parents.guild(tables, guild_id, at)?;
    state.parents.user(tables, user_id, at)?;
    state.parents.channel(tables, channel_id, guild_id, parent::TEXT, at)?;
    let created_at = at.into();
    let command = NewCommandUse { guild_id, interaction_id, channel_id, user_id, name, created_at };
    Ok(Outcome::of(tables.insert_command_use(&command)?))
}
