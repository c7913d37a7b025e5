//! Helpers for the tests of the store.

#![expect(dead_code, reason = "each test uses a part of it")]

use std::{
    io::{ErrorKind, Write as _},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};
use mocha_schema::{PresenceStatus, VoiceState};
use mocha_store::{
    Clock, Error, Event, Store, TimeSource,
    event::{
        Activity, ChannelSeen, GlobalName, GuildSeen, MemberLeft, MemberSeen, MessageContent, MessageSent,
        PresenceChanged, SnapshotVoice, UserSeen, VoiceSnapshot, VoiceStateChanged,
    },
};

pub(crate) type TestResult<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// 2023-11-14T22:13:20Z.
pub(crate) const START: i64 = 1_700_000_000_000;
pub(crate) const GUILD: u64 = 10;

/// Returns the time this many milliseconds after [`START`].
pub(crate) fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(START + ms).expect("a test's time exists")
}

/// Returns a time after the erasures of a test, in milliseconds since [`START`].
pub(crate) fn later(ms: i64) -> i64 {
    chrono::Utc::now().timestamp_millis() - START + 3_600_000 + ms
}

/// Returns an id of any kind.
pub(crate) fn id<I: TryFrom<u64>>(number: u64) -> I {
    I::try_from(number).ok().expect("a test's id is not zero")
}

/// Returns whether a file or its write-ahead log contains the id as a text or as a number of eight bytes.
pub(crate) fn is_in_the_file(path: &Path, user: u64) -> TestResult<bool> {
    let (text, number) = (user.to_string().into_bytes(), user.to_be_bytes());
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let mut bytes = std::fs::read(path)?;
    match std::fs::read(log) {
        Ok(log) => bytes.extend(log),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    Ok(bytes.windows(text.len()).any(|part| part == text) || bytes.windows(8).any(|part| part == number))
}

/// Reports that a test was skipped.
pub(crate) fn skipped(why: &str) {
    // A closed stderr is ignored.
    drop(writeln!(std::io::stderr(), "skipped: {why}"));
}

/// A monotonic clock and a wall clock that a test moves. The wall clock begins at [`START`].
#[derive(Clone, Debug)]
pub(crate) struct Clocks(Arc<Mutex<(Duration, DateTime<Utc>)>>);

impl Clocks {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new((Duration::ZERO, at(0)))))
    }

    /// Lets this much time pass on each of them.
    pub(crate) fn pass(&self, monotonic: Duration, wall: TimeDelta) {
        let mut clocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clocks.0 += monotonic;
        clocks.1 += wall;
    }
}

impl TimeSource for Clocks {
    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn wall(&self) -> DateTime<Utc> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// Returns a store in memory whose clock follows the events.
pub(crate) fn store() -> Result<Store, Error> {
    Store::builder().clock(Clock::Events).readers(1).open_in_memory()
}

/// Records the events and waits until they are in the file.
pub(crate) fn record(store: &Store, events: impl IntoIterator<Item = Event>) -> Result<(), Error> {
    let recorder = store.recorder()?;
    for event in events {
        recorder.record(event)?;
    }
    recorder.flush()
}

pub(crate) fn guild(ms: i64, member_count: u64) -> Event {
    GuildSeen {
        afk_channel_id: None,
        at: at(ms),
        guild_id: id(GUILD),
        icon: Some("abc".into()),
        member_count: Some(member_count),
        name: "Rust".into(),
    }
    .into()
}

pub(crate) fn channel(ms: i64, channel: u64, name: Option<&str>) -> Event {
    ChannelSeen {
        at: at(ms),
        channel_id: id(channel),
        guild_id: id(GUILD),
        kind: 0,
        name: name.map(Into::into),
        parent_id: None,
        position: Some(1),
    }
    .into()
}

pub(crate) fn user(ms: i64, user: u64, name: &str) -> Event {
    UserSeen {
        at: at(ms),
        avatar: None,
        bot: false,
        discriminator: None,
        global_name: GlobalName::Unknown,
        name: name.into(),
        user_id: id(user),
    }
    .into()
}

pub(crate) fn member(ms: i64, user: u64, joined_ms: i64) -> MemberSeen {
    MemberSeen {
        at: at(ms),
        guild_id: id(GUILD),
        joined_at: Some(at(joined_ms)),
        nickname: None,
        premium_since: None,
        roles: None,
        user_id: id(user),
    }
}

pub(crate) fn joined(ms: i64, user: u64, joined_ms: i64) -> Event {
    Event::MemberJoined(member(ms, user, joined_ms))
}

pub(crate) fn left(ms: i64, user: u64) -> Event {
    MemberLeft { at: at(ms), guild_id: id(GUILD), user_id: id(user) }.into()
}

pub(crate) fn message(ms: i64, message: u64, channel: u64, user: u64) -> Event {
    MessageSent {
        at: at(ms),
        channel_id: id(channel),
        content: Some(MessageContent { characters: 12, has_attachment: false, has_embed: true, words: 3 }),
        guild_id: id(GUILD),
        kind: 0,
        message_id: id(message),
        user_id: id(user),
    }
    .into()
}

pub(crate) fn presence(ms: i64, user: u64, status: PresenceStatus, game: Option<&str>) -> Event {
    PresenceChanged {
        activity: game.map(|name| Activity { kind: 0, name: name.into() }),
        at: at(ms),
        guild_id: id(GUILD),
        status,
        user_id: id(user),
    }
    .into()
}

pub(crate) fn voice(ms: i64, user: u64, channel: Option<u64>) -> Event {
    voice_state(ms, user, channel, VoiceState::default())
}

pub(crate) fn voice_state(ms: i64, user: u64, channel: Option<u64>, state: VoiceState) -> Event {
    VoiceStateChanged { at: at(ms), channel_id: channel.map(id), guild_id: id(GUILD), state, user_id: id(user) }.into()
}

pub(crate) fn snapshot(ms: i64, voices: &[(u64, u64)]) -> Event {
    let voices = voices.iter().map(|(user, channel)| SnapshotVoice {
        channel_id: id(*channel),
        state: VoiceState::default(),
        user_id: id(*user),
    });
    VoiceSnapshot { at: at(ms), guild_id: id(GUILD), voices: voices.collect() }.into()
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Returns the column `line` of each row of a query, in order.
pub(crate) fn lines(store: &Store, sql: &str) -> Result<Vec<String>, Error> {
    store.read(|conn| read_lines(conn, sql))
}

pub(crate) fn read_lines(conn: &mut SqliteConnection, sql: &str) -> diesel::QueryResult<Vec<String>> {
    Ok(sql_query(sql).load::<Line>(conn)?.into_iter().map(|line| line.line).collect())
}

/// Returns every row of every table, in a fixed order.
pub(crate) fn dump(store: &Store) -> Result<Vec<String>, Error> {
    store.read(|conn| {
        let mut rows = Vec::new();
        let tables = "SELECT name AS line FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\' \
                      AND name NOT LIKE 'sqlite_%' AND name <> 'mocha_migrations' ORDER BY 1";
        for table in read_lines(conn, tables)? {
            let columns = format!("SELECT 'quote(' || name || ')' AS line FROM pragma_table_info('{table}')");
            let columns = read_lines(conn, &columns)?.join(" || ' ' || ");
            rows.extend(read_lines(conn, &format!("SELECT '{table} ' || {columns} AS line FROM {table} ORDER BY 1"))?);
        }
        Ok::<_, diesel::result::Error>(rows)
    })
}
