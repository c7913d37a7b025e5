//! The model of `member_events`.

use chrono::{DateTime, Utc};
use diesel::{deserialize::FromSqlRow, expression::AsExpression, prelude::*, sql_types::Text};

use crate::{GuildId, UnixTime, UserId, schema::member_events, text::text_enum};

/// Whether somebody came or went.
#[derive(AsExpression, Clone, Copy, Debug, Eq, FromSqlRow, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[diesel(sql_type = Text)]
pub enum MemberEventType {
    /// A membership begins.
    Join,
    /// A membership ends.
    Leave,
}

text_enum!(MemberEventType { Join = "join", Leave = "leave" });

/// The row of somebody coming or going.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = member_events)]
pub struct MemberEvent {
    /// Made of what identifies the event, so that it counts once.
    pub id: String,
    /// The guild.
    pub guild_id: GuildId,
    /// Who came or went.
    pub user_id: UserId,
    /// What happened.
    pub event_type: MemberEventType,
    /// How many members the guild had then.
    pub member_count: Option<i32>,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl MemberEvent {
    /// What the id of a leave ends with if nobody heard it: a complete list of members lacked the person, and the leave has the
    /// time of that list. The person left then or earlier, while the bot was not connected.
    pub const INFERRED: &str = ":inferred";

    /// Whether nobody heard it: it was [inferred](Self::INFERRED) from a list of members.
    #[must_use]
    pub fn is_inferred(&self) -> bool {
        self.id.ends_with(Self::INFERRED)
    }
}

/// Somebody coming or going to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = member_events, treat_none_as_default_value = false)]
pub struct NewMemberEvent<'a> {
    /// Made of what identifies the event, so that it counts once.
    pub id: &'a str,
    /// The guild.
    pub guild_id: GuildId,
    /// Who came or went.
    pub user_id: UserId,
    /// What happened.
    pub event_type: MemberEventType,
    /// How many members the guild had then.
    pub member_count: Option<i32>,
    /// When.
    pub created_at: UnixTime,
}

/// A change of somebody coming or going: `None` leaves a column as it is, `Some(None)` makes it NULL.
#[derive(AsChangeset, Clone, Copy, Debug, Default, Eq, PartialEq)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = member_events)]
pub struct MemberEventChange {
    /// What happened.
    pub event_type: Option<MemberEventType>,
    /// How many members the guild had then.
    pub member_count: Option<Option<i32>>,
}
