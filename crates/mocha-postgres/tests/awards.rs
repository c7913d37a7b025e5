//! Awards are counted once for each span in which a user wrote.
#![cfg(feature = "libpq")]

mod support;

use std::time::Duration;

use mocha_test_postgres::Database;
use support::{TestResult, id, message, record, store};

const AWARDS: &str = "SELECT coalesce(sum(awards), 0) FROM award_totals";

#[test]
fn the_same_span_again_counts_nothing_again() -> TestResult {
    let Some(database) = Database::create_without_citus() else { return Ok(()) };
    let store = mocha_postgres::PgStore::builder().clock(mocha_recorder::Clock::Events).connect(database.url())?;
    store.count_awards(id(1), Duration::from_mins(1))?;
    // The messages come within two minutes.
    record(&store, (0..12).map(|n| message(40_000 + n * 10_000, 30 + n.unsigned_abs(), 1, 40)))?;
    assert_eq!(database.execute(AWARDS), "2");
    // The transaction that wrote each row.
    let written = || database.execute("SELECT string_agg(xmin::text, ' ' ORDER BY user_id, day) FROM award_days");
    let before = written();
    store.count_awards(id(1), Duration::from_mins(1))?;
    assert_eq!(written(), before);
    store.count_awards(id(1), Duration::from_hours(1))?;
    assert_eq!(database.execute(AWARDS), "1");
    assert_ne!(written(), before);
    Ok(())
}

#[test]
fn distributed_tables_count_none() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    let is_counted = support::count_awards(&store, 1, Duration::from_mins(1))?;
    let is_distributed = database.execute("SELECT is_distributed()") == "t";
    assert_eq!(is_counted, !is_distributed);
    record(&store, [message(0, 30, 1, 40)])?;
    assert_eq!(database.execute(AWARDS), if is_counted { "1" } else { "0" });
    Ok(())
}
