//! Messages.

use mocha_schema::{ChannelId, GuildId};
use mocha_store::event::{MessageContent, MessageSent};

use crate::{
    dice::Dice,
    member,
    snowflake::{self, MessageIds},
    traffic::{Traffic, time},
};

const MESSAGE: u8 = 0;
const SOMEBODY_JOINED: u8 = 7;
const REPLY: u8 = 19;
const SLASH_COMMAND: u8 = 20;
const MENU_COMMAND: u8 = 23;

/// How long messages are is as Zipf has it, up to this.
const MAX_CHARACTERS: u64 = 600;

fn content(dice: &mut Dice) -> MessageContent {
    let characters = u32::try_from(dice.zipf(MAX_CHARACTERS)).unwrap_or(1);
    MessageContent {
        characters,
        has_attachment: dice.percent(6),
        has_embed: dice.percent(4),
        words: characters.div_ceil(6),
    }
}

impl Traffic {
    /// Somebody writes, the most active most often; a bot one of ten times.
    pub(crate) fn send(&mut self) {
        let Some(channel_id) = self.message_channel() else { return };
        let by_bot = !self.present_bots.is_empty() && self.dice.below(10) == 0;
        let authors = if by_bot { &self.present_bots } else { &self.present };
        let author = self.dice.rank(authors.len()).and_then(|rank| authors.get(rank).copied());
        let kind = match (by_bot, self.dice.below(100)) {
            (true, 0..60) => SLASH_COMMAND,
            (true, 60..65) => MENU_COMMAND,
            (false, 0..22) => REPLY,
            _ => MESSAGE,
        };
        let content = content(&mut self.dice);
        if let Some(person) = author {
            self.tell(person, channel_id, kind, content);
        }
    }

    /// The system's message in the first channel when somebody joins.
    pub(crate) fn greet(&mut self, person: usize) {
        if let Some(channel_id) = self.channels.text().next() {
            self.tell(person, channel_id, SOMEBODY_JOINED, MessageContent::default());
        }
    }

    fn tell(&mut self, person: usize, channel_id: ChannelId, kind: u8, content: MessageContent) {
        let Some(user_id) = self.people.get(person).map(|who| who.user_id) else { return };
        let (at, guild_id) = (self.now(), self.server.guild_id);
        let message_id = self.message_ids.next(self.now_ms);
        self.emit(MessageSent { at, channel_id, content: Some(content), guild_id, kind, message_id, user_id });
    }
}

/// So many messages and nothing else, made fast: for measuring.
///
/// They come from 2,000 users in 40 channels of one guild, active as Zipf has it, about nine a minute from the first of
/// January 2024, in order of time; every fifth is a reply. The same seed makes the same messages.
///
/// # Examples
///
/// ```
/// let mut messages = mocha_sim::messages(1, 1_000);
/// assert_eq!(messages.len(), 1_000);
/// let first = messages.next().ok_or("no message")?;
/// assert!(messages.all(|message| message.at > first.at && message.message_id > first.message_id));
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn messages(seed: u64, len: usize) -> Messages {
    let guild_id: GuildId = snowflake::id(snowflake::FIRST_GUILD);
    let at_ms = 1_704_067_200_000;
    Messages { at_ms, dice: Dice::new(seed), guild_id, left: len, message_ids: MessageIds::of(guild_id) }
}

/// Many messages. See [`messages`].
#[derive(Clone, Debug)]
pub struct Messages {
    at_ms: i64,
    dice: Dice,
    guild_id: GuildId,
    left: usize,
    message_ids: MessageIds,
}

impl Iterator for Messages {
    type Item = MessageSent;

    fn next(&mut self) -> Option<MessageSent> {
        const USERS: u64 = 2_000;
        const CHANNELS: u64 = 40;
        const MEAN_PAUSE_MS: i64 = 6_500;
        self.left = self.left.checked_sub(1)?;
        self.at_ms += self.dice.ms_between(1, 2 * MEAN_PAUSE_MS);
        Some(MessageSent {
            at: time(self.at_ms),
            channel_id: snowflake::id(self.guild_id.get() + self.dice.zipf(CHANNELS)),
            content: Some(content(&mut self.dice)),
            guild_id: self.guild_id,
            kind: if self.dice.percent(20) { REPLY } else { MESSAGE },
            message_id: self.message_ids.next(self.at_ms),
            user_id: member::user_id(self.dice.zipf(USERS)),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Messages {}
