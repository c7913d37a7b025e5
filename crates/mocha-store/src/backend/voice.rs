//! Voice intervals and the voice log.

use diesel::{
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{BigInt, Text},
    sqlite::Sqlite,
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
        let is_it = voice_intervals::guild_id
            .eq(person.guild_id)
            .and(voice_intervals::user_id.eq(person.user_id))
            .and(voice_intervals::started_at_ms.eq(started_at_ms))
            .and(voice_intervals::ended_at_ms.is_null());
        let end = (voice_intervals::ended_at_ms.eq(ended_at_ms), voice_intervals::seen_at_ms.eq(ended_at_ms));
        update("voice_intervals", is_it, end).execute(self.conn).executed()?;
        Ok(())
    }

    fn delete_open_interval(&mut self, person: Person, started_at_ms: i64) -> Result<(), Error> {
        let row = voice_intervals::table
            .find((person.guild_id, person.user_id, started_at_ms))
            .filter(voice_intervals::ended_at_ms.is_null());
        diesel::delete(row).execute(self.conn).executed()?;
        Ok(())
    }

    fn stamp_intervals(&mut self, guild_id: GuildId, user_ids: &[UserId], seen_at_ms: i64) -> Result<(), Error> {
        let user_ids: Vec<String> = user_ids.iter().map(|user_id| format!("\"{user_id}\"")).collect();
        let stamp = Stamp { guild_id, seen_at_ms, user_ids: format!("[{}]", user_ids.join(",")) };
        stamp.execute(self.conn).executed()?;
        Ok(())
    }

    fn insert_voice_event(&mut self, event: &NewVoiceEvent<'_>) -> Result<(), Error> {
        diesel::insert_or_ignore_into(voice_events::table).values(event).execute(self.conn).executed()?;
        Ok(())
    }

    fn unheard_guilds(&mut self) -> Result<Vec<GuildId>, Error> {
        unheard_guilds::table.select(unheard_guilds::guild_id).load(self.conn).executed()
    }

    fn insert_unheard_guild(&mut self, guild_id: GuildId) -> Result<(), Error> {
        diesel::insert_or_ignore_into(unheard_guilds::table)
            .values(unheard_guilds::guild_id.eq(guild_id))
            .execute(self.conn)
            .executed()?;
        Ok(())
    }

    fn delete_unheard_guild(&mut self, guild_id: GuildId) -> Result<(), Error> {
        diesel::delete(unheard_guilds::table.find(guild_id)).execute(self.conn).executed()?;
        Ok(())
    }
}

/// Confirms open intervals. Diesel would prepare a statement from SQL text again for each stamp, and with it the triggers of
/// three tables of roll-ups.
///
/// It names the index, because without statistics SQLite would read every interval of the guild. Rows that are confirmed to
/// this instant already are skipped, so a replay changes nothing.
struct Stamp {
    guild_id: GuildId,
    seen_at_ms: i64,
    /// A JSON list of ids.
    user_ids: String,
}

impl QueryFragment<Sqlite> for Stamp {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE voice_intervals INDEXED BY idx_voice_intervals_open SET seen_at_ms = ");
        out.push_bind_param::<BigInt, _>(&self.seen_at_ms)?;
        out.push_sql(" WHERE guild_id = ");
        out.push_bind_param::<Text, _>(&self.guild_id)?;
        out.push_sql(" AND ended_at_ms IS NULL AND seen_at_ms < ");
        out.push_bind_param::<BigInt, _>(&self.seen_at_ms)?;
        out.push_sql(" AND user_id IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.user_ids)?;
        out.push_sql("))");
        Ok(())
    }
}

impl QueryId for Stamp {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<SqliteConnection> for Stamp {}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use diesel::{debug_query, sql_query};

    use super::*;
    use crate::Store;

    #[derive(QueryableByName)]
    struct Plan {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    #[test]
    fn a_stamp_reads_only_open_intervals() -> Result<(), Box<dyn Error>> {
        let stamp = Stamp { guild_id: 1.try_into()?, seen_at_ms: 0, user_ids: "[]".to_owned() };
        let printed = debug_query::<Sqlite, _>(&stamp).to_string();
        let (statement, _binds) = printed.split_once(" -- binds").ok_or("no binds")?;
        let plan: Vec<Plan> = Store::builder()
            .open_in_memory()?
            .read(|conn| sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(conn))?;
        let details: Vec<String> = plan.into_iter().map(|plan| plan.detail).collect();
        assert!(
            details
                .iter()
                .any(|detail| detail.contains("USING INDEX idx_voice_intervals_open (guild_id=? AND user_id=?)")),
            "{details:?}"
        );
        assert!(!details.iter().any(|detail| detail.starts_with("SCAN voice_intervals")), "{details:?}");
        Ok(())
    }
}
