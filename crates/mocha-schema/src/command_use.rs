//! The model of `command_uses`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{ChannelId, GuildId, InteractionId, UnixTime, UserId, schema::command_uses};

/// The row of a use of a command.
#[derive(Clone, Debug, Eq, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = command_uses)]
pub struct CommandUse {
    /// The guild.
    pub guild_id: GuildId,
    /// The id of the use.
    pub interaction_id: InteractionId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The user who used it.
    pub user_id: UserId,
    /// The name of the command, followed by those of its group and subcommand.
    pub name: String,
    /// When it was used.
    pub created_at: DateTime<Utc>,
}

/// A use of a command to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = command_uses, treat_none_as_default_value = false)]
pub struct NewCommandUse<'a> {
    /// The guild.
    pub guild_id: GuildId,
    /// The id of the use.
    pub interaction_id: InteractionId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The user who used it.
    pub user_id: UserId,
    /// The name of the command, followed by those of its group and subcommand.
    pub name: &'a str,
    /// When it was used.
    pub created_at: UnixTime,
}
