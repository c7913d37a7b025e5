//! Voice sessions of a simulated server.

use mocha_schema::{ChannelId, VoiceState};
use mocha_store::event::{SnapshotVoice, VoiceSnapshot, VoiceStateChanged};

use crate::traffic::{Action, Session, Traffic};

/// The longest session.
const MAX_MINUTES: u64 = 8 * 60;

impl Traffic {
    /// Puts one member in forty into voice when the connection begins.
    pub(crate) fn see_voice(&mut self) {
        let mut voices = Vec::new();
        for _ in 0..self.present.len() / 40 {
            if let Some((person, channel_id)) = self.talker() {
                self.connect(person, channel_id);
                let user_id = self.people.get(person).map(|who| who.user_id);
                voices.extend(user_id.map(|user_id| SnapshotVoice {
                    channel_id,
                    state: VoiceState::default(),
                    user_id,
                }));
            }
        }
        let (at, guild_id) = (self.now(), self.server.guild_id);
        self.emit(VoiceSnapshot { at, guild_id, voices });
    }

    pub(crate) fn start_voice(&mut self) {
        if let Some((person, channel_id)) = self.talker() {
            self.connect(person, channel_id);
            self.emit_voice(person);
        }
    }

    /// Picks a member who is not in voice, and a channel. The members who talk most are not those who write most.
    fn talker(&mut self) -> Option<(usize, ChannelId)> {
        let rank = self.dice.rank(self.present.len())?;
        let person = self.present.get((rank * 7 + 3) % self.present.len()).copied()?;
        let silent = self.people.get(person)?.voice.is_none();
        let channel_id = self.voice_channel()?;
        silent.then_some((person, channel_id))
    }

    fn voice_channel(&mut self) -> Option<ChannelId> {
        let index = self.dice.rank(usize::from(self.server.voice_channels))?;
        self.channels.voice().nth(index)
    }

    /// Begins a session and plans its moves, mutes and end.
    fn connect(&mut self, person: usize, channel_id: ChannelId) {
        let Some(who) = self.people.get_mut(person) else { return };
        who.voice = Some((channel_id, VoiceState::default()));
        who.voice_sessions += 1;
        let session = Session { number: who.voice_sessions, person };
        let minutes = i64::try_from(self.dice.zipf(MAX_MINUTES)).unwrap_or(1);
        let end_ms = self.now_ms + minutes * 60_000 + self.dice.ms_between(0, 60_000);
        for _ in 0..self.dice.below(5) {
            let at_ms = self.dice.ms_between(self.now_ms, end_ms);
            self.plan(at_ms, Action::VoiceChange(session));
        }
        self.plan(end_ms, Action::VoiceEnd(session));
    }

    pub(crate) fn change_voice(&mut self, session: Session) {
        let (chance, channel_id) = (self.dice.below(100), self.voice_channel());
        if !self.is_on(session) {
            return;
        }
        let Some((channel, state)) = self.people.get_mut(session.person).and_then(|who| who.voice.as_mut()) else {
            return;
        };
        match chance {
            0..45 => state.self_mute ^= true,
            45..55 => {
                state.self_deaf ^= true;
                state.self_mute = state.self_deaf;
            }
            55..65 => state.stream ^= true,
            65..73 => state.video ^= true,
            73..77 => state.server_mute ^= true,
            77..80 => state.server_deaf ^= true,
            _ => *channel = channel_id.unwrap_or(*channel),
        }
        self.emit_voice(session.person);
    }

    pub(crate) fn end_voice(&mut self, session: Session) {
        if self.is_on(session) {
            self.disconnect(session.person);
        }
    }

    /// Ends the session of a member, if there is one.
    pub(crate) fn disconnect(&mut self, person: usize) {
        if self.people.get_mut(person).is_some_and(|who| who.voice.take().is_some()) {
            self.emit_voice(person);
        }
    }

    fn is_on(&self, Session { number, person }: Session) -> bool {
        self.people.get(person).is_some_and(|who| who.voice_sessions == number)
    }

    fn emit_voice(&mut self, person: usize) {
        let Some((user_id, voice)) = self.people.get(person).map(|who| (who.user_id, who.voice)) else { return };
        let (at, guild_id) = (self.now(), self.server.guild_id);
        let (channel_id, state) = voice.unzip();
        self.emit(VoiceStateChanged { at, channel_id, guild_id, state: state.unwrap_or_default(), user_id });
    }
}
