//! Translates an event of the gateway to the events of the store.

use mocha_adapter::{Context, Shard, Translation};
use mocha_recorder::event::ShardStatus;
use serde::Deserialize as _;
use serenity::model::{
    application::Interaction,
    channel::GuildChannel,
    event::{Event, UnknownEvent},
    guild::UnavailableGuild,
};

use crate::{
    channel, command, convert, guild, invite, member, message, presence,
    reaction::{self, EmojiRemoved},
    user, voice,
};

/// Returns the events to record, in order.
pub(crate) fn translate(event: &Event, context: Context) -> Vec<mocha_recorder::Event> {
    let mut translation = Translation::new(context);
    let out = &mut translation;
    match event {
        Event::ChannelCreate(event) => push_channel(&event.channel, out),
        Event::ChannelDelete(event) => {
            out.channel_removed(convert::id(event.channel.guild_id), convert::id(event.channel.id));
        }
        Event::ChannelUpdate(event) => push_channel(&event.channel, out),
        Event::GuildCreate(event) => guild::push_whole(&event.guild, out),
        Event::GuildDelete(event) => guild::push_gone(event.guild, out),
        Event::GuildMemberAdd(event) => {
            out.member_joined(convert::id(event.member.guild_id), &member::member(&event.member));
        }
        Event::GuildMemberRemove(event) => out.member_left(convert::id(event.guild_id), &user::user(&event.user)),
        Event::GuildMemberUpdate(event) => out.member(convert::id(event.guild_id), &member::changed(event)),
        Event::GuildMembersChunk(event) => member::push_chunk(event, out),
        Event::GuildRoleDelete(event) => out.role_removed(convert::id(event.guild_id), convert::id(event.role_id)),
        Event::GuildUpdate(event) => guild::push_changed(&event.guild, out),
        Event::InteractionCreate(event) => {
            if let Interaction::Command(command) = &event.interaction {
                command::push(command, out);
            }
        }
        Event::InviteCreate(event) => invite::push_created(event, out),
        Event::MessageCreate(event) => message::push(&event.message, out),
        Event::MessageUpdate(event) => message::push_edit(event, out),
        Event::PresenceUpdate(event) => {
            // Only presences in lists omit the guild.
            if let Some(guild_id) = event.presence.guild_id {
                out.presence(convert::id(guild_id), &presence::presence(&event.presence));
            }
        }
        Event::ReactionAdd(event) => reaction::push(&event.reaction, out),
        Event::ReactionRemove(event) => reaction::push_removed(&event.reaction, out),
        Event::ReactionRemoveAll(event) => reaction::push_cleared(event.guild_id, event.message_id, None, out),
        Event::ReactionRemoveEmoji(event) => {
            let removed = &event.reaction;
            reaction::push_cleared(removed.guild_id, removed.message_id, Some(&removed.emoji), out);
        }
        Event::Ready(event) => {
            let shard = event.ready.shard.map(|shard| Shard { count: shard.total, id: shard.id.get() });
            out.ready(shard, &user::user(&event.ready.user));
        }
        Event::Resumed(_) => out.connection(ShardStatus::Resumed),
        Event::ThreadCreate(event) => push_channel(&event.thread, out),
        Event::ThreadDelete(event) => {
            out.channel_removed(convert::id(event.thread.guild_id), convert::id(event.thread.id));
        }
        Event::ThreadListSync(event) => {
            for thread in &event.threads {
                out.channel(&channel::channel(thread, convert::id(event.guild_id)));
            }
        }
        Event::ThreadUpdate(event) => push_channel(&event.thread, out),
        Event::UserUpdate(event) => out.user(&user::user(&event.current_user)),
        Event::VoiceStateUpdate(event) => {
            // A call outside of guilds is not recorded.
            if let Some(guild_id) = event.voice_state.guild_id {
                out.voice_changed(convert::id(guild_id), &voice::voice(&event.voice_state));
            }
        }
        Event::Unknown(event) => push_unreadable(event, out),
        // Mocha uses no other event.
        _ => {}
    }
    translation.into_events()
}

/// Handles an event that serenity could not read. It may be of a type that serenity knows.
fn push_unreadable(event: &UnknownEvent, out: &mut Translation) {
    // serenity reads only whole guilds here.
    if event.kind == "GUILD_CREATE"
        && let Ok(guild) = UnavailableGuild::deserialize(&event.value)
        && guild.unavailable
    {
        out.guild_outage(convert::id(guild.id));
    } else if event.kind == "MESSAGE_REACTION_REMOVE_EMOJI"
        && let Ok(removed) = EmojiRemoved::deserialize(&event.value)
    {
        reaction::push_cleared(removed.guild_id, removed.message_id, Some(&removed.emoji), out);
    } else if EVENT_NAMES.contains(&event.kind.as_str()) {
        tracing::warn!(kind = event.kind, "serenity could not read an event, so it is not recorded");
    }
}

/// The names of the events that [`translate`] reads.
const EVENT_NAMES: [&str; 28] = [
    "CHANNEL_CREATE",
    "CHANNEL_DELETE",
    "CHANNEL_UPDATE",
    "GUILD_CREATE",
    "GUILD_DELETE",
    "GUILD_MEMBERS_CHUNK",
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_REMOVE",
    "GUILD_MEMBER_UPDATE",
    "GUILD_ROLE_DELETE",
    "GUILD_UPDATE",
    "INTERACTION_CREATE",
    "INVITE_CREATE",
    "MESSAGE_CREATE",
    "MESSAGE_REACTION_ADD",
    "MESSAGE_REACTION_REMOVE",
    "MESSAGE_REACTION_REMOVE_ALL",
    "MESSAGE_REACTION_REMOVE_EMOJI",
    "MESSAGE_UPDATE",
    "PRESENCE_UPDATE",
    "READY",
    "RESUMED",
    "THREAD_CREATE",
    "THREAD_DELETE",
    "THREAD_LIST_SYNC",
    "THREAD_UPDATE",
    "USER_UPDATE",
    "VOICE_STATE_UPDATE",
];

fn push_channel(seen: &GuildChannel, out: &mut Translation) {
    out.channel(&channel::channel(seen, convert::id(seen.guild_id)));
}
