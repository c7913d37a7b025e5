//! What the recorder remembers of people of whom it records nothing. None of it is written to the file.

use std::collections::HashMap;

use mocha_schema::{ChannelId, VoiceState};

use super::recent::Recent;
use crate::{
    Person,
    event::{VoiceSnapshot, VoiceStateChanged},
    voice::Tracker,
};

/// Tells what people do themselves from what happens to them, and a coming or going from the same one told twice.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    /// The last coming (`true`) or going that was heard, with its time.
    memberships: Recent<Person>,
    voices: HashMap<Person, Connection>,
    /// `voices` as they were when the transaction began.
    voices_before: Option<HashMap<Person, Connection>>,
}

/// Where somebody is in voice, without what moderators and Discord decide.
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
    /// Takes over where the people are whom the tracker is about to forget.
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

    /// Takes note of a change in voice, and returns whether the person made it: a connection, another channel, or the
    /// microphone, the camera, the stream. Somebody of whom nothing is known was in no channel.
    pub(super) fn acts(&mut self, event: &VoiceStateChanged) -> bool {
        let VoiceStateChanged { channel_id, guild_id, state, user_id, .. } = *event;
        let now = Connection::new(channel_id, state);
        self.voices.insert(Person { guild_id, user_id }, now) != Some(now) && channel_id.is_some()
    }

    /// The tracker knows the person from here on.
    pub(super) fn leaves_hiding(&mut self, person: Person) {
        self.voices.remove(&person);
    }

    /// Takes note of who is in voice: that somebody is there still is nothing that the person does.
    pub(super) fn seen(&mut self, event: &VoiceSnapshot, is_hidden: impl Fn(Person) -> bool) {
        let guild_id = event.guild_id;
        self.voices.retain(|person, _| person.guild_id != guild_id);
        let voices = event.voices.iter().map(|voice| {
            let person = Person { guild_id, user_id: voice.user_id };
            (person, Connection::new(Some(voice.channel_id), voice.state))
        });
        self.voices.extend(voices.filter(|(person, _)| is_hidden(*person)));
    }

    /// Takes note of a coming (`true`) or going, and returns whether it was not the last one heard already.
    pub(super) fn changes_membership(&mut self, person: Person, joined: bool, at_ms: i64) -> bool {
        let told = self.memberships.has(&person, &(joined, at_ms));
        self.memberships.put(person, &(joined, at_ms));
        !told
    }
}
