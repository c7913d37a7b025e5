//! Roll-ups can be compared with the events, and computed again.
#![cfg(feature = "libpq")]

mod support;

use mocha_postgres::PgStore;
use mocha_recorder::{
    Clock, Event,
    event::{MessageContent, MessageSent},
};
use mocha_test_postgres::Database;
use support::{TestResult, at, connect, guild, id, joined, message, record, store, user, voice};

const TABLES: [&str; 14] = [
    "active_months",
    "award_days",
    "award_totals",
    "member_days",
    "message_days",
    "message_months",
    "message_quarters",
    "message_thirds",
    "message_totals",
    "voice_channel_days",
    "voice_channel_months",
    "voice_days",
    "voice_months",
    "voice_totals",
];

/// Returns the rows of each roll-up.
fn everything(database: &Database) -> Vec<String> {
    TABLES.iter().map(|table| database.execute(&format!("SELECT * FROM {table} ORDER BY {table}"))).collect()
}

#[test]
fn damaged_roll_ups_are_found_and_mended() -> TestResult {
    // The damage is done to a `ctid`, which names no row of a distributed table.
    let Some(database) = Database::create_without_citus() else { return Ok(()) };
    let store = store(database.url())?;
    store.count_awards(id(1), std::time::Duration::from_hours(1))?;
    let messages = (0..50)
        .map(|n| message(n * 9_000_000, 30 + n.unsigned_abs(), 1 + n.unsigned_abs() % 2, 40 + n.unsigned_abs() % 3));
    let others = [
        guild(0, 1, 7),
        user(0, 41, "helper", true),
        joined(0, 1, 40),
        voice(10, 1, 40, Some(11)),
        voice(90_000_000, 1, 40, Some(12)),
        voice(95_000_000, 1, 40, None),
    ];
    record(&store, messages.chain(others))?;
    assert_eq!(store.verify()?, []);
    let before = everything(&database);
    for table in TABLES {
        let column = database.execute(&format!(
            "SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 ORDER BY attnum DESC LIMIT 1"
        ));
        database.execute(&format!(
            "UPDATE {table} SET {column} = {column} + 1 WHERE ctid = (SELECT min(ctid) FROM {table})"
        ));
        let differences = store.verify()?;
        assert!(differences.iter().any(|difference| difference.table == table && difference.is_kept), "{table}");
        assert!(differences.iter().any(|difference| difference.table == table && !difference.is_kept), "{table}");
        store.rebuild()?;
        assert_eq!(store.verify()?, []);
        assert_eq!(everything(&database), before, "{table}");
    }
    Ok(())
}

#[test]
fn months_that_ended_are_packed() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    record(&store, [message(0, 30, 1, 40), message(3_000_000_000, 31, 1, 40)])?;
    assert_eq!(store.pack_quarters()?, 2);
    assert_eq!(store.pack_quarters()?, 0);
    record(&store, [message(1, 32, 1, 40)])?;
    assert_eq!(database.execute("SELECT count(*) FROM packed_quarters WHERE quarters IS NULL"), "1");
    assert_eq!(store.pack_quarters()?, 1);
    assert_eq!(
        database.execute("SELECT sum(value::INTEGER) FROM packed_quarters, json_each_text(quarters::JSON)"),
        "3"
    );
    Ok(())
}

/// A large batch is one statement for the triggers.
#[test]
fn many_messages_in_one_batch_count_as_one_by_one() -> TestResult {
    let day = 86_400_000;
    let messages = || {
        (0..600_u64).map(move |n| {
            // Some in each quarter of an hour, over the change of a month of thirty days, by humans and a bot, with types that
            // do not count.
            let ms = i64::try_from(n / 200)? * 900_000 + i64::try_from(n / 2 % 2)? * 16 * day;
            Ok(Event::from(MessageSent {
                at: at(ms),
                channel_id: id((1 + n % 2) * 10 + n % 3),
                content: (n % 4 > 0).then_some(MessageContent {
                    characters: u32::try_from(n)?,
                    has_attachment: n % 3 == 0,
                    has_embed: n % 5 == 0,
                    words: 2,
                }),
                guild_id: id(1 + n % 2),
                kind: if n % 11 == 0 { 7 } else { 19 },
                message_id: id(100 + n),
                user_id: id(40 + n % 5),
            }))
        })
    };
    let record_in = |batch_len| -> TestResult<Option<Vec<String>>> {
        let Some(database) = Database::create() else { return Ok(None) };
        let store = connect(PgStore::builder().clock(Clock::Events).batch_len(batch_len), database.url())?;
        record(&store, [guild(0, 1, 7), guild(0, 2, 7), user(0, 41, "helper", true)])?;
        support::count_awards(&store, 1, std::time::Duration::from_hours(1))?;
        record(&store, messages().collect::<TestResult<Vec<_>>>()?)?;
        assert_eq!(store.verify()?, []);
        database.execute("DELETE FROM message_events WHERE id % 2 = 0 AND user_id = 41");
        assert_eq!(store.verify()?, []);
        Ok(Some(everything(&database)))
    };
    assert_eq!(record_in(4096)?, record_in(1)?);
    Ok(())
}
