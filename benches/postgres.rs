//! Measures how fast recorders write messages into PostgreSQL, compared with bare inserts of the same rows on the same server.
//!
//! `cargo bench -p mocha-benches --features postgres --bench postgres`. It starts a private server on the disk of the target
//! folder, or uses that of `MOCHA_POSTGRES_URL`. Each measurement has a new database, with all guilds, channels and users
//! present.
//!
//! The bare inserts are the fastest statement without COPY: `INSERT … SELECT FROM unnest(…)`, 4,096 rows in each transaction,
//! into a table with the same columns, key and indexes, without triggers, and with or without the foreign keys. Their arrays
//! are made before the clock runs. The recorder commits 4,096 events at most, checks the foreign keys, and maintains the
//! roll-ups.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use diesel::{
    Connection as _, PgConnection, RunQueryDsl as _,
    connection::SimpleConnection as _,
    sql_query,
    sql_types::{Array, BigInt, Bool, Integer, Nullable},
};
use mocha_benches::{
    Failure, is_test,
    timing::{percent, rate},
};
use mocha_postgres::PgStore;
use mocha_schema::GuildId;
use mocha_store::{
    Event,
    event::{ChannelSeen, GlobalName, GuildSeen, MessageSent, UserSeen},
};
use mocha_test_postgres::Database;

const SEED: u64 = 1;
const MESSAGES: usize = 100_000;
const ROUNDS: usize = 5;
const TEST: usize = 2_000;

/// The rows of a transaction, as many as a recorder commits at most.
const ROWS: usize = 4_096;

/// The number of recorders at once.
const RECORDERS: usize = 4;

fn main() -> Result<(), Failure> {
    let (len, rounds) = if is_test() { (TEST, 1) } else { (MESSAGES, ROUNDS) };
    let messages: Vec<MessageSent> = mocha_sim::messages(SEED, len).collect();
    let many: Vec<Vec<MessageSent>> =
        (0..RECORDERS).map(|number| of_guild(&messages, number)).collect::<Result<_, _>>()?;
    let (mut bare, mut with_keys, mut one, mut four) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let Some(time) = insert(&messages, Keys::Without)? else {
            println!("skipped, because PostgreSQL is missing");
            return Ok(());
        };
        bare.push(time);
        with_keys.extend(insert(&messages, Keys::With)?);
        one.push(record(std::slice::from_ref(&messages))?);
        four.push(record(&many)?);
    }
    println!(
        "ingest of {len} messages into PostgreSQL, median of {rounds} rounds, against bare inserts of the same round \
         without and with foreign keys:"
    );
    println!("  bare inserts by unnest          {:>7}/s", rate(len, &bare));
    for (name, count, times) in [
        ("the same with foreign keys", 1, &with_keys),
        ("one recorder              ", 1, &one),
        ("four recorders, in sum    ", RECORDERS, &four),
    ] {
        let [without, with] = [&bare, &with_keys].map(|bare| percent(bare, count, times));
        println!("  {name}      {:>7}/s  {without}  {with}", rate(len * count, times));
    }
    Ok(())
}

/// The same messages in another guild, with the same authors.
fn of_guild(messages: &[MessageSent], number: usize) -> Result<Vec<MessageSent>, Failure> {
    let step = u64::try_from(number)? << 50;
    let other = |message: &MessageSent| {
        Ok(MessageSent {
            channel_id: (message.channel_id.get() + step).try_into()?,
            guild_id: (message.guild_id.get() + step).try_into()?,
            message_id: (message.message_id.get() + step).try_into()?,
            ..*message
        })
    };
    messages.iter().map(other).collect()
}

/// Records each list by a recorder of its own, all at once. Returns the time until all are committed.
fn record(lists: &[Vec<MessageSent>]) -> Result<Duration, Failure> {
    let database = Database::create().ok_or("PostgreSQL is missing")?;
    let queue_len = lists.iter().map(Vec::len).max().unwrap_or(0) + 1;
    let connect = || PgStore::builder().queue_len(queue_len).connect(database.url());
    record_parents(&connect()?, lists.iter().flatten())?;
    let stores = lists.iter().map(|_| connect()).collect::<Result<Vec<_>, _>>()?;
    let recorders = stores.iter().map(PgStore::recorder).collect::<Result<Vec<_>, _>>()?;
    let start = Instant::now();
    std::thread::scope(|scope| -> Result<(), Failure> {
        let threads: Vec<_> = (recorders.iter().zip(lists))
            .map(|(recorder, messages)| {
                scope.spawn(move || -> Result<(), mocha_store::Error> {
                    for message in messages {
                        recorder.record_blocking(*message)?;
                    }
                    recorder.flush()
                })
            })
            .collect();
        for thread in threads {
            thread.join().map_err(|_| "a recorder's thread panicked")??;
        }
        Ok(())
    })?;
    let time = start.elapsed();
    for recorder in recorders {
        if let Some(error) = recorder.stats().last_error {
            return Err(format!("a recorder met {error:?}").into());
        }
        recorder.shutdown()?;
    }
    check(&database, "message_events", lists.iter().map(Vec::len).sum())?;
    let agree = "SELECT (SELECT sum(messages) FROM message_days) = (SELECT count(*) FROM message_events)";
    if database.execute(agree) != "t" {
        return Err("the roll-ups do not count every message".into());
    }
    Ok(time)
}

