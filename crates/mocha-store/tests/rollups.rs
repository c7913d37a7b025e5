//! After any changes of any program, the roll-ups equal a computation in plain Rust.

mod rollups_model;
mod support;

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{Rollup, Store};
use proptest::prelude::*;
use rollups_model::{Change, Model, change};
use support::*;

/// Selects the packed quarters as rows, including those of rows that have to be packed again.
const PACKED_QUARTERS: &str = "\
    SELECT 'packed_quarters ' || guild_id || ' ' || (month * 2880 + key) || ' ' || bot || ' ' || value AS line \
    FROM quarters_of_months CROSS JOIN json_each(quarters)";

/// Returns every row of every roll-up, sorted as text.
fn rows(conn: &mut SqliteConnection) -> diesel::QueryResult<Vec<String>> {
    let mut rows = Vec::new();
    for rollup in Rollup::ALL {
        if rollup == Rollup::PackedQuarters {
            rows.extend(read_lines(conn, PACKED_QUARTERS)?);
            continue;
        }
        let columns = format!("SELECT name AS line FROM pragma_table_info('{rollup}')");
        let columns = read_lines(conn, &columns)?.join(" || ' ' || ");
        rows.extend(read_lines(conn, &format!("SELECT '{rollup} ' || {columns} AS line FROM {rollup}"))?);
    }
    rows.sort_unstable();
    Ok(rows)
}

/// Applies the change to the file and to the model. A change that the file refuses changes neither.
fn apply(store: &Store, model: &mut Model, change: &Change) -> Result<Vec<String>, mocha_store::Error> {
    // A constraint may refuse the change, which then has no effect. The model knows the constraints.
    let _refused = store.write(|conn| conn.batch_execute(&change.sql()));
    model.apply(change);
    store.read(rows)
}

/// Returns the roll-ups that fail their verification.
fn wrong(store: &Store) -> Result<Vec<Rollup>, mocha_store::Error> {
    let mut wrong = Vec::new();
    for rollup in Rollup::ALL {
        if !store.verify(rollup).run()?.is_ok() {
            wrong.push(rollup);
        }
    }
    Ok(wrong)
}

/// `PROPTEST_CASES` raises the number of cases.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60);
    ProptestConfig::with_cases(cases)
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn roll_ups_equal_the_model(changes in proptest::collection::vec(change(), 1..60)) {
        let store = store().unwrap();
        let mut model = Model::default();
        for change in &changes {
            let found = apply(&store, &mut model, change).unwrap();
            prop_assert_eq!(found, model.rows(), "after {:?}", change);
        }
        prop_assert_eq!(wrong(&store).unwrap(), []);
        // A rebuild changes nothing.
        for rollup in Rollup::ALL {
            prop_assert!(store.rebuild(rollup).run().unwrap().complete);
        }
        prop_assert_eq!(store.read(rows).unwrap(), model.rows());
    }
}

#[test]
fn a_user_replaced_without_triggers_may_become_a_bot_or_a_human() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::open(&path)?;
    record(&store, [message(0, 30, 20, 40), message(0, 31, 20, 41), voice(0, 40, Some(22)), voice(60_000, 40, None)])?;
    let mut other = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    other.batch_execute("INSERT INTO member_events SELECT id, 10, id, 'join', NULL, created_at FROM users")?;
    for conflict in ["REPLACE", "ABORT"] {
        // Keeps the flag first, then changes it.
        for bot in [0, 1, 1, 0] {
            other.batch_execute(&match conflict {
                "REPLACE" => format!("REPLACE INTO users (id, bot, created_at, updated_at) VALUES ('40', {bot}, 0, 0)"),
                _ => format!("UPDATE OR {conflict} users SET bot = {bot} WHERE id = '40'"),
            })?;
            assert_eq!(wrong(&store)?, [], "{conflict} {bot}");
            let bots = lines(&store, "SELECT id || '' AS line FROM bots")?;
            assert_eq!(bots.is_empty(), bot == 0, "{conflict} {bot}");
            let joins = lines(&store, "SELECT bot || ' ' || joins AS line FROM member_days ORDER BY bot")?;
            assert_eq!(joins, if bot == 0 { vec!["0 2"] } else { vec!["0 1", "1 1"] }, "{conflict} {bot}");
        }
    }
    // With foreign keys the user's messages are deleted too.
    other.batch_execute(
        "PRAGMA foreign_keys = ON; REPLACE INTO users (id, bot, created_at, updated_at) VALUES ('40', 1, 0, 0)",
    )?;
    assert_eq!(wrong(&store)?, []);
    assert_eq!(lines(&store, "SELECT user_id || '' AS line FROM message_days")?, ["41"]);
    other.batch_execute("DELETE FROM users")?;
    assert_eq!(wrong(&store)?, []);
    assert!(lines(&store, "SELECT id || '' AS line FROM bots")?.is_empty());
    Ok(())
}

/// After an overflow, IGNORE would keep a message that is counted only in part.
#[test]
fn absurd_values_overflow_no_total() -> TestResult {
    let store = store()?;
    record(&store, [message(0, 30, 20, 40)])?;
    store.write(|conn| {
        for (id, count) in [(31, "9223372036854775807"), (32, "-9223372036854775808"), (33, "1e300"), (34, "'many'")] {
            conn.batch_execute(&format!(
                "INSERT OR IGNORE INTO message_events (id, guild_id, channel_id, user_id, created_at, character_count)
                 SELECT '{id}', guild_id, channel_id, user_id, created_at, {count} FROM message_events WHERE id = '30'"
            ))?;
        }
        let interval =
            "INSERT OR IGNORE INTO voice_intervals SELECT '10', '40', 0, 86400001, 0, 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0";
        conn.batch_execute(interval)
    })?;
    assert!(lines(&store, "SELECT user_id AS line FROM voice_intervals")?.is_empty());
    assert_eq!(lines(&store, "SELECT messages || ' ' || characters AS line FROM message_days")?, ["5 12"]);
    assert_eq!(wrong(&store)?, []);
    store.write(|conn| {
        conn.batch_execute(
            "UPDATE watermarks SET messages_to = (SELECT max(day) + 1 FROM message_days); DELETE FROM users",
        )
    })?;
    assert_eq!(wrong(&store)?, []);
    assert!(lines(&store, "SELECT messages || '' AS line FROM message_totals")?.is_empty());
    Ok(())
}
