//! A fake guild with a history, and a bot that reads it.

use std::{collections::BTreeMap, error::Error, path::Path, sync::Arc};

use diesel::prelude::*;
use mocha_fake_discord::{FakeHistory, FakeRest, frames};
use mocha_schema::schema::{channel_histories, message_events};
use mocha_store::Store;
use mocha_twilight::{
    Adapter,
    backfill::{Backfill, BackfillReport},
};
use serde_json::{Value, json};
use twilight_http::Client;
use twilight_model::{
    gateway::Intents,
    id::{Id, marker::GuildMarker},
};

pub(crate) type TestResult<T = ()> = Result<T, Box<dyn Error>>;

pub(crate) const ANNA: u64 = 90_000_000_000_000_001;
pub(crate) const GUILD: Id<GuildMarker> = Id::new(60_000_000_000_000_000);
pub(crate) const FORUM: u64 = 70_000_000_000_000_003;
pub(crate) const HIDDEN: u64 = 70_000_000_000_000_004;
pub(crate) const TEXT: u64 = 70_000_000_000_000_001;
pub(crate) const VOICE: u64 = 70_000_000_000_000_002;

/// Returns the id of a message by its number. The first is of March 2018.
pub(crate) const fn id(number: u64) -> u64 {
    (1_519_862_400_000 + number * 60_000 - 1_420_070_400_000) << 22
}

/// Returns a message as the API does: without guild and member.
pub(crate) fn message(channel: u64, number: u64) -> Value {
    let ms = i64::try_from(1_519_862_400_000 + number * 60_000).unwrap_or(0);
    let time = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default().to_rfc3339();
    let mut message = frames::message(GUILD.get(), channel, ANNA + number % 3, 0);
    message["id"] = id(number).to_string().into();
    message["timestamp"] = time.into();
    message["author"]["global_name"] = "Anna".into();
    message.as_object_mut().map(|fields| fields.remove("guild_id"));
    message
}

pub(crate) fn channel(id: u64, kind: u8, parent: Option<u64>) -> Value {
    json!({
        "id": id.to_string(), "type": kind, "name": format!("c{id}"), "guild_id": GUILD.to_string(), "position": 0,
        "permission_overwrites": [], "parent_id": parent.map(|id| id.to_string()), "last_message_id": self::id(9).to_string(),
    })
}

pub(crate) fn thread(id: u64, parent: u64, archived: Option<u32>) -> Value {
    let mut thread = channel(id, 11, Some(parent));
    let minute = archived.unwrap_or(0);
    thread["thread_metadata"] = json!({
        "archived": archived.is_some(), "auto_archive_duration": 60, "locked": false,
        "archive_timestamp": format!("2019-01-01T00:{minute:02}:00.000000Z"),
    });
    thread
}

/// A text channel with 250 messages, a voice channel with 30, and a forum whose five threads have 20 each.
pub(crate) fn history() -> FakeHistory {
    let channels = vec![channel(TEXT, 0, None), channel(VOICE, 2, None), channel(FORUM, 15, None)];
    let mut history = FakeHistory { channels, page: 50, ..FakeHistory::default() };
    let mut add = |channel: u64, numbers: std::ops::Range<u64>| {
        let messages = numbers.map(|number| (id(number), message(channel, number)));
        history.messages.insert(channel, messages.collect());
    };
    add(TEXT, 0..250);
    add(VOICE, 1_000..1_030);
    for number in 1..6 {
        add(FORUM + 100 + number, number * 2_000..number * 2_000 + 20);
    }
    history.active_threads = vec![thread(FORUM + 101, FORUM, None)];
    // Each page has two of them.
    history.archived_threads.insert(
        FORUM,
        (2..6)
            .map(|number| thread(FORUM + 100 + number, FORUM, Some(60 - 10 * u32::try_from(number).unwrap_or(0))))
            .collect(),
    );
    history
}

/// Returns a client of the API at this address.
pub(crate) fn client(host: String) -> Arc<Client> {
    Arc::new(Client::builder().token("Bot token".into()).proxy(host, true).ratelimiter(None).build())
}

pub(crate) fn backfill(http: Arc<Client>, store: &Store) -> TestResult<Backfill<'static>> {
    let intents = Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::MESSAGE_CONTENT;
    Ok(Backfill::new(Adapter::new(store.recorder()?, intents), http, GUILD))
}

pub(crate) struct Bot {
    http: Arc<Client>,
    pub(crate) rest: FakeRest,
}

impl Bot {
    pub(crate) async fn start(history: FakeHistory) -> TestResult<Self> {
        let rest = FakeRest::start("ws://127.0.0.1:1".into()).await?;
        rest.change_history(|own| *own = history);
        Ok(Self { http: client(rest.host()), rest })
    }

    pub(crate) fn backfill(&self, store: &Store) -> TestResult<Backfill<'static>> {
        backfill(Arc::clone(&self.http), store)
    }

    /// Reads everything, and returns once it is in the file.
    pub(crate) async fn reads(&self, store: &Store) -> TestResult<BackfillReport> {
        let report = self.backfill(store)?.run().await?;
        store.recorder()?.flush_async().await?;
        Ok(report)
    }

    /// Returns how many pages of messages were requested so far.
    pub(crate) fn pages(&self) -> usize {
        self.rest.requests().iter().filter(|request| request.path.ends_with("/messages")).count()
    }
}

/// Returns the messages in the file: their ids and channels.
pub(crate) fn messages(store: &Store) -> TestResult<BTreeMap<String, String>> {
    let columns = (message_events::id, diesel::dsl::sql::<diesel::sql_types::Text>("channel_id"));
    let rows: Vec<(String, String)> = store.read(|conn| message_events::table.select(columns).load(conn))?;
    Ok(rows.into_iter().collect())
}

/// Returns all columns of the messages that a message of the API decides.
pub(crate) fn rows(store: &Store) -> TestResult<Vec<String>> {
    let row = "id || ' ' || channel_id || ' ' || user_id || ' ' || message_type || ' ' || ifnull(character_count, '') || ' ' \
               || ifnull(word_count, '') || ' ' || created_at";
    let row = diesel::dsl::sql::<diesel::sql_types::Text>(row);
    Ok(store.read(|conn| message_events::table.select(row).order(message_events::id).load(conn))?)
}

/// Returns those that Discord has.
pub(crate) fn expected(history: &FakeHistory) -> BTreeMap<String, String> {
    let of = |(channel, messages): (&u64, &BTreeMap<u64, Value>)| {
        let channel = channel.to_string();
        messages.keys().map(|id| (id.to_string(), channel.clone())).collect::<Vec<_>>()
    };
    history.messages.iter().flat_map(of).collect()
}

/// Checks that the file has every message of the spans that it says were read.
pub(crate) fn check_spans(file: &Path) -> TestResult {
    let store = Store::open(file)?;
    let recorded = messages(&store)?;
    let spans: Vec<(String, i64, i64)> = store.read(|conn| {
        let channel = diesel::dsl::sql::<diesel::sql_types::Text>("channel_id");
        channel_histories::table.select((channel, channel_histories::from_id, channel_histories::before_id)).load(conn)
    })?;
    for (channel, from, before) in spans {
        let history = history();
        let of_channel = history.messages.get(&channel.parse()?).ok_or("an unknown channel")?;
        for id in of_channel.range(u64::try_from(from)?..u64::try_from(before)?).map(|(id, _)| id.to_string()) {
            assert!(recorded.contains_key(&id), "{id} of {channel}");
        }
    }
    Ok(())
}
