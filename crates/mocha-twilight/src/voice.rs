//! Voice states.

use mocha_schema::{GuildId, VoiceState as StoreVoiceState};
use mocha_store::{
    Event,
    event::{SnapshotVoice, VoiceSnapshot, VoiceStateChanged},
};
use twilight_model::{
    gateway::{Intents, payload::incoming::VoiceStateUpdate},
    voice::VoiceState,
};

use crate::{
    ResourceType, convert, member,
    translate::{Context, Translate},
};

impl Translate for VoiceStateUpdate {
    fn translate(&self, context: &Context, events: &mut Vec<Event>) {
        let Self(voice) = self;
        // A call outside of guilds is not recorded.
        let Some(guild_id) = voice.guild_id else { return };
        let guild_id = convert::id(guild_id);
        push_member(voice, guild_id, context, events);
        if context.wants(ResourceType::VOICE_STATE) {
            let changed = VoiceStateChanged {
                at: context.at,
                channel_id: voice.channel_id.map(convert::id),
                guild_id,
                state: state(voice),
                user_id: convert::id(voice.user_id),
            };
            events.push(changed.into());
        }
    }
}

/// Pushes the complete list of members in voice.
pub(crate) fn push_snapshot(voices: &[VoiceState], guild_id: GuildId, context: &Context, events: &mut Vec<Event>) {
    for voice in voices {
        push_member(voice, guild_id, context, events);
    }
    // Without the intent the list is always empty, so it is no snapshot.
    let is_known = !voices.is_empty() || context.intents.contains(Intents::GUILD_VOICE_STATES);
    if is_known && context.wants(ResourceType::VOICE_STATE) {
        let voices = voices.iter().filter_map(snapshot).collect();
        events.push(VoiceSnapshot { at: context.at, guild_id, voices }.into());
    }
}

/// Pushes the member, if Discord sent one.
fn push_member(voice: &VoiceState, guild_id: GuildId, context: &Context, events: &mut Vec<Event>) {
    if let Some(member) = &voice.member {
        member::push(member, guild_id, context, events);
    }
}

fn snapshot(voice: &VoiceState) -> Option<SnapshotVoice> {
    let channel_id = convert::id(voice.channel_id?);
    Some(SnapshotVoice { channel_id, state: state(voice), user_id: convert::id(voice.user_id) })
}

fn state(voice: &VoiceState) -> StoreVoiceState {
    let VoiceState {
        deaf,
        mute,
        self_deaf,
        self_mute,
        self_stream,
        self_video,
        suppress,
        // Read by the callers.
        channel_id: _,
        guild_id: _,
        member: _,
        user_id: _,
        // Discord changes it on a move, so it does not identify a session in Mocha's sense.
        session_id: _,
        // A raised hand, which Mocha does not use.
        request_to_speak_timestamp: _,
    } = voice;
    StoreVoiceState {
        server_mute: *mute,
        server_deaf: *deaf,
        self_mute: *self_mute,
        self_deaf: *self_deaf,
        stream: *self_stream,
        video: *self_video,
        suppress: *suppress,
    }
}

#[cfg(test)]
mod tests {
    use mocha_schema::VoiceState;
    use mocha_store::{Event, event::VoiceStateChanged};

    use crate::{ResourceType, frames};

    /// Returns the expected event of a frame. Each frame has another state.
    fn changed(channel_id: Option<u64>, state: VoiceState) -> Result<VoiceStateChanged, mocha_schema::IdError> {
        Ok(VoiceStateChanged {
            at: frames::arrival(),
            channel_id: channel_id.map(TryInto::try_into).transpose()?,
            guild_id: frames::GUILD.try_into()?,
            state,
            user_id: frames::ANNA.try_into()?,
        })
    }

    #[test]
    fn the_member_is_recorded_before_the_voice_state() -> frames::TestResult {
        let events = frames::translate("voice_join")?;
        let [Event::UserSeen(user), Event::MemberSeen(member), Event::VoiceStateChanged(voice)] = events.as_slice()
        else {
            return Err(format!("{events:?}").into());
        };
        assert_eq!((user.user_id.get(), member.user_id.get()), (frames::ANNA, frames::ANNA));
        let state = VoiceState { self_mute: true, stream: true, ..VoiceState::default() };
        assert_eq!(*voice, changed(Some(frames::VOICE), state)?);
        Ok(())
    }

    #[test]
    fn a_voice_state_without_a_channel_is_a_leave() -> frames::TestResult {
        assert_eq!(
            frames::translate("voice_leave")?,
            [Event::VoiceStateChanged(changed(None, VoiceState::default())?)]
        );
        Ok(())
    }

    #[test]
    fn each_flag_is_translated() -> frames::TestResult {
        let all = [
            ("mute", VoiceState { server_mute: true, ..VoiceState::default() }),
            ("deaf", VoiceState { server_deaf: true, ..VoiceState::default() }),
            ("self_mute", VoiceState { self_mute: true, ..VoiceState::default() }),
            ("self_deaf", VoiceState { self_deaf: true, ..VoiceState::default() }),
            ("self_stream", VoiceState { stream: true, ..VoiceState::default() }),
            ("self_video", VoiceState { video: true, ..VoiceState::default() }),
            ("suppress", VoiceState { suppress: true, ..VoiceState::default() }),
        ];
        for (flag, state) in all {
            let event = frames::parse_changed("voice_leave", |frame| frame["d"][flag] = true.into())?;
            let events = crate::translate::translate(&event, &frames::context());
            assert_eq!(events, [Event::VoiceStateChanged(changed(None, state)?)], "{flag}");
        }
        Ok(())
    }

    #[test]
    fn calls_outside_of_guilds_are_not_recorded() -> frames::TestResult {
        assert_eq!(frames::translate("voice_call")?, []);
        Ok(())
    }

    #[test]
    fn voice_can_be_excluded() -> frames::TestResult {
        let context = frames::context().without(ResourceType::VOICE_STATE);
        assert_eq!(frames::translate_with("voice_leave", context)?, []);
        Ok(())
    }
}
