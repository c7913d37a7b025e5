//! The messages, as files that all peers read.

use std::{
    collections::HashMap,
    fmt, fs,
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use mocha_benches::{EVENTS, Failure};
use mocha_sim::recorded_folder;
use mocha_store::event::{MessageContent, MessageSent};

const SEED: u64 = 1;

/// The number of last messages that are written one by one, or half of the messages if there are few.
const ONE_BY_ONE: usize = 50_000;

/// The windows, as days before the last message.
pub(crate) const DAYS: [Option<i64>; 3] = [Some(30), Some(365), None];

/// The choice of messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// At most this many lines of fifteen years of chat, from a folder that is not part of the repository.
    Real(usize),
    Simulated(usize),
}

impl Source {
    /// Parses an argument: a number of simulated messages, `real`, or `real:` and the largest number of lines.
    pub(crate) fn of(arg: &str) -> Result<Self, Failure> {
        let number = |text: &str| text.replace('_', "").parse();
        Ok(match arg.strip_prefix("real") {
            Some("") => Self::Real(usize::MAX),
            Some(lines) => Self::Real(number(lines.trim_start_matches(':'))?),
            None => Self::Simulated(number(arg)?),
        })
    }

    /// Returns `true` if the data exists.
    pub(crate) fn is_there(self) -> bool {
        !matches!(self, Self::Real(_)) || real().exists()
    }
}

/// Messages in two files, in order of time: `id,guild,channel,user,type,attachment,embed,characters,words,second`.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) days: i64,
    pub(crate) guild: u64,
    /// The messages to import: all except the last ones.
    pub(crate) head: PathBuf,
    pub(crate) head_len: usize,
    pub(crate) is_real: bool,
    pub(crate) last: i64,
    pub(crate) len: usize,
    pub(crate) people: usize,
    pub(crate) tail: PathBuf,
    /// The user who wrote most.
    pub(crate) user: u64,
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::report::thousands(&self.len))?;
        f.write_str(if self.is_real { " real" } else { "" })
    }
}

impl Data {
    /// Writes the two files into a folder.
    pub(crate) fn export(source: Source, folder: &Path) -> Result<Self, Failure> {
        let all = folder.join("all.csv");
        let mut out = BufWriter::new(fs::File::create(&all)?);
        let mut seen = Seen::default();
        match source {
            Source::Simulated(len) => {
                for MessageSent { at, channel_id, content, guild_id, kind, message_id, user_id } in
                    mocha_sim::messages(SEED, len)
                {
                    let content = content.unwrap_or_default();
                    let MessageContent { characters, has_attachment, has_embed, words } = content;
                    let (attachment, embed, second) = (u8::from(has_attachment), u8::from(has_embed), at.timestamp());
                    seen.message(guild_id.get(), user_id.get(), second);
                    writeln!(
                        out,
                        "{message_id},{guild_id},{channel_id},{user_id},{kind},{attachment},{embed},{characters},{words},{second}"
                    )?;
                }
            }
            Source::Real(lines) => real_messages(lines, &mut out, &mut seen)?,
        }
        out.flush()?;
        drop(out);
        let head_len = seen.len - ONE_BY_ONE.min(seen.len / 2);
        let (head, tail) = (folder.join("head.csv"), folder.join("tail.csv"));
        split(&all, head_len, &head, &tail)?;
        fs::remove_file(&all)?;
        let most = seen.people.iter().max_by_key(|(user, messages)| (**messages, **user));
        Ok(Self {
            days: (seen.last - seen.first) / 86_400 + 1,
            guild: seen.guild,
            head,
            head_len,
            is_real: matches!(source, Source::Real(_)),
            last: seen.last,
            len: seen.len,
            people: seen.people.len(),
            tail,
            user: *most.ok_or("the file has no messages")?.0,
        })
    }
}

#[derive(Default)]
struct Seen {
    first: i64,
    guild: u64,
    last: i64,
    len: usize,
    people: HashMap<u64, usize>,
}

impl Seen {
    fn message(&mut self, guild: u64, user: u64, second: i64) {
        if self.len == 0 {
            self.first = second;
        }
        (self.guild, self.last) = (guild, second);
        self.len += 1;
        *self.people.entry(user).or_default() += 1;
    }
}

fn real() -> PathBuf {
    recorded_folder().join(EVENTS)
}

/// Returns the messages among the lines `second,kind,channel,user,characters,words`.
fn real_messages(lines: usize, out: &mut impl Write, seen: &mut Seen) -> Result<(), Failure> {
    const GUILD: u64 = 1 << 22;
    let file = BufReader::new(zstd::Decoder::new(fs::File::open(real())?)?);
    for (number, line) in file.lines().take(lines).enumerate() {
        let line = line?;
        let fields: Vec<_> = line.split(',').collect();
        let [second, "m" | "a", channel, user, characters, words] = fields[..] else { continue };
        let (second, channel, user): (i64, u64, u64) = (second.parse()?, channel.parse()?, user.parse()?);
        let id = (second << 32) | i64::try_from(number)?;
        seen.message(GUILD, user + 1, second);
        writeln!(out, "{id},{GUILD},{},{},0,0,0,{characters},{words},{second}", channel + 1, user + 1)?;
    }
    Ok(())
}

/// Writes the first `len` lines into one file and the others into another.
fn split(all: &Path, len: usize, head: &Path, tail: &Path) -> Result<(), Failure> {
    let (mut head, mut tail) = (BufWriter::new(fs::File::create(head)?), BufWriter::new(fs::File::create(tail)?));
    for (number, line) in BufReader::new(fs::File::open(all)?).lines().enumerate() {
        writeln!(if number < len { &mut head } else { &mut tail }, "{}", line?)?;
    }
    head.flush()?;
    tail.flush()?;
    Ok(())
}

/// Parses the fields of a line.
pub(crate) struct Line<'a> {
    pub(crate) attachment: bool,
    pub(crate) channel: &'a str,
    pub(crate) characters: u32,
    pub(crate) embed: bool,
    pub(crate) guild: &'a str,
    pub(crate) id: &'a str,
    pub(crate) kind: u8,
    pub(crate) second: i64,
    pub(crate) user: &'a str,
    pub(crate) words: u32,
}

impl<'a> Line<'a> {
    pub(crate) fn of(line: &'a str) -> Result<Self, Failure> {
        let mut fields = line.split(',');
        let mut next = || fields.next().ok_or("a line is too short");
        Ok(Self {
            id: next()?,
            guild: next()?,
            channel: next()?,
            user: next()?,
            kind: next()?.parse()?,
            attachment: next()? == "1",
            embed: next()? == "1",
            characters: next()?.parse()?,
            words: next()?.parse()?,
            second: next()?.parse()?,
        })
    }
}
