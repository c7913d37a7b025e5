//! How much was written.

use crate::{Error, database::Row, message_scan::Column};

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

impl MessageCounts {
    pub(crate) const COLUMNS: [Column; 5] =
        [Column::Messages, Column::Characters, Column::Words, Column::Attachments, Column::Embeds];

    /// Returns the counts of a row that has [`COLUMNS`](Self::COLUMNS) from this column on.
    pub(crate) fn of(row: &Row, column: usize) -> Result<Self, Error> {
        Ok(Self {
            messages: row.count(column)?,
            characters: row.count(column + 1)?,
            words: row.count(column + 2)?,
            attachments: row.count(column + 3)?,
            embeds: row.count(column + 4)?,
        })
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
