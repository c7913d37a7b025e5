//! Imports exports of Discord channels into Mocha.
//!
//! The format is the JSON of [DiscordChatExporter], of any version. [`Import`] reads files of any size and whole folders. It
//! holds one message in memory at a time.
//!
//! # What an export says
//!
//! * Messages with author, channel, type and time. The time is that of the message's id, because the times in the file are in
//!   the time zone of the exporter.
//! * Names of the guild, of channels, categories and threads, and of users. They never replace names that the bot saw. If
//!   exports differ, the one that was imported last counts. The exporter writes one name to show for each user: the nickname or
//!   the name for all servers. It is imported as the latter.
//! * The text only if it was exported without changes. By default the exporter replaces mentions and emoji, and the file does
//!   not say so. See [`Import::raw_content`].
//!
//! An export says nothing about voice, leaves and presence, and nothing about deleted messages.
//!
//! # What counts once
//!
//! A message is identified by its id. It counts once, however often it is imported, and whether the recorder records it before
//! or afterwards. If files have different texts for it, the first known one counts. If an import was interrupted, run it again.
//! Users who were erased are not recorded again.
//!
//! [DiscordChatExporter]: https://github.com/Tyrrrz/DiscordChatExporter

mod document;
mod file;
mod format;
mod import;
mod kind;
mod paths;
mod report;

pub use self::{
    document::FileError,
    import::{Import, Progress},
    report::{FileReport, ImportReport, Skip, SkipReason},
};

/// Tests the example in README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
