//! Intervals of voice, and the voice log.

use diesel::prelude::*;
use mocha_recorder::{Error, Person, backend::VoiceTable};
use mocha_schema::{
    GuildId, NewVoiceEvent, UserId, VoiceInterval,
    schema::{unheard_guilds, voice_events, voice_intervals},
};

use super::{Executed as _, PgTables};

/// The person's interval that started then, if it has no end.
macro_rules! open_row {
    ($person:expr, $started_at_ms:expr) => {
        voice_intervals::table
            .find(($person.guild_id, $person.user_id, $started_at_ms))
            .filter(voice_intervals::ended_at_ms.is_null())
    };
}

impl VoiceTable for PgTables<'_> {
    fn last_interval(&mut self, person: Person) -> Result<Option<VoiceInterval>, Error> {
        voice_intervals::table
            .filter(voice_intervals::guild_id.eq(person.guild_id))
            .filter(voice_intervals::user_id.eq(person.user_id))
            .order(voice_intervals::started_at_ms.desc())
            .select(VoiceInterval::as_select())
            .first(self.conn)
            .optional()
            .executed()
    }

    fn open_intervals(&mut self) -> Result<Vec<VoiceInterval>, Error> {
        voice_intervals::table
            .filter(voice_intervals::ended_at_ms.is_null())
            .select(VoiceInterval::as_select())
            .load(self.conn)
            .executed()
    }

    fn insert_interval(&mut self, interval: &VoiceInterval) -> Result<(), Error> {
        diesel::insert_into(voice_intervals::table)
            .values(interval)
            .on_conflict_do_nothing()
            .execute(self.conn)
            .executed()?;
        Ok(())
    }

    fn end_interval(&mut self, person: Person, started_at_ms: i64, ended_at_ms: i64) -> Result<(), Error> {
        diesel::update(open_row!(person, started_at_ms))
            .set((voice_intervals::ended_at_ms.eq(ended_at_ms), voice_intervals::seen_at_ms.eq(ended_at_ms)))
            .execute(self.conn)
            .executed()?;
        Ok(())
    }

    fn delete_open_interval(&mut self, person: Person, started_at_ms: i64) -> Result<(), Error> {
        diesel::delete(open_row!(person, started_at_ms)).execute(self.conn).executed()?;
        Ok(())
    }

    fn stamp_intervals(&mut self, guild_id: GuildId, user_ids: &[UserId], seen_at_ms: i64) -> Result<(), Error> {
        let open = voice_intervals::table
            .filter(voice_intervals::guild_id.eq(guild_id))
            .filter(voice_intervals::user_id.eq_any(user_ids))
            .filter(voice_intervals::ended_at_ms.is_null())
            .filter(voice_intervals::seen_at_ms.lt(seen_at_ms));
        diesel::update(open).set(voice_intervals::seen_at_ms.eq(seen_at_ms)).execute(self.conn).executed()?;
        Ok(())
    }

    fn insert_voice_event(&mut self, event: &NewVoiceEvent<'_>) -> Result<(), Error> {
        diesel::insert_into(voice_events::table)
            .values(event)
            .on_conflict_do_nothing()
            .execute(self.conn)
            .executed()?;
        Ok(())
    }

    fn unheard_guilds(&mut self) -> Result<Vec<GuildId>, Error> {
        unheard_guilds::table.select(unheard_guilds::guild_id).load(self.conn).executed()
    }

    fn insert_unheard_guild(&mut self, guild_id: GuildId) -> Result<(), Error> {
        diesel::insert_into(unheard_guilds::table)
            .values(unheard_guilds::guild_id.eq(guild_id))
            .on_conflict_do_nothing()
            .execute(self.conn)
            .executed()?;
        Ok(())
    }

    fn delete_unheard_guild(&mut self, guild_id: GuildId) -> Result<(), Error> {
        diesel::delete(unheard_guilds::table.find(guild_id)).execute(self.conn).executed()?;
        Ok(())
    }
}
