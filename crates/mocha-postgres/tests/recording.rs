//! Events end in the server's tables, once.
#![cfg(feature = "libpq")]

mod support;

use mocha_postgres::PgStore;
use mocha_test_postgres::Database;
use support::{TestResult, embedded, guild, joined, message, record, store, user, voice};

#[test]
fn a_message_brings_its_parents_along_and_they_are_completed_later() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    record(&store, [message(1000, 30, 1, 40)])?;
    assert_eq!(database.execute("SELECT id, name, (SELECT bot FROM users) FROM guilds"), "1||f");
    record(&store, [user(0, 40, "mira", false), guild(0, 1, 7)])?;
    assert_eq!(database.execute("SELECT name, (SELECT username FROM users) FROM guilds"), "guild 1|mira");
    assert_eq!(
        database.execute("SELECT id, user_id, channel_id, created_at FROM message_events"),
        "30|40|10|1700000001"
    );
    assert_eq!(database.execute("SELECT messages, characters, words, embeds FROM message_totals"), "1|12|3|0");
    Ok(())
}

#[test]
fn events_that_are_delivered_twice_count_once() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    let events = || {
        [
            guild(0, 1, 7),
            user(0, 40, "mira", false),
            joined(1000, 1, 40),
            message(2000, 30, 1, 40),
            message(2000, 30, 1, 40),
            embedded(2500, 30, 1),
            voice(3000, 1, 40, Some(11)),
            voice(63_000, 1, 40, None),
        ]
    };
    let recorder = store.recorder()?;
    record(&store, events())?;
    let everything = "SELECT (SELECT count(*) FROM message_events), (SELECT sum(embeds) FROM message_totals),
        (SELECT count(*) FROM member_events), (SELECT string_agg(event_type, ',' ORDER BY created_at) FROM voice_events),
        (SELECT sum(voice_ms) FROM voice_totals), (SELECT sum(sessions) FROM voice_totals), (SELECT count(*) FROM users)";
    let expected = "1|1|1|join,leave|60000|1|1";
    assert_eq!(database.execute(everything), expected);
    let stats = recorder.stats();
    assert_eq!((stats.written, stats.duplicate, stats.rejected), (7, 1, 0));
    record(&store, events())?;
    // Another recorder has nothing in memory.
    recorder.shutdown()?;
    record(&store, events())?;
    assert_eq!(database.execute(everything), expected);
    Ok(())
}

/// The row that is held back is not written, so the embed has to reach the one that is there.
#[test]
fn an_embed_reaches_a_message_that_is_delivered_again() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    record(&store, [message(0, 30, 1, 40)])?;
    record(&store, [message(0, 30, 1, 40), embedded(1, 30, 1)])?;
    assert_eq!(
        database.execute("SELECT (SELECT has_embed FROM message_events), (SELECT embeds FROM message_days)"),
        "t|1"
    );
    Ok(())
}

#[test]
fn an_event_that_the_server_refuses_is_left_out_alone() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    let recorder = store.recorder()?;
    record(&store, [message(0, 30, 1, 40), message(1, 1 << 63, 1, 40), message(2, 31, 1, 40)])?;
    assert_eq!(database.execute("SELECT id FROM message_events ORDER BY 1"), "30\n31");
    let stats = recorder.stats();
    assert_eq!((stats.written, stats.rejected), (2, 1));
    let error = stats.last_error.ok_or("no error")?;
    assert!(std::error::Error::source(&*error).ok_or("no source")?.to_string().contains("MessageId"), "{error:?}");
    Ok(())
}

#[test]
fn a_user_that_turns_out_to_be_a_bot_takes_its_messages_along() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    record(&store, [message(0, 30, 1, 40), joined(0, 1, 40)])?;
    record(&store, [user(1, 40, "helper", true), message(1, 31, 1, 40)])?;
    let flags = "SELECT (SELECT string_agg(bot || ' ' || messages, ',') FROM message_quarters),
        (SELECT string_agg(bot || ' ' || messages, ',') FROM message_totals), (SELECT bot FROM member_days)";
    assert_eq!(database.execute(flags), "true 2|true 2|t");
    Ok(())
}

