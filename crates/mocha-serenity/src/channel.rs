//! Channels and threads.

use mocha_adapter::Channel;
use mocha_schema::GuildId;
use serenity::model::channel::GuildChannel;

use crate::convert;

/// Returns the part of a channel or thread that Mocha records. Discord omits the guild of a channel in a list.
pub(crate) fn channel(channel: &GuildChannel, guild_id: GuildId) -> Channel<'_> {
    Channel {
        channel_id: convert::id(channel.id),
        guild_id,
        // serenity does not know the flag. The placeholder for the name says the same.
        is_obfuscated: false,
        kind: channel.kind.into(),
        name: Some(&channel.name),
        parent_id: channel.parent_id.map(convert::id),
        // Discord sends no position for threads, and serenity reads that as 0.
        position: channel.thread_metadata.is_none().then_some(channel.position.into()),
    }
}
