//! Voice states.

use mocha_adapter::{Translation, Voice};
use mocha_schema::VoiceState as RecordedState;
use twilight_model::{gateway::payload::incoming::VoiceStateUpdate, voice::VoiceState};

use crate::{convert, member, translate::Translate};

impl Translate for VoiceStateUpdate {
    fn translate(&self, out: &mut Translation) {
        let Self(changed) = self;
        // A call outside of guilds is not recorded.
        if let Some(guild_id) = changed.guild_id {
            out.voice_changed(convert::id(guild_id), &voice(changed));
        }
    }
}

/// Returns the part of a voice state that Mocha records.
pub(crate) fn voice(voice: &VoiceState) -> Voice<'_> {
    let VoiceState {
        channel_id,
        deaf,
        member: seen,
        mute,
        self_deaf,
        self_mute,
        self_stream,
        self_video,
        suppress,
        user_id,
        guild_id: _, // Read by the caller.
        // Discord changes it on a move, so it does not identify a session in Mocha's sense.
        session_id: _,
        // A raised hand, which Mocha does not use.
        request_to_speak_timestamp: _,
    } = voice;
    let state = RecordedState {
        server_mute: *mute,
        server_deaf: *deaf,
        self_mute: *self_mute,
        self_deaf: *self_deaf,
        stream: *self_stream,
        video: *self_video,
        suppress: *suppress,
    };
    Voice {
        channel_id: channel_id.map(convert::id),
        member: seen.as_ref().map(member::member),
        state,
        user_id: convert::id(*user_id),
    }
}

#[cfg(test)]
mod tests {
    use mocha_recorder::{Event, event::VoiceStateChanged};
    use mocha_schema::VoiceState;

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
