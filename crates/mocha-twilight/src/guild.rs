//! Guilds.

use mocha_adapter::{Guild as RecordedGuild, GuildLists, Translation};
use twilight_model::{
    gateway::payload::incoming::{GuildCreate, GuildDelete, GuildUpdate, UnavailableGuild},
    guild::{Guild, PartialGuild, UnavailableGuild as UnavailableGuildModel},
};

use crate::{channel, convert, member, presence, translate::Translate, voice};

impl Translate for GuildCreate {
    fn translate(&self, out: &mut Translation) {
        match self {
            Self::Available(guild) => push_whole(guild, out),
            // The flag is always true.
            Self::Unavailable(UnavailableGuildModel { id, unavailable: _ }) => out.guild_outage(convert::id(*id)),
        }
    }
}

impl Translate for GuildDelete {
    fn translate(&self, out: &mut Translation) {
        let Self { id, unavailable } = self;
        if *unavailable == Some(true) {
            out.guild_outage(convert::id(*id));
        } else {
            out.guild_removed(convert::id(*id));
        }
    }
}

impl Translate for GuildUpdate {
    fn translate(&self, out: &mut Translation) {
        let Self(PartialGuild {
            afk_channel_id,
            icon,
            id,
            member_count,
            name,
            // Settings, images and permissions, which Mocha does not use.
            afk_timeout: _,
            application_id: _,
            banner: _,
            default_message_notifications: _,
            description: _,
            discovery_splash: _,
            emojis: _,
            explicit_content_filter: _,
            features: _,
            max_members: _,
            max_presences: _,
            mfa_level: _,
            nsfw_level: _,
            owner: _,
            owner_id: _,
            permissions: _,
            preferred_locale: _,
            premium_progress_bar_enabled: _,
            premium_subscription_count: _,
            premium_tier: _,
            public_updates_channel_id: _,
            // Deleted roles have an event of their own.
            roles: _,
            rules_channel_id: _,
            splash: _,
            system_channel_flags: _,
            system_channel_id: _,
            vanity_url_code: _,
            verification_level: _,
            widget_channel_id: _,
            widget_enabled: _,
        }) = self;
        out.guild(&RecordedGuild {
            afk_channel_id: afk_channel_id.map(convert::id),
            guild_id: convert::id(*id),
            icon: icon.map(|hash| hash.to_string()),
            member_count: *member_count,
            name,
        });
    }
}

impl Translate for UnavailableGuild {
    fn translate(&self, out: &mut Translation) {
        let Self { id } = self;
        out.guild_outage(convert::id(*id));
    }
}

/// Adds a guild with its channels, members, voice states and presences.
fn push_whole(guild: &Guild, out: &mut Translation) {
    let Guild {
        afk_channel_id,
        channels,
        icon,
        id,
        member_count,
        members,
        name,
        presences,
        roles,
        threads,
        voice_states,
        // Settings, images and permissions, which Mocha does not use.
        afk_timeout: _,
        application_id: _,
        banner: _,
        default_message_notifications: _,
        description: _,
        discovery_splash: _,
        emojis: _,
        explicit_content_filter: _,
        features: _,
        guild_scheduled_events: _,
        max_members: _,
        max_presences: _,
        max_stage_video_channel_users: _,
        max_video_channel_users: _,
        mfa_level: _,
        nsfw_level: _,
        owner: _,
        owner_id: _,
        permissions: _,
        preferred_locale: _,
        premium_progress_bar_enabled: _,
        premium_subscription_count: _,
        premium_tier: _,
        public_updates_channel_id: _,
        rules_channel_id: _,
        safety_alerts_channel_id: _,
        splash: _,
        stage_instances: _,
        stickers: _,
        system_channel_flags: _,
        system_channel_id: _,
        vanity_url_code: _,
        verification_level: _,
        widget_channel_id: _,
        widget_enabled: _,
        // Only answers to requests have them. `member_count` is exact.
        approximate_member_count: _,
        approximate_presence_count: _,
        // The time at which the bot joined, which its member has too.
        joined_at: _,
        // Whether offline members are missing. Mocha compares the number of listed members with `member_count` instead.
        large: _,
        // An unavailable guild has an event of its own.
        unavailable: _,
    } = guild;
    let guild_id = convert::id(*id);
    let seen = RecordedGuild {
        afk_channel_id: afk_channel_id.map(convert::id),
        guild_id,
        icon: icon.map(|hash| hash.to_string()),
        member_count: *member_count,
        name,
    };
    let lists = GuildLists {
        channels: channels.iter().chain(threads).map(|seen| channel::channel(seen, guild_id)),
        members: members.iter().map(member::member),
        presences: presences.iter().map(presence::presence),
        roles: roles.iter().map(|role| convert::id(role.id)),
        voices: voice_states.iter().map(voice::voice),
    };
    out.whole_guild(&seen, lists);
}

