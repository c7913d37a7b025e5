//! Voice states.

use mocha_adapter::Voice;
use mocha_schema::VoiceState as RecordedState;
use serenity::model::voice::VoiceState;

use crate::{convert, member};

/// Returns the part of a voice state that Mocha records.
pub(crate) fn voice(voice: &VoiceState) -> Voice<'_> {
    let state = RecordedState {
        server_mute: voice.mute,
        server_deaf: voice.deaf,
        self_mute: voice.self_mute,
        self_deaf: voice.self_deaf,
        stream: voice.self_stream.unwrap_or(false),
        video: voice.self_video,
        suppress: voice.suppress,
    };
    Voice {
        channel_id: voice.channel_id.map(convert::id),
        member: voice.member.as_ref().map(member::member),
        state,
        user_id: convert::id(voice.user_id),
    }
}
