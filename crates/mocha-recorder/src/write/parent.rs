//! Guilds, users and channels that an event refers to before they were seen. They get a row that is
//! completed later.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, NewChannel, NewGuild, NewUser, UserId};

use crate::{Error, ErrorKind, backend::Tables};

/// The types that a channel has until it is seen.
pub(super) const TEXT: i32 = 0;
pub(super) const VOICE: i32 = 2;

/// The ids that are known to have a row.
#[derive(Debug, Default)]
pub(super) struct Parents {
    channels: HashSet<ChannelId>,
    guilds: HashSet<GuildId>,
    users: HashSet<UserId>,
}

/// Takes about 10 MB. If there are more, ids are looked up again.
const LIMIT: usize = 1_000_000;

impl Parents {
    pub(super) fn guild(&mut self, tables: &mut impl Tables, id: GuildId, at: DateTime<Utc>) -> Result<(), Error> {
        if !remember(&mut self.guilds, id) {
            return Ok(());
        }
        let (created_at, updated_at) = (at.into(), at.into());
        tables.insert_guild(&NewGuild { id, name: None, icon: None, member_count: None, created_at, updated_at })
    }

    pub(super) fn user(&mut self, tables: &mut impl Tables, id: UserId, at: DateTime<Utc>) -> Result<(), Error> {
        if !remember(&mut self.users, id) {
            return Ok(());
        }
        let (created_at, updated_at) = (at.into(), at.into());
        let stub =
            NewUser { id, username: None, discriminator: None, avatar: None, bot: Some(false), created_at, updated_at };
        tables.insert_user(&stub)
    }

    /// The guild needs to have its row already.
    pub(super) fn channel(
        &mut self,
        tables: &mut impl Tables,
        id: ChannelId,
        guild_id: GuildId,
        kind: i32,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        if !remember(&mut self.channels, id) {
            return Ok(());
        }
        let (created_at, updated_at) = (at.into(), at.into());
        let stub =
            NewChannel { id, guild_id, name: None, kind, parent_id: None, position: None, created_at, updated_at };
        tables.insert_channel(&stub)
    }

    pub(super) fn clear(&mut self) {
        let Self { channels, guilds, users } = self;
        channels.clear();
        guilds.clear();
        users.clear();
    }
}

/// Returns the row of a parent that was added, unless the same transaction deleted it.
pub(super) fn found<T>(row: Option<T>) -> Result<T, Error> {
    row.ok_or_else(|| Error::new(ErrorKind::Database, "a row that was added is missing"))
}

/// Returns whether the id is new to the set.
fn remember<K: Eq + std::hash::Hash>(set: &mut HashSet<K>, id: K) -> bool {
    if set.len() >= LIMIT {
        set.clear();
    }
    set.insert(id)
}
