//! The tombstones of users who were erased or opted out.

use diesel::prelude::*;
use mocha_recorder::{
    backend::TombstoneTable,
    tombstones::{EVERYWHERE, Hash, Tombstones, guild_number},
};
use mocha_schema::{GuildId, schema::tombstones};

use super::{Executed as _, SqliteTables};
use crate::{Error, privacy};

impl TombstoneTable for SqliteTables<'_> {
    fn tombstones(&mut self) -> Result<Tombstones, Error> {
        privacy::load_tombstones(self.conn).executed()
    }

    fn return_user(&mut self, hashes: &[Hash], guild_id: GuildId) -> Result<(), Error> {
        for hash in hashes {
            diesel::update(tombstones::table)
                .filter(tombstones::person.eq(hash.as_slice()))
                .filter(tombstones::guild_id.eq_any([EVERYWHERE, guild_number(guild_id)]))
                .set(tombstones::returned.eq(true))
                .execute(self.conn)
                .executed()?;
        }
        Ok(())
    }
}