#[cfg(test)]
mod tests {
    use mocha_recorder::{
        Event,
        event::{GuildAvailable, GuildOutage, GuildRemoved, GuildSeen, MembersListed, PresencesListed},
    };

    use twilight_model::{
        gateway::{Intents, payload::incoming::UnavailableGuild},
        id::Id,
    };

    use crate::{ResourceType, frames, translate::Context};

    fn guild() -> Result<GuildSeen, mocha_schema::IdError> {
        Ok(GuildSeen {
            afk_channel_id: Some(frames::VOICE.try_into()?),
            at: frames::arrival(),
            guild_id: frames::GUILD.try_into()?,
            icon: Some("fedcba9876543210fedcba9876543210".into()),
            member_count: Some(3),
            name: "Mocha".into(),
        })
    }

    #[test]
    fn a_guild_brings_its_channels_members_and_voice_states() -> frames::TestResult {
        let events = frames::translate("guild_create")?;
        let [
            Event::GuildAvailable(available),
            Event::GuildSeen(seen),
            Event::ChannelSeen(category),
            Event::ChannelSeen(text),
            Event::ChannelSeen(voice),
            Event::ChannelSeen(thread),
            Event::UserSeen(anna),
            Event::MemberSeen(_),
            Event::UserSeen(bot),
            Event::MemberSeen(_),
            Event::MembersListed(listed),
            Event::VoiceSnapshot(snapshot),
        ] = events.as_slice()
        else {
            return Err(format!("{events:?}").into());
        };
        let (at, guild_id) = (seen.at, seen.guild_id);
        assert_eq!((seen, *available), (&guild()?, GuildAvailable { at, guild_id }));
        let (member_count, user_ids) = (Some(3), vec![anna.user_id, bot.user_id]);
        let one = MembersListed { at, chunk_count: 1, chunk_index: 0, guild_id, member_count, nonce: None, user_ids };
        assert_eq!(*listed, one);
        let channels = [category, text, voice, thread].map(|channel| (channel.channel_id.get(), channel.kind));
        assert_eq!(channels, [(frames::CATEGORY, 4), (frames::TEXT, 0), (frames::VOICE, 2), (frames::THREAD, 11)]);
        assert_eq!([category, text, voice, thread].map(|channel| channel.guild_id), [seen.guild_id; 4]);
        assert_eq!(
            (anna.user_id.get(), anna.bot, bot.user_id.get(), bot.bot),
            (frames::ANNA, false, frames::BOT, true)
        );
        assert_eq!((snapshot.at, snapshot.guild_id), (frames::arrival(), seen.guild_id));
        let voices: Vec<_> = snapshot
            .voices
            .iter()
            .map(|voice| (voice.user_id.get(), voice.channel_id.get(), voice.state.self_deaf))
            .collect();
        assert_eq!(voices, [(frames::ANNA, frames::VOICE, true)]);
        Ok(())
    }

