//! The tombstones of erased and opted-out users, and the events that they withhold.
//!
//! The backend stores the rows. This module computes hashes and decides, so that all backends agree.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use hmac::{Hmac, KeyInit, Mac};
use mocha_schema::{GuildId, UserId};
use sha2::Sha256;

/// The hash that stands for a user.
pub type Hash = [u8; 32];

/// The value of the column `guild_id` for all guilds.
pub const EVERYWHERE: i64 = 0;

/// Returns the value of the column `guild_id` for one guild.
#[must_use]
pub fn guild_number(guild_id: GuildId) -> i64 {
    i64::try_from(guild_id.get()).unwrap_or(i64::MAX)
}

/// A key, prepared for hashing.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl Key {
    /// Prepares a key of any length. Returns `None` only if the hash function refuses it, which HMAC never does.
    #[must_use]
    pub fn new(key: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(key).ok().map(Self)
    }

    /// Returns the hash that stands for the user.
    #[must_use]
    pub fn hash(&self, user_id: UserId) -> Hash {
        self.0.clone().chain_update(user_id.get().to_be_bytes()).finalize().into_bytes().into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

/// A row of `tombstones` without its user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tombstone {
    /// Events of the user up to this time are erased, in unix milliseconds.
    pub forgotten_at_ms: i64,
    /// The guild, as [`guild_number`] gives it, or [`EVERYWHERE`].
    pub guild_id: i64,
    /// Whether the user opted out.
    pub opted_out: bool,
    /// Whether the user was active again since the erasure.
    pub returned: bool,
}

impl Tombstone {
    /// Returns whether the user opted out or was not active again since the erasure.
    #[must_use]
    pub fn hides(self) -> bool {
        self.opted_out || !self.returned
    }

    /// Orders tombstones for the same guild by how late they are.
    fn age(self) -> (i64, bool, bool) {
        (self.forgotten_at_ms, self.opted_out, self.returned)
    }

    fn applies(self, guild_id: Option<GuildId>) -> bool {
        self.guild_id == EVERYWHERE || guild_id.is_some_and(|id| self.guild_id == guild_number(id))
    }
}

/// The decision about an event that a user caused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// The event is recorded, and the user is active again.
    Returns,
    /// The event is recorded.
    Takes,
    /// The event is not recorded.
    Withholds,
}

/// All tombstones of a database. A check costs nothing while there are none, otherwise one hash for
/// each key.
#[derive(Default)]
pub struct Tombstones {
    keys: Vec<Key>,
    by_person: HashMap<Hash, Vec<Tombstone>>,
}

impl fmt::Debug for Tombstones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tombstones").field("people", &self.by_person.len()).finish_non_exhaustive()
    }
}

impl Tombstones {
    /// Creates the tombstones from the rows, and the keys in their order. Without rows no keys are needed.
    pub fn new(keys: impl IntoIterator<Item = Key>, rows: impl IntoIterator<Item = (Hash, Tombstone)>) -> Self {
        let mut by_person = HashMap::<Hash, Vec<Tombstone>>::new();
        for (person, tombstone) in rows {
            by_person.entry(person).or_default().push(tombstone);
        }
        Self { keys: keys.into_iter().collect(), by_person }
    }

    /// Returns the rows by user.
    #[must_use]
    pub fn into_rows(self) -> HashMap<Hash, Vec<Tombstone>> {
        self.by_person
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_person.is_empty()
    }

    /// Decides about an event that the user caused: writing, speaking, joining.
    pub(crate) fn judge(&self, user_id: UserId, guild_id: Option<GuildId>, at_ms: i64) -> Verdict {
        match self.ruling(user_id, guild_id) {
            None => Verdict::Takes,
            Some(ruling) if ruling.opted_out || at_ms <= ruling.forgotten_at_ms => Verdict::Withholds,
            Some(ruling) if ruling.returned => Verdict::Takes,
            Some(_) => Verdict::Returns,
        }
    }

    /// Returns whether what the user did at this unix millisecond must not be written: the user is
    /// opted out, or was erased later than that, or was erased and did nothing since. Unlike an event
    /// that the recorder gets, it does not make the user active again.
    #[must_use]
    pub fn withholds(&self, user_id: UserId, guild_id: Option<GuildId>, at_ms: i64) -> bool {
        self.ruling(user_id, guild_id).is_some_and(|ruling| ruling.hides() || at_ms <= ruling.forgotten_at_ms)
    }

    /// Returns whether the user opted out or was not active again since the erasure.
    pub(crate) fn hides_now(&self, user_id: UserId, guild_id: GuildId) -> bool {
        self.ruling(user_id, Some(guild_id)).is_some_and(Tombstone::hides)
    }

    /// Returns whether this time is at or before the last erasure of the user in the guild.
    pub(crate) fn is_past(&self, user_id: UserId, guild_id: GuildId, at_ms: i64) -> bool {
        self.ruling(user_id, Some(guild_id)).is_some_and(|ruling| at_ms <= ruling.forgotten_at_ms)
    }

    /// Combines all tombstones of the user in the guild, or in all guilds at once.
    ///
    /// The latest erasure decides whether the user came back. An opt-out lasts until an opt-in.
    #[must_use]
    pub fn ruling(&self, user_id: UserId, guild_id: Option<GuildId>) -> Option<Tombstone> {
        self.of(user_id).filter(|tombstone| tombstone.applies(guild_id)).reduce(|one, other| {
            let latest = if one.age() < other.age() { other } else { one };
            Tombstone { opted_out: one.opted_out || other.opted_out, ..latest }
        })
    }

    /// Returns whether the user is hidden in some guild or in all of them.
    pub(crate) fn hides_somewhere(&self, user_id: UserId) -> bool {
        self.of(user_id).any(Tombstone::hides)
    }

    /// Marks the user as active again. Returns the hashes of the rows that the database has to
    /// mark.
    pub(crate) fn return_user(&mut self, user_id: UserId, guild_id: GuildId) -> Vec<Hash> {
        let mut known: Vec<Hash> = self.keys.iter().map(|key| key.hash(user_id)).collect();
        known.retain(|hash| {
            let Some(tombstones) = self.by_person.get_mut(hash) else { return false };
            for tombstone in tombstones.iter_mut().filter(|tombstone| tombstone.applies(Some(guild_id))) {
                tombstone.returned = true;
            }
            true
        });
        known
    }

    /// Returns the latest tombstone of the user for each guild. Older ones may exist under the keys of other databases.
    pub fn of(&self, user_id: UserId) -> impl Iterator<Item = Tombstone> {
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
