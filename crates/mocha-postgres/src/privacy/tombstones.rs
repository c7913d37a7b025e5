//! The rows of users who were erased and who opted out.

use diesel::{PgConnection, QueryResult, prelude::*, sql_query};
use mocha_recorder::tombstones::{Key, Tombstone, guild_number};
use mocha_schema::{
    GuildId, UserId,
    schema::{tombstone_keys, tombstones},
};

use crate::backend::load_tombstones;

/// Returns the keys, the one for new hashes first. It is made if there is none.
fn keys(conn: &mut PgConnection) -> QueryResult<Vec<Key>> {
    // The server's generator of UUIDs is seeded by its system. Two of them have 244 random bits.
    sql_query(
        "INSERT INTO tombstone_keys (key) SELECT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
         WHERE NOT EXISTS (SELECT FROM tombstone_keys)",
    )
    .execute(conn)?;
    let keys: Vec<Vec<u8>> = tombstone_keys::table.order(tombstone_keys::id).select(tombstone_keys::key).load(conn)?;
    Ok(keys.iter().filter_map(|key| Key::new(key)).collect())
}

/// Leaves a tombstone. An opt-out stands until it is taken back, and a clock that was set back does not undo what was
/// forgotten. The transaction has the generation's lock.
pub(super) fn bury(
    conn: &mut PgConnection,
    user_id: UserId,
    guild_id: i64,
    at_ms: i64,
    opt_out: bool,
) -> QueryResult<()> {
    let keys = keys(conn)?;
    let Some(first) = keys.first() else { return Ok(()) };
    // Under another key it may be there already.
    let known: Vec<Tombstone> = load_tombstones(conn)?.of(user_id).filter(|known| known.guild_id == guild_id).collect();
    let forgotten_at_ms = known.iter().map(|known| known.forgotten_at_ms).fold(at_ms, i64::max);
    let opted_out = opt_out || known.iter().any(|known| known.opted_out);
    for hash in keys.iter().map(|key| key.hash(user_id)) {
        diesel::delete(tombstones::table.find((hash.as_slice(), guild_id))).execute(conn)?;
    }
    diesel::insert_into(tombstones::table)
        .values((
            tombstones::person.eq(first.hash(user_id).as_slice()),
            tombstones::guild_id.eq(guild_id),
            tombstones::forgotten_at_ms.eq(forgotten_at_ms),
            tombstones::opted_out.eq(opted_out),
            tombstones::returned.eq(false),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes back opt-outs. Earlier events stay erased. Returns how many opt-outs there were.
pub(super) fn opt_in(
    conn: &mut PgConnection,
    user_id: UserId,
    guild_id: Option<GuildId>,
    at_ms: i64,
) -> QueryResult<usize> {
    let mut changed = 0;
    for hash in keys(conn)?.iter().map(|key| key.hash(user_id)) {
        let own = tombstones::table.filter(tombstones::person.eq(hash.as_slice())).filter(tombstones::opted_out);
        let values =
            (tombstones::forgotten_at_ms.eq(at_ms), tombstones::opted_out.eq(false), tombstones::returned.eq(true));
        changed += match guild_id.map(guild_number) {
            Some(guild_id) => {
                diesel::update(own.filter(tombstones::guild_id.eq(guild_id))).set(values).execute(conn)?
            }
            None => diesel::update(own).set(values).execute(conn)?,
        };
    }
    Ok(changed)
}
