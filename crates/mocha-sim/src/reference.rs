//! The right answers for a stream of events, computed in plain Rust.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use mocha_schema::{COUNTED_MESSAGE_TYPES, ChannelId, GuildId, MessageId, UserId};
use mocha_store::{
    Event,
    event::{MessageSent, VoiceSnapshot, VoiceStateChanged},
};

/// Totals of messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MessageTotals {
    /// Characters of the messages with known content, as Unicode scalar values.
    pub characters: u64,
    /// The number of messages.
    pub messages: u64,
    /// Words of the messages with known content.
    pub words: u64,
}

impl MessageTotals {
    fn add(&mut self, other: Self) {
        self.characters += other.characters;
        self.messages += other.messages;
        self.words += other.words;
    }
}

/// The voice time of a user in a guild.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct VoiceTotals {
    /// Milliseconds by channel. Channels without time are missing.
    pub channels: BTreeMap<ChannelId, u64>,
    /// The number of sessions that ended.
    pub sessions: u64,
}

impl VoiceTotals {
    /// Returns the milliseconds in all channels.
    #[must_use]
    pub fn voice_ms(&self) -> u64 {
        self.channels.values().sum()
    }
}

/// Reads the events of a guild in order of time and without gaps, and computes the right answers.
///
/// Each message id counts once, and only messages of [`COUNTED_MESSAGE_TYPES`] count. A join counts if the user was not a
/// member, and a leave counts if the user was one. A voice session lasts from connecting to disconnecting, through moves. Bots
/// count too. [`is_bot`](Self::is_bot) identifies them.
///
/// # Examples
///
/// ```
/// use chrono::{DateTime, TimeDelta};
/// use mocha_schema::{ChannelId, GuildId, UserId, VoiceState};
/// use mocha_sim::Reference;
/// use mocha_store::event::VoiceStateChanged;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (guild_id, user_id, channel) = (GuildId::try_from(1)?, UserId::try_from(2)?, ChannelId::try_from(3)?);
/// let at = DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?;
/// let joined = VoiceStateChanged { at, channel_id: Some(channel), guild_id, state: VoiceState::default(), user_id };
///
/// let mut reference = Reference::new(guild_id);
/// reference.observe(&joined.into());
/// let voice = reference.voice_until(at + TimeDelta::seconds(90));
/// assert_eq!(voice[&user_id].voice_ms(), 90_000);
/// assert_eq!(voice[&user_id].sessions, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Reference {
    bots: BTreeSet<UserId>,
    guild_id: GuildId,
    joins: u64,
    leaves: u64,
    members: BTreeSet<UserId>,
    message_ids: BTreeSet<MessageId>,
    messages: BTreeMap<(ChannelId, UserId), MessageTotals>,
    /// The channel and start of each member in voice.
    open: BTreeMap<UserId, (ChannelId, DateTime<Utc>)>,
    voice: BTreeMap<UserId, VoiceTotals>,
}

impl Reference {
    /// Creates an empty reference for this guild. Events of other guilds are ignored.
    #[must_use]
    pub fn new(guild_id: GuildId) -> Self {
        Self {
            bots: BTreeSet::new(),
            guild_id,
            joins: 0,
            leaves: 0,
            members: BTreeSet::new(),
            message_ids: BTreeSet::new(),
            messages: BTreeMap::new(),
            open: BTreeMap::new(),
            voice: BTreeMap::new(),
        }
    }

    /// Reads the next event.
    pub fn observe(&mut self, event: &Event) {
        match event {
            Event::ChannelRemoved(event) if event.guild_id == self.guild_id => {
                self.end_sessions(event.at, |_, channel| channel == event.channel_id);
            }
            Event::GuildRemoved(event) if event.guild_id == self.guild_id => self.end_sessions(event.at, |_, _| true),
            Event::MemberJoined(event) if event.guild_id == self.guild_id => {
                self.joins += u64::from(self.members.insert(event.user_id));
            }
            Event::MemberLeft(event) if event.guild_id == self.guild_id => {
                self.leaves += u64::from(self.members.remove(&event.user_id));
                self.connect(event.user_id, None, event.at);
            }
            Event::MemberSeen(event) if event.guild_id == self.guild_id => {
                self.members.insert(event.user_id);
            }
            Event::MessageSent(event) if event.guild_id == self.guild_id => self.count(event),
            Event::UserSeen(event) => {
                if event.bot {
                    self.bots.insert(event.user_id);
                } else {
                    self.bots.remove(&event.user_id);
                }
            }
            Event::VoiceSnapshot(VoiceSnapshot { at, guild_id, voices }) if *guild_id == self.guild_id => {
                let connected: BTreeSet<_> = voices.iter().map(|voice| voice.user_id).collect();
                self.end_sessions(*at, |user_id, _| !connected.contains(&user_id));
                for voice in voices {
                    self.connect(voice.user_id, Some(voice.channel_id), *at);
                }
            }
            Event::VoiceStateChanged(event) if event.guild_id == self.guild_id => {
                let VoiceStateChanged { at, channel_id, user_id, .. } = *event;
                self.connect(user_id, channel_id, at);
            }
            _ => {}
        }
    }

