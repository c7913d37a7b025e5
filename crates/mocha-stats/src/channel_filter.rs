//! Which channels count.

use std::collections::BTreeSet;

use diesel::prelude::*;
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use mocha_schema::{ChannelId, GuildId, schema::channels};

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
    pub(crate) fn resolve(&self, conn: &mut SqliteConnection, guild: GuildId) -> QueryResult<Resolved<'_>> {
        let parents = if self.is_open() { HashMap::new() } else { parents(conn, guild)? };
        Ok(Resolved { filter: self, known: HashMap::new(), parents })
    }
}

/// The category or, of a thread, the channel that each is in.
pub(crate) fn parents(conn: &mut SqliteConnection, guild: GuildId) -> QueryResult<HashMap<ChannelId, ChannelId>> {
    // A row of another program's may have texts that are no ids.
    let rows: Vec<(String, Option<String>)> = channels::table
        .filter(channels::guild_id.eq(guild))
        .filter(channels::parent_id.is_not_null())
        .select((channels::id, channels::parent_id))
        .load(conn)?;
    Ok(rows
        .iter()
        .filter_map(|(channel, parent)| Some((channel.parse().ok()?, parent.as_ref()?.parse().ok()?)))
        .collect())
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