/// Whether the bare table refers to channels and users, as Mocha's table does.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Keys {
    With,
    Without,
}

/// Inserts the messages. Returns `None` if PostgreSQL is missing.
fn insert(messages: &[MessageSent], keys: Keys) -> Result<Option<Duration>, Failure> {
    let Some(database) = Database::create() else { return Ok(None) };
    let store = PgStore::connect(database.url())?;
    record_parents(&store, messages)?;
    let mut conn = PgConnection::establish(database.url())?;
    conn.batch_execute("CREATE TABLE bare (LIKE message_events INCLUDING ALL)")?;
    if keys == Keys::With {
        conn.batch_execute(
            "ALTER TABLE bare
                 ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
                 ADD FOREIGN KEY (guild_id, channel_id) REFERENCES channels (guild_id, id)
                     ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
        )?;
    }
    let batches: Vec<Columns> = messages.chunks(ROWS).map(Columns::of).collect::<Result<_, _>>()?;
    let start = Instant::now();
    for columns in &batches {
        conn.transaction(|conn| columns.insert(conn))?;
    }
    let time = start.elapsed();
    check(&database, "bare", messages.len())?;
    Ok(Some(time))
}

/// The arrays of a statement.
#[derive(Default)]
struct Columns {
    attachments: Vec<Option<bool>>,
    authors: Vec<i64>,
    channels: Vec<i64>,
    characters: Vec<Option<i32>>,
    embeds: Vec<Option<bool>>,
    guilds: Vec<i64>,
    ids: Vec<i64>,
    kinds: Vec<i32>,
    seconds: Vec<i64>,
    words: Vec<Option<i32>>,
}

impl Columns {
    fn of(messages: &[MessageSent]) -> Result<Self, Failure> {
        let mut columns = Self::default();
        for MessageSent { at, channel_id, content, guild_id, kind, message_id, user_id } in messages {
            columns.attachments.push(content.map(|content| content.has_attachment));
            columns.authors.push(user_id.get().try_into()?);
            columns.channels.push(channel_id.get().try_into()?);
            columns.characters.push(content.map(|content| content.characters.try_into()).transpose()?);
            columns.embeds.push(content.map(|content| content.has_embed));
            columns.guilds.push(guild_id.get().try_into()?);
            columns.ids.push(message_id.get().try_into()?);
            columns.kinds.push((*kind).into());
            columns.seconds.push(at.timestamp());
            columns.words.push(content.map(|content| content.words.try_into()).transpose()?);
        }
        Ok(columns)
    }

    fn insert(&self, conn: &mut PgConnection) -> diesel::QueryResult<usize> {
        sql_query(
            "INSERT INTO bare (id, guild_id, channel_id, user_id, message_type, has_attachment, has_embed, character_count,
                 word_count, created_at)
             SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        )
        .bind::<Array<BigInt>, _>(&self.ids)
        .bind::<Array<BigInt>, _>(&self.guilds)
        .bind::<Array<BigInt>, _>(&self.channels)
        .bind::<Array<BigInt>, _>(&self.authors)
        .bind::<Array<Integer>, _>(&self.kinds)
        .bind::<Array<Nullable<Bool>>, _>(&self.attachments)
        .bind::<Array<Nullable<Bool>>, _>(&self.embeds)
        .bind::<Array<Nullable<Integer>>, _>(&self.characters)
        .bind::<Array<Nullable<Integer>>, _>(&self.words)
        .bind::<Array<BigInt>, _>(&self.seconds)
        .execute(conn)
    }
}

/// Records the guilds, channels and users of the messages, and shuts the recorder down.
fn record_parents<'m>(store: &PgStore, messages: impl IntoIterator<Item = &'m MessageSent>) -> Result<(), Failure> {
    let (mut guilds, mut channels, mut users) = (BTreeSet::<GuildId>::new(), BTreeSet::new(), BTreeSet::new());
    let mut first = None;
    for message in messages {
        first.get_or_insert(message.at);
        guilds.insert(message.guild_id);
        channels.insert((message.channel_id, message.guild_id));
        users.insert(message.user_id);
    }
    let Some(at) = first else { return Ok(()) };
    let guilds = guilds.into_iter().map(|guild_id| {
        let name = "guild".to_owned();
        Event::from(GuildSeen { afk_channel_id: None, at, guild_id, icon: None, member_count: None, name })
    });
    let channels = channels.into_iter().map(|(channel_id, guild_id)| {
        let name = Some("channel".to_owned());
        Event::from(ChannelSeen { at, channel_id, guild_id, kind: 0, name, parent_id: None, position: None })
    });
    let users = users.into_iter().map(|user_id| {
        let name = "user".to_owned();
        Event::from(UserSeen {
            at,
            avatar: None,
            bot: false,
            discriminator: None,
            global_name: GlobalName::Unknown,
            name,
            user_id,
        })
    });
    let recorder = store.recorder()?;
    for event in guilds.chain(channels).chain(users) {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;
    Ok(())
}

/// Checks that all messages were written.
fn check(database: &Database, table: &str, len: usize) -> Result<(), Failure> {
    let rows = database.execute(&format!("SELECT count(*) FROM {table}"));
    if rows == len.to_string() { Ok(()) } else { Err(format!("{rows} rows of {len} messages").into()) }
}
