//! The guilds, channels and users that restored rows refer to.

use std::collections::HashSet;

use chrono::DateTime;
use diesel::{prelude::*, sqlite::SqliteConnection};
use mocha_schema::{
    ChannelId, GuildId, NewChannel, NewGuild, NewUser, UserId,
    schema::{channels, guilds, users},
};

use crate::{batch::Row, source::id};

/// Those that have a row in the store.
#[derive(Debug, Default)]
pub(crate) struct Parents {
    channels: HashSet<ChannelId>,
    guilds: HashSet<GuildId>,
    users: HashSet<(UserId, Option<bool>)>,
}

/// Some tens of megabytes. Beyond that they are looked up again.
const LIMIT: usize = 1_000_000;

/// Discord's types of channels, as which unknown channels are taken.
const TEXT: i32 = 0;
const VOICE: i32 = 2;

impl Parents {
    /// Gives what the row refers to a row in the store, unless it has one.
    pub(crate) fn add(&mut self, conn: &mut SqliteConnection, row: Row<'_>) -> QueryResult<()> {
        let at = DateTime::from_timestamp_millis(row.time()).unwrap_or_default();
        let (created_at, updated_at) = (at.into(), at.into());
        let Some(guild_id) = row.named("guild_id").and_then(id::<GuildId>) else { return Ok(()) };
        if self.is_full() {
            self.clear();
        }
        if self.guilds.insert(guild_id) {
            let new = NewGuild { id: guild_id, name: None, icon: None, member_count: None, created_at, updated_at };
            diesel::insert_or_ignore_into(guilds::table).values(new).execute(conn)?;
        }
        let bot = row.named("bot").map(|bot| bot != 0);
        if let Some(user_id) = row.named("user_id").and_then(id::<UserId>)
            && self.users.insert((user_id, bot))
        {
            let new =
                NewUser { id: user_id, username: None, discriminator: None, avatar: None, bot, created_at, updated_at };
            diesel::insert_or_ignore_into(users::table).values(new).execute(conn)?;
            if let Some(bot) = bot {
                // A user who was never seen counts as human, and nobody stops being a bot.
                let known = users::table.find(user_id);
                let known = if bot {
                    known.filter(users::bot.is_null().or(users::bot.eq(false))).into_boxed()
                } else {
                    known.filter(users::bot.is_null()).into_boxed()
                };
                let found: Option<UserId> = known.select(users::id).get_result(conn).optional()?;
                if found.is_some() {
                    diesel::update(users::table.find(user_id)).set(users::bot.eq(bot)).execute(conn)?;
                }
            }
        }
        let kind = if row.batch.layout().folder == "messages" { TEXT } else { VOICE };
        if let Some(channel_id) = row.named("channel_id").and_then(id::<ChannelId>)
            && self.channels.insert(channel_id)
        {
            let new = NewChannel {
                id: channel_id,
                guild_id,
                name: None,
                kind,
                parent_id: None,
                position: None,
                created_at,
                updated_at,
            };
            diesel::insert_or_ignore_into(channels::table).values(new).execute(conn)?;
        }
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        let Self { channels, guilds, users } = self;
        channels.clear();
        guilds.clear();
        users.clear();
    }

    fn is_full(&self) -> bool {
        self.channels.len().max(self.guilds.len()).max(self.users.len()) >= LIMIT
    }
}
