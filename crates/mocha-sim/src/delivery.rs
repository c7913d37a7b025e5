//! The guild, the user and the time of an event.

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};
use mocha_store::Event;

/// Returns whether Discord sends the event in a frame of its own. The events of a `GUILD_CREATE` share one frame.
pub(crate) const fn is_frame(event: &Event) -> bool {
    matches!(event, Event::MemberJoined(_) | Event::MemberLeft(_) | Event::MessageSent(_) | Event::VoiceStateChanged(_))
}

/// Returns the guild that an event is about.
pub(crate) const fn guild_of(event: &Event) -> Option<GuildId> {
    Some(match event {
        Event::ChannelRemoved(event) => event.guild_id,
        Event::ChannelSeen(event) => event.guild_id,
        Event::GuildAvailable(event) => event.guild_id,
        Event::GuildOutage(event) => event.guild_id,
        Event::GuildRemoved(event) => event.guild_id,
        Event::GuildSeen(event) => event.guild_id,
        Event::MemberJoined(event) | Event::MemberSeen(event) => event.guild_id,
        Event::MemberLeft(event) => event.guild_id,
        Event::MembersListed(event) => event.guild_id,
        Event::MessageSent(event) => event.guild_id,
        Event::PresenceChanged(event) => event.guild_id,
        Event::PresencesListed(event) => event.guild_id,
        Event::VoiceSnapshot(event) => event.guild_id,
        Event::VoiceStateChanged(event) => event.guild_id,
        _ => return None,
    })
}

/// Returns the user that an event is about.
pub(crate) const fn user_of(event: &Event) -> Option<UserId> {
    Some(match event {
        Event::MemberJoined(event) | Event::MemberSeen(event) => event.user_id,
        Event::MemberLeft(event) => event.user_id,
        Event::MessageSent(event) => event.user_id,
        Event::PresenceChanged(event) => event.user_id,
        Event::UserSeen(event) => event.user_id,
        Event::VoiceStateChanged(event) => event.user_id,
        _ => return None,
    })
}

/// Sets the arrival time of an event. A message keeps its time, which is Discord's.
pub(crate) const fn set_time(event: &mut Event, time: DateTime<Utc>) {
    match event {
        Event::ChannelRemoved(event) => event.at = time,
        Event::ChannelSeen(event) => event.at = time,
        Event::GuildAvailable(event) => event.at = time,
        Event::GuildOutage(event) => event.at = time,
        Event::GuildRemoved(event) => event.at = time,
        Event::GuildSeen(event) => event.at = time,
        Event::MemberJoined(event) | Event::MemberSeen(event) => event.at = time,
        Event::MemberLeft(event) => event.at = time,
        Event::MembersListed(event) => event.at = time,
        Event::PresenceChanged(event) => event.at = time,
        Event::PresencesListed(event) => event.at = time,
        Event::ShardChanged(event) => event.at = time,
        Event::UserSeen(event) => event.at = time,
        Event::VoiceSnapshot(event) => event.at = time,
        Event::VoiceStateChanged(event) => event.at = time,
        _ => {}
    }
}
