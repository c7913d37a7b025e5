//! Guilds.

use diesel::prelude::*;
use mocha_recorder::backend::GuildTable;
use mocha_schema::{
    Guild, GuildChange, GuildId, GuildState, NewGuild, UnixTime,
    schema::{guild_states, guilds},
};

use super::{Executed as _, SqliteTables};
use crate::Error;

impl GuildTable for SqliteTables<'_> {
    fn guild(&mut self, id: GuildId) -> Result<Option<Guild>, Error> {
        guilds::table.find(id).select(Guild::as_select()).get_result(self.conn).optional().executed()
    }

    fn insert_guild(&mut self, guild: &NewGuild<'_>) -> Result<(), Error> {
        diesel::insert_or_ignore_into(guilds::table).values(guild).execute(self.conn).executed()?;
        Ok(())
    }

    fn update_guild(&mut self, id: GuildId, change: &GuildChange<'_>) -> Result<(), Error> {
        diesel::update(guilds::table.find(id)).set(change).execute(self.conn).executed()?;
        Ok(())
    }

    fn guild_state(&mut self, id: GuildId) -> Result<Option<GuildState>, Error> {
        guild_states::table.find(id).select(GuildState::as_select()).get_result(self.conn).optional().executed()
    }

    fn put_guild_state(&mut self, state: &GuildState) -> Result<(), Error> {
        let values = (
            guild_states::afk_channel_id.eq(state.afk_channel_id),
            guild_states::gone_at.eq(state.gone_at.map(UnixTime::from)),
        );
        diesel::insert_into(guild_states::table)
            .values((guild_states::guild_id.eq(state.guild_id), values))
            .on_conflict(guild_states::guild_id)
            .do_update()
            .set(values)
            .execute(self.conn)
            .executed()?;
        Ok(())
    }
}
