//! The rows of a database about a guild besides its events.

use diesel::{prelude::*, sqlite::SqliteConnection};
use mocha_schema::{
    Channel, Guild, GuildState, Member, NewChannel, NewGuild, NewMember, NewUser, UnixTime, User, UserId,
    schema::{channels, guild_states, guilds, members, users},
};

/// A guild, its channels and members, and all bots.
#[derive(Debug)]
pub struct Known {
    pub(crate) bots: Vec<UserId>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) guild: Option<Guild>,
    pub(crate) members: Vec<(Member, User)>,
    pub(crate) state: Option<GuildState>,
}

/// Implements [`Connection::known`](crate::database::Connection::known) for a type of connection:
/// Diesel makes another query for each database.
macro_rules! load_known {
    () => {
        fn known(&mut self, guild_id: ::mocha_schema::GuildId) -> ::diesel::QueryResult<$crate::known::Known> {
            use ::diesel::prelude::*;
            use ::mocha_schema::schema::{channels, guild_states, guilds, members, users};
            Ok(Known {
                bots: users::table.filter(users::bot.eq(true)).select(users::id).load(self)?,
                channels: channels::table.filter(channels::guild_id.eq(guild_id)).load(self)?,
                guild: guilds::table.find(guild_id).get_result(self).optional()?,
                members: members::table
                    .inner_join(users::table)
                    .filter(members::guild_id.eq(guild_id))
                    .select((members::all_columns, users::all_columns))
                    .load(self)?,
                state: guild_states::table.find(guild_id).get_result(self).optional()?,
            })
        }
    };
}
pub(crate) use load_known;

impl Known {
    /// Puts it into a store that lacks it.
    pub(crate) fn insert(&self, conn: &mut SqliteConnection) -> QueryResult<()> {
        let Self { bots: _, channels, guild, members, state } = self;
        if let Some(guild) = guild {
            let new = NewGuild {
                id: guild.id,
                name: guild.name.as_deref(),
                icon: guild.icon.as_deref(),
                member_count: guild.member_count,
                created_at: guild.created_at.into(),
                updated_at: guild.updated_at.into(),
            };
            diesel::insert_or_ignore_into(guilds::table).values(new).execute(conn)?;
        }
        if let Some(state) = state {
            let GuildState { guild_id, afk_channel_id, gone_at } = state;
            let new = (
                guild_states::guild_id.eq(guild_id),
                guild_states::afk_channel_id.eq(afk_channel_id),
                guild_states::gone_at.eq(gone_at.map(UnixTime::from)),
            );
            diesel::insert_or_ignore_into(guild_states::table).values(new).execute(conn)?;
        }
        for channel in channels {
            let new = NewChannel {
                id: channel.id,
                guild_id: channel.guild_id,
                name: channel.name.as_deref(),
                kind: channel.kind,
                parent_id: channel.parent_id,
                position: channel.position,
                created_at: channel.created_at.into(),
                updated_at: channel.updated_at.into(),
            };
            diesel::insert_or_ignore_into(channels::table).values(new).execute(conn)?;
        }
        for (member, user) in members {
            let new = NewUser {
                id: user.id,
                username: user.username.as_deref(),
                discriminator: user.discriminator.as_deref(),
                avatar: user.avatar.as_deref(),
                bot: user.bot,
                created_at: user.created_at.into(),
                updated_at: user.updated_at.into(),
            };
            diesel::insert_or_ignore_into(users::table).values(new).execute(conn)?;
            let new = NewMember {
                id: &member.id,
                guild_id: member.guild_id,
                user_id: member.user_id,
                nickname: member.nickname.as_deref(),
                joined_at: member.joined_at.map(Into::into),
                premium_since: member.premium_since.map(Into::into),
                created_at: member.created_at.into(),
                updated_at: member.updated_at.into(),
            };
            diesel::insert_or_ignore_into(members::table).values(new).execute(conn)?;
        }
        Ok(())
    }

    /// Marks the bots, because the archive knows only who was a bot when a file was written.
    pub(crate) fn mark_bots(&self, conn: &mut SqliteConnection) -> QueryResult<()> {
        for bot in &self.bots {
            diesel::update(users::table.find(bot)).set(users::bot.eq(true)).execute(conn)?;
        }
        Ok(())
    }
}
