//! The tombstones of users who were erased or opted out.

use diesel::prelude::*;
use mocha_recorder::{
    Error,
    backend::TombstoneTable,
    tombstones::{EVERYWHERE, Hash, Key, Tombstone, Tombstones, guild_number},
};
use mocha_schema::{
    GuildId,
    schema::{tombstone_keys, tombstones},
};

use super::{Executed as _, PgTables};

impl TombstoneTable for PgTables<'_> {
    fn tombstones(&mut self) -> Result<Tombstones, Error> {
        load(self.conn).executed()
    }

    fn return_user(&mut self, hashes: &[Hash], guild_id: GuildId) -> Result<(), Error> {
        let mut hashes: Vec<&[u8]> = hashes.iter().map(<[u8; 32]>::as_slice).collect();
        hashes.sort_unstable();
        diesel::update(tombstones::table)
            .filter(tombstones::person.eq_any(hashes))
            .filter(tombstones::guild_id.eq_any([EVERYWHERE, guild_number(guild_id)]))
            .filter(tombstones::returned.eq(false))
            .set(tombstones::returned.eq(true))
            .execute(self.conn)
            .executed()?;
        Ok(())
    }
}

pub(crate) fn load(conn: &mut PgConnection) -> QueryResult<Tombstones> {
    type Row = (Vec<u8>, i64, i64, bool, bool);
    let keys: Vec<Vec<u8>> = tombstone_keys::table.order(tombstone_keys::id).select(tombstone_keys::key).load(conn)?;
    let rows: Vec<Row> = tombstones::table.load(conn)?;
    let rows = rows.into_iter().filter_map(|(person, guild_id, forgotten_at_ms, opted_out, returned)| {
        let person: Hash = person.try_into().ok()?;
        Some((person, Tombstone { forgotten_at_ms, guild_id, opted_out, returned }))
    });
    Ok(Tombstones::new(keys.iter().filter_map(|key| Key::new(key)), rows))
}
