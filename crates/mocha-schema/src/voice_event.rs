//! The model of `voice_events`.

use chrono::{DateTime, Utc};
use diesel::{deserialize::FromSqlRow, expression::AsExpression, prelude::*, sql_types::Text};

use crate::{ChannelId, GuildId, UnixTime, UserId, schema::voice_events, text::text_enum};

/// The type of a [`VoiceEvent`].
#[derive(AsExpression, Clone, Copy, Debug, Eq, FromSqlRow, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[diesel(sql_type = Text)]
pub enum VoiceEventType {
    /// A member connected. The session begins.
    Join,
    /// A member disconnected. The session ends.
    Leave,
    /// A member moved to another channel. The session goes on.
    Move,
}

text_enum!(VoiceEventType { Join = "join", Leave = "leave", Move = "move" });

/// The row of an entry in the voice log.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = voice_events)]
pub struct VoiceEvent {
    /// The id, made of what identifies the event, so that it counts once.
    pub id: String,
    /// The guild.
    pub guild_id: GuildId,
    /// The voice channel; `None` for a disconnect.
    pub channel_id: Option<ChannelId>,
    /// The user.
    pub user_id: UserId,
    /// The type of the event.
    pub event_type: VoiceEventType,
    /// When the session began.
    pub session_start: Option<DateTime<Utc>>,
    /// When the session ended. Only a leave has it.
    pub session_end: Option<DateTime<Utc>>,
    /// The length of the whole session in milliseconds. It is 0 if the event is not a leave.
    pub duration: Option<i64>,
    /// Whether the member was muted, by the member or by the server.
    pub muted: Option<bool>,
    /// Whether the member was deafened, by the member or by the server.
    pub deafened: Option<bool>,
    /// When it happened.
    pub created_at: DateTime<Utc>,
}

/// An entry in the voice log to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = voice_events, treat_none_as_default_value = false)]
pub struct NewVoiceEvent<'a> {
    /// The id, made of what identifies the event, so that it counts once.
    pub id: &'a str,
    /// The guild.
    pub guild_id: GuildId,
    /// The voice channel; `None` for a disconnect.
    pub channel_id: Option<ChannelId>,
    /// The user.
    pub user_id: UserId,
    /// The type of the event.
    pub event_type: VoiceEventType,
    /// When the session began.
    pub session_start: Option<UnixTime>,
    /// When the session ended. Only a leave has it.
    pub session_end: Option<UnixTime>,
    /// The length of the whole session in milliseconds. It is 0 if the event is not a leave.
    pub duration: Option<i64>,
    /// Whether the member was muted, by the member or by the server.
    pub muted: Option<bool>,
    /// Whether the member was deafened, by the member or by the server.
    pub deafened: Option<bool>,
    /// When it happened.
    pub created_at: UnixTime,
}

/// A change of an entry in the voice log: `None` leaves a column as it is, `Some(None)` makes it NULL.
#[derive(AsChangeset, Clone, Copy, Debug, Default, Eq, PartialEq)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = voice_events)]
pub struct VoiceEventChange {
    /// The voice channel; `None` for a disconnect.
    pub channel_id: Option<Option<ChannelId>>,
    /// The type of the event.
    pub event_type: Option<VoiceEventType>,
    /// When the session began.
    pub session_start: Option<Option<UnixTime>>,
    /// When the session ended. Only a leave has it.
    pub session_end: Option<Option<UnixTime>>,
    /// The length of the whole session in milliseconds. It is 0 if the event is not a leave.
    pub duration: Option<Option<i64>>,
    /// Whether the member was muted, by the member or by the server.
    pub muted: Option<Option<bool>>,
    /// Whether the member was deafened, by the member or by the server.
    pub deafened: Option<Option<bool>>,
}
