//! A plain fold over the messages, which knows nothing of Mocha's tables and questions.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::Hash,
};

use crate::traffic::Message;

/// How much was written: messages, characters, words.
pub(crate) type Sums = [u64; 3];

/// One user in one channel in one hour.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Cell {
    pub(crate) bot: bool,
    pub(crate) channel: u64,
    /// Hours since 1970 in UTC.
    pub(crate) hour: i64,
    pub(crate) user: u64,
}

/// The truth about a window.
#[derive(Debug)]
pub(crate) struct Oracle {
    pub(crate) cells: HashMap<Cell, Sums>,
    /// The first and the last message of each user, in unix seconds.
    pub(crate) seen: HashMap<u64, (i64, i64)>,
    from: i64,
    to: i64,
}

impl Oracle {
    /// Counts messages from `from` on and before `to`, in unix seconds.
    pub(crate) fn new(from: i64, to: i64) -> Self {
        Self { cells: HashMap::new(), seen: HashMap::new(), from, to }
    }

    pub(crate) fn add(&mut self, message: &Message) {
        let Message { at, bot, channel, characters, user, words, .. } = *message;
        if !message.counts() || !(self.from..self.to).contains(&at) {
            return;
        }
        let cell = Cell { bot, channel, hour: at.div_euclid(3_600), user };
        add(self.cells.entry(cell).or_default(), [1, characters.into(), words.into()]);
        let seen = self.seen.entry(user).or_insert((at, at));
        *seen = (seen.0.min(at), seen.1.max(at));
    }

    /// Adds up the cells that are wanted, by a key.
    pub(crate) fn sums<K: Ord>(&self, wanted: impl Fn(&Cell) -> bool, key: impl Fn(&Cell) -> K) -> BTreeMap<K, Sums> {
        let mut sums = BTreeMap::new();
        for (cell, counts) in self.cells.iter().filter(|(cell, _)| wanted(cell)) {
            add(sums.entry(key(cell)).or_default(), *counts);
        }
        sums
    }

    /// Counts the different values of `of` in the cells that are wanted, by a key.
    pub(crate) fn different<K: Ord, V: Ord>(
        &self,
        wanted: impl Fn(&Cell) -> bool,
        key: impl Fn(&Cell) -> K,
        of: impl Fn(&Cell) -> V,
    ) -> BTreeMap<K, u64> {
        let mut values = BTreeMap::<K, BTreeSet<V>>::new();
        for cell in self.cells.keys().filter(|cell| wanted(cell)) {
            values.entry(key(cell)).or_default().insert(of(cell));
        }
        values.into_iter().map(|(key, values)| (key, u64::try_from(values.len()).unwrap_or(u64::MAX))).collect()
    }
}

fn add(sums: &mut Sums, more: Sums) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}

/// Returns rank, key and value by value, greatest first. Equal values share a rank and are in the order of their keys.
pub(crate) fn ranked<K: Copy + Eq + Hash + Ord>(values: impl IntoIterator<Item = (K, u64)>) -> Vec<(u64, K, u64)> {
    let mut values: Vec<(K, u64)> = values.into_iter().filter(|(_, value)| *value > 0).collect();
    values.sort_by_key(|(key, value)| (std::cmp::Reverse(*value), *key));
    let mut ranks: Vec<(u64, K, u64)> = Vec::new();
    for (place, (key, value)) in (1..).zip(values) {
        let rank = ranks.last().filter(|(.., last)| *last == value).map_or(place, |(rank, ..)| *rank);
        ranks.push((rank, key, value));
    }
    ranks
}

/// Returns the lengths and last days of all runs of days in a row, in order.
pub(crate) fn runs(days: &BTreeSet<i64>) -> Vec<(u64, i64)> {
    let mut runs: Vec<(u64, i64)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((len, last)) if *last + 1 == *day => (*len, *last) = (*len + 1, *day),
            _ => runs.push((1, *day)),
        }
    }
    runs
}
