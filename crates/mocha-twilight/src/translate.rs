//! Translates an event of the gateway to the events of the store.

use chrono::{DateTime, Utc};
use mocha_adapter::{Context as SharedContext, Intents as SharedIntents, Translation};
use mocha_recorder::{Event as StoreEvent, event::ShardStatus};
use mocha_schema::UserId;
use twilight_model::gateway::{
    Intents, ShardId,
    event::{Event, EventType},
    payload::incoming::RoleDelete,
};

use crate::{ResourceType, convert, shard};

/// The context that a translation needs beside the payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    /// When the event arrived.
    pub(crate) at: DateTime<Utc>,
    /// The bot's user, once it is known.
    pub(crate) current_user: Option<UserId>,
    /// The intents of the bot.
    pub(crate) intents: Intents,
    /// The kinds of data to record.
    pub(crate) resources: ResourceType,
    /// The shard that received the event, if the adapter knows it.
    pub(crate) shard: Option<ShardId>,
}

impl Context {
    fn shared(&self) -> SharedContext {
        let Self { at, current_user, intents, resources, shard } = *self;
        let intents = SharedIntents::from_bits_truncate(intents.bits());
        SharedContext { at, current_user, intents, resources, shard: shard.map(shard::shard) }
    }
}

/// A payload of the gateway that Mocha records.
pub(crate) trait Translate {
    /// Adds the events to record, in order.
    fn translate(&self, out: &mut Translation);
}

/// The types of events that [`translate`] reads, without `UnavailableGuild`, which Discord does not send.
pub(crate) const EVENT_TYPES: [EventType; 32] = [
    EventType::ChannelCreate,
    EventType::ChannelDelete,
    EventType::ChannelUpdate,
    EventType::GatewayClose,
    EventType::GatewayHeartbeatAck,
    EventType::GatewayInvalidateSession,
    EventType::GatewayReconnect,
    EventType::GuildCreate,
    EventType::GuildDelete,
    EventType::GuildUpdate,
    EventType::InteractionCreate,
    EventType::InviteCreate,
    EventType::MemberAdd,
    EventType::MemberChunk,
    EventType::MemberRemove,
    EventType::MemberUpdate,
    EventType::MessageCreate,
    EventType::MessageUpdate,
    EventType::PresenceUpdate,
    EventType::ReactionAdd,
    EventType::ReactionRemove,
    EventType::ReactionRemoveAll,
    EventType::ReactionRemoveEmoji,
    EventType::Ready,
    EventType::Resumed,
    EventType::RoleDelete,
    EventType::ThreadCreate,
    EventType::ThreadDelete,
    EventType::ThreadListSync,
    EventType::ThreadUpdate,
    EventType::UserUpdate,
    EventType::VoiceStateUpdate,
];