    fn count(&mut self, message: &MessageSent) {
        if COUNTED_MESSAGE_TYPES.contains(&i32::from(message.kind)) && self.message_ids.insert(message.message_id) {
            let content = message.content.unwrap_or_default();
            self.messages.entry((message.channel_id, message.user_id)).or_default().add(MessageTotals {
                characters: content.characters.into(),
                messages: 1,
                words: content.words.into(),
            });
        }
    }

    /// Ends the sessions that `ends` selects.
    fn end_sessions(&mut self, at: DateTime<Utc>, ends: impl Fn(UserId, ChannelId) -> bool) {
        let open = self.open.iter().map(|(user_id, (channel, _))| (*user_id, *channel));
        let gone: Vec<_> = open.filter(|(user_id, channel)| ends(*user_id, *channel)).collect();
        for (user_id, _) in gone {
            self.connect(user_id, None, at);
        }
    }

    /// Puts a member into a channel, or out of voice.
    fn connect(&mut self, user_id: UserId, channel: Option<ChannelId>, at: DateTime<Utc>) {
        if let Some((old, since)) = self.open.remove(&user_id) {
            stay(&mut self.voice, user_id, old, ms_between(since, at));
            if channel.is_none() {
                self.voice.entry(user_id).or_default().sessions += 1;
            }
        }
        if let Some(channel) = channel {
            self.open.insert(user_id, (channel, at));
        }
    }

    /// Returns `true` if the user is a bot according to the last event about the user.
    #[must_use]
    pub fn is_bot(&self, user_id: UserId) -> bool {
        self.bots.contains(&user_id)
    }

    /// Returns the number of joins.
    #[must_use]
    pub const fn joins(&self) -> u64 {
        self.joins
    }

    /// Returns the number of leaves.
    #[must_use]
    pub const fn leaves(&self) -> u64 {
        self.leaves
    }

    /// Returns the current members.
    #[must_use]
    pub const fn members(&self) -> &BTreeSet<UserId> {
        &self.members
    }

    /// Returns the totals by channel and author.
    #[must_use]
    pub const fn messages(&self) -> &BTreeMap<(ChannelId, UserId), MessageTotals> {
        &self.messages
    }

    /// Returns the totals by author.
    #[must_use]
    pub fn messages_by_user(&self) -> BTreeMap<UserId, MessageTotals> {
        let mut users = BTreeMap::<_, MessageTotals>::new();
        for ((_, user_id), totals) in &self.messages {
            users.entry(*user_id).or_default().add(*totals);
        }
        users
    }

    /// Returns the voice time by user until this instant. Open sessions add time but do not count as sessions.
    #[must_use]
    pub fn voice_until(&self, end: DateTime<Utc>) -> BTreeMap<UserId, VoiceTotals> {
        let mut voice = self.voice.clone();
        for (user_id, (channel, since)) in &self.open {
            stay(&mut voice, *user_id, *channel, ms_between(*since, end));
        }
        voice
    }

    /// Returns the members in voice.
    #[must_use]
    pub fn in_voice(&self) -> BTreeSet<UserId> {
        self.open.keys().copied().collect()
    }
}

/// Adds time in a channel, if it is not zero.
fn stay(voice: &mut BTreeMap<UserId, VoiceTotals>, user_id: UserId, channel: ChannelId, ms: u64) {
    if ms > 0 {
        *voice.entry(user_id).or_default().channels.entry(channel).or_default() += ms;
    }
}

/// Returns the milliseconds between two instants, or 0 if it is negative.
fn ms_between(start: DateTime<Utc>, end: DateTime<Utc>) -> u64 {
    u64::try_from((end - start).num_milliseconds()).unwrap_or(0)
}
