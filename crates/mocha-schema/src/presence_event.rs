//! The model of `presence_events`.

use chrono::{DateTime, Utc};
use diesel::{deserialize::FromSqlRow, expression::AsExpression, prelude::*, sql_types::Text};

use crate::{GuildId, UnixTime, UserId, schema::presence_events, text::text_enum};

/// A user's status.
#[derive(AsExpression, Clone, Copy, Debug, Eq, FromSqlRow, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[diesel(sql_type = Text)]
pub enum PresenceStatus {
    /// Do not disturb.
    Dnd,
    /// Away.
    Idle,
    /// Offline or invisible.
    Offline,
    /// Online.
    Online,
}

text_enum!(PresenceStatus { Dnd = "dnd", Idle = "idle", Offline = "offline", Online = "online" });

/// The row of a change of status or activity.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = presence_events)]
pub struct PresenceEvent {
    /// The id, made of what identifies the event, so that it counts once.
    pub id: String,
    /// The guild.
    pub guild_id: GuildId,
    /// The user.
    pub user_id: UserId,
    /// The status. `None` if it is unknown from then on.
    pub status: Option<PresenceStatus>,
    /// Discord's activity type: 0 playing, 1 streaming, 2 listening, 3 watching.
    pub activity_type: Option<i32>,
    /// The activity's name.
    pub activity_name: Option<String>,
    /// When it happened.
    pub created_at: DateTime<Utc>,
}

/// A change of status or activity to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = presence_events, treat_none_as_default_value = false)]
pub struct NewPresenceEvent<'a> {
    /// The id, made of what identifies the event, so that it counts once.
    pub id: &'a str,
    /// The guild.
    pub guild_id: GuildId,
    /// The user.
    pub user_id: UserId,
    /// The status.
    pub status: Option<PresenceStatus>,
    /// Discord's activity type: 0 playing, 1 streaming, 2 listening, 3 watching.
    pub activity_type: Option<i32>,
    /// The activity's name.
    pub activity_name: Option<&'a str>,
    /// When it happened.
    pub created_at: UnixTime,
}

/// A correction of a row in `presence_events`: `None` leaves a column as it is, `Some(None)` makes it NULL.
#[derive(AsChangeset, Clone, Copy, Debug, Default, Eq, PartialEq)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = presence_events)]
pub struct PresenceEventChange<'a> {
    /// The status.
    pub status: Option<Option<PresenceStatus>>,
    /// Discord's activity type: 0 playing, 1 streaming, 2 listening, 3 watching.
    pub activity_type: Option<Option<i32>>,
    /// The activity's name.
    pub activity_name: Option<Option<&'a str>>,
}
