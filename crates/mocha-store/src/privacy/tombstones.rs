//! The rows of erased and opted-out users. `mocha-recorder` decides which events they withhold.

use diesel::{prelude::*, sql_query, sqlite::SqliteConnection};
use mocha_recorder::tombstones::{Hash, Key, Tombstone, Tombstones, guild_number};
use mocha_schema::{
    GuildId, UserId,
    schema::{tombstone_keys, tombstones},
};

pub(crate) fn load(conn: &mut SqliteConnection) -> QueryResult<Tombstones> {
    type Row = (Vec<u8>, i64, i64, bool, bool);
    let rows: Vec<Row> = tombstones::table.load(conn)?;
    if rows.is_empty() {
        return Ok(Tombstones::default());
    }
    let keys: Vec<Vec<u8>> = tombstone_keys::table.order(tombstone_keys::id).select(tombstone_keys::key).load(conn)?;
    let rows = rows.into_iter().filter_map(|(person, guild_id, forgotten_at_ms, opted_out, returned)| {
        // A CHECK ensures the length.
        let person = Hash::try_from(person).ok()?;
        Some((person, Tombstone { forgotten_at_ms, guild_id, opted_out, returned }))
    });
    Ok(Tombstones::new(keys.iter().filter_map(|key| Key::new(key)), rows))
}

/// Returns the keys of the file, first the one for new hashes. Creates a key if there is none.
pub(super) fn keys(conn: &mut SqliteConnection) -> QueryResult<Vec<Key>> {
    // The operating system seeds SQLite's generator.
    sql_query("INSERT INTO tombstone_keys (key) SELECT randomblob(32) WHERE NOT EXISTS (SELECT 1 FROM tombstone_keys)")
        .execute(conn)?;
    let keys: Vec<Vec<u8>> = tombstone_keys::table.order(tombstone_keys::id).select(tombstone_keys::key).load(conn)?;
    Ok(keys.iter().filter_map(|key| Key::new(key)).collect())
}

/// Writes a tombstone. It keeps an earlier opt-out, and a later time of an earlier tombstone in case the clock was set back.
pub(super) fn put_erasure(
    conn: &mut SqliteConnection,
    user_id: UserId,
    guild_id: i64,
    at_ms: i64,
    opt_out: bool,
) -> QueryResult<()> {
    let Some(key) = keys(conn)?.into_iter().next() else { return Ok(()) };
    // The user may have a tombstone under another key.
    let known: Vec<Tombstone> = load(conn)?.of(user_id).filter(|known| known.guild_id == guild_id).collect();
    let forgotten_at_ms = known.iter().map(|known| known.forgotten_at_ms).fold(at_ms, i64::max);
    let opted_out = opt_out || known.iter().any(|known| known.opted_out);
    let tombstone = Tombstone { forgotten_at_ms, guild_id, opted_out, returned: false };
    for hash in keys(conn)?.iter().map(|key| key.hash(user_id)) {
        diesel::delete(tombstones::table.find((hash.as_slice(), guild_id))).execute(conn)?;
    }
    put(conn, &key.hash(user_id), tombstone)
}

/// Ends the user's opt-outs and returns how many there were. Events until now stay erased.
pub(super) fn opt_in(
    conn: &mut SqliteConnection,
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

/// Writes a tombstone and replaces one of the same user and guild.
fn put(conn: &mut SqliteConnection, person: &Hash, tombstone: Tombstone) -> QueryResult<()> {
    let Tombstone { forgotten_at_ms, guild_id, opted_out, returned } = tombstone;
    diesel::replace_into(tombstones::table)
        .values((
            tombstones::person.eq(person.as_slice()),
            tombstones::guild_id.eq(guild_id),
            tombstones::forgotten_at_ms.eq(forgotten_at_ms),
            tombstones::opted_out.eq(opted_out),
            tombstones::returned.eq(returned),
        ))
        .execute(conn)?;
    Ok(())
}

/// Copies the keys of another file, and its tombstones that are missing or older here.
///
/// A copied tombstone does not count the user as returned. Rows about the user here are from before the return there.
pub(super) fn merge(from: &mut SqliteConnection, into: &mut SqliteConnection) -> QueryResult<()> {
    let ours = load(into)?.into_rows();
    for (person, theirs) in load(from)?.into_rows() {
        for theirs in theirs {
            let known = ours.get(&person).into_iter().flatten().find(|ours| ours.guild_id == theirs.guild_id);
            if known.is_none_or(|ours| ours.forgotten_at_ms < theirs.forgotten_at_ms) {
                put(into, &person, Tombstone { returned: false, ..theirs })?;
            }
        }
    }
    let keys: Vec<Vec<u8>> = tombstone_keys::table.order(tombstone_keys::id).select(tombstone_keys::key).load(from)?;
    for key in &keys {
        diesel::insert_or_ignore_into(tombstone_keys::table).values(tombstone_keys::key.eq(key)).execute(into)?;
    }
    Ok(())
}