    #[test]
    fn presences_come_last_and_only_if_requested() -> frames::TestResult {
        let events = frames::translate_with("guild_create", frames::context().with(ResourceType::PRESENCE))?;
        let [.., Event::VoiceSnapshot(_), Event::PresenceChanged(presence), Event::PresencesListed(listed)] =
            events.as_slice()
        else {
            return Err(format!("{events:?}").into());
        };
        assert_eq!((presence.guild_id.get(), presence.user_id.get()), (frames::GUILD, frames::ANNA));
        let (at, guild_id, user_ids) = (frames::arrival(), presence.guild_id, vec![presence.user_id]);
        assert_eq!(*listed, PresencesListed { at, guild_id, is_complete: true, user_ids });
        Ok(())
    }

    #[test]
    fn presences_are_complete_with_the_intent_and_up_to_75_000_members() -> frames::TestResult {
        let context = frames::context().with(ResourceType::PRESENCE);
        let without = Context { intents: context.intents - Intents::GUILD_PRESENCES, ..context };
        for (context, member_count, complete) in
            [(context, 75_000, true), (context, 75_001, false), (without, 3, false)]
        {
            let event =
                frames::parse_changed("guild_create", |frame| frame["d"]["member_count"] = member_count.into())?;
            let events = crate::translate::translate(&event, &context);
            let Some(Event::PresencesListed(listed)) = events.last() else { return Err(format!("{events:?}").into()) };
            assert_eq!(listed.is_complete, complete, "{member_count}");
        }
        Ok(())
    }

    #[test]
    fn an_empty_voice_list_is_a_snapshot() -> frames::TestResult {
        let event = frames::parse_changed("guild_create", |frame| frame["d"]["voice_states"] = serde_json::json!([]))?;
        let events = crate::translate::translate(&event, &frames::context());
        let Some(Event::VoiceSnapshot(snapshot)) = events.last() else { return Err(format!("{events:?}").into()) };
        assert_eq!(snapshot.voices, []);
        Ok(())
    }

    #[test]
    fn without_the_intent_an_empty_voice_list_is_no_snapshot() -> frames::TestResult {
        let event = frames::parse_changed("guild_create", |frame| frame["d"]["voice_states"] = serde_json::json!([]))?;
        let context = Context { intents: Intents::GUILDS, ..frames::context() };
        let events = crate::translate::translate(&event, &context);
        assert!(!events.iter().any(|event| matches!(event, Event::VoiceSnapshot(_))), "{events:?}");
        Ok(())
    }

    #[test]
    fn an_update_leaves_missing_values_unset() -> frames::TestResult {
        let seen =
            GuildSeen { afk_channel_id: None, icon: None, member_count: None, name: "Espresso".into(), ..guild()? };
        assert_eq!(frames::translate("guild_update")?, [Event::GuildSeen(seen)]);
        Ok(())
    }

    #[test]
    fn an_outage_is_not_a_removal() -> frames::TestResult {
        let (at, guild_id) = (frames::arrival(), frames::GUILD.try_into()?);
        let outage = Event::GuildOutage(GuildOutage { at, guild_id });
        let gone = Event::GuildRemoved(GuildRemoved { at, guild_id });
        // Outages and removals are recorded whatever resources are excluded. They explain why no other events arrive.
        let context = frames::context().without(ResourceType::all());
        for (frame, expected) in
            [("guild_create_unavailable", &outage), ("guild_delete_outage", &outage), ("guild_delete", &gone)]
        {
            assert_eq!(frames::translate_with(frame, context)?, std::slice::from_ref(expected), "{frame}");
        }
        // The return of the bot is recorded whatever resources are excluded.
        let available = Event::GuildAvailable(GuildAvailable { at, guild_id });
        assert_eq!(frames::translate_with("guild_create", context)?, [available]);
        // Discord sends no such frame, but twilight has the event.
        let event =
            twilight_model::gateway::event::Event::UnavailableGuild(UnavailableGuild { id: Id::new(frames::GUILD) });
        assert_eq!(crate::translate::translate(&event, &context), [outage]);
        Ok(())
    }
}
