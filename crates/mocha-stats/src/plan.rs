//! The statements of each question and their query plans.

use std::{
    fmt::Write,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, TimeDelta};
use diesel::{
    connection::{Connection, InstrumentationEvent},
    prelude::*,
    sql_query,
    sql_types::Text,
};
use mocha_schema::GuildId;

use crate::{
    Window,
    fixture::{MONDAY, TestResult, seeded},
    questions::{Load, QUESTIONS, weights},
};

/// The windows for which SQLite might choose different plans: all time, a day, and one with edges
/// within days.
fn windows() -> TestResult<[Window; 3]> {
    let monday = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    let odd = TimeDelta::minutes(61);
    Ok([
        Window::all(),
        Window::between(monday, monday + TimeDelta::days(1))?,
        Window::between(monday - TimeDelta::days(70) - odd, monday + TimeDelta::days(1) + odd)?,
    ])
}

/// The statements that a question runs, transactions included.
fn statements(conn: &mut SqliteConnection, load: Load, guild: GuildId, window: Window) -> TestResult<Vec<String>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            sink.lock().unwrap().push(query.to_string());
        }
    });
    load(conn, guild, window)?;
    conn.set_instrumentation(|_: InstrumentationEvent<'_>| ());
    Ok(std::mem::take(&mut *seen.lock().unwrap()))
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn plan(conn: &mut SqliteConnection, sql: &str) -> TestResult<Vec<String>> {
    let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(conn)?;
    Ok(steps.into_iter().map(|step| step.detail).collect())
}

/// The statements of a question, each with the steps of its query plan below.
fn selected(conn: &mut SqliteConnection, load: Load, guild: GuildId, window: Window) -> TestResult<String> {
    let mut text = String::new();
    for statement in statements(conn, load, guild, window)? {
        if !statement.starts_with("SELECT") && !statement.starts_with("WITH") {
            continue;
        }
        let sql = statement.split(" -- binds").next().unwrap_or(&statement);
        writeln!(text, "{sql}")?;
        for step in plan(conn, sql)? {
            writeln!(text, "    {step}")?;
        }
    }
    Ok(text)
}

/// The searches and scans of some tables, in their order.
fn searches<'a>(selected: &'a str, tables: &str) -> Vec<&'a str> {
    let steps = selected.lines().map(str::trim).filter(|step| step.starts_with("SEARCH") || step.starts_with("SCAN"));
    steps.filter(|step| step.contains(tables)).collect()
}

/// The file `plans/question.txt` pins the statements of each question by window. To update the
/// files, run the tests with `MOCHA_PIN_PLANS=1` and read the changes.
#[test]
fn statements_and_plans_are_as_pinned() -> TestResult {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let (mut conn, guild) = (seeded()?, GuildId::try_from(1)?);
    let mut unlike = Vec::new();
    for (name, load) in QUESTIONS {
        let mut text = String::new();
        for (about, window) in ["all time", "a day", "odd edges"].into_iter().zip(windows()?) {
            write!(text, "{about}:\n{}\n", selected(&mut conn, load, guild, window)?)?;
        }
        let path = folder.join(name.replace(' ', "_")).with_extension("txt");
        if std::env::var_os("MOCHA_PIN_PLANS").is_some() {
            fs::create_dir_all(&folder)?;
            fs::write(path, text)?;
        } else if fs::read_to_string(path).ok().as_ref() != Some(&text) {
            unlike.push(format!("{name}:\n{text}"));
        }
    }
    assert!(unlike.is_empty(), "{}", unlike.join("\n"));
    Ok(())
}

#[test]
fn no_table_that_grows_is_read_whole() -> TestResult {
    let (mut conn, guild) = (seeded()?, GuildId::try_from(1)?);
    for analysed in [false, true] {
        if analysed {
            sql_query("ANALYZE").execute(&mut conn)?;
        }
        for (name, load) in QUESTIONS {
            for window in windows()? {
                let selected = selected(&mut conn, load, guild, window)?;
                for table in [
                    "_events",
                    "_roles",
                    "_balances",
                    "_boosts",
                    "command_",
                    "invited_",
                    "reactions",
                    "message_",
                    "voice_",
                    "users",
                    "members",
                    "channels",
                ] {
                    let steps = searches(&selected, table);
                    let whole = steps.iter().any(|step| step.starts_with("SCAN"));
                    // Once SQLite knows that there are four users, it reads the whole table, which
                    // is faster.
                    assert!(!whole || analysed && !table.contains('_'), "{name}, {window:?}: {selected}");
                }
            }
        }
    }
    Ok(())
}

/// Statistics about four users and two intervals change how SQLite reads these, but not how it
/// reads events.
#[test]
fn analyze_changes_no_search_of_events() -> TestResult {
    let (mut conn, guild) = (seeded()?, GuildId::try_from(1)?);
    let all = |conn: &mut SqliteConnection| -> TestResult<Vec<String>> {
        let mut all = Vec::new();
        for (_, load) in QUESTIONS {
            for window in windows()? {
                let selected = selected(conn, load, guild, window)?;
                all.extend(searches(&selected, "_events").into_iter().map(str::to_owned));
            }
        }
        Ok(all)
    };
    let before = all(&mut conn)?;
    sql_query("ANALYZE").execute(&mut conn)?;
    assert_eq!(all(&mut conn)?, before);
    Ok(())
}

