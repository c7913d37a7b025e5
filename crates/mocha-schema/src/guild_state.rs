//! The models of `guild_states` and `gone_channels`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{
    ChannelId, GuildId,
    schema::{gone_channels, guild_states},
};

/// The state of a guild that its [`Guild`](crate::Guild) row has no column for.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), primary_key(guild_id), table_name = guild_states)]
pub struct GuildState {
    /// The guild.
    pub guild_id: GuildId,
    /// The voice channel that Discord moves idle members to.
    pub afk_channel_id: Option<ChannelId>,
    /// When the bot left the guild or the guild was deleted. `None` while the bot is in it.
    pub gone_at: Option<DateTime<Utc>>,
}

/// A deleted channel or thread. Its row in `channels` stays.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), primary_key(channel_id), table_name = gone_channels)]
pub struct GoneChannel {
    /// The channel.
    pub channel_id: ChannelId,
    /// The guild it was in.
    pub guild_id: GuildId,
    /// When it was deleted.
    pub gone_at: DateTime<Utc>,
}
