//! Messages.

use std::{cmp::Reverse, slice};

use mocha_schema::ChannelId;
use mocha_store::event::{MessageContent, MessageSent};

use crate::{
    community::{BOTS, Guild, LARGE, START_MS, Talks, starts},
    dice::Dice,
    snowflake,
    traffic::Traffic,
};

const MESSAGE: u8 = 0;
const USER_JOIN: u8 = 7;
const REPLY: u8 = 19;
const SLASH_COMMAND: u8 = 20;
const MENU_COMMAND: u8 = 23;

/// The longest message. Lengths have a Zipf distribution.
const MAX_CHARACTERS: u64 = 600;

pub(crate) fn content(dice: &mut Dice) -> MessageContent {
    let characters = u32::try_from(dice.zipf(MAX_CHARACTERS)).unwrap_or(1);
    MessageContent {
        characters,
        has_attachment: dice.percent(6),
        has_embed: dice.percent(4),
        words: characters.div_ceil(6),
    }
}

/// Picks the type of a message. Humans reply, and bots answer commands.
pub(crate) fn kind(dice: &mut Dice, by_bot: bool) -> u8 {
    match (by_bot, dice.below(100)) {
        (true, 0..60) => SLASH_COMMAND,
        (true, 60..65) => MENU_COMMAND,
        (false, 0..22) => REPLY,
        _ => MESSAGE,
    }
}

impl Traffic {
    /// A random member writes, or a bot in one of ten cases. More active members are more likely.
    pub(crate) fn send(&mut self) {
        let Some(channel_id) = self.message_channel() else { return };
        let by_bot = !self.present_bots.is_empty() && self.dice.below(10) == 0;
        let authors = if by_bot { &self.present_bots } else { &self.present };
        let author = self.dice.rank(authors.len()).and_then(|rank| authors.get(rank).copied());
        let kind = kind(&mut self.dice, by_bot);
        let content = content(&mut self.dice);
        if let Some(person) = author {
            self.emit_message(person, channel_id, kind, content);
        }
    }

    /// The system writes a greeting into the first channel when a member joins.
    pub(crate) fn greet(&mut self, person: usize) {
        if let Some(channel_id) = self.channels.text().next() {
            self.emit_message(person, channel_id, USER_JOIN, MessageContent::default());
        }
    }

    fn emit_message(&mut self, person: usize, channel_id: ChannelId, kind: u8, content: MessageContent) {
        let Some(user_id) = self.people.get(person).map(|who| who.user_id) else { return };
        let (at, guild_id) = (self.now(), self.server.guild_id);
        let message_id = self.message_ids.next(self.now_ms);
        self.emit(MessageSent { at, channel_id, content: Some(content), guild_id, kind, message_id, user_id });
    }
}

/// Returns this many messages, and no other events, for benchmarks.
///
/// They are like those of a [`Community`](crate::Community)'s large guild: the conversations of about 2,500 members and a few
/// bots in 40 channels. There are about 11,000 a day from 2024-01-01, in order of time. The same seed makes the same messages.
///
/// # Examples
///
/// ```
/// let mut messages = mocha_sim::messages(1, 1_000);
/// assert_eq!(messages.len(), 1_000);
/// let first = messages.next().ok_or("no message")?;
/// assert!(messages.all(|message| message.at >= first.at && message.message_id > first.message_id));
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn messages(seed: u64, len: usize) -> Messages {
    let mut dice = Dice::new(seed);
    let mut guild = Guild::new(snowflake::id(snowflake::FIRST_GUILD), LARGE);
    for number in 0..LARGE.members {
        guild.enter(&mut dice, BOTS + number);
    }
    Messages { day_ms: START_MS, dice, guild, left: len, starts: Vec::new(), talks: Talks::default() }
}

/// The iterator that [`messages`] returns.
#[derive(Clone, Debug)]
pub struct Messages {
    /// The first instant that is not planned yet.
    day_ms: i64,
    dice: Dice,
    guild: Guild,
    left: usize,
    /// The starts and lengths of the planned day's conversations that have not begun, the next one last.
    starts: Vec<(i64, u32)>,
    talks: Talks,
}

impl Messages {
    /// Returns the start of the next conversation.
    fn next_start(&mut self) -> (i64, u32) {
        const DAY_MS: i64 = 86_400_000;
        const MESSAGES_A_DAY: u32 = 11_000;
        loop {
            if let Some(start) = self.starts.pop() {
                return start;
            }
            let end_ms = self.day_ms + DAY_MS;
            self.starts = starts(&mut self.dice, MESSAGES_A_DAY, self.day_ms..end_ms);
            self.starts.sort_unstable_by_key(|start| Reverse(*start));
            self.day_ms = end_ms;
        }
    }
}

impl Iterator for Messages {
    type Item = MessageSent;

    fn next(&mut self) -> Option<MessageSent> {
        self.left = self.left.checked_sub(1)?;
        loop {
            let (at_ms, messages) = self.next_start();
            if self.talks.next_ms().is_some_and(|next_ms| next_ms <= at_ms) {
                self.starts.push((at_ms, messages));
                return self.talks.next(&mut self.dice, slice::from_mut(&mut self.guild));
            }
            self.talks.begin(&mut self.dice, (0, &self.guild), messages, (at_ms, i64::MAX));
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Messages {}
