//! Measures how fast messages in memory go into an archive, and how many bytes they take there.
//!
//! `cargo bench -p mocha-benches --bench archive`. It archives real messages, if they are there, and
//! simulated ones, month by month, into the target folder. Ids are as large and as random as
//! Discord's. A time includes that the file is synced, read back and compared. On Linux it also
//! prints the rows a second of processor time, which other programs on the machine change less. With
//! `MOCHA_ARCHIVE` the archives stay in the folder that it names.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{
    collections::{HashMap, HashSet},
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    time::{Duration, Instant},
};

use chrono::DateTime;
use mocha_archive::{Archive, Batch, Cell, Error, LAYOUTS, Layout, Month, Partition, Source, Span};
use mocha_benches::{EVENTS, Failure, is_test, recorded_bots};
use mocha_schema::GuildId;
use mocha_sim::recorded_folder;

/// The number of messages in a test.
const TEST: usize = 3_000;

/// The number of simulated messages.
const SIMULATED: usize = 5_000_000;

const SEED: u64 = 4;

fn main() -> Result<(), Failure> {
    let len = |full| if is_test() { TEST } else { full };
    println!("messages                  rows   files  bytes a message  rows a second  of processor time");
    let simulated = mocha_sim::messages(SEED, len(SIMULATED)).map(|message| {
        let content = message.content.unwrap_or_default();
        let bot = false;
        Ok(Message {
            bot,
            channel: message.channel_id.get(),
            characters: content.characters,
            second: message.at.timestamp(),
            user: message.user_id.get(),
            words: content.words,
        })
    });
    measure("simulated", simulated)?;
    let path = recorded_folder().join(EVENTS);
    if !path.exists() {
        println!("the real messages are missing (`MOCHA_DATA` names their folder)");
        return Ok(());
    }
    let bots = recorded_bots(&recorded_folder())?;
    let lines = BufReader::new(zstd::Decoder::new(fs::File::open(path)?)?).lines();
    let messages =
        lines.filter_map(|line| line.map_err(Failure::from).and_then(|line| parse(&line, &bots)).transpose());
    measure("real", messages.take(len(usize::MAX)))
}

struct Message {
    bot: bool,
    channel: u64,
    characters: u32,
    second: i64,
    user: u64,
    words: u32,
}

/// Returns the message of a line, if it is one: `second,kind,channel,user,characters,words`.
fn parse(line: &str, bots: &HashSet<u64>) -> Result<Option<Message>, Failure> {
    let fields: Vec<&str> = line.split(',').collect();
    let [second, "m" | "a", channel, user, characters, words] = fields[..] else { return Ok(None) };
    let user = user.parse()?;
    Ok(Some(Message {
        bot: bots.contains(&user),
        channel: channel.parse()?,
        characters: characters.parse()?,
        second: second.parse()?,
        user,
        words: words.parse()?,
    }))
}

/// Archives the messages month by month and prints what it took.
fn measure(name: &str, messages: impl Iterator<Item = Result<Message, Failure>>) -> Result<(), Failure> {
    let temporary = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let folder = std::env::var_os("MOCHA_ARCHIVE").map(|folder| Path::new(&folder).join(name));
    let archive = Archive::open(folder.as_deref().unwrap_or(temporary.path()))?;
    let (mut memory, mut ids) = (None::<Memory>, Ids::default());
    let (mut time, mut processor) = (Duration::ZERO, Some(Duration::ZERO));
    let mut add = |memory: Memory| {
        let (start, before) = (Instant::now(), processor_time());
        let written = archive.add_from(&mut { memory })?;
        time += start.elapsed();
        processor = processor
            .zip(before)
            .zip(processor_time())
            .map(|((sum, before), after)| sum + after.saturating_sub(before));
        assert_eq!(written.files, 1);
        Ok::<_, Failure>(())
    };
    let mut rows = 0_u64;
    for message in messages {
        let message = message?;
        let month = Month::of(DateTime::from_timestamp(message.second, 0).ok_or("no such time")?);
        if let Some(full) = memory.take_if(|memory| memory.partition.month != month) {
            add(full)?;
        }
        memory.get_or_insert_with(|| Memory::new(month, ids.guild)).rows.push(ids.row(&message));
        rows += 1;
    }
    memory.map_or(Ok(()), &mut add)?;
    let entries = archive.manifest()?;
    assert_eq!(entries.iter().map(|entry| entry.rows).sum::<u64>(), rows);
    let bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
    let a_second = |time: Duration| u128::from(rows) * 1000 / time.as_millis().max(1);
    println!(
        "{name:<16} {rows:>13} {:>7} {:>16} {:>14} {:>18}",
        entries.len(),
        format!("{}.{:02}", bytes / rows, bytes % rows * 100 / rows),
        a_second(time),
        processor.map_or_else(|| "unknown".to_owned(), |time| a_second(time).to_string())
    );
    Ok(())
}

/// Returns how long this thread was on a processor, if the system says so.
fn processor_time() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Ids as Discord makes them: a time in the high bits, and 22 random bits.
struct Ids {
    guild: GuildId,
    known: HashMap<u64, i64>,
    last: i64,
    random: u64,
}

impl Default for Ids {
    fn default() -> Self {
        let guild = GuildId::new(std::num::NonZeroU64::MIN.saturating_add(81_384_788_765_712_383));
        Self { guild, known: HashMap::new(), last: 0, random: SEED }
    }
}

impl Ids {
    fn random(&mut self, bits: u32) -> i64 {
        // The middle of a square of a counter, which is random enough for sizes.
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.random >> (64 - bits)).unwrap_or(0)
    }

    /// Returns the id of a user or channel.
    fn id(&mut self, number: u64) -> i64 {
        if let Some(id) = self.known.get(&number) {
            return *id;
        }
        let id = self.random(59);
        self.known.insert(number, id);
        id
    }

    fn row(&mut self, message: &Message) -> Vec<Cell> {
        let millis = self.random(10) % 1000;
        let id = (message.second * 1000 + millis) << 22 | self.random(22);
        // Messages of one second come in the order of their ids.
        self.last = id.max(self.last + 1 + self.random(18));
        let number = |number: i64| Cell::Number(Some(number));
        vec![
            number(i64::try_from(self.guild.get()).unwrap_or(0)),
            number(self.last),
            Cell::Text(None),
            number(self.id(message.channel | 1 << 62)),
            number(self.id(message.user)),
            number(0),
            number(message.characters.into()),
            number(message.words.into()),
            number(0),
            number(0),
            number(message.bot.into()),
            number(message.second * 1000),
        ]
    }
}

/// A month of messages in memory.
struct Memory {
    partition: Partition,
    rows: Batch,
}

impl Memory {
    fn new(month: Month, guild_id: GuildId) -> Self {
        let layout = LAYOUTS[0];
        Self { partition: Partition { guild_id, layout, month }, rows: Batch::new(layout) }
    }
}

impl Source for Memory {
    fn partitions(&mut self, layout: &'static Layout) -> Result<Vec<Partition>, Error> {
        Ok([self.partition].into_iter().filter(|partition| partition.layout == layout).collect())
    }

    fn rows(
        &mut self,
        _partition: &Partition,
        _span: Span,
        each: &mut dyn FnMut(&Batch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        each(&self.rows)
    }

    fn unreadable(&mut self, _layout: &'static Layout) -> Result<u64, Error> {
        Ok(0)
    }
}
