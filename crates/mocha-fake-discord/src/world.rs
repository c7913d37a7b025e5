//! The state of the fake: guilds, sessions and connections.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    BOT_ID, End,
    connection::Outbox,
    session::{Session, Shard},
};

/// Counts what the fake has seen.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections that ended.
    pub gone: u64,
    /// Heartbeats received.
    pub heartbeats: u64,
    /// Sessions begun.
    pub identifies: u64,
    /// Close codes of clients, in order.
    pub closed_with: Vec<u16>,
    /// Sessions resumed.
    pub resumes: u64,
    /// Resumes refused.
    pub resumes_refused: u64,
}

#[derive(Debug)]
pub(crate) struct World {
    counts: watch::Sender<Counts>,
    frozen: bool,
    guilds: BTreeMap<u64, Value>,
    /// Keyed by the number of the connection.
    outboxes: BTreeMap<u64, Outbox>,
    /// The close code that every resume gets. `None` allows resumes.
    pub(crate) refuses_resumes: Option<u16>,
    pub(crate) refuses: bool,
    pub(crate) rewind: u64,
    sessions: BTreeMap<String, Session>,
    url: String,
}

impl World {
    pub(crate) fn new(guilds: Vec<Value>, url: String, counts: watch::Sender<Counts>) -> Self {
        let guilds = guilds.into_iter().filter_map(|guild| Some((id(&guild, "id")?, guild))).collect();
        let (outboxes, sessions) = (BTreeMap::new(), BTreeMap::new());
        Self {
            counts,
            frozen: false,
            guilds,
            outboxes,
            refuses_resumes: None,
            refuses: false,
            rewind: 0,
            sessions,
            url,
        }
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) {
        self.counts.send_modify(change);
    }

    pub(crate) fn connected(&mut self, number: u64, outbox: Outbox) {
        outbox.hold(self.frozen);
        self.outboxes.insert(number, outbox);
    }

    /// Removes a connection that has ended. As in Discord, a normal close ends its session.
    pub(crate) fn disconnected(&mut self, number: u64, code: Option<u16>) {
        self.outboxes.remove(&number);
        let ends_session = code.is_some_and(|code| matches!(code, 1000 | 1001));
        self.sessions.retain(|_, session| {
            let is_own = session.outbox.as_ref().is_some_and(|outbox| outbox.number() == number);
            if is_own {
                session.outbox = None;
            }
            !(is_own && ends_session)
        });
        self.count(|counts| {
            counts.gone += 1;
            counts.closed_with.extend(code);
        });
    }

    /// Handles a frame of a client.
    pub(crate) fn received(&mut self, outbox: &Outbox, frame: &Value) {
        let data = &frame["d"];
        match frame["op"].as_u64() {
            Some(1) => {
                self.count(|counts| counts.heartbeats += 1);
                outbox.send(json!({ "op": 11 }).to_string());
            }
            Some(2) => self.identify(outbox, data),
            Some(6) => self.resume(outbox, data),
            _ => {}
        }
    }

    fn identify(&mut self, outbox: &Outbox, data: &Value) {
        let shard = Shard { count: data["shard"][1].as_u64().unwrap_or(1), id: data["shard"][0].as_u64().unwrap_or(0) };
        let id = format!("session-{}-{}", shard.id, self.counts.borrow().identifies);
        let mut session = Session::new(shard, outbox.clone());
        let mine: Vec<&Value> =
            self.guilds.iter().filter(|(guild_id, _)| shard.has(Some(**guild_id))).map(|(_, guild)| guild).collect();
        let guilds: Vec<Value> = mine.iter().map(|guild| json!({ "id": guild["id"], "unavailable": true })).collect();
        let user = json!({
            "id": BOT_ID.to_string(), "username": "mocha", "discriminator": "0", "avatar": null, "bot": true,
            "mfa_enabled": false,
        });
        session.push(
            "READY",
            &json!({
                "v": 10, "user": user, "guilds": guilds, "session_id": id, "resume_gateway_url": self.url,
                "shard": [shard.id, shard.count], "application": { "id": BOT_ID.to_string(), "flags": 0 },
            }),
        );
        for guild in mine {
            session.push("GUILD_CREATE", guild);
        }
        self.sessions.insert(id, session);
        self.count(|counts| counts.identifies += 1);
    }

    fn resume(&mut self, outbox: &Outbox, data: &Value) {
        if let Some(code) = self.refuses_resumes {
            outbox.end(End::Close(code));
            self.count(|counts| counts.resumes_refused += 1);
            return;
        }
        let sequence = data["seq"].as_u64().unwrap_or(0).saturating_sub(std::mem::take(&mut self.rewind));
        let session = data["session_id"].as_str().and_then(|id| self.sessions.get_mut(id));
        let Some(session) = session else {
            outbox.send(json!({ "op": 9, "d": false }).to_string());
            self.count(|counts| counts.resumes_refused += 1);
            return;
        };
        session.resume(outbox.clone(), sequence);
        self.count(|counts| counts.resumes += 1);
    }

    /// Applies an event to the voice states of its guild, and sends it to each session of the guild's shard.
    pub(crate) fn push(&mut self, name: &str, data: &Value) {
        let guild_id = id(data, "guild_id").or_else(|| if name.starts_with("GUILD_") { id(data, "id") } else { None });
        if name == "GUILD_CREATE"
            && let Some(guild_id) = guild_id
        {
            self.guilds.insert(guild_id, data.clone());
        }
        if name == "VOICE_STATE_UPDATE"
            && let Some(guild) = guild_id.and_then(|guild_id| self.guilds.get_mut(&guild_id))
            && let Some(voices) = guild["voice_states"].as_array_mut()
        {
            voices.retain(|voice| voice["user_id"] != data["user_id"]);
            if !data["channel_id"].is_null() {
                voices.push(data.clone());
            }
        }
        for session in self.sessions.values_mut().filter(|session| session.shard.has(guild_id)) {
            session.push(name, data);
        }
    }

    pub(crate) fn end(&mut self, how: End) {
        for outbox in self.outboxes.values() {
            outbox.end(how);
        }
        for session in self.sessions.values_mut() {
            session.outbox = None;
        }
    }

    pub(crate) fn forget_sessions(&mut self) {
        self.sessions.clear();
    }

    pub(crate) fn forget_frames(&mut self) {
        for session in self.sessions.values_mut() {
            session.forget_frames();
        }
    }

    pub(crate) fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
        for outbox in self.outboxes.values() {
            outbox.hold(frozen);
        }
    }

    pub(crate) fn send_to_all(&self, frame: &Value) {
        for outbox in self.outboxes.values() {
            outbox.send(frame.to_string());
        }
    }
}

/// Returns the id in a field.
fn id(data: &Value, field: &str) -> Option<u64> {
    data[field].as_str()?.parse().ok()
}
