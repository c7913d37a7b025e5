//! The translation of a payload to the events of the recorder.

use chrono::{DateTime, Utc};
use mocha_recorder::Event;
use mocha_schema::UserId;

use crate::{Intents, ResourceType, Shard};

/// The context that a translation needs beside the payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Context {
    /// When the payload arrived.
    pub at: DateTime<Utc>,
    /// The bot's user, once it is known.
    pub current_user: Option<UserId>,
    /// The intents of the bot.
    pub intents: Intents,
    /// The kinds of data to record.
    pub resources: ResourceType,
    /// The shard that received the payload, if the adapter knows it.
    pub shard: Option<Shard>,
}

/// Turns the parts of one payload into the events to record.
///
/// Each method adds the events of its part, in order. It adds nothing if the [`Context`] excludes the kind of data.
#[derive(Clone, Debug)]
#[must_use = "it does nothing until its events are recorded"]
pub struct Translation {
    context: Context,
    events: Vec<Event>,
}

impl Translation {
    /// Begins the translation of a payload.
    pub const fn new(context: Context) -> Self {
        Self { context, events: Vec::new() }
    }

    /// Returns the events to record, in order.
    #[must_use]
    pub fn into_events(self) -> Vec<Event> {
        self.events
    }

    pub(crate) const fn at(&self) -> DateTime<Utc> {
        self.context.at
    }

    pub(crate) const fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn push(&mut self, event: impl Into<Event>) {
        self.events.push(event.into());
    }

    pub(crate) const fn wants(&self, resource: ResourceType) -> bool {
        self.context.resources.contains(resource)
    }
}

/// The longest text that the recorder accepts, in bytes. Discord's own limits are far below it.
const MAX_TEXT_BYTES: usize = 4096;

/// Removes from a name what the recorder would refuse, so that the rest of the event is recorded.
pub(crate) fn text(text: &str) -> String {
    let mut text: String = text.chars().filter(|character| *character != '\0').collect();
    text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_has_no_nul() {
        assert_eq!(text("a\0b"), "ab");
        assert_eq!(text(&"x".repeat(5_000)).len(), 4_096);
        assert_eq!(text(&"\u{1f3b5}".repeat(5_000)).chars().count(), 1_024);
    }
}