#[test]
fn much_voice_is_read_through_the_same_indexes() -> TestResult {
    let mut conn = seeded()?;
    let all = |conn: &mut SqliteConnection| -> TestResult<Vec<String>> {
        let mut all = Vec::new();
        for (_, load) in QUESTIONS.into_iter().filter(|(name, _)| name.split(' ').any(|word| word == "voice")) {
            for window in windows()? {
                let selected = selected(conn, load, 1.try_into()?, window)?;
                all.extend(searches(&selected, "_intervals").into_iter().map(str::to_owned));
            }
        }
        Ok(all)
    };
    let before = all(&mut conn)?;
    assert!(!before.is_empty());
    // A month of a hundred people in two guilds, an interval each quarter hour.
    sql_query(
        "WITH RECURSIVE number (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM number WHERE n < 28799) \
         INSERT INTO voice_intervals SELECT 1 + n % 2, 1000 + n % 100, ?1 + n * 90000, ?1 + n * 90000 + 60000, \
            ?1 + n * 90000 + 60000, ?1 + n * 90000, '3000', 0, 0, 0, 0, 0, 0, 0, 0 FROM number",
    )
    .bind::<diesel::sql_types::BigInt, _>((MONDAY - 15 * 86_400) * 1000)
    .execute(&mut conn)?;
    sql_query("ANALYZE").execute(&mut conn)?;
    assert_eq!(all(&mut conn)?, before);
    Ok(())
}

#[test]
fn much_growth_and_presence_is_read_through_the_same_indexes() -> TestResult {
    let mut conn = seeded()?;
    let all = |conn: &mut SqliteConnection| -> TestResult<Vec<String>> {
        let mut all = Vec::new();
        let names = ["growth", "retention", "return", "stay", "activation", "presence", "online", "activities"];
        for (_, load) in QUESTIONS.into_iter().filter(|(name, _)| names.contains(name)) {
            for window in windows()? {
                let selected = selected(conn, load, 1.try_into()?, window)?;
                all.extend(searches(&selected, "_events").into_iter().map(str::to_owned));
            }
        }
        Ok(all)
    };
    let before = all(&mut conn)?;
    assert!(!before.is_empty());
    // A month of a hundred people in two guilds, a row each two minutes.
    for insert in [
        "INSERT INTO member_events SELECT n, 1 + n % 2, 1000 + n % 100, 'join', NULL, ?1 + n * 120 FROM number",
        "INSERT INTO presence_events SELECT 'presence:' || (1 + n % 2) || ':' || (1000 + n % 100) || ':' || n, \
            1 + n % 2, 1000 + n % 100, 'online', NULL, NULL, ?1 + n * 120 FROM number",
    ] {
        sql_query(format!(
            "WITH RECURSIVE number (n) AS (VALUES (10) UNION ALL SELECT n + 1 FROM number WHERE n < 21609) {insert}"
        ))
        .bind::<diesel::sql_types::BigInt, _>(MONDAY - 15 * 86_400)
        .execute(&mut conn)?;
    }
    sql_query("ANALYZE").execute(&mut conn)?;
    assert_eq!(all(&mut conn)?, before);
    Ok(())
}

#[test]
fn a_question_sees_one_snapshot() -> TestResult {
    let mut conn = seeded()?;
    for (name, load) in QUESTIONS {
        let statements = statements(&mut conn, load, 1.try_into()?, Window::all())?;
        let transaction = statements.first().is_some_and(|statement| statement.starts_with("BEGIN"))
            && statements.last().is_some_and(|statement| statement.starts_with("COMMIT"));
        assert!(statements.len() == 1 || transaction, "{name}: {statements:#?}");
    }
    Ok(())
}

#[test]
fn a_question_can_be_asked_inside_a_transaction_and_of_a_read_only_connection() -> TestResult {
    let mut conn = seeded()?;
    let guild = GuildId::try_from(1)?;
    for (name, load) in QUESTIONS {
        for window in windows()? {
            let alone = load(&mut conn, guild, window)?;
            let inside: TestResult<String> = conn.immediate_transaction(|conn| Ok(load(conn, guild, window)?));
            assert_eq!(alone, inside?, "{name}");
            sql_query("PRAGMA query_only = 1").execute(&mut conn)?;
            let read_only = load(&mut conn, guild, window)?;
            sql_query("PRAGMA query_only = 0").execute(&mut conn)?;
            assert_eq!(alone, read_only, "{name}");
        }
    }
    Ok(())
}

#[test]
fn an_unknown_guild_has_empty_answers() -> TestResult {
    let mut conn = seeded()?;
    // The days of a card are always listed.
    for (name, load) in QUESTIONS.into_iter().filter(|(name, _)| *name != "member card") {
        // The weights of a score are part of the question.
        let answer = load(&mut conn, 404.try_into()?, Window::all())?.replace(&format!("{:?}", weights()), "");
        assert!(!answer.chars().any(|c| ('1'..='9').contains(&c)), "{name}: {answer}");
    }
    Ok(())
}
