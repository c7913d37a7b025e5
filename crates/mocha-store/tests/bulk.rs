//! Many messages in one transaction give the same rows as each message in a transaction of its own.

mod support;

use std::time::Duration;

use mocha_store::{
    Clock, Event, RecorderStats, Rollup, Store,
    event::{GlobalName, MessageContent, MessageEmbedded, MessageSent, UserSeen},
};
use proptest::prelude::*;
use support::*;

/// Enough messages with different ids to be written in bulk.
const MANY: usize = 600;

const DAY_MS: i64 = 86_400_000;

const TRIGGERS: &str = "SELECT name || ' ' || sql AS line FROM sqlite_schema WHERE type = 'trigger' ORDER BY 1";

/// Returns a number that changes with each bulk insert, which drops triggers and creates them again.
const SCHEMA_VERSION: &str = "SELECT schema_version || '' AS line FROM pragma_schema_version";

fn content() -> impl Strategy<Value = MessageContent> {
    let characters = prop_oneof![0..2_000_u32, Just(2_147_483_647)];
    (characters, 0..300_u32, any::<bool>(), any::<bool>()).prop_map(|(characters, words, has_attachment, has_embed)| {
        MessageContent { characters, has_attachment, has_embed, words }
    })
}

fn sent(message_id: u64) -> impl Strategy<Value = Event> {
    let kind = prop_oneof![6 => Just(0_u8), 1 => Just(19), 1 => Just(23), 1 => Just(7)];
    // SQLite has no number for the largest id.
    let user = prop_oneof![20 => 40..46_u64, 1 => Just(u64::MAX)];
    let guild = prop_oneof![9 => Just(GUILD), 1 => Just(GUILD + 1)];
    (-40 * DAY_MS..60 * DAY_MS, 20..23_u64, proptest::option::weighted(0.8, content()), kind, user, guild).prop_map(
        move |(ms, channel, content, kind, user, guild)| {
            // A channel belongs to one guild.
            let channel = if guild == GUILD { channel } else { channel + 10 };
            MessageSent {
                at: at(ms),
                channel_id: id(channel),
                content,
                guild_id: id(guild),
                kind,
                message_id: id(message_id),
                user_id: id(user),
            }
            .into()
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let any_id = 1..1_000_u64;
    prop_oneof![
        6 => any_id.clone().prop_flat_map(sent),
        2 => any_id.prop_map(|message| {
            MessageEmbedded { at: at(0), guild_id: id(GUILD), message_id: id(message) }.into()
        }),
        1 => (40..46_u64, any::<bool>(), 0..9_i64).prop_map(|(user, bot, ms)| bot_seen(ms, user, bot)),
    ]
}

fn bot_seen(ms: i64, user: u64, bot: bool) -> Event {
    UserSeen {
        at: at(ms),
        avatar: None,
        bot,
        discriminator: None,
        global_name: GlobalName::Unknown,
        name: format!("user {user} {ms}"),
        user_id: id(user),
    }
    .into()
}

/// Generates more than [`MANY`] messages with different ids, with other events between them.
fn many() -> impl Strategy<Value = Vec<Event>> {
    let ids = 1..=u64::try_from(MANY).unwrap_or(u64::MAX);
    let messages: Vec<_> = ids.map(sent).collect();
    (messages, proptest::collection::vec((event(), any::<prop::sample::Index>()), 0..200)).prop_map(
        |(mut events, others)| {
            for (event, place) in others {
                events.insert(place.index(events.len()), event);
            }
            events
        },
    )
}

/// Records the events before and, after the horizon was moved, the many events, in one transaction or one by one.
fn fill(
    before: &[Event],
    awards: bool,
    horizon: i64,
    many: &[Event],
    at_once: bool,
) -> TestResult<(Store, RecorderStats)> {
    let batch_len = if at_once { many.len() } else { 1 };
    let store = Store::builder().batch_len(batch_len).clock(Clock::Events).readers(1).open_in_memory()?;
    if awards {
        store.count_awards(id(GUILD), Duration::from_mins(15))?;
    }
    record(&store, before.iter().cloned())?;
    let from = at(horizon * DAY_MS).timestamp().div_euclid(86_400) * 86_400;
    store.write(|conn| {
        diesel::RunQueryDsl::execute(
            diesel::sql_query("UPDATE horizons SET messages_from = ?").bind::<diesel::sql_types::BigInt, _>(from),
            conn,
        )
    })?;
    let recorder = store.recorder()?;
    if at_once {
        recorder.record_all_blocking(many.to_vec())?;
    } else {
        many.iter().try_for_each(|event| recorder.record_blocking(event.clone()))?;
    }
    recorder.flush()?;
    Ok((store, recorder.stats()))
}

fn wrong(store: &Store) -> TestResult<Vec<Rollup>> {
    let mut wrong = Vec::new();
    for rollup in Rollup::ALL {
        if !store.verify(rollup).run()?.is_ok() {
            wrong.push(rollup);
        }
    }
    Ok(wrong)
}

/// Returns the rows that do not depend on when the watermark rose.
fn rows(store: &Store) -> TestResult<Vec<String>> {
    let tables = ["award_days ", "message_events ", "message_days ", "message_quarters ", "users ", "bots "];
    let rows = dump(store)?;
    Ok(rows.into_iter().filter(|row| tables.iter().any(|table| row.starts_with(table))).collect())
}

proptest! {
    #![proptest_config(ProptestConfig {
        max_shrink_iters: 50,
        ..ProptestConfig::with_cases(std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(12))
    })]
    #[test]
    fn many_messages_equal_one_by_one(
        before in proptest::collection::vec(event(), 0..60),
        awards in any::<bool>(),
        horizon in -60..20_i64,
        many in many(),
    ) {
        let (at_once, stats) = fill(&before, awards, horizon, &many, true).unwrap();
        let (one_by_one, expected) = fill(&before, awards, horizon, &many, false).unwrap();
        prop_assert_eq!(rows(&at_once).unwrap(), rows(&one_by_one).unwrap());
        prop_assert_eq!((stats.written, stats.duplicate), (expected.written, expected.duplicate));
        prop_assert_eq!(wrong(&at_once).unwrap(), []);
        prop_assert_eq!(lines(&at_once, TRIGGERS).unwrap(), lines(&one_by_one, TRIGGERS).unwrap());
        let [at_once, one_by_one] = [at_once, one_by_one].map(|store| lines(&store, SCHEMA_VERSION).unwrap());
        prop_assert_ne!(at_once, one_by_one, "the messages were not written in bulk");
    }
}

