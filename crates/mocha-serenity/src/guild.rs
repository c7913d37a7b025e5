//! Guilds.

use mocha_adapter::{Guild as RecordedGuild, GuildLists, Translation};
use serenity::model::guild::{Guild, PartialGuild, UnavailableGuild};

use crate::{channel, convert, member, presence, voice};

/// Adds a guild with its channels, members, voice states and presences.
pub(crate) fn push_whole(guild: &Guild, out: &mut Translation) {
    let guild_id = convert::id(guild.id);
    let seen = RecordedGuild {
        afk_channel_id: guild.afk_metadata.as_ref().map(|afk| convert::id(afk.afk_channel_id)),
        guild_id,
        icon: guild.icon.map(|hash| hash.to_string()),
        member_count: Some(guild.member_count),
        name: &guild.name,
    };
    let channels = guild.channels.values().chain(&guild.threads);
    let lists = GuildLists {
        channels: channels.map(|seen| channel::channel(seen, guild_id)),
        members: guild.members.values().map(member::member),
        presences: guild.presences.values().map(presence::presence),
        roles: guild.roles.keys().map(|role_id| convert::id(*role_id)),
        voices: guild.voice_states.values().map(voice::voice),
    };
    out.whole_guild(&seen, lists);
}

/// Adds a changed guild. serenity does not read the number of members here.
pub(crate) fn push_changed(guild: &PartialGuild, out: &mut Translation) {
    out.guild(&RecordedGuild {
        afk_channel_id: guild.afk_metadata.as_ref().map(|afk| convert::id(afk.afk_channel_id)),
        guild_id: convert::id(guild.id),
        icon: guild.icon.map(|hash| hash.to_string()),
        member_count: None,
        name: &guild.name,
    });
}

/// Adds the outage of a guild, or that the bot is not in it any more.
pub(crate) fn push_gone(guild: UnavailableGuild, out: &mut Translation) {
    let guild_id = convert::id(guild.id);
    if guild.unavailable { out.guild_outage(guild_id) } else { out.guild_removed(guild_id) }
}
