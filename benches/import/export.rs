//! Writes messages as `DiscordChatExporter` 2.47 does: each channel and thread in files of its own, which are split.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use chrono::{DateTime, SecondsFormat};
use mocha_benches::{Failure, is_test};
use mocha_stats::chrono_tz::{America::Los_Angeles, Asia::Kathmandu, Europe::Berlin, Tz};
use serde_json::json;

use crate::{
    text,
    traffic::{CATEGORY, GUILD, JOIN, Message, REPLY},
};

/// The zones of the computers that export. One of them uses `--utc`.
const ZONES: [Tz; 4] = [Berlin, Kathmandu, Los_Angeles, Tz::UTC];

/// The most messages in a file, and in a test.
const PART: usize = 50_000;
const TEST_PART: usize = 1_500;

/// How many messages the next part of a file repeats, as exports of overlapping dates do.
const OVERLAP: usize = 20;

/// The size of an export.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    pub(crate) files: usize,
    /// Messages in the files, and those that the next file repeats.
    pub(crate) messages: usize,
    pub(crate) threads: usize,
}

/// Writes all messages into a folder.
pub(crate) fn export(
    folder: &Path,
    messages: impl Iterator<Item = Result<Message, Failure>>,
) -> Result<Written, Failure> {
    let (mut channels, mut written) = (BTreeMap::<u64, Channel>::new(), Written::default());
    for message in messages {
        let message = message?;
        let number = channels.len();
        let channel = channels.entry(message.channel).or_insert_with(|| Channel::new(folder, &message, number));
        channel.add(message, &mut written)?;
    }
    for channel in channels.values_mut() {
        channel.close(&mut written)?;
        written.threads += usize::from(channel.parent.is_some());
    }
    Ok(written)
}

/// A channel or thread while it is exported.
struct Channel {
    folder: PathBuf,
    id: u64,
    /// Every fourth exporter uses `--reverse`.
    is_newest_first: bool,
    parent: Option<u64>,
    part: usize,
    waiting: Vec<Message>,
    zone: Tz,
}

impl Channel {
    fn new(folder: &Path, first: &Message, number: usize) -> Self {
        let zone = ZONES.get(number % ZONES.len()).copied().unwrap_or(Tz::UTC);
        Self {
            folder: folder.to_owned(),
            id: first.channel,
            is_newest_first: number % 4 == 1,
            parent: first.parent,
            part: 0,
            waiting: Vec::new(),
            zone,
        }
    }

    fn add(&mut self, message: Message, written: &mut Written) -> Result<(), Failure> {
        self.waiting.push(message);
        if self.waiting.len() < if is_test() { TEST_PART } else { PART } {
            return Ok(());
        }
        self.write(written)?;
        self.waiting.drain(..self.waiting.len() - OVERLAP);
        Ok(())
    }

    fn close(&mut self, written: &mut Written) -> Result<(), Failure> {
        if self.part == 0 || self.waiting.len() > OVERLAP { self.write(written) } else { Ok(()) }
    }

    /// Writes a part, which is a whole document.
    fn write(&mut self, written: &mut Written) -> Result<(), Failure> {
        self.part += 1;
        let part = if self.part == 1 { String::new() } else { format!(" [part {}]", self.part) };
        let path = self.folder.join(format!("Community - Talk - {0} [{0}]{part}.json", self.id));
        let mut out = BufWriter::new(fs::File::create(&path)?);
        self.header(&mut out)?;
        let len = self.waiting.len();
        for number in 0..len {
            let index = if self.is_newest_first { len - 1 - number } else { number };
            let message = self.waiting.get(index).ok_or("a message")?;
            out.write_all(if number == 0 { b"\n    " } else { b",\n    " })?;
            serde_json::to_writer(&mut out, &self.message(message)?)?;
        }
        write!(out, "\n  ],\n  \"messageCount\": {len}\n}}")?;
        out.into_inner()?;
        written.bytes += fs::metadata(path)?.len();
        written.files += 1;
        written.messages += len;
        Ok(())
    }

    /// Writes everything before the messages. The exporter calls the channel of a thread its category.
    fn header(&self, out: &mut impl std::io::Write) -> Result<(), Failure> {
        let (kind, category) = match self.parent {
            Some(parent) => ("GuildPublicThread", parent),
            None => ("GuildTextChat", CATEGORY),
        };
        let guild = json!({ "id": GUILD.to_string(), "name": "Community", "iconUrl": null });
        let channel = json!({
            "id": self.id.to_string(), "type": kind, "categoryId": category.to_string(), "category": "Talk",
            "name": format!("c{}", self.id), "topic": null,
        });
        let dates = json!({ "after": null, "before": null });
        let exported = self.time(1_770_000_000)?;
        write!(
            out,
            "{{\n  \"guild\": {guild},\n  \"channel\": {channel},\n  \"dateRange\": {dates},\n  \
             \"exportedAt\": \"{exported}\",\n  \"messages\": ["
        )?;
        Ok(())
    }

    fn time(&self, second: i64) -> Result<String, Failure> {
        let time = DateTime::from_timestamp(second, 0).ok_or("no such time")?.with_timezone(&self.zone);
        Ok(time.to_rfc3339_opts(SecondsFormat::Millis, false))
    }

    fn message(&self, message: &Message) -> Result<serde_json::Value, Failure> {
        let Message { at, bot, characters, id, kind, user, words, .. } = *message;
        let (kind, content) = match kind {
            JOIN => ("GuildMemberJoin", "Joined the server.".to_owned()),
            REPLY => ("Reply", text::text(id, characters, words)),
            _ => ("Default", text::text(id, characters, words)),
        };
        let mut value = json!({
            "id": id.to_string(), "type": kind, "timestamp": self.time(at)?, "timestampEdited": null,
            "callEndedTimestamp": null, "isPinned": false, "content": content,
            "author": {
                "id": user.to_string(), "name": format!("user{user}"), "discriminator": "0000",
                "nickname": format!("Nick {user}"), "color": null, "isBot": bot, "roles": [],
                "avatarUrl": "https://cdn.discordapp.com/embed/avatars/0.png",
            },
            "attachments": [], "embeds": [], "stickers": [], "reactions": [], "mentions": [], "inlineEmojis": [],
        });
        if kind == "Reply"
            && let Some(fields) = value.as_object_mut()
        {
            let to = json!({ "messageId": (id - 1).to_string(), "channelId": self.id.to_string(), "guildId": GUILD.to_string() });
            fields.insert("reference".to_owned(), to);
        }
        Ok(value)
    }
}
