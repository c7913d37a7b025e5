//! The recorder's memory of withheld users. It is never written to the file.

use std::collections::HashMap;

use mocha_schema::{ChannelId, VoiceState};

use super::recent::Recent;
use crate::{
    Person,
    event::{VoiceSnapshot, VoiceStateChanged},
    voice::Tracker,
};

/// Separates what users do from what others do to them, and a new join or leave from one that is
/// delivered twice.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    /// The last join (`true`) or leave, with its time.
    memberships: Recent<Person>,
    voices: HashMap<Person, Connection>,
    /// `voices` at the start of the transaction.
    voices_before: Option<HashMap<Person, Connection>>,
}

/// Where a member is in voice, without the state that moderators and Discord set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Connection {
    channel_id: Option<ChannelId>,
    own: VoiceState,
}

impl Connection {
    fn new(channel_id: Option<ChannelId>, state: VoiceState) -> Self {
        let own = VoiceState { server_deaf: false, server_mute: false, suppress: false, ..state };
        Self { channel_id, own }
    }
}

impl Hidden {
    /// Takes over the connections of the users whom the tracker is about to forget.
    pub(super) fn take_over(&mut self, tracker: &Tracker, is_hidden: impl Fn(Person) -> bool) {
        let open = tracker.everybody().filter(|(person, _)| is_hidden(*person));
        self.voices.extend(open.map(|(person, open)| (person, Connection::new(open.channel_id, open.state))));
        self.voices.retain(|person, _| is_hidden(*person));
    }

    pub(super) fn begin(&mut self) {
        self.voices_before = (!self.voices.is_empty()).then(|| self.voices.clone());
    }

    pub(super) fn undo(&mut self) {
        self.voices = self.voices_before.take().unwrap_or_default();
        self.memberships.clear();
    }

    /// Notes a voice state, and returns whether the user made the change: connected, switched the
    /// channel, or changed the microphone, the camera or the stream. A user without an entry was in
    /// no channel.
    pub(super) fn acts(&mut self, event: &VoiceStateChanged) -> bool {
        let VoiceStateChanged { channel_id, guild_id, state, user_id, .. } = *event;
        let now = Connection::new(channel_id, state);
        self.voices.insert(Person { guild_id, user_id }, now) != Some(now) && channel_id.is_some()
    }

    /// Forgets a user whom the tracker follows from here on.
    pub(super) fn leaves_hiding(&mut self, person: Person) {
        self.voices.remove(&person);
    }

    /// Notes who is in voice. Being there already is nothing that a user does.
    pub(super) fn seen(&mut self, event: &VoiceSnapshot, is_hidden: impl Fn(Person) -> bool) {
        let guild_id = event.guild_id;
        self.voices.retain(|person, _| person.guild_id != guild_id);
        let voices = event.voices.iter().map(|voice| {
            let person = Person { guild_id, user_id: voice.user_id };
            (person, Connection::new(Some(voice.channel_id), voice.state))
        });
        self.voices.extend(voices.filter(|(person, _)| is_hidden(*person)));
    }

    /// Notes a join (`true`) or leave, and returns whether it differs from the last one.
    pub(super) fn changes_membership(&mut self, person: Person, joined: bool, at_ms: i64) -> bool {
        let told = self.memberships.has(&person, &(joined, at_ms));
        self.memberships.put(person, &(joined, at_ms));
        !told
    }
}
