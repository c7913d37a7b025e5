//! Voice states.

use mocha_recorder::event::{SnapshotVoice, VoiceSnapshot, VoiceStateChanged};
use mocha_schema::{ChannelId, GuildId, UserId, VoiceState};

use crate::{Intents, Member, ResourceType, Translation};

/// The part of a voice state that Mocha records.
#[derive(Clone, Debug)]
pub struct Voice<'a> {
    /// The channel; `None` if the user is not in voice.
    pub channel_id: Option<ChannelId>,
    /// The member, if Discord sent it.
    pub member: Option<Member<'a>>,
    /// The state.
    pub state: VoiceState,
    /// The user.
    pub user_id: UserId,
}

impl Translation {
    /// Adds a changed voice state, and the member if Discord sent it.
    pub fn voice_changed(&mut self, guild_id: GuildId, voice: &Voice<'_>) {
        let Voice { channel_id, member, state, user_id } = voice;
        if let Some(member) = member {
            self.member(guild_id, member);
        }
        if self.wants(ResourceType::VOICE_STATE) {
            let (channel_id, state, user_id) = (*channel_id, *state, *user_id);
            self.push(VoiceStateChanged { at: self.at(), channel_id, guild_id, state, user_id });
        }
    }

    /// Adds the complete list of members in voice in a `GUILD_CREATE`.
    ///
    /// Without the intent the list is always empty, so an empty list is no snapshot then.
    pub(crate) fn voice_snapshot<'a>(&mut self, guild_id: GuildId, voices: impl IntoIterator<Item = Voice<'a>>) {
        let mut is_known = self.context().intents.contains(Intents::GUILD_VOICE_STATES);
        let mut present = Vec::new();
        for voice in voices {
            is_known = true;
            if let Some(member) = &voice.member {
                self.member(guild_id, member);
            }
            if let Some(channel_id) = voice.channel_id {
                present.push(SnapshotVoice { channel_id, state: voice.state, user_id: voice.user_id });
            }
        }
        if is_known && self.wants(ResourceType::VOICE_STATE) {
            self.push(VoiceSnapshot { at: self.at(), guild_id, voices: present });
        }
    }
}
