//! Who was forgotten and who opted out, as the file has it: by keyed hashes.

use std::collections::{BTreeMap, HashMap};

use diesel::{prelude::*, sql_query, sqlite::SqliteConnection};
use hmac::{Hmac, KeyInit, Mac};
use mocha_schema::{
    GuildId, UserId,
    schema::{tombstone_keys, tombstones},
};
use sha2::Sha256;

/// The hash that stands for a person.
pub(super) type Hash = [u8; 32];

/// The key of hashes, with its part of the work done.
#[derive(Clone)]
pub(super) struct Key(Hmac<Sha256>);

impl Key {
    fn new(key: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(key).ok().map(Self)
    }

    pub(super) fn hash(&self, user_id: UserId) -> Hash {
        self.0.clone().chain_update(user_id.get().to_be_bytes()).finalize().into_bytes().into()
    }
}

/// A row of `tombstones` without its person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Tombstone {
    pub(super) forgotten_at_ms: i64,
    /// 0 for all guilds.
    pub(super) guild_id: i64,
    pub(super) opted_out: bool,
    pub(super) returned: bool,
}

impl Tombstone {
    /// Whether the person did nothing since that may be recorded.
    pub(super) fn hides(self) -> bool {
        self.opted_out || !self.returned
    }

    /// Orders tombstones for the same guild by how late they are.
    fn age(self) -> (i64, bool, bool) {
        (self.forgotten_at_ms, self.opted_out, self.returned)
    }

    pub(super) fn applies(self, guild_id: Option<GuildId>) -> bool {
        self.guild_id == EVERYWHERE || guild_id.is_some_and(|id| self.guild_id == number(id))
    }
}

/// What stands in the column of the guild for all of them.
pub(super) const EVERYWHERE: i64 = 0;

/// The guild as a number, as roll-ups have it.
pub(super) fn number(guild_id: GuildId) -> i64 {
    i64::try_from(guild_id.get()).unwrap_or(i64::MAX)
}

/// What the tombstones say of something that a person does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It is recorded, and with it the person is back.
    Returns,
    /// It is recorded.
    Takes,
    /// It is not recorded.
    Withholds,
}

/// All tombstones of a file. Asking costs nothing while there are none, and else a hash for each key.
#[derive(Default)]
pub(crate) struct Tombstones {
    keys: Vec<Key>,
    by_person: HashMap<Hash, Vec<Tombstone>>,
}

impl std::fmt::Debug for Tombstones {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tombstones").field("people", &self.by_person.len()).finish_non_exhaustive()
    }
}

impl Tombstones {
    pub(crate) fn load(conn: &mut SqliteConnection) -> QueryResult<Self> {
        type Row = (Vec<u8>, i64, i64, bool, bool);
        let rows: Vec<Row> = tombstones::table.load(conn)?;
        if rows.is_empty() {
            return Ok(Self::default());
        }
        let mut by_person = HashMap::<Hash, Vec<Tombstone>>::new();
        for (person, guild_id, forgotten_at_ms, opted_out, returned) in rows {
            // A CHECK holds the length.
            let Ok(person) = Hash::try_from(person) else { continue };
            by_person.entry(person).or_default().push(Tombstone { forgotten_at_ms, guild_id, opted_out, returned });
        }
        let keys: Vec<Vec<u8>> =
            tombstone_keys::table.order(tombstone_keys::id).select(tombstone_keys::key).load(conn)?;
        Ok(Self { keys: keys.iter().filter_map(|key| Key::new(key)).collect(), by_person })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_person.is_empty()
    }

    /// Something that the person does: writes, speaks, joins.
    pub(crate) fn judge(&self, user_id: UserId, guild_id: Option<GuildId>, at_ms: i64) -> Verdict {
        match self.ruling(user_id, guild_id) {
            None => Verdict::Takes,
            Some(ruling) if ruling.opted_out || at_ms <= ruling.forgotten_at_ms => Verdict::Withholds,
            Some(ruling) if ruling.returned => Verdict::Takes,
            Some(_) => Verdict::Returns,
        }
    }

    /// Whether the person is not to be heard of: that somebody is seen brings nobody back.
    pub(crate) fn hides(&self, user_id: UserId, guild_id: Option<GuildId>, at_ms: i64) -> bool {
        self.ruling(user_id, guild_id).is_some_and(|ruling| ruling.hides() || at_ms <= ruling.forgotten_at_ms)
    }

    /// Whether the person did nothing since that may be recorded.
    pub(crate) fn hides_now(&self, user_id: UserId, guild_id: GuildId) -> bool {
        self.ruling(user_id, Some(guild_id)).is_some_and(Tombstone::hides)
    }

    /// Whether this time is not later than the last erasure of the person in the guild.
    pub(crate) fn is_past(&self, user_id: UserId, guild_id: GuildId, at_ms: i64) -> bool {
        self.ruling(user_id, Some(guild_id)).is_some_and(|ruling| at_ms <= ruling.forgotten_at_ms)
    }

    /// Returns what all tombstones together say about the person in the guild, or in all guilds at once.
    ///
    /// The latest erasure decides whether the person came back. An opt-out stands until it is taken back.
    pub(super) fn ruling(&self, user_id: UserId, guild_id: Option<GuildId>) -> Option<Tombstone> {
        self.of(user_id).filter(|tombstone| tombstone.applies(guild_id)).reduce(|one, other| {
            let latest = if one.age() < other.age() { other } else { one };
            Tombstone { opted_out: one.opted_out || other.opted_out, ..latest }
        })
    }

    /// Whether the person is not to be heard of in some guild, be it all of them.
    pub(crate) fn hides_somewhere(&self, user_id: UserId) -> bool {
        self.of(user_id).any(Tombstone::hides)
    }

    /// Notes in the file and here that the person is back.
    pub(crate) fn returned(
        &mut self,
        conn: &mut SqliteConnection,
        user_id: UserId,
        guild_id: Option<GuildId>,
    ) -> QueryResult<()> {
        let guilds = [EVERYWHERE, guild_id.map_or(EVERYWHERE, number)];
        for hash in self.keys.iter().map(|key| key.hash(user_id)) {
            let Some(known) = self.by_person.get_mut(&hash) else { continue };
            for tombstone in known.iter_mut().filter(|tombstone| tombstone.applies(guild_id)) {
                tombstone.returned = true;
            }
            diesel::update(tombstones::table)
                .filter(tombstones::person.eq(hash.as_slice()))
                .filter(tombstones::guild_id.eq_any(guilds))
                .set(tombstones::returned.eq(true))
                .execute(conn)?;
        }
        Ok(())
    }

    /// Returns the latest tombstone of the person for each guild. There may be older ones under the keys of other files.
    pub(super) fn of(&self, user_id: UserId) -> impl Iterator<Item = Tombstone> {
        let mut latest = BTreeMap::<i64, Tombstone>::new();
        let all = self.keys.iter().filter_map(|key| self.by_person.get(&key.hash(user_id))).flatten();
        for tombstone in all {
            let known = latest.entry(tombstone.guild_id).or_insert(*tombstone);
            if known.age() < tombstone.age() {
                *known = *tombstone;
            }
        }
        latest.into_values()
    }
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
    let known: Vec<Tombstone> =
        Tombstones::load(conn)?.of(user_id).filter(|known| known.guild_id == guild_id).collect();
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
        changed += match guild_id.map(number) {
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
    let ours = Tombstones::load(into)?.by_person;
    for (person, theirs) in Tombstones::load(from)?.by_person {
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
