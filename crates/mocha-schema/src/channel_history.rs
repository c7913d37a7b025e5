//! The model of `channel_histories`.

use diesel::prelude::*;

use crate::{ChannelId, GuildId, schema::channel_histories};

/// A span of a channel's history that was read from Discord's API.
#[derive(Clone, Copy, Debug, Eq, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(
    check_for_backend(diesel::sqlite::Sqlite),
    table_name = channel_histories,
    treat_none_as_default_value = false
)]
pub struct ChannelHistory {
    /// The guild.
    pub guild_id: GuildId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The id above all messages of the span.
    pub before_id: i64,
    /// The lowest id of the span. 0 stands for the channel's beginning.
    pub from_id: i64,
}
