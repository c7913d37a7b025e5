//! The state of a guild that Discord sends to a bot that connects.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, PresenceStatus, UserId, VoiceState};
use mocha_store::{
    Event,
    event::{
        ChannelSeen, GuildSeen, MemberSeen, MembersListed, PresenceChanged, PresencesListed, SnapshotVoice, UserSeen,
        VoiceSnapshot,
    },
};

/// The current state of a guild. It follows the complete events and returns the state as `GUILD_CREATE` does.
///
/// # Examples
///
/// ```
/// use mocha_sim::{Server, World};
/// use mocha_store::Event;
///
/// let server = Server::new(3).days(1).members(20);
/// let mut world = World::default();
/// for event in server.events() {
///     world.observe(&event);
/// }
/// let events = world.guild_create(server.end());
/// assert!(matches!(events.first(), Some(Event::GuildSeen(_))));
/// assert!(matches!(events.last(), Some(Event::VoiceSnapshot(_))));
/// ```
#[derive(Clone, Debug, Default)]
pub struct World {
    channels: BTreeMap<ChannelId, ChannelSeen>,
    guild: Option<GuildSeen>,
    members: BTreeMap<UserId, MemberSeen>,
    /// The presences of members who are not offline.
    presences: BTreeMap<UserId, PresenceChanged>,
    users: BTreeMap<UserId, UserSeen>,
    voice: BTreeMap<UserId, (ChannelId, VoiceState)>,
}

impl World {
    /// Applies the next event.
    pub fn observe(&mut self, event: &Event) {
        match event {
            Event::ChannelRemoved(event) => {
                self.channels.remove(&event.channel_id);
            }
            Event::ChannelSeen(event) => {
                self.channels.insert(event.channel_id, event.clone());
            }
            Event::GuildSeen(event) => self.guild = Some(event.clone()),
            Event::MemberJoined(event) | Event::MemberSeen(event) => {
                self.members.insert(event.user_id, event.clone());
            }
            Event::MemberLeft(event) => {
                self.members.remove(&event.user_id);
                self.presences.remove(&event.user_id);
                self.voice.remove(&event.user_id);
            }
            Event::PresenceChanged(event) => {
                if event.status == PresenceStatus::Offline {
                    self.presences.remove(&event.user_id);
                } else {
                    self.presences.insert(event.user_id, event.clone());
                }
            }
            Event::UserSeen(event) => {
                self.users.insert(event.user_id, event.clone());
            }
            Event::VoiceSnapshot(event) => {
                self.voice =
                    event.voices.iter().map(|voice| (voice.user_id, (voice.channel_id, voice.state))).collect();
            }
            Event::VoiceStateChanged(event) => {
                match event.channel_id {
                    Some(channel_id) => self.voice.insert(event.user_id, (channel_id, event.state)),
                    None => self.voice.remove(&event.user_id),
                };
            }
            _ => {}
        }
    }

    pub(crate) fn guild_id(&self) -> Option<GuildId> {
        self.guild.as_ref().map(|guild| guild.guild_id)
    }

    pub(crate) fn voice_of(&self, user_id: UserId) -> Option<(ChannelId, VoiceState)> {
        self.voice.get(&user_id).copied()
    }

    /// Returns the members.
    pub(crate) fn members(&self) -> impl Iterator<Item = UserId> {
        self.members.keys().copied()
    }

    /// Returns the number of members.
    pub(crate) fn member_count(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn is_member(&self, user_id: UserId) -> bool {
        self.members.contains_key(&user_id)
    }

    /// Returns the status of a member.
    pub(crate) fn status_of(&self, user_id: UserId) -> PresenceStatus {
        self.presences.get(&user_id).map_or(PresenceStatus::Offline, |presence| presence.status)
    }

    /// Returns the guild, its channels, members, presences and voice states, as sent at this time.
    ///
    /// Returns nothing before the first event of the guild.
    #[must_use]
    pub fn guild_create(&self, at: DateTime<Utc>) -> Vec<Event> {
        let Some(guild) = &self.guild else { return Vec::new() };
        let guild_id = guild.guild_id;
        let member_count = u64::try_from(self.members.len()).ok();
        let mut events: Vec<Event> = vec![GuildSeen { at, member_count, ..guild.clone() }.into()];
        events.extend(self.channels.values().map(|channel| ChannelSeen { at, ..channel.clone() }.into()));
        for (user_id, member) in &self.members {
            events.extend(self.users.get(user_id).map(|user| UserSeen { at, ..user.clone() }.into()));
            events.push(Event::MemberSeen(MemberSeen { at, ..member.clone() }));
        }
        let (user_ids, nonce) = (self.members.keys().copied().collect(), None);
        let listed = MembersListed { at, chunk_count: 1, chunk_index: 0, guild_id, member_count, nonce, user_ids };
        events.push(listed.into());
        events.extend(self.presences.values().map(|presence| PresenceChanged { at, ..presence.clone() }.into()));
        let user_ids = self.presences.keys().copied().collect();
        events.push(PresencesListed { at, guild_id, is_complete: true, user_ids }.into());
        let voices = self.voice.iter();
        let voices = voices.map(|(user_id, (channel_id, state))| SnapshotVoice {
            channel_id: *channel_id,
            state: *state,
            user_id: *user_id,
        });
        events.push(VoiceSnapshot { at, guild_id, voices: voices.collect() }.into());
        events
    }
}
