//! Roll-ups can be compared with the events, and computed again.
#![cfg(feature = "libpq")]

mod support;

use mocha_test_postgres::Database;
use support::{TestResult, guild, id, joined, message, record, store, user, voice};

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
    let tables = [
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
    let everything = || -> Vec<String> {
        tables.iter().map(|table| database.execute(&format!("SELECT * FROM {table} ORDER BY {table}"))).collect()
    };
    let before = everything();
    for table in tables {
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
        assert_eq!(everything(), before, "{table}");
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
