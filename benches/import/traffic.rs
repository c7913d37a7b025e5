//! The recorded messages of a real community, as if they had been written on Discord.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead as _, BufReader, Lines},
};

use chrono::DateTime;
use mocha_benches::{EVENTS, Failure, recorded_bots};
use mocha_sim::recorded_folder;
use mocha_store::event::{MessageContent, MessageSent};

pub(crate) const GUILD: u64 = 81_384_788_765_712_384;
pub(crate) const CATEGORY: u64 = 81_384_788_765_712_385;
const CHANNELS: u64 = 81_384_800_000_000_000;
const THREADS: u64 = 81_384_900_000_000_000;
const USERS: u64 = 90_000_000_000_000_000;

/// The start of Discord's time, in unix seconds. Earlier messages have no ids.
const EPOCH: i64 = 1_420_070_400;

/// The types of messages.
pub(crate) const PLAIN: u8 = 0;
pub(crate) const JOIN: u8 = 7;
pub(crate) const REPLY: u8 = 19;

type Reader = Lines<BufReader<zstd::Decoder<'static, BufReader<fs::File>>>>;

/// A message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    /// Unix seconds.
    pub(crate) at: i64,
    pub(crate) bot: bool,
    pub(crate) channel: u64,
    pub(crate) characters: u32,
    pub(crate) id: u64,
    pub(crate) kind: u8,
    /// The channel of a thread.
    pub(crate) parent: Option<u64>,
    pub(crate) user: u64,
    pub(crate) words: u32,
}

impl Message {
    /// Whether statistics count the message.
    pub(crate) const fn counts(&self) -> bool {
        self.kind != JOIN
    }

    pub(crate) fn event(&self) -> Result<MessageSent, Failure> {
        let Self { at, channel, characters, id, kind, user, words, .. } = *self;
        let content = MessageContent { characters, has_attachment: false, has_embed: false, words };
        Ok(MessageSent {
            at: DateTime::from_timestamp(at, 0).ok_or("no such time")?,
            channel_id: channel.try_into()?,
            content: self.counts().then_some(content),
            guild_id: GUILD.try_into()?,
            kind,
            message_id: id.try_into()?,
            user_id: user.try_into()?,
        })
    }
}

/// The messages in the order of time, up to a number of those that count.
pub(crate) struct Traffic {
    bots: HashSet<u64>,
    left: usize,
    lines: Reader,
    number: u64,
    seen: HashSet<u64>,
}

impl Traffic {
    /// Returns `None` if the data is missing.
    pub(crate) fn open(len: usize) -> Result<Option<Self>, Failure> {
        let data = recorded_folder();
        if !data.join(EVENTS).exists() {
            return Ok(None);
        }
        let lines = BufReader::new(zstd::Decoder::new(fs::File::open(data.join(EVENTS))?)?).lines();
        Ok(Some(Self { bots: recorded_bots(&data)?, left: len, lines, number: 0, seen: HashSet::new() }))
    }

    /// Returns the message of a line `second,kind,channel,user`, followed by `characters,words` for messages.
    fn message(&mut self, line: &str) -> Result<Option<Message>, Failure> {
        let mut fields = line.split(',');
        let mut next = || fields.next().ok_or_else(|| format!("a line is too short: {line}"));
        let (at, kind): (i64, &str) = (next()?.parse()?, next()?);
        if at < EPOCH {
            return Ok(None);
        }
        let (channel, user): (u64, u64) = (next()?.parse()?, next()?.parse()?);
        let is_new = self.seen.insert(user);
        let (kind, characters, words) = match kind {
            "m" | "a" if self.number.is_multiple_of(6) => (REPLY, next()?.parse()?, next()?.parse()?),
            "m" | "a" => (PLAIN, next()?.parse()?, next()?.parse()?),
            // Discord greets new members with a message that does not count.
            "j" if is_new => (JOIN, 0, 0),
            _ => return Ok(None),
        };
        self.number += 1;
        let day = u64::try_from(at / 86_400)?;
        // A thread takes the messages of some days.
        let is_thread = (day + channel).is_multiple_of(5) && kind != JOIN;
        let parent = is_thread.then_some(CHANNELS + channel);
        let thread = THREADS + channel * 1_000 + day / 150;
        Ok(Some(Message {
            at,
            bot: self.bots.contains(&user),
            channel: if is_thread { thread } else { CHANNELS + channel },
            characters,
            id: u64::try_from((at - EPOCH) * 1_000)? << 22 | self.number,
            kind,
            parent,
            user: USERS + user,
            words,
        }))
    }
}

impl Iterator for Traffic {
    type Item = Result<Message, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.left > 0 {
            let line = self.lines.next()?;
            match line.map_err(Failure::from).and_then(|line| self.message(&line)) {
                Ok(None) => {}
                Ok(Some(message)) => {
                    self.left -= usize::from(message.counts());
                    return Some(Ok(message));
                }
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }
}
