//! The data of events, as Discord sends it.

use chrono::Utc;
use serde_json::{Value, json};

/// The start of Discord's time, in unix milliseconds.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// The fields of a guild that are the same in every test.
const GUILD: &str = r#"{
    "name": "Mocha", "icon": null, "splash": null, "discovery_splash": null, "afk_channel_id": null,
    "afk_timeout": 300, "verification_level": 0, "default_message_notifications": 0,
    "explicit_content_filter": 0, "roles": [], "emojis": [], "features": [], "mfa_level": 0,
    "application_id": null, "system_channel_id": null, "system_channel_flags": 0,
    "rules_channel_id": null, "joined_at": "2026-01-01T00:00:00.000000+00:00", "large": false,
    "unavailable": false, "voice_states": [], "members": [], "threads": [], "presences": [],
    "stage_instances": [], "guild_scheduled_events": [], "max_presences": null,
    "max_members": 500000, "vanity_url_code": null, "description": null, "banner": null,
    "premium_tier": 0, "premium_subscription_count": 0, "preferred_locale": "en-US",
    "public_updates_channel_id": null, "nsfw_level": 0, "stickers": [],
    "premium_progress_bar_enabled": false
}"#;

/// Returns a guild with a text channel and a voice channel, for `GUILD_CREATE`.
#[must_use]
pub fn guild(id: u64, text: u64, voice: u64) -> Value {
    let channel = |id: u64, kind: u8| json!({ "id": id.to_string(), "type": kind, "name": "c", "position": 0, "permission_overwrites": [] });
    let mut guild: Value = serde_json::from_str(GUILD).unwrap_or_default();
    guild["id"] = id.to_string().into();
    guild["owner_id"] = "1".into();
    guild["member_count"] = 5.into();
    guild["channels"] = json!([channel(text, 0), channel(voice, 2)]);
    guild
}

/// Returns a message that was written now, for `MESSAGE_CREATE`. Messages of one millisecond need
/// different numbers.
#[must_use]
pub fn message(guild: u64, channel: u64, user: u64, number: u64) -> Value {
    let now = Utc::now();
    let since_epoch = u64::try_from(now.timestamp_millis() - EPOCH_MS).unwrap_or(0);
    let id = (since_epoch << 22) + number;
    json!({
        "id": id.to_string(), "channel_id": channel.to_string(), "guild_id": guild.to_string(), "author": self::user(user),
        "content": "", "timestamp": now.to_rfc3339(), "edited_timestamp": null, "tts": false,
        "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [],
        "pinned": false, "type": 0,
    })
}

/// Returns a voice state, for `VOICE_STATE_UPDATE`. Without a channel the user disconnects.
#[must_use]
pub fn voice(guild: u64, channel: Option<u64>, user: u64) -> Value {
    json!({
        "guild_id": guild.to_string(), "channel_id": channel.map(|id| id.to_string()), "user_id": user.to_string(),
        "session_id": "s", "deaf": false, "mute": false, "self_deaf": false, "self_mute": false, "self_video": false,
        "suppress": false, "request_to_speak_timestamp": null,
    })
}

/// Returns a voice state of a muted user, for `VOICE_STATE_UPDATE`.
#[must_use]
pub fn muted(guild: u64, channel: u64, user: u64) -> Value {
    let mut voice = voice(guild, Some(channel), user);
    voice["self_mute"] = true.into();
    voice
}

/// Returns a member who joins now, for `GUILD_MEMBER_ADD`.
#[must_use]
pub fn member(guild: u64, user: u64) -> Value {
    json!({
        "guild_id": guild.to_string(), "user": self::user(user), "nick": null, "roles": [],
        "joined_at": Utc::now().to_rfc3339(), "deaf": false, "mute": false, "flags": 0,
        "communication_disabled_until": null,
    })
}

/// Returns a leaving member, for `GUILD_MEMBER_REMOVE`.
#[must_use]
pub fn leaver(guild: u64, user: u64) -> Value {
    json!({ "guild_id": guild.to_string(), "user": self::user(user) })
}

/// Returns a typing user, for `TYPING_START`, which Mocha does not record.
#[must_use]
pub fn typing(guild: u64, channel: u64, user: u64) -> Value {
    json!({ "guild_id": guild.to_string(), "channel_id": channel.to_string(), "user_id": user.to_string(), "timestamp": 1 })
}

/// The token of every interaction.
pub const INTERACTION_TOKEN: &str = "token";

/// Returns the use of a command, for `INTERACTION_CREATE`.
#[must_use]
pub fn command(guild: u64, channel: u64, user: u64, id: u64, name: &str, options: &Value) -> Value {
    let mut command = interaction(channel, user, id, 2);
    command["guild_id"] = guild.to_string().into();
    command["data"] = json!({ "id": "9", "name": name, "type": 1, "options": options });
    command
}

/// Returns the use of a command in a direct message, for `INTERACTION_CREATE`.
#[must_use]
pub fn direct_command(channel: u64, user: u64, id: u64, name: &str) -> Value {
    let mut command = interaction(channel, user, id, 2);
    command["user"] = command["member"]["user"].take();
    command["member"] = Value::Null;
    command["context"] = 1.into();
    command["data"] = json!({ "id": "9", "name": name, "type": 1, "options": [] });
    command
}

/// Returns that somebody pressed a button, for `INTERACTION_CREATE`.
#[must_use]
pub fn button(guild: u64, channel: u64, user: u64, id: u64, custom_id: &str) -> Value {
    let mut button = interaction(channel, user, id, 3);
    button["guild_id"] = guild.to_string().into();
    button["data"] = json!({ "custom_id": custom_id, "component_type": 2 });
    button
}

fn interaction(channel: u64, user: u64, id: u64, kind: u8) -> Value {
    let member = json!({
        "user": self::user(user), "nick": null, "roles": [], "joined_at": "2026-01-01T00:00:00.000000+00:00",
        "deaf": false, "mute": false, "flags": 0, "communication_disabled_until": null, "permissions": "0",
    });
    json!({
        "id": id.to_string(), "application_id": crate::BOT_ID.to_string(), "type": kind, "token": INTERACTION_TOKEN,
        "version": 1, "channel_id": channel.to_string(), "entitlements": [], "member": member, "locale": "en-GB",
        "app_permissions": "0", "authorizing_integration_owners": {}, "attachment_size_limit": 10_485_760, "context": 0,
    })
}

/// Returns a user.
#[must_use]
pub fn user(id: u64) -> Value {
    json!({ "id": id.to_string(), "username": format!("user{id}"), "discriminator": "0", "avatar": null })
}
