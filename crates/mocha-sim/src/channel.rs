//! Channels and threads.

use std::collections::VecDeque;

use mocha_schema::ChannelId;
use mocha_store::event::{ChannelGone, ChannelSeen};

use crate::{Server, names, snowflake, traffic::Traffic};

const TEXT: u8 = 0;
const VOICE: u8 = 2;
const CATEGORY: u8 = 4;
const PUBLIC_THREAD: u8 = 11;

/// So many threads are talked in at once; of those that fall asleep, one in four is deleted.
const AWAKE_THREADS: usize = 6;

/// The channels of a server. Their ids follow the guild's: two categories, text, voice, then threads.
#[derive(Clone, Debug)]
pub(crate) struct Channels {
    first: u64,
    next: u64,
    text: u64,
    threads: VecDeque<ChannelId>,
    voice: u64,
}

impl Channels {
    pub(crate) fn of(server: &Server) -> Self {
        let first = server.guild_id.get().saturating_add(1);
        let (text, voice) = (u64::from(server.text_channels), u64::from(server.voice_channels));
        Self { first, next: first + 2 + text + voice, text, threads: VecDeque::new(), voice }
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

    /// Where idle people are moved to.
    pub(crate) fn afk(&self) -> Option<ChannelId> {
        self.voice().skip(1).last()
    }
}

impl Traffic {
    pub(crate) fn see_channels(&mut self) {
        let [texts, voices] = self.channels.categories();
        let categories = [(texts, "Text"), (voices, "Voice")];
        for (position, (channel_id, name)) in (0..).zip(categories) {
            self.see_channel(channel_id, CATEGORY, name.to_owned(), None, Some(position));
        }
        let kinds = [
            (self.channels.text().collect::<Vec<_>>(), TEXT, &names::TEXT_CHANNELS[..], texts),
            (self.channels.voice().collect(), VOICE, &names::VOICE_CHANNELS[..], voices),
        ];
        for (ids, kind, known, category) in kinds {
            for ((index, position), channel_id) in (0..).zip(0..).zip(ids) {
                self.see_channel(channel_id, kind, names::channel(known, index), Some(category), Some(position));
            }
        }
    }

    fn see_channel(
        &mut self,
        channel_id: ChannelId,
        kind: u8,
        name: String,
        parent_id: Option<ChannelId>,
        position: Option<i32>,
    ) {
        let (at, guild_id) = (self.now(), self.server.guild_id);
        self.emit(ChannelSeen { at, channel_id, guild_id, kind, name: Some(name), parent_id, position });
    }

    pub(crate) fn open_thread(&mut self) {
        let (Some(parent), Some(topic)) = (self.text_channel(), self.dice.pick(&names::TOPICS)) else { return };
        let channel_id = snowflake::id(self.channels.next);
        self.channels.next += 1;
        self.channels.threads.push_back(channel_id);
        self.see_channel(channel_id, PUBLIC_THREAD, names::thread(topic, self.now()), Some(parent), None);
        if self.channels.threads.len() > AWAKE_THREADS
            && let Some(channel_id) = self.channels.threads.pop_front()
            && self.dice.percent(25)
        {
            let (at, guild_id) = (self.now(), self.server.guild_id);
            self.emit(ChannelGone { at, channel_id, guild_id });
        }
    }

    /// A text channel, the busiest most often.
    pub(crate) fn text_channel(&mut self) -> Option<ChannelId> {
        let index = self.dice.rank(usize::from(self.server.text_channels))?;
        self.channels.text().nth(index)
    }

    /// Where a message goes: into a text channel, or one of eight times into a thread.
    pub(crate) fn message_channel(&mut self) -> Option<ChannelId> {
        let awake = self.channels.threads.len();
        if awake > 0 && self.dice.below(8) == 0 {
            let index = self.dice.rank(awake)?;
            return self.channels.threads.get(index).copied();
        }
        self.text_channel()
    }
}
