//! Channels and threads.

use mocha_adapter::{Channel as RecordedChannel, Translation};
use mocha_schema::GuildId;
use twilight_model::{
    channel::{Channel, ChannelFlags},
    gateway::payload::incoming::{
        ChannelCreate, ChannelDelete, ChannelUpdate, ThreadCreate, ThreadDelete, ThreadListSync, ThreadUpdate,
    },
};

use crate::{convert, translate::Translate};

impl Translate for ChannelCreate {
    fn translate(&self, out: &mut Translation) {
        let Self(channel) = self;
        push_of_guild(channel, out);
    }
}

impl Translate for ChannelUpdate {
    fn translate(&self, out: &mut Translation) {
        let Self(channel) = self;
        push_of_guild(channel, out);
    }
}

impl Translate for ChannelDelete {
    fn translate(&self, out: &mut Translation) {
        // Only the id of a deleted channel matters.
        let Self(channel) = self;
        if let Some(guild_id) = channel.guild_id {
            out.channel_removed(convert::id(guild_id), convert::id(channel.id));
        }
    }
}

impl Translate for ThreadCreate {
    fn translate(&self, out: &mut Translation) {
        let Self(thread) = self;
        push_of_guild(thread, out);
    }
}

impl Translate for ThreadUpdate {
    fn translate(&self, out: &mut Translation) {
        let Self(thread) = self;
        push_of_guild(thread, out);
    }
}

impl Translate for ThreadDelete {
    fn translate(&self, out: &mut Translation) {
        let Self {
            guild_id,
            id,
            // Known since the thread was created.
            kind: _,
            parent_id: _,
        } = self;
        out.channel_removed(convert::id(*guild_id), convert::id(*id));
    }
}

impl Translate for ThreadListSync {
    fn translate(&self, out: &mut Translation) {
        let Self {
            guild_id,
            threads,
            // The channels that the list covers. An active thread that is missing was archived, not deleted.
            channel_ids: _,
            // The followers of the threads. Mocha does not use them.
            members: _,
        } = self;
        for thread in threads {
            out.channel(&channel(thread, convert::id(*guild_id)));
        }
    }
}

/// Adds a channel that names its guild. Channels outside of guilds are not recorded.
fn push_of_guild(seen: &Channel, out: &mut Translation) {
    if let Some(guild_id) = seen.guild_id {
        out.channel(&channel(seen, convert::id(guild_id)));
    }
}

/// Returns the part of a channel or thread of a guild that Mocha records.
pub(crate) fn channel(channel: &Channel, guild_id: GuildId) -> RecordedChannel<'_> {
    let Channel {
        flags,
        guild_id: _, // Discord omits it in GUILD_CREATE, so the caller passes it.
        id,
        kind,
        name,
        parent_id,
        position,
        // Settings, which Mocha does not use.
        application_id: _,
        available_tags: _,
        bitrate: _,
        default_auto_archive_duration: _,
        default_forum_layout: _,
        default_reaction_emoji: _,
        default_sort_order: _,
        default_thread_rate_limit_per_user: _,
        icon: _,
        invitable: _,
        managed: _,
        nsfw: _,
        permission_overwrites: _,
        rate_limit_per_user: _,
        rtc_region: _,
        topic: _,
        user_limit: _,
        video_quality_mode: _,
        // A thread's tags, state and followers, which Mocha does not use.
        applied_tags: _,
        member: _,
        member_count: _,
        newly_created: _,
        owner_id: _,
        thread_metadata: _,
        // Discord's own counts, which stop at 50 or exclude deleted messages.
        last_message_id: _,
        last_pin_timestamp: _,
        message_count: _,
        total_message_sent: _,
        // Only channels outside of guilds have it.
        recipients: _,
    } = channel;
    RecordedChannel {
        channel_id: convert::id(*id),
        guild_id,
        is_obfuscated: flags.is_some_and(|flags| flags.contains(ChannelFlags::CHANNEL_OBFUSCATED)),
        kind: (*kind).into(),
        name: name.as_deref(),
        parent_id: parent_id.map(convert::id),
        position: *position,
    }
}

#[cfg(test)]
mod tests {
    use mocha_recorder::{
        Event,
        event::{ChannelRemoved, ChannelSeen},
    };

    use crate::{ResourceType, frames};

    fn expected(
        name: Option<&str>,
        kind: u8,
        channel_id: u64,
        parent_id: u64,
    ) -> Result<ChannelSeen, mocha_schema::IdError> {
        Ok(ChannelSeen {
            at: frames::arrival(),
            channel_id: channel_id.try_into()?,
            guild_id: frames::GUILD.try_into()?,
            kind,
            name: name.map(Into::into),
            parent_id: Some(parent_id.try_into()?),
            position: Some(3),
        })
    }

    #[test]
    fn created_and_changed_channels_are_recorded() -> frames::TestResult {
        let created = expected(Some("general"), 0, frames::TEXT, frames::CATEGORY)?;
        assert_eq!(frames::translate("channel_create")?, [Event::ChannelSeen(created.clone())]);
        let changed = ChannelSeen { name: Some("lounge".into()), position: Some(0), ..created };
        assert_eq!(frames::translate("channel_update")?, [Event::ChannelSeen(changed)]);
        Ok(())
    }

    #[test]
    fn the_placeholder_of_a_hidden_name_is_not_recorded() -> frames::TestResult {
        let hidden = expected(None, 2, frames::VOICE, frames::CATEGORY)?;
        assert_eq!(frames::translate("channel_update_obfuscated")?, [Event::ChannelSeen(hidden)]);
        Ok(())
    }

    #[test]
    fn threads_are_channels_without_a_position() -> frames::TestResult {
        let thread = expected(Some("help with a borrow"), 11, frames::THREAD, frames::TEXT)?;
        let thread = ChannelSeen { position: None, ..thread };
        for frame in ["thread_create", "thread_update", "thread_list_sync"] {
            assert_eq!(frames::translate(frame)?, [Event::ChannelSeen(thread.clone())], "{frame}");
        }
        Ok(())
    }

    #[test]
    fn deleted_channels_and_threads_are_recorded() -> frames::TestResult {
        for (frame, channel_id) in [("channel_delete", frames::TEXT), ("thread_delete", frames::THREAD)] {
            let gone = ChannelRemoved {
                at: frames::arrival(),
                channel_id: channel_id.try_into()?,
                guild_id: frames::GUILD.try_into()?,
            };
            assert_eq!(frames::translate(frame)?, [Event::ChannelRemoved(gone)], "{frame}");
        }
        Ok(())
    }

    #[test]
    fn channels_can_be_excluded() -> frames::TestResult {
        let context = frames::context().without(ResourceType::CHANNEL);
        for frame in [
            "channel_create",
            "channel_delete",
            "channel_update",
            "thread_create",
            "thread_delete",
            "thread_list_sync",
            "thread_update",
        ] {
            assert_eq!(frames::translate_with(frame, context)?, [], "{frame}");
        }
        Ok(())
    }
}
