//! How much was written.

use diesel::sql_types::BigInt;

use crate::{message_scan::Column, scan::Unsigned};

/// How much was written, in messages that count
/// ([`COUNTED_MESSAGE_TYPES`](mocha_schema::COUNTED_MESSAGE_TYPES)): messages, replies and
/// commands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MessageCounts {
    /// Messages.
    pub messages: u64,
    /// Characters of the messages whose content is known. A number that no message has, below zero
    /// or beyond 32 bits, counts as none.
    pub characters: u64,
    /// Words of the messages whose content is known; numbers count as those of characters.
    pub words: u64,
    /// Messages with attachments, as far as their content is known.
    pub attachments: u64,
    /// Messages with embeds, as far as their content is known.
    pub embeds: u64,
}

/// [`MessageCounts::COLUMNS`] in SQL.
pub(crate) type Sums = (BigInt, BigInt, BigInt, BigInt, BigInt);
pub(crate) type SumsRow = (Unsigned, Unsigned, Unsigned, Unsigned, Unsigned);

impl MessageCounts {
    pub(crate) const COLUMNS: [Column; 5] =
        [Column::Messages, Column::Characters, Column::Words, Column::Attachments, Column::Embeds];

    /// Returns the counts of a row of [`COLUMNS`](Self::COLUMNS).
    pub(crate) fn of((messages, characters, words, attachments, embeds): SumsRow) -> Self {
        Self {
            messages: messages.into(),
            characters: characters.into(),
            words: words.into(),
            attachments: attachments.into(),
            embeds: embeds.into(),
        }
    }

    // Saturating: a file that somebody else wrote into must not be able to make it panic.
    pub(crate) fn add(&mut self, other: Self) {
        let Self { messages, characters, words, attachments, embeds } = other;
        self.messages = self.messages.saturating_add(messages);
        self.characters = self.characters.saturating_add(characters);
        self.words = self.words.saturating_add(words);
        self.attachments = self.attachments.saturating_add(attachments);
        self.embeds = self.embeds.saturating_add(embeds);
    }
}
