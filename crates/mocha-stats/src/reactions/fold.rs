//! Adds reactions up.

use std::{cmp::Reverse, hash::Hash};

use chrono::{DateTime, Utc};
use foldhash::HashMap;
use mocha_schema::{ChannelId, Emoji, MessageId, UserId};

use super::{EmojiReactions, MessageReactions, Reactions, ReactionsAnswer, UserReactions};
use crate::{Error, database::Row};

/// The sums of the rows so far.
#[derive(Debug, Default)]
pub(super) struct Fold {
    all: u64,
    /// Emoji without their names.
    emoji: HashMap<Emoji, OfEmoji>,
    given: HashMap<UserId, u64>,
    messages: HashMap<MessageId, OfMessage>,
    received: HashMap<UserId, u64>,
}

#[derive(Debug, Default)]
struct OfEmoji {
    /// The newest name, with the second in which it was seen.
    name: Option<(i64, String)>,
    reactions: u64,
}

#[derive(Debug)]
struct OfMessage {
    author_id: Option<UserId>,
    channel_id: ChannelId,
    reactions: u64,
}

impl Fold {
    /// Adds a row: the emoji with its name, and the columns after it.
    pub(super) fn add(
        &mut self,
        question: &Reactions,
        emoji: &str,
        channel_id: ChannelId,
        row: &Row,
    ) -> Result<(), Error> {
        let (message_id, user_id, author_id) = (row.id(0)?, row.id(2)?, row.optional_id(3)?);
        self.all += 1;
        *self.given.entry(user_id).or_default() += 1;
        let is_own = author_id == Some(user_id);
        if let Some(author_id) = author_id
            && question.bots.counts(row.flag(4)?)
            && (question.counts_own || !is_own)
        {
            *self.received.entry(author_id).or_default() += 1;
        }
        let none = OfMessage { author_id: None, channel_id, reactions: 0 };
        let message = self.messages.entry(message_id).or_insert(none);
        // Only some of the reactions to a message may have its author.
        message.author_id = message.author_id.max(author_id);
        message.channel_id = message.channel_id.max(channel_id);
        message.reactions += 1;
        let (emoji, name) = split(emoji);
        let of_emoji = self.emoji.entry(emoji).or_default();
        of_emoji.reactions += 1;
        let name = name.map(|name| Ok::<_, Error>((row.number(5)?, name.to_owned()))).transpose()?;
        of_emoji.name = of_emoji.name.take().max(name);
        Ok(())
    }

    pub(super) fn answer(self, question: &Reactions, data_since: Option<DateTime<Utc>>) -> ReactionsAnswer {
        let Self { all, emoji, given, messages, received } = self;
        let users = |users| {
            let users = ranked(users, |reactions| *reactions, question.limit).into_iter();
            users.map(|(user_id, reactions)| UserReactions { user_id, reactions }).collect()
        };
        let messages = ranked(messages, |message| message.reactions, question.limit).into_iter();
        let messages = messages.map(|(message_id, OfMessage { author_id, channel_id, reactions })| MessageReactions {
            guild_id: question.guild,
            channel_id,
            message_id,
            author_id,
            reactions,
        });
        let emoji = ranked(emoji, |emoji| emoji.reactions, question.limit).into_iter();
        let emoji = emoji.map(|(emoji, OfEmoji { name, reactions })| {
            let emoji = match emoji {
                Emoji::Custom { id, .. } => Emoji::Custom { id, name: name.map(|(_, name)| name) },
                Emoji::Unicode(_) => emoji,
            };
            EmojiReactions { emoji, reactions }
        });
        ReactionsAnswer {
            given: users(given),
            received: users(received),
            messages: messages.collect(),
            emoji: emoji.collect(),
            reactions: all,
            data_since,
            window: question.window,
        }
    }
}

/// Splits the id of a custom emoji from its name. The recorder accepts no other emoji that begins with such an id.
fn split(emoji: &str) -> (Emoji, Option<&str>) {
    if let Some((id, name)) = emoji.split_once(':')
        && let Ok(id) = id.parse()
    {
        return (Emoji::Custom { id, name: None }, Some(name));
    }
    (Emoji::from_columns(emoji, None), None)
}

/// Sorts by the number of reactions, most first, and then by key.
fn ranked<K: Eq + Hash + Ord, V>(
    values: HashMap<K, V>,
    reactions: impl Fn(&V) -> u64,
    limit: Option<usize>,
) -> Vec<(K, V)> {
    let mut values: Vec<(K, V)> = values.into_iter().collect();
    values.sort_unstable_by(|one, other| {
        (Reverse(reactions(&one.1)), &one.0).cmp(&(Reverse(reactions(&other.1)), &other.0))
    });
    values.truncate(limit.unwrap_or(usize::MAX));
    values
}