/// Returns the events to record, in order.
pub(crate) fn translate(event: &Event, context: &Context) -> Vec<StoreEvent> {
    let mut translation = Translation::new(context.shared());
    let out = &mut translation;
    match event {
        Event::ChannelCreate(payload) => payload.translate(out),
        Event::ChannelDelete(payload) => payload.translate(out),
        Event::ChannelUpdate(payload) => payload.translate(out),
        Event::GatewayClose(frame) => out.connection(shard::closed(frame.as_ref())),
        Event::GatewayHeartbeatAck => out.connection(ShardStatus::Heard),
        Event::GatewayInvalidateSession(_) | Event::GatewayReconnect => out.connection(ShardStatus::Closed),
        Event::GuildCreate(payload) => payload.translate(out),
        Event::GuildDelete(payload) => payload.translate(out),
        Event::GuildUpdate(payload) => payload.translate(out),
        Event::InteractionCreate(payload) => payload.translate(out),
        Event::InviteCreate(payload) => payload.translate(out),
        Event::MemberAdd(payload) => payload.translate(out),
        Event::MemberChunk(payload) => payload.translate(out),
        Event::MemberRemove(payload) => payload.translate(out),
        Event::MemberUpdate(payload) => payload.translate(out),
        Event::MessageCreate(payload) => payload.translate(out),
        Event::MessageUpdate(payload) => payload.translate(out),
        Event::PresenceUpdate(payload) => payload.translate(out),
        Event::ReactionAdd(payload) => payload.translate(out),
        Event::ReactionRemove(payload) => payload.translate(out),
        Event::ReactionRemoveAll(payload) => payload.translate(out),
        Event::ReactionRemoveEmoji(payload) => payload.translate(out),
        Event::Ready(payload) => payload.translate(out),
        Event::Resumed => out.connection(ShardStatus::Resumed),
        Event::RoleDelete(RoleDelete { guild_id, role_id }) => {
            out.role_removed(convert::id(*guild_id), convert::id(*role_id));
        }
        Event::ThreadCreate(payload) => payload.translate(out),
        Event::ThreadDelete(payload) => payload.translate(out),
        Event::ThreadListSync(payload) => payload.translate(out),
        Event::ThreadUpdate(payload) => payload.translate(out),
        Event::UnavailableGuild(payload) => payload.translate(out),
        Event::UserUpdate(payload) => payload.translate(out),
        Event::VoiceStateUpdate(payload) => payload.translate(out),
        _ => {}
    }
    translation.into_events()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::frames;

    /// Returns `true` if Mocha records the event. If twilight adds a variant, this test does not compile.
    const fn is_read(event: &Event) -> bool {
        match event {
            Event::ChannelCreate(_)
            | Event::ChannelDelete(_)
            | Event::ChannelUpdate(_)
            | Event::GatewayClose(_)
            | Event::GatewayHeartbeatAck
            | Event::GatewayInvalidateSession(_)
            | Event::GatewayReconnect
            | Event::GuildCreate(_)
            | Event::GuildDelete(_)
            | Event::GuildUpdate(_)
            | Event::InteractionCreate(_)
            | Event::InviteCreate(_)
            | Event::MemberAdd(_)
            | Event::MemberChunk(_)
            | Event::MemberRemove(_)
            | Event::MemberUpdate(_)
            | Event::MessageCreate(_)
            | Event::MessageUpdate(_)
            | Event::PresenceUpdate(_)
            | Event::ReactionAdd(_)
            | Event::ReactionRemove(_)
            | Event::ReactionRemoveAll(_)
            | Event::ReactionRemoveEmoji(_)
            | Event::Ready(_)
            | Event::Resumed
            | Event::RoleDelete(_)
            | Event::ThreadCreate(_)
            | Event::ThreadDelete(_)
            | Event::ThreadListSync(_)
            | Event::ThreadUpdate(_)
            | Event::UnavailableGuild(_)
            | Event::UserUpdate(_)
            | Event::VoiceStateUpdate(_) => true,
            Event::AutoModerationActionExecution(_)
            | Event::AutoModerationRuleCreate(_)
            | Event::AutoModerationRuleDelete(_)
            | Event::AutoModerationRuleUpdate(_)
            | Event::BanAdd(_)
            | Event::BanRemove(_)
            | Event::ChannelPinsUpdate(_)
            | Event::CommandPermissionsUpdate(_)
            | Event::EntitlementCreate(_)
            | Event::EntitlementDelete(_)
            | Event::EntitlementUpdate(_)
            | Event::GatewayHeartbeat
            | Event::GatewayHello(_)
            | Event::GuildAuditLogEntryCreate(_)
            | Event::GuildEmojisUpdate(_)
            | Event::GuildIntegrationsUpdate(_)
            | Event::GuildScheduledEventCreate(_)
            | Event::GuildScheduledEventDelete(_)
            | Event::GuildScheduledEventUpdate(_)
            | Event::GuildScheduledEventUserAdd(_)
            | Event::GuildScheduledEventUserRemove(_)
            | Event::GuildStickersUpdate(_)
            | Event::IntegrationCreate(_)
            | Event::IntegrationDelete(_)
            | Event::IntegrationUpdate(_)
            | Event::InviteDelete(_)
            | Event::MessageDelete(_)
            | Event::MessageDeleteBulk(_)
            | Event::MessagePollVoteAdd(_)
            | Event::MessagePollVoteRemove(_)
            | Event::RateLimited(_)
            | Event::RoleCreate(_)
            | Event::RoleUpdate(_)
            | Event::StageInstanceCreate(_)
            | Event::StageInstanceDelete(_)
            | Event::StageInstanceUpdate(_)
            | Event::SubscriptionCreate(_)
            | Event::SubscriptionDelete(_)
            | Event::SubscriptionUpdate(_)
            | Event::ThreadMemberUpdate(_)
            | Event::ThreadMembersUpdate(_)
            | Event::TypingStart(_)
            | Event::VoiceServerUpdate(_)
            | Event::WebhooksUpdate(_) => false,
        }
    }

    #[test]
    fn translated_events_and_requested_event_types_are_the_same() -> frames::TestResult {
        let mut kinds = Vec::new();
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frames"))? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|name| name.to_str()).ok_or("a file without a name")?;
            let event = frames::parse(name)?;
            assert_eq!(is_read(&event), EVENT_TYPES.contains(&event.kind()), "{name}");
            let outside = ["message_direct", "message_update_plain", "voice_call"].contains(&name);
            let events = translate(&event, &frames::context().with(ResourceType::all()));
            assert_eq!(!events.is_empty(), is_read(&event) && !outside, "{name}: {events:?}");
            kinds.push(event.kind());
        }
        // These events have no frames of this form.
        let connection = [
            EventType::GatewayClose,
            EventType::GatewayHeartbeatAck,
            EventType::GatewayInvalidateSession,
            EventType::GatewayReconnect,
        ];
        for kind in EVENT_TYPES.into_iter().filter(|kind| !connection.contains(kind)) {
            assert!(kinds.contains(&kind), "no frame of {kind:?}");
        }
        Ok(())
    }
}
