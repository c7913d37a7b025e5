//! Grouping of channels.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use mocha_schema::{ChannelId, GuildId};

use crate::{Error, database::Source, statement::Statement};

/// The unit of an entry of a [`ChannelsAnswer`](crate::ChannelsAnswer).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ChannelGroup {
    /// A category with its channels and their threads.
    Category,
    /// A channel with its threads, or a forum with its posts.
    Channel,
    /// A channel or a thread, each on its own. The default.
    #[default]
    Thread,
}

/// Discord's channel types.
const CATEGORY: i64 = 4;
const FORUM: i64 = 15;
const MEDIA: i64 = 16;
/// Text, voice, announcements and stages: voice channels and stages have a chat of their own.
const WRITTEN_IN: [i64; 4] = [0, 2, 5, 13];
const THREADS: [i64; 3] = [10, 11, 12];

/// The channels of a guild, as it is now.
#[derive(Debug)]
pub(super) struct Places {
    group: ChannelGroup,
    places: HashMap<ChannelId, Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    kind: i64,
    parent: Option<ChannelId>,
}

impl Place {
    fn is_thread(self) -> bool {
        THREADS.contains(&self.kind)
    }
}

impl Places {
    pub(super) fn load(conn: &mut dyn Source, guild: GuildId, group: ChannelGroup) -> Result<Self, Error> {
        let mut statement = Statement::new(conn.dialect());
        statement
            .push("SELECT ")
            .either("CAST(id AS INTEGER)", "id")
            .push(", type, ")
            // A row of another program may have a text that is no id.
            .either(
                "CASE WHEN parent_id > '0' AND parent_id = CAST(CAST(parent_id AS INTEGER) AS TEXT) \
                 THEN CAST(parent_id AS INTEGER) END",
                "parent_id",
            )
            .push(" FROM channels WHERE ")
            .is_id("guild_id", guild.get())
            .are_ids(["id"]);
        let mut places = HashMap::new();
        conn.rows(&statement, &mut |row| {
            places.insert(row.id(0)?, Place { kind: row.number(1)?, parent: row.optional_id(2)? });
            Ok(())
        })?;
        Ok(Self { group, places })
    }

    /// For each thread on its own nobody needs to know what is in what.
    pub(super) fn none() -> Self {
        Self { group: ChannelGroup::Thread, places: HashMap::new() }
    }

    /// The entry that a channel belongs to; `None` if it is in no category.
    pub(super) fn group_of(&self, channel: ChannelId) -> Option<ChannelId> {
        match self.group {
            ChannelGroup::Category => {
                let channel = self.without_thread(channel);
                let place = self.places.get(&channel)?;
                if place.kind == CATEGORY { Some(channel) } else { place.parent.filter(|_| !place.is_thread()) }
            }
            ChannelGroup::Channel => Some(self.without_thread(channel)),
            ChannelGroup::Thread => Some(channel),
        }
    }

    /// The channel that a thread is in; itself, if it is no thread or nobody knows.
    fn without_thread(&self, channel: ChannelId) -> ChannelId {
        let thread = self.places.get(&channel).filter(|place| place.is_thread());
        thread.and_then(|thread| thread.parent).unwrap_or(channel)
    }

    /// All entries that could have messages, quiet or not.
    pub(super) fn all(&self, conn: &mut dyn Source, guild: GuildId) -> Result<Vec<ChannelId>, Error> {
        let mut statement = Statement::new(conn.dialect());
        statement.push("SELECT ").either("CAST(channel_id AS INTEGER)", "channel_id");
        statement.push(" FROM gone_channels WHERE ").is_id("guild_id", guild.get());
        let mut gone = HashSet::<ChannelId>::new();
        conn.rows(&statement, &mut |row| {
            gone.insert(row.id(0)?);
            Ok(())
        })?;
        let is_there = |&(channel, place): &(&ChannelId, &Place)| {
            // A thread is gone with the channel it is in.
            let parent = place.parent.filter(|_| place.is_thread());
            !gone.contains(channel) && !parent.is_some_and(|parent| gone.contains(&parent))
        };
        let is_entry = |&(_, place): &(&ChannelId, &Place)| match self.group {
            ChannelGroup::Category => place.kind == CATEGORY,
            ChannelGroup::Channel => WRITTEN_IN.contains(&place.kind) || [FORUM, MEDIA].contains(&place.kind),
            ChannelGroup::Thread => WRITTEN_IN.contains(&place.kind) || place.is_thread(),
        };
        Ok(self.places.iter().filter(is_there).filter(is_entry).map(|(channel, _)| *channel).collect())
    }
}
