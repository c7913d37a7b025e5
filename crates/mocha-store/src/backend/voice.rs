//! Voice intervals and the voice log.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};
use mocha_recorder::{Person, backend::VoiceTable};
use mocha_schema::{
    GuildId, NewVoiceEvent, UserId, VoiceInterval,
    schema::{unheard_guilds, voice_events, voice_intervals},
};

use super::{Executed as _, SqliteTables, update::update};
use crate::Error;

impl VoiceTable for SqliteTables<'_> {
    fn last_interval(&mut self, person: Person) -> Result<Option<VoiceInterval>, Error> {
        voice_intervals::table
            .filter(voice_intervals::guild_id.eq(person.guild_id))
            .filter(voice_intervals::user_id.eq(person.user_id))
            .order(voice_intervals::started_at_ms.desc())
            .select(VoiceInterval::as_select())
            .first(self.0)
            .optional()
            .executed()
    }

    fn open_intervals(&mut self) -> Result<Vec<VoiceInterval>, Error> {
        voice_intervals::table
            .filter(voice_intervals::ended_at_ms.is_null())
            .select(VoiceInterval::as_select())
            .load(self.0)
            .executed()
    }

    fn insert_interval(&mut self, interval: &VoiceInterval) -> Result<(), Error> {
        diesel::insert_into(voice_intervals::table)
            .values(interval)
            .on_conflict_do_nothing()
            .execute(self.0)
            .executed()?;
        Ok(())
    }

    fn end_interval(&mut self, person: Person, started_at_ms: i64, ended_at_ms: i64) -> Result<(), Error> {
        let is_it = voice_intervals::guild_id
            .eq(person.guild_id)
            .and(voice_intervals::user_id.eq(person.user_id))
            .and(voice_intervals::started_at_ms.eq(started_at_ms))
            .and(voice_intervals::ended_at_ms.is_null());
        let end = (voice_intervals::ended_at_ms.eq(ended_at_ms), voice_intervals::seen_at_ms.eq(ended_at_ms));
        update("voice_intervals", is_it, end).execute(self.0).executed()?;
        Ok(())
    }

    fn delete_open_interval(&mut self, person: Person, started_at_ms: i64) -> Result<(), Error> {
        let row = voice_intervals::table
            .find((person.guild_id, person.user_id, started_at_ms))
            .filter(voice_intervals::ended_at_ms.is_null());
        diesel::delete(row).execute(self.0).executed()?;
        Ok(())
    }

    fn stamp_intervals(&mut self, guild_id: GuildId, user_ids: &[UserId], seen_at_ms: i64) -> Result<(), Error> {
        let user_ids: Vec<String> = user_ids.iter().map(|user_id| format!("\"{user_id}\"")).collect();
        // Names the index, because without statistics SQLite would read every interval of the guild. Rows that are
        // confirmed to this instant already are skipped, so a replay changes nothing.
        sql_query(
            "UPDATE voice_intervals INDEXED BY idx_voice_intervals_open SET seen_at_ms = ?1 \
             WHERE guild_id = ?2 AND ended_at_ms IS NULL AND seen_at_ms < ?1 \
             AND user_id IN (SELECT value FROM json_each(?3))",
        )
        .bind::<BigInt, _>(seen_at_ms)
        .bind::<Text, _>(guild_id)
        .bind::<Text, _>(format!("[{}]", user_ids.join(",")))
        .execute(self.0)
        .executed()?;
        Ok(())
    }

    fn insert_voice_event(&mut self, event: &NewVoiceEvent<'_>) -> Result<(), Error> {
        diesel::insert_or_ignore_into(voice_events::table).values(event).execute(self.0).executed()?;
        Ok(())
    }

    fn unheard_guilds(&mut self) -> Result<Vec<GuildId>, Error> {
        unheard_guilds::table.select(unheard_guilds::guild_id).load(self.0).executed()
    }

    fn insert_unheard_guild(&mut self, guild_id: GuildId) -> Result<(), Error> {
        diesel::insert_or_ignore_into(unheard_guilds::table)
            .values(unheard_guilds::guild_id.eq(guild_id))
            .execute(self.0)
            .executed()?;
        Ok(())
    }

    fn delete_unheard_guild(&mut self, guild_id: GuildId) -> Result<(), Error> {
        diesel::delete(unheard_guilds::table.find(guild_id)).execute(self.0).executed()?;
        Ok(())
    }
}
