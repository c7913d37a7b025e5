//! The recorder's own state.

use diesel::prelude::*;
use mocha_recorder::backend::{StateTable, Watermarks};
use mocha_schema::{
    GatewaySession, RecorderState,
    schema::{gateway_sessions, horizons, recorder_states, watermarks},
};

use super::{Executed as _, SqliteTables};
use crate::Error;

impl StateTable for SqliteTables<'_> {
    fn recorder_state(&mut self) -> Result<Option<RecorderState>, Error> {
        recorder_states::table
            .order(recorder_states::seen_at_ms.desc())
            .select(RecorderState::as_select())
            .first(self.conn)
            .optional()
            .executed()
    }

    fn put_recorder_state(&mut self, state: &RecorderState) -> Result<(), Error> {
        diesel::replace_into(recorder_states::table).values(state).execute(self.conn).executed()?;
        Ok(())
    }

    fn positions(&mut self) -> Result<Vec<GatewaySession>, Error> {
        gateway_sessions::table.select(GatewaySession::as_select()).load(self.conn).executed()
    }

    fn put_position(&mut self, position: &GatewaySession) -> Result<(), Error> {
        diesel::replace_into(gateway_sessions::table).values(position).execute(self.conn).executed()?;
        Ok(())
    }

    fn message_horizon(&mut self) -> Result<i64, Error> {
        horizons::table.find(1).select(horizons::messages_from).first(self.conn).executed()
    }

    fn raise_watermarks(&mut self, to: Watermarks) -> Result<(), Error> {
        if let Some(day) = to.messages_to {
            diesel::update(watermarks::table.filter(watermarks::messages_to.lt(day)))
                .set(watermarks::messages_to.eq(day))
                .execute(self.conn)
                .executed()?;
        }
        if let Some(day) = to.voice_to {
            diesel::update(watermarks::table.filter(watermarks::voice_to.lt(day)))
                .set(watermarks::voice_to.eq(day))
                .execute(self.conn)
                .executed()?;
        }
        Ok(())
    }
}
