//! Guilds.

use mocha_recorder::event::{GuildAvailable, GuildOutage, GuildRemoved, GuildSeen};
use mocha_schema::{ChannelId, GuildId, RoleId};

use crate::{Channel, Member, Presence, ResourceType, Translation, Voice, translation::text};

/// The part of a guild that Mocha records.
#[derive(Clone, Debug)]
pub struct Guild<'a> {
    /// The voice channel that idle members are moved to.
    pub afk_channel_id: Option<ChannelId>,
    /// The guild.
    pub guild_id: GuildId,
    /// The hash of the icon.
    pub icon: Option<String>,
    /// How many members it has; `None` if Discord did not say.
    pub member_count: Option<u64>,
    /// The name.
    pub name: &'a str,
}

/// The lists in a `GUILD_CREATE`.
#[derive(Clone, Debug)]
pub struct GuildLists<Channels, Members, Presences, Roles, Voices> {
    /// Channels and threads.
    pub channels: Channels,
    /// Members. In a large guild Discord omits those who are offline.
    pub members: Members,
    /// Members who are not offline.
    pub presences: Presences,
    /// Roles.
    pub roles: Roles,
    /// Members in voice.
    pub voices: Voices,
}

impl Translation {
    /// Adds a guild without its lists, as in a `GUILD_UPDATE`.
    pub fn guild(&mut self, guild: &Guild<'_>) {
        if !self.wants(ResourceType::GUILD) {
            return;
        }
        let Guild { afk_channel_id, guild_id, icon, member_count, name } = guild;
        self.push(GuildSeen {
            afk_channel_id: *afk_channel_id,
            at: self.at(),
            guild_id: *guild_id,
            icon: icon.clone(),
            member_count: *member_count,
            name: text(name),
        });
    }

    /// Adds a guild with its channels, members, voice states and presences, as in a `GUILD_CREATE`. Rows that other
    /// rows refer to come first.
    pub fn whole_guild<'a>(
        &mut self,
        guild: &Guild<'_>,
        lists: GuildLists<
            impl IntoIterator<Item = Channel<'a>>,
            impl IntoIterator<Item = Member<'a>>,
            impl IntoIterator<Item = Presence<'a>>,
            impl IntoIterator<Item = RoleId>,
            impl IntoIterator<Item = Voice<'a>>,
        >,
    ) {
        let (guild_id, member_count) = (guild.guild_id, guild.member_count);
        let GuildLists { channels, members, presences, roles, voices } = lists;
        self.push(GuildAvailable { at: self.at(), guild_id });
        self.guild(guild);
        for channel in channels {
            self.channel(&channel);
        }
        self.roles_listed(guild_id, roles);
        self.members_listed(guild_id, member_count, members);
        self.voice_snapshot(guild_id, voices);
        self.presences_listed(guild_id, member_count, presences);
    }

    /// Adds the outage of a guild, whatever is excluded. It explains why nothing else arrives.
    pub fn guild_outage(&mut self, guild_id: GuildId) {
        self.push(GuildOutage { at: self.at(), guild_id });
    }

    /// Adds that the bot left a guild, or that the guild was deleted, whatever is excluded.
    pub fn guild_removed(&mut self, guild_id: GuildId) {
        self.push(GuildRemoved { at: self.at(), guild_id });
    }
}
