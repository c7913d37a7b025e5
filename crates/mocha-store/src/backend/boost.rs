//! Boosts that ended.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use mocha_recorder::{Error, Person, backend::BoostTable};
use mocha_schema::{NewEndedBoost, UnixTime, schema::ended_boosts};

use super::{Executed as _, SqliteTables};

impl BoostTable for SqliteTables<'_> {
    fn put_ended_boost(&mut self, boost: &NewEndedBoost) -> Result<(), Error> {
        diesel::insert_into(ended_boosts::table)
            .values(boost)
            .on_conflict((ended_boosts::guild_id, ended_boosts::user_id, ended_boosts::started_at))
            .do_update()
            .set(boost)
            .execute(self.conn)
            .executed()?;
        Ok(())
    }

    fn delete_ended_boost(&mut self, person: Person, started_at: DateTime<Utc>) -> Result<(), Error> {
        let Person { guild_id, user_id } = person;
        let boost = ended_boosts::table
            .filter(ended_boosts::guild_id.eq(guild_id))
            .filter(ended_boosts::user_id.eq(user_id))
            .filter(ended_boosts::started_at.eq(UnixTime::from(started_at)));
        diesel::delete(boost).execute(self.conn).executed()?;
        Ok(())
    }
}
