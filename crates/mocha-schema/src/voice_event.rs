//! The model of `voice_events`.

use chrono::{DateTime, Utc};
use diesel::{deserialize::FromSqlRow, expression::AsExpression, prelude::*, sql_types::Text};

use crate::{ChannelId, GuildId, UnixTime, UserId, schema::voice_events, text::text_enum};

/// What an entry of the voice log tells.
#[derive(AsExpression, Clone, Copy, Debug, Eq, FromSqlRow, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[diesel(sql_type = Text)]
pub enum VoiceEventType {
    /// Somebody connected: a session begins.
    Join,
    /// Somebody disconnected: the session ends.
    Leave,
    /// Somebody went to another channel: the session goes on.
    Move,
}

text_enum!(VoiceEventType { Join = "join", Leave = "leave", Move = "move" });

/// The row of an entry of the voice log.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = voice_events)]
pub struct VoiceEvent {
    /// Made of what identifies the event, so that it counts once.
    pub id: String,
    /// The guild.
    pub guild_id: GuildId,
    /// The voice channel; `None` for a disconnect.
    pub channel_id: Option<ChannelId>,
    /// The user.
    pub user_id: UserId,
    /// What happened.
    pub event_type: VoiceEventType,
    /// When the session began.
    pub session_start: Option<DateTime<Utc>>,
    /// When it ended: of a leave only.
    pub session_end: Option<DateTime<Utc>>,
    /// Milliseconds of the whole session: of a leave only, else 0.
    pub duration: Option<i64>,
    /// Muted, by oneself or by the server.
    pub muted: Option<bool>,
    /// Deafened, by oneself or by the server.
    pub deafened: Option<bool>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// An entry of the voice log to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = voice_events, treat_none_as_default_value = false)]
pub struct NewVoiceEvent<'a> {
    /// Made of what identifies the event, so that it counts once.
    pub id: &'a str,
    /// The guild.
    pub guild_id: GuildId,
    /// The voice channel; `None` for a disconnect.
    pub channel_id: Option<ChannelId>,
    /// The user.
    pub user_id: UserId,
    /// What happened.
    pub event_type: VoiceEventType,
    /// When the session began.
    pub session_start: Option<UnixTime>,
    /// When it ended: of a leave only.
    pub session_end: Option<UnixTime>,
    /// Milliseconds of the whole session: of a leave only, else 0.
    pub duration: Option<i64>,
    /// Muted, by oneself or by the server.
    pub muted: Option<bool>,
    /// Deafened, by oneself or by the server.
    pub deafened: Option<bool>,
    /// When.
    pub created_at: UnixTime,
}

/// A change of an entry of the voice log: `None` leaves a column as it is, `Some(None)` makes it NULL.
#[derive(AsChangeset, Clone, Copy, Debug, Default, Eq, PartialEq)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = voice_events)]
pub struct VoiceEventChange {
    /// The voice channel; `None` for a disconnect.
    pub channel_id: Option<Option<ChannelId>>,
    /// What happened.
    pub event_type: Option<VoiceEventType>,
    /// When the session began.
    pub session_start: Option<Option<UnixTime>>,
    /// When it ended: of a leave only.
    pub session_end: Option<Option<UnixTime>>,
    /// Milliseconds of the whole session: of a leave only, else 0.
    pub duration: Option<Option<i64>>,
    /// Muted, by oneself or by the server.
    pub muted: Option<Option<bool>>,
    /// Deafened, by oneself or by the server.
    pub deafened: Option<Option<bool>>,
}
