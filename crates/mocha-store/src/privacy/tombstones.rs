//! The rows of who was forgotten and who opted out. What they say is decided by the recorder's part of Mocha.

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
        // A CHECK holds the length.
        let person = Hash::try_from(person).ok()?;
        Some((person, Tombstone { forgotten_at_ms, guild_id, opted_out, returned }))
    });
    Ok(Tombstones::new(keys.iter().filter_map(|key| Key::new(key)), rows))
}

/// The keys of the file, the one for new hashes first, which is made if there is none.
pub(super) fn keys(conn: &mut SqliteConnection) -> QueryResult<Vec<Key>> {
    // SQLite's generator is seeded by the system's.
    sql_query("INSERT INTO tombstone_keys (key) SELECT randomblob(32) WHERE NOT EXISTS (SELECT 1 FROM tombstone_keys)")
        .execute(conn)?;
    let keys: Vec<Vec<u8>> = tombstone_keys::table.order(tombstone_keys::id).select(tombstone_keys::key).load(conn)?;
    Ok(keys.iter().filter_map(|key| Key::new(key)).collect())
}

/// Leaves a tombstone. An opt-out stands until it is taken back, and a clock that was set back does not undo what was forgotten.
pub(super) fn bury(
    conn: &mut SqliteConnection,
    user_id: UserId,
    guild_id: i64,
    at_ms: i64,
    opt_out: bool,
) -> QueryResult<()> {
    let Some(key) = keys(conn)?.into_iter().next() else { return Ok(()) };
    // Under another key it may be there already.
    let known: Vec<Tombstone> = load(conn)?.of(user_id).filter(|known| known.guild_id == guild_id).collect();
    let forgotten_at_ms = known.iter().map(|known| known.forgotten_at_ms).fold(at_ms, i64::max);
    let opted_out = opt_out || known.iter().any(|known| known.opted_out);
    let tombstone = Tombstone { forgotten_at_ms, guild_id, opted_out, returned: false };
    for hash in keys(conn)?.iter().map(|key| key.hash(user_id)) {
        diesel::delete(tombstones::table.find((hash.as_slice(), guild_id))).execute(conn)?;
    }
    put(conn, &key.hash(user_id), tombstone)
}

/// Takes back what opt-outs there are; what was before now stays forgotten. Gives how many there were.
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

/// Writes a row, in the place of one for the same person and guild.
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

/// Takes over the keys of another file, and those of its tombstones that are new here, or newer than here: by them nobody is back,
/// for what there may be here of who came back there is older.
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
