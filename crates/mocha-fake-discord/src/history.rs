//! The history of a guild's channels, as the REST API returns it.

use std::collections::{BTreeMap, BTreeSet};

use hyper::StatusCode;
use serde_json::{Value, json};

/// The channels, threads and messages of a guild.
#[derive(Clone, Debug, Default)]
pub struct FakeHistory {
    /// Threads that are not archived.
    pub active_threads: Vec<Value>,
    /// Archived threads by their parent, the newest first.
    pub archived_threads: BTreeMap<u64, Vec<Value>>,
    /// Channels.
    pub channels: Vec<Value>,
    /// How many of the next requests fail with this status.
    pub failures: Option<(u32, u16)>,
    /// Channels that the bot may not see.
    pub forbidden: BTreeSet<u64>,
    /// Messages by channel and id.
    pub messages: BTreeMap<u64, BTreeMap<u64, Value>>,
    /// The number of messages or threads in a page, at most.
    pub page: usize,
    /// Channels whose history is empty for the bot.
    pub unreadable: BTreeSet<u64>,
}

impl FakeHistory {
    /// Answers a GET request, or returns `None` if it is not about history.
    pub(crate) fn answer(&mut self, path: &str, query: &str) -> Option<(StatusCode, Value)> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let is_known = matches!(parts.as_slice(), ["guilds", _, "channels"] | ["guilds", _, "threads", "active"])
            || matches!(parts.as_slice(), ["channels", _, "messages"])
            || matches!(parts.as_slice(), ["channels", _, .., "threads", "archived", _]);
        if !is_known {
            return None;
        }
        if let Some((count, status)) = self.failures.filter(|(count, _)| *count > 0) {
            self.failures = Some((count - 1, status));
            return Some((StatusCode::from_u16(status).ok()?, json!({ "code": 0, "message": "a fault" })));
        }
        let id: u64 = parts.get(1)?.parse().ok()?;
        if self.forbidden.contains(&id) {
            return Some((StatusCode::FORBIDDEN, json!({ "code": 50_001, "message": "Missing Access" })));
        }
        let answer = match parts.as_slice() {
            ["guilds", _, "channels"] => json!(self.channels),
            ["guilds", ..] => json!({ "threads": self.active_threads, "members": [] }),
            ["channels", _, "messages"] => self.messages_of(id, query),
            [.., "public"] => self.archived(id, query),
            _ => return Some((StatusCode::FORBIDDEN, json!({ "code": 50_013, "message": "Missing Permissions" }))),
        };
        Some((StatusCode::OK, answer))
    }

    /// Returns a page of messages, the newest first.
    fn messages_of(&self, channel: u64, query: &str) -> Value {
        let before = value(query, "before").and_then(|id| id.parse().ok()).unwrap_or(u64::MAX);
        let limit = value(query, "limit").and_then(|limit| limit.parse().ok()).unwrap_or(50).min(self.page);
        let messages = self.messages.get(&channel).filter(|_| !self.unreadable.contains(&channel));
        let found = messages.into_iter().flat_map(|messages| messages.range(..before).rev()).take(limit);
        found.map(|(_, message)| message.clone()).collect()
    }

    fn archived(&self, channel: u64, query: &str) -> Value {
        let before = value(query, "before").unwrap_or("9999");
        let threads = self.archived_threads.get(&channel).into_iter().flatten();
        // The times are in one format, so they are in the order of their texts.
        let mut older = threads.filter(|thread| {
            thread["thread_metadata"]["archive_timestamp"].as_str().is_some_and(|archived| archived < before)
        });
        let page: Vec<&Value> = older.by_ref().take(self.page).collect();
        json!({ "threads": page, "members": [], "has_more": older.next().is_some() })
    }
}

/// Returns the value of a parameter.
fn value<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}
