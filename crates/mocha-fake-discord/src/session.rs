//! A gateway session that a client can resume.

use serde_json::{Value, json};

use crate::{End, connection::Outbox};

/// The shard that a client identified as.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Shard {
    pub(crate) count: u64,
    pub(crate) id: u64,
}

impl Shard {
    /// Returns `true` if events of the guild belong to the shard. Events without a guild belong to every shard.
    pub(crate) fn has(self, guild_id: Option<u64>) -> bool {
        guild_id.is_none_or(|guild_id| (guild_id >> 22) % self.count.max(1) == self.id)
    }
}

#[derive(Debug)]
pub(crate) struct Session {
    /// The frames that a resume can still deliver.
    frames: Vec<String>,
    /// How many frames were forgotten.
    forgotten: u64,
    /// The current connection.
    pub(crate) outbox: Option<Outbox>,
    pub(crate) shard: Shard,
}

impl Session {
    pub(crate) const fn new(shard: Shard, outbox: Outbox) -> Self {
        Self { frames: Vec::new(), forgotten: 0, outbox: Some(outbox), shard }
    }

    /// Returns the sequence number of the last frame.
    pub(crate) fn sequence(&self) -> u64 {
        u64::try_from(self.frames.len()).unwrap_or(u64::MAX).saturating_add(self.forgotten)
    }

    /// Adds a frame and sends it if there is a connection.
    pub(crate) fn push(&mut self, name: &str, data: &Value) {
        let sequence = self.sequence() + 1;
        let frame = json!({ "op": 0, "s": sequence, "t": name, "d": data }).to_string();
        if let Some(outbox) = &self.outbox {
            outbox.send(frame.clone());
        }
        self.frames.push(frame);
    }

    /// Forgets all frames so far, as Discord does with old ones.
    pub(crate) fn forget_frames(&mut self) {
        self.forgotten = self.sequence();
        self.frames.clear();
    }

    /// Gives the session a new connection and sends every frame after the sequence number. Closes the session's previous
    /// connection.
    pub(crate) fn resume(&mut self, outbox: Outbox, sequence: u64) {
        if let Some(before) = self.outbox.take() {
            before.end(End::Close(4000));
        }
        let from = usize::try_from(sequence.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        for frame in self.frames.iter().skip(from) {
            outbox.send(frame.clone());
        }
        self.outbox = Some(outbox);
        self.push("RESUMED", &json!({}));
    }
}
