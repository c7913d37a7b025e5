//! Channels and threads.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId};
use mocha_store::event::{ChannelRemoved, ChannelSeen};

use crate::{Server, names, snowflake, traffic::Traffic};

const TEXT: u8 = 0;
const VOICE: u8 = 2;
const CATEGORY: u8 = 4;
const PUBLIC_THREAD: u8 = 11;

/// The number of active threads. One in four threads that become inactive is deleted.
const AWAKE_THREADS: usize = 6;

/// The channels of a server. Their ids follow the guild's: two categories, text, voice, then threads.
#[derive(Clone, Debug)]
pub(crate) struct Channels {
    first: u64,
    guild_id: GuildId,
    next: u64,
    text: u64,
    threads: VecDeque<ChannelId>,
    voice: u64,
}

impl Channels {
    pub(crate) fn of(server: &Server) -> Self {
        Self::new(server.guild_id, server.text_channels, server.voice_channels)
    }

    pub(crate) fn new(guild_id: GuildId, text: u16, voice: u16) -> Self {
        let first = guild_id.get().saturating_add(1);
        let (text, voice) = (u64::from(text), u64::from(voice));
        Self { first, guild_id, next: first + 2 + text + voice, text, threads: VecDeque::new(), voice }
    }

    fn categories(&self) -> [ChannelId; 2] {
        [snowflake::id(self.first), snowflake::id(self.first + 1)]
    }

    pub(crate) fn text(&self) -> impl Iterator<Item = ChannelId> + use<> {
        let first = self.first + 2;
        (first..first + self.text).map(snowflake::id)
    }

    pub(crate) fn voice(&self) -> impl Iterator<Item = ChannelId> + use<> {
        let first = self.first + 2 + self.text;
        (first..first + self.voice).map(snowflake::id)
    }

    /// Returns the text channel at this position of the list.
    pub(crate) fn text_at(&self, index: usize) -> ChannelId {
        snowflake::id(self.first + 2 + u64::try_from(index).unwrap_or(0))
    }

    /// Picks a voice channel for a session. All are equally likely.
    pub(crate) fn voice_of(&self, session: u32) -> ChannelId {
        snowflake::id(self.first + 2 + self.text + u64::from(session) % self.voice.max(1))
    }

    /// Returns the channel that idle members are moved to.
    pub(crate) fn afk(&self) -> Option<ChannelId> {
        self.voice().skip(1).last()
    }

    /// Returns the events for all channels except threads.
    pub(crate) fn seen(&self, at: DateTime<Utc>) -> Vec<ChannelSeen> {
        let [texts, voices] = self.categories();
        let guild_id = self.guild_id;
        let seen = |channel_id, kind, name, parent_id, position| ChannelSeen {
            at,
            channel_id,
            guild_id,
            kind,
            name: Some(name),
            parent_id,
            position: Some(position),
        };
        let categories = (0..).zip([(texts, "Text"), (voices, "Voice")]);
        let mut channels: Vec<ChannelSeen> = categories
            .map(|(position, (channel_id, name))| seen(channel_id, CATEGORY, name.to_owned(), None, position))
            .collect();
        let kinds = [
            (self.text().collect::<Vec<_>>(), TEXT, &names::TEXT_CHANNELS[..], texts),
            (self.voice().collect(), VOICE, &names::VOICE_CHANNELS[..], voices),
        ];
        for (ids, kind, known, category) in kinds {
            let numbered = (0..).zip(0..).zip(ids);
            channels.extend(numbered.map(|((index, position), channel_id)| {
                seen(channel_id, kind, names::channel(known, index), Some(category), position)
            }));
        }
        channels
    }
}

impl Traffic {
    pub(crate) fn open_thread(&mut self) {
        let (Some(parent), Some(topic)) = (self.text_channel(), self.dice.pick(&names::TOPICS)) else { return };
        let channel_id = snowflake::id(self.channels.next);
        self.channels.next += 1;
        self.channels.threads.push_back(channel_id);
        let (at, guild_id) = (self.now(), self.server.guild_id);
        let (name, parent_id) = (Some(names::thread(topic, at)), Some(parent));
        self.emit(ChannelSeen { at, channel_id, guild_id, kind: PUBLIC_THREAD, name, parent_id, position: None });
        if self.channels.threads.len() > AWAKE_THREADS
            && let Some(channel_id) = self.channels.threads.pop_front()
            && self.dice.percent(25)
        {
            self.emit(ChannelRemoved { at, channel_id, guild_id });
        }
    }

    /// Picks a text channel. Busier channels are more likely.
    pub(crate) fn text_channel(&mut self) -> Option<ChannelId> {
        let index = self.dice.rank(usize::from(self.server.text_channels))?;
        self.channels.text().nth(index)
    }

    /// Picks the channel of a message: a text channel, or in one of eight cases a thread.
    pub(crate) fn message_channel(&mut self) -> Option<ChannelId> {
        let awake = self.channels.threads.len();
        if awake > 0 && self.dice.below(8) == 0 {
            let index = self.dice.rank(awake)?;
            return self.channels.threads.get(index).copied();
        }
        self.text_channel()
    }
}
