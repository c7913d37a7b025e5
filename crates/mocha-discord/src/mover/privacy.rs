//! Takes erasures and opt-outs along.

use diesel::{PgConnection, QueryResult, SqliteConnection, prelude::*};
use mocha_recorder::tombstones::{EVERYWHERE, Hash, Key, Tombstone, Tombstones, guild_number};
use mocha_schema::{
    GuildId,
    schema::{tombstone_keys, tombstones},
};

use super::{connection::write, copy::Failure, side::Side};
use crate::AnyStore;

type Stone = (Vec<u8>, i64, i64, bool, bool);

/// Copies the keys, and the tombstones that the destination lacks or has in an earlier version: those of all guilds, and those
/// of the guilds if there are any. Returns the tombstones of the source.
pub(super) fn carry(from: &mut Side<'_>, to: &AnyStore, guilds: &[GuildId]) -> Result<Tombstones, Failure> {
    let (keys, mut stones) = match from {
        Side::Postgres(conn) => (keys_of_server(conn)?, tombstones::table.load::<Stone>(*conn)?),
        Side::Sqlite(conn) => (keys_of_file(conn)?, tombstones::table.load::<Stone>(*conn)?),
    };
    let numbers: Vec<i64> = guilds.iter().map(|guild_id| guild_number(*guild_id)).collect();
    stones.retain(|(_, guild, ..)| numbers.is_empty() || *guild == EVERYWHERE || numbers.contains(guild));
    if !stones.is_empty() {
        write(to, |side| put(side, &keys, &stones))?;
    }
    let rows = stones.into_iter().filter_map(|(person, guild_id, forgotten_at_ms, opted_out, returned)| {
        Some((Hash::try_from(person).ok()?, Tombstone { forgotten_at_ms, guild_id, opted_out, returned }))
    });
    Ok(Tombstones::new(keys.iter().filter_map(|key| Key::new(key)), rows))
}

fn keys_of_server(conn: &mut PgConnection) -> QueryResult<Vec<Vec<u8>>> {
    tombstone_keys::table.order(tombstone_keys::id).select(tombstone_keys::key).load(conn)
}

fn keys_of_file(conn: &mut SqliteConnection) -> QueryResult<Vec<Vec<u8>>> {
    tombstone_keys::table.order(tombstone_keys::id).select(tombstone_keys::key).load(conn)
}

/// Writes keys and tombstones. A later tombstone of the destination stays.
fn put(side: &mut Side<'_>, keys: &[Vec<u8>], stones: &[Stone]) -> QueryResult<()> {
    side.execute_on_server("SELECT FROM generations WHERE id = 1 FOR UPDATE")?;
    macro_rules! put {
        ($conn:expr) => {{
            for key in keys {
                diesel::insert_into(tombstone_keys::table)
                    .values(tombstone_keys::key.eq(key))
                    .on_conflict(tombstone_keys::key)
                    .do_nothing()
                    .execute(*$conn)?;
            }
            for (person, guild, forgotten, opted_out, returned) in stones {
                let values = (
                    tombstones::forgotten_at_ms.eq(forgotten),
                    tombstones::opted_out.eq(opted_out),
                    tombstones::returned.eq(returned),
                );
                diesel::insert_into(tombstones::table)
                    .values((tombstones::person.eq(person), tombstones::guild_id.eq(guild), values))
                    .on_conflict((tombstones::person, tombstones::guild_id))
                    .do_nothing()
                    .execute(*$conn)?;
                diesel::update(tombstones::table.find((person, guild)))
                    .filter(tombstones::forgotten_at_ms.le(forgotten))
                    .set(values)
                    .execute(*$conn)?;
            }
        }};
    }
    match side {
        Side::Postgres(conn) => put!(conn),
        Side::Sqlite(conn) => put!(conn),
    }
    Ok(())
}
