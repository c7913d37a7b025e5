//! Which channels count.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use mocha_schema::{ChannelId, GuildId};

use crate::{Error, database::Source, statement::Statement};

/// Which channels count; a category or channel stands for all in it, threads too.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct ChannelFilter {
    pub(crate) only: Option<BTreeSet<ChannelId>>,
    pub(crate) without: BTreeSet<ChannelId>,
}

impl ChannelFilter {
    pub(crate) const fn new() -> Self {
        Self { only: None, without: BTreeSet::new() }
    }

    /// Whether all channels count, so that nobody needs to know which it was.
    pub(crate) fn is_open(&self) -> bool {
        self.only.is_none() && self.without.is_empty()
    }

    /// Which channels count in a guild as it is now.
    pub(crate) fn resolve(&self, conn: &mut dyn Source, guild: GuildId) -> Result<Resolved<'_>, Error> {
        let parents = if self.is_open() { HashMap::new() } else { parents(conn, guild)? };
        Ok(Resolved { filter: self, known: HashMap::new(), parents })
    }
}

/// The category or, of a thread, the channel that each is in.
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

/// A [`ChannelFilter`] that knows which channel is in which.
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

    /// The channels that count as far as they are known, if some had to be named; no others do.
    pub(crate) fn listed(&mut self) -> Option<Vec<ChannelId>> {
        let named = self.filter.only.as_ref()?.iter().copied();
        let all: BTreeSet<ChannelId> = named.chain(self.parents.keys().copied()).collect();
        Some(all.into_iter().filter(|channel| self.counts(Some(*channel))).collect())
    }

    /// Whether what happened in a channel counts; what happened nobody knows where does if no
    /// channel had to be named.
    pub(crate) fn counts(&mut self, channel: Option<ChannelId>) -> bool {
        if self.is_open() {
            return true;
        }
        if let Some(counts) = self.known.get(&channel) {
            return *counts;
        }
        let mut places = HashSet::new();
        let mut place = channel;
        // A file in which channels are in each other must not keep it for ever.
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
