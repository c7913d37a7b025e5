//! Conversations of a few members in a channel, for some minutes.

use std::{cmp::Reverse, collections::BinaryHeap, ops::Range};

use mocha_store::event::MessageSent;

use super::Guild;
use crate::{dice::Dice, message, rhythm, traffic::time};

/// The percentage of messages that bots write.
const BOT_PERCENT: u64 = 5;

/// The longest conversation, in messages. Lengths have a Zipf distribution.
const MAX_MESSAGES: u64 = 200;

/// The largest number of participants.
const MAX_PEOPLE: usize = 5;

/// The average time between two messages of a fast and of a slow conversation, in milliseconds.
const PACE_MS: Range<i64> = 15_000..105_000;

/// A current conversation. The order is by its next message, then by its start.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Talk {
    at_ms: i64,
    number: u64,
    channel: usize,
    guild: usize,
    left: u32,
    pace_ms: i64,
    /// The members who take part, the most talkative first. If there are none, only the bot writes.
    people: [Option<usize>; MAX_PEOPLE],
}

/// The current conversations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Talks {
    begun: u64,
    going_on: BinaryHeap<Reverse<Talk>>,
}

impl Talks {
    /// Begins a conversation of this many messages. It ends before `end_ms`.
    pub(crate) fn begin(
        &mut self,
        dice: &mut Dice,
        guild: (usize, &Guild),
        messages: u32,
        (at_ms, end_ms): (i64, i64),
    ) {
        let (number, place) = guild;
        let channel = place.text_channel(dice);
        let mut people = [None; MAX_PEOPLE];
        let wanted = 2 + usize::try_from(dice.below(4)).unwrap_or(0);
        for index in 0..wanted {
            let person = place.talker(dice, channel).filter(|person| !people.contains(&Some(*person)));
            if let (Some(_), Some(seat)) = (person, people.get_mut(index)) {
                *seat = person;
            }
        }
        people.sort_by_key(Option::is_none);
        let fastest_ms = (end_ms - at_ms) / (2 * i64::from(messages) + 2);
        let pace_ms = dice.ms_between(PACE_MS.start, PACE_MS.end).min(fastest_ms);
        self.begun += 1;
        let talk = Talk { at_ms, number: self.begun, channel, guild: number, left: messages, pace_ms, people };
        if messages > 0 {
            self.going_on.push(Reverse(talk));
        }
    }

    /// Returns the time of the next message.
    pub(crate) fn next_ms(&self) -> Option<i64> {
        self.going_on.peek().map(|Reverse(talk)| talk.at_ms)
    }

    /// Returns the next message.
    pub(crate) fn next(&mut self, dice: &mut Dice, guilds: &mut [Guild]) -> Option<MessageSent> {
        let Reverse(mut talk) = self.going_on.pop()?;
        let message = talk.message(dice, guilds.get_mut(talk.guild)?);
        talk.left -= 1;
        if talk.left > 0 {
            talk.at_ms += dice.ms_between(1, 2 * talk.pace_ms);
            self.going_on.push(Reverse(talk));
        }
        Some(message)
    }
}

impl Talk {
    fn message(&self, dice: &mut Dice, guild: &mut Guild) -> MessageSent {
        let people = self.people.iter().flatten().count();
        let person = dice.rank(people).and_then(|rank| self.people.get(rank).copied().flatten());
        let person = person.filter(|person| !dice.percent(BOT_PERCENT) && guild.is_present(*person));
        let author = person.and_then(|person| guild.user_id(person));
        MessageSent {
            at: time(self.at_ms),
            channel_id: guild.channels.text_at(self.channel),
            content: Some(message::content(dice)),
            guild_id: guild.id,
            kind: message::kind(dice, author.is_none()),
            message_id: guild.message_ids.next(self.at_ms),
            user_id: author.unwrap_or_else(|| guild.bot(self.channel)),
        }
    }
}

/// Plans the starts and lengths of conversations with this many messages in total.
pub(crate) fn starts(dice: &mut Dice, messages: u32, span_ms: Range<i64>) -> Vec<(i64, u32)> {
    let mut left = messages;
    let mut starts = Vec::new();
    while left > 0 {
        let messages = u32::try_from(dice.zipf(MAX_MESSAGES)).unwrap_or(1).min(left);
        left -= messages;
        starts.push((rhythm::instant(dice, &span_ms), messages));
    }
    starts
}