fn messages() -> Vec<Event> {
    let message = |number: u64| message(3_600_000 * i64::try_from(number).unwrap_or(0), number, 20, 40 + number % 5);
    (1..=700).map(message).collect()
}

/// A trigger of the bot runs once for each message.
#[test]
fn triggers_of_other_programs_run() -> TestResult {
    let store = store()?;
    store.write(|conn| {
        diesel::connection::SimpleConnection::batch_execute(
            conn,
            "CREATE TABLE seen (id TEXT PRIMARY KEY);
             CREATE TRIGGER mine AFTER INSERT ON message_events BEGIN INSERT INTO seen VALUES (new.id); END;",
        )
    })?;
    store.recorder()?.record_all_blocking(messages())?;
    store.recorder()?.flush()?;
    let of = "SELECT count(*) || '' AS line FROM";
    assert_eq!(lines(&store, &format!("{of} seen"))?, ["700"]);
    assert_eq!(lines(&store, &format!("{of} message_events"))?, ["700"]);
    assert_eq!(wrong(&store)?, []);
    Ok(())
}

/// A message that the file refuses is left out alone, and the triggers are there afterwards.
#[test]
fn one_refused_message_spoils_no_other() -> TestResult {
    let store = store()?;
    let triggers = lines(&store, TRIGGERS)?;
    store.write(|conn| {
        diesel::connection::SimpleConnection::batch_execute(
            conn,
            "CREATE TRIGGER zz_mine BEFORE INSERT ON message_events WHEN new.id = '333'
             BEGIN SELECT RAISE(ABORT, 'not this one'); END;",
        )
    })?;
    let recorder = store.recorder()?;
    recorder.record_all_blocking(messages())?;
    recorder.flush()?;
    assert_eq!((recorder.stats().written, recorder.stats().rejected), (699, 1));
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, ["699"]);
    assert_eq!(wrong(&store)?, []);
    let after = lines(&store, TRIGGERS)?;
    assert_eq!(
        after.iter().filter(|line| !line.starts_with("zz_mine")).collect::<Vec<_>>(),
        triggers.iter().collect::<Vec<_>>()
    );
    Ok(())
}

/// A file that lacks one of the triggers gets none. Benches prepare such files.
#[test]
fn a_file_without_a_trigger_gets_none() -> TestResult {
    let store = store()?;
    store
        .write(|conn| diesel::connection::SimpleConnection::batch_execute(conn, "DROP TRIGGER message_events_added"))?;
    store.recorder()?.record_all_blocking(messages())?;
    store.recorder()?.flush()?;
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, ["700"]);
    assert!(lines(&store, "SELECT messages || '' AS line FROM message_days")?.is_empty());
    Ok(())
}
