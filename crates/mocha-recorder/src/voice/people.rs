//! The state of each person in the tracker, and the undoing of changes if a transaction is undone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use mocha_schema::{GuildId, UserId};

use super::open::Open;
use crate::Person;

/// The state of a person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Known {
    /// The person is in no channel. Events before this time change nothing.
    Away {
        since_ms: i64,
    },
    Open(Open),
}

/// All people that the tracker knows.
#[derive(Debug, Default)]
pub(super) struct People {
    /// The connected people of each guild. A snapshot needs those it does not contain.
    connected: BTreeMap<GuildId, BTreeSet<UserId>>,
    known: HashMap<Person, Known>,
    /// The states before each change since the last commit.
    undo: Vec<(Person, Option<Known>)>,
}

impl People {
    pub(super) fn contains(&self, person: Person) -> bool {
        self.known.contains_key(&person)
    }

    pub(super) fn get(&self, person: Person) -> Option<Known> {
        self.known.get(&person).copied()
    }

    /// Returns the open session of a person who is connected.
    pub(super) fn open(&self, person: Person) -> Option<Open> {
        match self.get(person)? {
            Known::Open(open) => Some(open),
            Known::Away { .. } => None,
        }
    }

    pub(super) fn put(&mut self, person: Person, known: Known) {
        let before = self.set(person, Some(known));
        self.undo.push((person, before));
    }

    /// Returns everybody who is connected.
    pub(super) fn everybody(&self) -> impl Iterator<Item = (Person, Open)> {
        self.connected.keys().flat_map(|guild_id| self.in_guild(*guild_id))
    }

    /// Returns the connected people of a guild.
    pub(super) fn in_guild(&self, guild_id: GuildId) -> impl Iterator<Item = (Person, Open)> {
        let users = self.connected.get(&guild_id).into_iter().flatten();
        users.filter_map(move |user_id| {
            let person = Person { guild_id, user_id: *user_id };
            Some((person, self.open(person)?))
        })
    }

    /// Returns the guilds with connected people.
    pub(super) fn guilds(&self) -> impl Iterator<Item = GuildId> {
        self.connected.keys().copied()
    }

    /// Forgets people who are away, if there are many. The file still knows them.
    pub(super) fn forget_some(&mut self) {
        const MANY: usize = 100_000;
        if self.known.len() > MANY {
            self.known.retain(|_, known| matches!(known, Known::Open(_)));
        }
    }

    /// Forgets the people for whom `who` returns `true`, which cannot be undone.
    pub(super) fn forget(&mut self, mut who: impl FnMut(Person) -> bool) {
        let connected = &mut self.connected;
        self.known.retain(|person, known| {
            let is_forgotten = who(*person);
            if is_forgotten
                && matches!(known, Known::Open(_))
                && let Some(users) = connected.get_mut(&person.guild_id)
            {
                users.remove(&person.user_id);
            }
            !is_forgotten
        });
        connected.retain(|_, users| !users.is_empty());
    }

    /// Returns how many changes an undo would take back now.
    pub(super) fn changes(&self) -> usize {
        self.undo.len()
    }

    /// Takes back all but this number of changes.
    pub(super) fn undo_to(&mut self, changes: usize) {
        while self.undo.len() > changes {
            let Some((person, known)) = self.undo.pop() else { break };
            self.set(person, known);
        }
    }

    /// Makes the changes final.
    pub(super) fn commit(&mut self) {
        self.undo.clear();
    }

    fn set(&mut self, person: Person, known: Option<Known>) -> Option<Known> {
        let users = self.connected.entry(person.guild_id).or_default();
        if matches!(known, Some(Known::Open(_))) {
            users.insert(person.user_id);
        } else {
            users.remove(&person.user_id);
            if users.is_empty() {
                self.connected.remove(&person.guild_id);
            }
        }
        match known {
            Some(known) => self.known.insert(person, known),
            None => self.known.remove(&person),
        }
    }
}
