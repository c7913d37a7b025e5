//! The model of `member_events`.

use chrono::{DateTime, Utc};
use diesel::{deserialize::FromSqlRow, expression::AsExpression, prelude::*, sql_types::Text};

use crate::{GuildId, UnixTime, UserId, schema::member_events, text::text_enum};

/// The type of a [`MemberEvent`].
#[derive(AsExpression, Clone, Copy, Debug, Eq, FromSqlRow, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[diesel(sql_type = Text)]
pub enum MemberEventType {
    /// A user became a member.
    Join,
    /// A member left or was removed.
    Leave,
}

text_enum!(MemberEventType { Join = "join", Leave = "leave" });

/// The row of a join or a leave.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = member_events)]
pub struct MemberEvent {
    /// The id, made of what identifies the event, so that it counts once.
    pub id: String,
    /// The guild.
    pub guild_id: GuildId,
    /// The user who joined or left.
    pub user_id: UserId,
    /// The type of the event.
    pub event_type: MemberEventType,
    /// The number of members of the guild at that time.
    pub member_count: Option<i32>,
    /// When it happened.
    pub created_at: DateTime<Utc>,
}

impl MemberEvent {
    /// The end of the id of an inferred leave.
    ///
    /// Mocha infers a leave when a complete list of members lacks a member. The leave has the time of that list. The
    /// member left then or earlier, while the bot was not connected. Mocha also infers one when a member has joined again
    /// meanwhile. That leave has the time of the millisecond before the join.
    pub const INFERRED: &str = ":inferred";

    /// Returns `true` if the leave was [inferred](Self::INFERRED), because nobody observed it.
    #[must_use]
    pub fn is_inferred(&self) -> bool {
        self.id.ends_with(Self::INFERRED)
    }
}

/// A join or a leave to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = member_events, treat_none_as_default_value = false)]
pub struct NewMemberEvent<'a> {
    /// The id, made of what identifies the event, so that it counts once.
    pub id: &'a str,
    /// The guild.
    pub guild_id: GuildId,
    /// The user who joined or left.
    pub user_id: UserId,
    /// The type of the event.
    pub event_type: MemberEventType,
    /// The number of members of the guild at that time.
    pub member_count: Option<i32>,
    /// When it happened.
    pub created_at: UnixTime,
}

/// A change of a join or a leave: `None` leaves a column as it is, `Some(None)` makes it NULL.
#[derive(AsChangeset, Clone, Copy, Debug, Default, Eq, PartialEq)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = member_events)]
pub struct MemberEventChange {
    /// The type of the event.
    pub event_type: Option<MemberEventType>,
    /// The number of members of the guild at that time.
    pub member_count: Option<Option<i32>>,
}