#[test]
fn tables_are_in_the_schema_of_the_builder() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let open = || PgStore::builder().schema("Mocha's").connect(database.url());
    // Two processes start at once.
    let stores: Vec<_> = std::thread::scope(|scope| {
        let both = [scope.spawn(open), scope.spawn(open)];
        both.into_iter().map(|thread| thread.join().unwrap()).collect::<Result<_, _>>()
    })?;
    record(&stores[0], [message(0, 30, 1, 40)])?;
    let messages: i64 = stores[1].read(|conn| {
        use diesel::prelude::*;
        mocha_schema::schema::message_days::table.count().get_result(conn)
    })?;
    assert_eq!(messages, 1);
    assert_eq!(database.execute("SELECT count(*) FROM \"Mocha's\".message_events"), "1");
    Ok(())
}

#[test]
fn closures_are_transactions() -> TestResult {
    use diesel::connection::SimpleConnection as _;
    let Some(database) = Database::create() else { return Ok(()) };
    let store = PgStore::connect(database.url())?;
    store.write(|conn| conn.batch_execute("INSERT INTO guilds (id, created_at, updated_at) VALUES (1, 0, 0)"))?;
    let undone = store.write(|conn| {
        conn.batch_execute("DELETE FROM guilds")?;
        Err::<(), Box<dyn std::error::Error + Send + Sync>>("no".into())
    });
    assert_eq!(*undone.unwrap_err().kind(), mocha_recorder::ErrorKind::User);
    assert_eq!(database.execute("SELECT count(*) FROM guilds"), "1");
    let refused = store.read(|conn| conn.batch_execute("DELETE FROM guilds"));
    assert_eq!(*refused.unwrap_err().kind(), mocha_recorder::ErrorKind::ReadOnly);
    Ok(())
}

/// Recorders of other shards, and one that hears the same guilds, as during a rolling deployment.
#[test]
fn recorders_at_once_neither_deadlock_nor_lose_a_count() -> TestResult {
    const MESSAGES: u64 = 600;
    let Some(database) = Database::create() else { return Ok(()) };
    let run = |number: u64| -> TestResult {
        let store =
            support::connect(PgStore::builder().clock(mocha_recorder::Clock::Events).batch_len(50), database.url())?;
        let recorder = store.recorder()?;
        for n in 0..MESSAGES {
            // Recorders 0 and 1 hear the same guilds in other orders, and all hear the same users.
            let place = if number == 1 { MESSAGES - 1 - n } else { n };
            let guilds = number.max(1) * 10 + place % 3;
            let author = if number.is_multiple_of(2) { 40 + place % 7 } else { 46 - place % 7 };
            let ms = i64::try_from(place)?;
            recorder.record_blocking(user(ms, author, &format!("user {author}"), author == 43))?;
            recorder.record_blocking(message(ms, number.max(1) * 10_000 + place + 1, guilds, author))?;
            recorder.record_blocking(voice(ms, guilds, author + 100, (place % 5 > 0).then_some(guilds * 10)))?;
        }
        recorder.flush()?;
        let stats = recorder.stats();
        assert!(stats.last_error.is_none(), "{:?}", stats.last_error);
        recorder.shutdown()?;
        Ok(())
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|number| scope.spawn(move || run(number))).collect();
        all.into_iter().try_for_each(|thread| thread.join().unwrap())
    })?;
    let counts = "SELECT (SELECT count(*) FROM message_events), (SELECT sum(messages) FROM message_totals),
        (SELECT sum(messages) FROM message_quarters), (SELECT count(*) FROM recorder_batches),
        (SELECT sum(messages) FROM message_days WHERE bot), (SELECT count(*) FROM message_events WHERE user_id = 43),
        (SELECT sum(messages) FROM message_quarters WHERE bot)";
    let counts = database.execute(counts);
    let columns: Vec<&str> = counts.split('|').collect();
    assert_eq!(columns[..4], [(3 * MESSAGES).to_string().as_str(); 3].iter().copied().chain(["0"]).collect::<Vec<_>>());
    assert_eq!(columns[4], columns[5]);
    assert_eq!(columns[4], columns[6]);
    Ok(())
}
