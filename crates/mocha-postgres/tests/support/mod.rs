//! Helpers that the tests of the server share.

#![expect(dead_code, reason = "each test uses a part of it")]

pub(crate) mod proxy;
pub(crate) mod same;

use std::time::Duration;

use chrono::{DateTime, Utc};
use mocha_postgres::{PgStore, PgStoreBuilder};
use mocha_recorder::{
    Clock, Error, ErrorKind, Event,
    event::{
        GlobalName, GuildSeen, MemberSeen, MessageContent, MessageEmbedded, MessageSent, UserSeen, VoiceStateChanged,
    },
};
use mocha_schema::VoiceState;
use mocha_test_postgres::{Cluster, Programs, skipped};

pub(crate) type TestResult<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// 2023-11-14T22:13:20Z.
pub(crate) const START: i64 = 1_700_000_000_000;

/// A time so many milliseconds after [`START`].
pub(crate) fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(START + ms).expect("a test's time exists")
}

/// An id of any kind.
pub(crate) fn id<I: TryFrom<u64>>(number: u64) -> I {
    I::try_from(number).ok().expect("a test's id is not zero")
}

/// A server of a test that breaks it, or `None` if there are no programs to start it.
pub(crate) fn cluster(settings: &[&str]) -> Option<Cluster> {
    let programs = Programs::find();
    if programs.is_none() {
        skipped("PostgreSQL's server programs are missing");
    }
    Some(Cluster::start(&programs?, settings))
}

/// A store whose time passes with the events.
pub(crate) fn store(url: &str) -> Result<PgStore, Error> {
    connect(PgStore::builder().clock(Clock::Events), url)
}

/// Connects. On a Citus cluster the tables are distributed.
pub(crate) fn connect(builder: PgStoreBuilder, url: &str) -> Result<PgStore, Error> {
    let store = builder.connect(url)?;
    match store.distribute() {
        Err(error) if *error.kind() == ErrorKind::NoCitus => Ok(store),
        done => done.map(|()| store),
    }
}

/// Counts awards, unless the tables are distributed. Returns whether they are counted.
pub(crate) fn count_awards(store: &PgStore, guild: u64, span: Duration) -> Result<bool, Error> {
    match store.count_awards(id(guild), span) {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidSetting { name: "span" }) => Ok(false),
        done => done.map(|()| true),
    }
}

/// Records the events and waits until they are in the database.
pub(crate) fn record(store: &PgStore, events: impl IntoIterator<Item = Event>) -> Result<(), Error> {
    let recorder = store.recorder()?;
    for event in events {
        recorder.record(event)?;
    }
    recorder.flush()
}

pub(crate) fn guild(ms: i64, guild: u64, member_count: u64) -> Event {
    GuildSeen {
        afk_channel_id: None,
        at: at(ms),
        guild_id: id(guild),
        icon: None,
        member_count: Some(member_count),
        name: format!("guild {guild}"),
    }
    .into()
}

pub(crate) fn user(ms: i64, user: u64, name: &str, bot: bool) -> Event {
    UserSeen {
        at: at(ms),
        avatar: None,
        bot,
        discriminator: None,
        global_name: GlobalName::Unknown,
        name: name.into(),
        user_id: id(user),
    }
    .into()
}

pub(crate) fn joined(ms: i64, guild: u64, user: u64) -> Event {
    Event::MemberJoined(MemberSeen {
        at: at(ms),
        guild_id: id(guild),
        joined_at: Some(at(ms)),
        nickname: None,
        premium_since: None,
        roles: None,
        user_id: id(user),
    })
}

/// A message in the guild's channel.
pub(crate) fn message(ms: i64, message: u64, guild: u64, user: u64) -> Event {
    MessageSent {
        at: at(ms),
        channel_id: id(guild * 10),
        content: Some(MessageContent { characters: 12, has_attachment: false, has_embed: false, words: 3 }),
        guild_id: id(guild),
        kind: 0,
        message_id: id(message),
        user_id: id(user),
    }
    .into()
}

pub(crate) fn embedded(ms: i64, message: u64, guild: u64) -> Event {
    MessageEmbedded { at: at(ms), guild_id: id(guild), message_id: id(message) }.into()
}

pub(crate) fn voice(ms: i64, guild: u64, user: u64, channel: Option<u64>) -> Event {
    VoiceStateChanged {
        at: at(ms),
        channel_id: channel.map(id),
        guild_id: id(guild),
        state: VoiceState::default(),
        user_id: id(user),
    }
    .into()
}
