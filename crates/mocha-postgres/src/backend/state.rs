//! The recorder's own state.

use diesel::{prelude::*, upsert::excluded};
use mocha_recorder::{
    Error,
    backend::{StateTable, Watermarks},
};
use mocha_schema::{
    GatewaySession, RecorderState,
    schema::{gateway_sessions, horizons, recorder_states},
};

use super::{Executed as _, PgTables};

impl StateTable for PgTables<'_> {
    fn recorder_state(&mut self) -> Result<Option<RecorderState>, Error> {
        recorder_states::table
            .order(recorder_states::seen_at_ms.desc())
            .select(RecorderState::as_select())
            .first(self.conn)
            .optional()
            .executed()
    }

    fn put_recorder_state(&mut self, state: &RecorderState) -> Result<(), Error> {
        diesel::insert_into(recorder_states::table)
            .values(state)
            .on_conflict((recorder_states::shard_count, recorder_states::shard_id))
            .do_update()
            .set(state)
            .execute(self.conn)
            .executed()?;
        Ok(())
    }

    fn positions(&mut self) -> Result<Vec<GatewaySession>, Error> {
        gateway_sessions::table.select(GatewaySession::as_select()).load(self.conn).executed()
    }

    fn put_position(&mut self, position: &GatewaySession) -> Result<(), Error> {
        diesel::insert_into(gateway_sessions::table)
            .values(position)
            .on_conflict((gateway_sessions::bot_id, gateway_sessions::shard_count, gateway_sessions::shard_id))
            .do_update()
            .set((
                gateway_sessions::owner.eq(excluded(gateway_sessions::owner)),
                gateway_sessions::intents.eq(excluded(gateway_sessions::intents)),
                gateway_sessions::resume_url.eq(excluded(gateway_sessions::resume_url)),
                gateway_sessions::session_id.eq(excluded(gateway_sessions::session_id)),
                gateway_sessions::sequence.eq(excluded(gateway_sessions::sequence)),
            ))
            .execute(self.conn)
            .executed()?;
        Ok(())
    }

    fn message_horizon(&mut self) -> Result<i64, Error> {
        horizons::table.find(1).select(horizons::messages_from).first(self.conn).executed()
    }

    /// Triggers keep all roll-ups complete.
    fn raise_watermarks(&mut self, _to: Watermarks) -> Result<(), Error> {
        Ok(())
    }
}
