//! Selects channels.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use mocha_schema::{ChannelId, GuildId};

use crate::{Error, database::Source, statement::Statement};

/// Selects channels. A category or channel stands for all channels and threads in it.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct ChannelFilter {
    pub(crate) only: Option<BTreeSet<ChannelId>>,
    pub(crate) without: BTreeSet<ChannelId>,
}

impl ChannelFilter {
    pub(crate) const fn new() -> Self {
        Self { only: None, without: BTreeSet::new() }
    }

    /// Returns whether all channels count, so that a query need not read channels.
    pub(crate) fn is_open(&self) -> bool {
        self.only.is_none() && self.without.is_empty()
    }

    /// Returns the filter with the present channels of a guild.
    pub(crate) fn resolve(&self, conn: &mut dyn Source, guild: GuildId) -> Result<Resolved<'_>, Error> {
        let parents = if self.is_open() { HashMap::new() } else { parents(conn, guild)? };
        Ok(Resolved { filter: self, known: HashMap::new(), parents })
    }
}

/// Returns the parent of each channel: its category, or the channel of a thread.
fn parents(conn: &mut dyn Source, guild: GuildId) -> Result<HashMap<ChannelId, ChannelId>, Error> {
    let mut statement = Statement::new(conn.dialect());
    statement
        .push("SELECT ")
        .either("CAST(id AS INTEGER), CAST(parent_id AS INTEGER)", "id, parent_id")
        .push(" FROM channels WHERE ")
        .is_id("guild_id", guild.get())
        .push(" AND parent_id IS NOT NULL")
        .are_ids(["id", "parent_id"]);
    let mut parents = HashMap::new();
    conn.rows(&statement, &mut |row| {
        parents.insert(row.id(0)?, row.id(1)?);
        Ok(())
    })?;
    Ok(parents)
}

/// A [`ChannelFilter`] with the parents of channels.
#[derive(Debug)]
pub(crate) struct Resolved<'a> {
    filter: &'a ChannelFilter,
    known: HashMap<Option<ChannelId>, bool>,
    parents: HashMap<ChannelId, ChannelId>,
}

impl Resolved<'_> {
    /// As [`ChannelFilter::is_open`].
    pub(crate) fn is_open(&self) -> bool {
        self.filter.is_open()
    }

    /// Returns the known channels that count, if the filter names channels to include. No other
    /// channels count then.
    pub(crate) fn listed(&mut self) -> Option<Vec<ChannelId>> {
        let named = self.filter.only.as_ref()?.iter().copied();
        let all: BTreeSet<ChannelId> = named.chain(self.parents.keys().copied()).collect();
        Some(all.into_iter().filter(|channel| self.counts(Some(*channel))).collect())
    }

    /// Returns whether a channel counts. An unknown channel counts unless the filter names channels
    /// to include.
    pub(crate) fn counts(&mut self, channel: Option<ChannelId>) -> bool {
        if self.is_open() {
            return true;
        }
        if let Some(counts) = self.known.get(&channel) {
            return *counts;
        }
        let mut places = HashSet::new();
        let mut place = channel;
        // Channels that are in each other must not cause an endless loop.
        while let Some(next) = place.filter(|next| places.insert(*next)) {
            place = self.parents.get(&next).copied();
        }
        let ChannelFilter { only, without } = self.filter;
        let among = |set: &BTreeSet<ChannelId>| places.iter().any(|place| set.contains(place));
        let counts = only.as_ref().is_none_or(among) && !among(without);
        self.known.insert(channel, counts);
        counts
    }
}
