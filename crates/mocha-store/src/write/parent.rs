//! Guilds, users and channels that an event speaks of before they were seen: they get a row that is completed later.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use mocha_schema::{
    ChannelId, GuildId, NewChannel, NewGuild, NewUser, UserId,
    schema::{channels, guilds, users},
};

/// The channel types a channel is taken for until it was seen.
pub(super) const TEXT: i32 = 0;
pub(super) const VOICE: i32 = 2;

/// Who is known to have a row.
#[derive(Debug, Default)]
pub(super) struct Parents {
    channels: HashSet<ChannelId>,
    guilds: HashSet<GuildId>,
    users: HashSet<UserId>,
}

/// Some 10 MB of ids; beyond, they are looked up again.
const LIMIT: usize = 1_000_000;

impl Parents {
    pub(super) fn guild(&mut self, conn: &mut SqliteConnection, id: GuildId, at: DateTime<Utc>) -> QueryResult<()> {
        if !remember(&mut self.guilds, id) {
            return Ok(());
        }
        let (created_at, updated_at) = (at.into(), at.into());
        let stub = NewGuild { id, name: None, icon: None, member_count: None, created_at, updated_at };
        diesel::insert_or_ignore_into(guilds::table).values(stub).execute(conn).map(drop)
    }

    pub(super) fn user(&mut self, conn: &mut SqliteConnection, id: UserId, at: DateTime<Utc>) -> QueryResult<()> {
        if !remember(&mut self.users, id) {
            return Ok(());
        }
        let (created_at, updated_at) = (at.into(), at.into());
        let stub =
            NewUser { id, username: None, discriminator: None, avatar: None, bot: Some(false), created_at, updated_at };
        diesel::insert_or_ignore_into(users::table).values(stub).execute(conn).map(drop)
    }

    /// The guild has to have its row already.
    pub(super) fn channel(
        &mut self,
        conn: &mut SqliteConnection,
        id: ChannelId,
        guild_id: GuildId,
        kind: i32,
        at: DateTime<Utc>,
    ) -> QueryResult<()> {
        if !remember(&mut self.channels, id) {
            return Ok(());
        }
        let (created_at, updated_at) = (at.into(), at.into());
        let stub =
            NewChannel { id, guild_id, name: None, kind, parent_id: None, position: None, created_at, updated_at };
        diesel::insert_or_ignore_into(channels::table).values(stub).execute(conn).map(drop)
    }

    pub(super) fn clear(&mut self) {
        let Self { channels, guilds, users } = self;
        channels.clear();
        guilds.clear();
        users.clear();
    }
}

/// Whether the id is new to the set.
fn remember<K: Eq + std::hash::Hash>(set: &mut HashSet<K>, id: K) -> bool {
    if set.len() >= LIMIT {
        set.clear();
    }
    set.insert(id)
}
