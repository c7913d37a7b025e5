//! Builds exports in the format of `DiscordChatExporter` 2.47.

use std::{error::Error, fs, path::Path};

use chrono::{DateTime, FixedOffset, SecondsFormat};
use diesel::prelude::*;
use mocha_schema::schema::message_events;
use mocha_store::{Clock, Rollup, Store};
use serde_json::{Value, json};

pub(crate) type TestResult<T = ()> = Result<T, Box<dyn Error>>;

pub(crate) const ANNA: u64 = 90_000_000_000_000_001;
pub(crate) const GUILD: u64 = 60_000_000_000_000_000;
pub(crate) const TEXT: u64 = 70_000_000_000_000_001;

/// The time of the first message, in unix milliseconds: the 1st of March 2018.
pub(crate) const START_MS: u64 = 1_519_862_400_000;

/// Returns the id of a message that was sent this many seconds after the first.
pub(crate) const fn id(seconds: u64) -> u64 {
    (START_MS + seconds * 1_000 - 1_420_070_400_000) << 22
}

/// Returns a message, with its time as a program in Kathmandu writes it.
pub(crate) fn message(seconds: u64, author: u64, content: &str) -> Value {
    let zone = FixedOffset::east_opt(20_700).unwrap_or_else(|| FixedOffset::east_opt(0).expect("a zone"));
    let ms = i64::try_from(START_MS + seconds * 1_000).unwrap_or(0);
    let time = DateTime::from_timestamp_millis(ms).unwrap_or_default().with_timezone(&zone);
    json!({
        "id": id(seconds).to_string(), "type": "Default", "timestamp": time.to_rfc3339_opts(SecondsFormat::Millis, false),
        "timestampEdited": null, "callEndedTimestamp": null, "isPinned": false, "content": content,
        "author": user(author), "attachments": [], "embeds": [], "stickers": [], "reactions": [], "mentions": [],
        "inlineEmojis": [],
    })
}

pub(crate) fn user(id: u64) -> Value {
    json!({
        "id": id.to_string(), "name": format!("user{id}"), "discriminator": "0000", "nickname": "Nick", "color": null,
        "isBot": false, "roles": [], "avatarUrl": format!("https://cdn.discordapp.com/avatars/{id}/a_0123.gif?size=512"),
    })
}

/// Returns an export of the text channel.
pub(crate) fn export(messages: &[Value]) -> Value {
    json!({
        "guild": {
            "id": GUILD.to_string(), "name": "Mocha",
            "iconUrl": format!("https://cdn.discordapp.com/icons/{GUILD}/fedc.png?size=512"),
        },
        "channel": {
            "id": TEXT.to_string(), "type": "GuildTextChat", "categoryId": "70000000000000000", "category": "Talk",
            "name": "general", "topic": null,
        },
        "dateRange": { "after": null, "before": null },
        "exportedAt": "2026-02-01T12:00:00.1234567+05:45",
        "messages": messages, "messageCount": messages.len(),
    })
}

pub(crate) fn write(path: &Path, document: &Value) -> TestResult {
    // `json!` sorts the fields, but the exporter writes the header first.
    let fields = ["guild", "channel", "dateRange", "exportedAt", "messages", "messageCount"];
    let fields =
        fields.iter().map(|field| format!("{}: {}", json!(field), document.get(*field).unwrap_or(&Value::Null)));
    Ok(fs::write(path, format!("{{{}}}", fields.collect::<Vec<_>>().join(",\n")))?)
}

pub(crate) fn store() -> TestResult<Store> {
    Ok(Store::builder().clock(Clock::Events).open_in_memory()?)
}

/// A message in the file: id, channel, author, type, characters, words, attachment, embed, time.
pub(crate) type Row = (String, String, String, Option<i32>, Option<i32>, Option<i32>, Option<bool>, Option<bool>, i64);

pub(crate) fn rows(store: &Store) -> Result<Vec<Row>, mocha_store::Error> {
    use message_events as m;

    store.read(|conn| {
        let columns = (
            m::id,
            diesel::dsl::sql::<diesel::sql_types::Text>("channel_id"),
            diesel::dsl::sql::<diesel::sql_types::Text>("user_id"),
            m::message_type,
            m::character_count,
            m::word_count,
            m::has_attachment,
            m::has_embed,
            diesel::dsl::sql::<diesel::sql_types::BigInt>("created_at"),
        );
        m::table.select(columns).order(m::id).load(conn)
    })
}

/// Returns whether all roll-ups match the messages.
pub(crate) fn verified(store: &Store) -> Result<bool, mocha_store::Error> {
    for rollup in Rollup::ALL {
        if !store.verify(rollup).run()?.is_ok() {
            return Ok(false);
        }
    }
    Ok(true)
}
