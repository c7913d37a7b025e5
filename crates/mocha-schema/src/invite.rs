//! The models of `invites` and `invited_members`.

use diesel::prelude::*;

use crate::{
    GuildId, UserId,
    schema::{invited_members, invites},
};

/// The row of an invite, as it was in the last list.
#[derive(Clone, Debug, Eq, Insertable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = invites, treat_none_as_default_value = false)]
pub struct Invite {
    /// The guild.
    pub guild_id: GuildId,
    /// The code, which is the end of the invite's link.
    pub code: String,
    /// The user who created it. `None` if nobody did, or if it is unknown.
    pub user_id: Option<UserId>,
    /// Whether it is the guild's vanity link.
    pub is_vanity: bool,
    /// How often it was used.
    pub uses: i64,
    /// After how many uses it ends. `None` if it has no limit.
    pub max_uses: Option<i64>,
    /// When the bot was told that it was created, in unix milliseconds. `None` if the bot only saw it in a list.
    pub created_at_ms: Option<i64>,
    /// When the bot asked for the last list that has it, in unix milliseconds. `None` if no list has it yet.
    pub listed_at_ms: Option<i64>,
}

/// The row of a join in a guild whose invites the bot lists.
#[derive(Clone, Debug, Eq, Insertable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = invited_members, treat_none_as_default_value = false)]
pub struct InvitedMember {
    /// The guild.
    pub guild_id: GuildId,
    /// The user who joined.
    pub user_id: UserId,
    /// When the bot was told of the join, in unix milliseconds.
    pub joined_at_ms: i64,
    /// The code of the invite that was used. `None` if it is unknown.
    pub code: Option<String>,
    /// The user who created the invite. `None` if it is unknown.
    pub inviter_id: Option<UserId>,
    /// Whether the invite is the guild's vanity link.
    pub is_vanity: bool,
}
