//! The names that users chose for all servers, and the spans of history, as in the SQLite store.
#![cfg(feature = "libpq")]

mod support;

use mocha_recorder::{
    Event,
    event::{GlobalName, HistoryRead, UserSeen},
};
use mocha_test_postgres::Database;
use support::{TestResult, at, id, record, store};

fn seen(second: i64, user: u64, global_name: GlobalName) -> Event {
    let (avatar, discriminator) = (None, None);
    let name = format!("user{user}");
    UserSeen { at: at(second * 1000), avatar, bot: false, discriminator, global_name, name, user_id: id(user) }.into()
}

#[test]
fn the_newest_known_name_stays_whatever_comes_later() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    let _running = store.recorder()?;
    let named = |name: &str| GlobalName::Named(name.into());
    let names = "SELECT string_agg(id || ' ' || coalesce(global_name, '-'), ', ' ORDER BY id) FROM user_names";
    for (second, name, expected) in [
        (10, GlobalName::Unknown, ""),
        (10, named("Anna"), "7 Anna"),
        (9, named("Ann"), "7 Anna"),
        (20, GlobalName::Unknown, "7 Anna"),
        (30, GlobalName::None, "7 -"),
        (29, named("Anna"), "7 -"),
    ] {
        record(&store, [seen(second, 7, name.clone())])?;
        assert_eq!(database.execute(names), expected, "{second} {name:?}");
    }
    // One batch has several.
    record(
        &store,
        [seen(40, 8, named("a")), seen(50, 7, named("b")), seen(45, 8, named("c")), seen(41, 8, named("d"))],
    )?;
    assert_eq!(database.execute(names), "7 b, 8 c");
    assert!(store.forget_user(id(7)).run()?.rows_gone);
    assert_eq!(database.execute(names), "8 c");
    Ok(())
}

#[test]
fn a_larger_span_of_history_replaces_those_that_it_includes() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    let recorder = store.recorder()?;
    let read = |from: u64, before: u64| {
        let from = (from > 0).then(|| id(from));
        let (channel_id, guild_id) = (id(20), id(1));
        Event::from(HistoryRead { at: at(0), before: id(before), channel_id, from, guild_id })
    };
    record(&store, [read(50, 90), read(10, 20), read(40, 90), read(60, 90), read(5, 100)])?;
    let spans = "SELECT string_agg(from_id || '-' || before_id, ' ') FROM channel_histories";
    assert_eq!(database.execute(spans), "5-100");
    assert_eq!(recorder.histories(id(1))?.len(), 1);
    assert!(recorder.histories(id(2))?.is_empty());
    assert!(recorder.record(read(9, 8)).is_err_and(|error| error.is_invalid_input()));
    Ok(())
}
