//! Retention and the deletion of guilds leave the same rows as in the SQLite store.
#![cfg(feature = "libpq")]

mod support;

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use mocha_postgres::{Batches, DeletedBatch, Expired, Keep, Keeper, PgStore, Retained, RetentionPolicy};
use mocha_recorder::{
    Clock, Error, ErrorKind, Event, TimeSource,
    event::{GuildRemoved, PresenceChanged},
};
use mocha_schema::PresenceStatus;
use mocha_store::Store;
use mocha_test_postgres::Database;
use support::{
    TestResult, at, guild, id, joined, message, record,
    same::{assert_same, lines},
    store, user, voice,
};

const DAY: i64 = 86_400_000;

/// Half a year of two guilds with the same members, one of them a bot, and somebody who is still in voice.
fn events() -> Vec<Event> {
    let mut events = vec![guild(0, 1, 7), guild(0, 2, 7), user(0, 43, "helper", true)];
    for day in 0..180 {
        let (ms, number) = (day * DAY, day.unsigned_abs());
        for place in [1, 2] {
            let author = 40 + (number + place) % 4;
            events.push(message(ms + 5, 10_000 * place + number, place, author));
            events.push(joined(ms + 1000, place, 200 + number));
            events.push(voice(ms + 2000, place, author, Some(place * 10 + number % 2)));
            events.push(voice(ms + 63_000, place, author, None));
        }
    }
    events.push(voice(179 * DAY + 100_000, 1, 44, Some(11)));
    events
}

/// A file and a database with the same events.
fn both(database: &Database) -> TestResult<(Store, PgStore)> {
    let postgres = store(database.url())?;
    let sqlite = Store::builder().clock(Clock::Events).open_in_memory()?;
    if support::count_awards(&postgres, 1, Duration::from_mins(1))? {
        sqlite.count_awards(id(1), Duration::from_mins(1))?;
    }
    let recorder = sqlite.recorder()?;
    for event in events() {
        recorder.record(event)?;
    }
    recorder.flush()?;
    record(&postgres, events())?;
    Ok((sqlite, postgres))
}

fn retain(store: &PgStore, retention: &RetentionPolicy, days: i64) -> Result<Retained, Error> {
    store.apply_retention_at(retention, at(days * DAY)).run()
}

#[test]
fn both_stores_keep_the_same_rows() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let (sqlite, postgres) = both(&database)?;
    assert_same(&sqlite, &database)?;
    let days = Keep::Days;
    let policies = [
        RetentionPolicy::default(),
        RetentionPolicy::default().messages(days(100)).voice(days(90)).members(days(80)),
        RetentionPolicy::default().messages(days(60)).voice(days(50)).members(days(40)).rollups(days(70)),
        RetentionPolicy::default().messages(days(0)).voice(days(0)).members(days(0)).rollups(days(0)),
    ];
    for retention in policies {
        let of_server = retain(&postgres, &retention, 179)?;
        let of_file = sqlite.apply_retention_at(&retention, at(179 * DAY)).run()?;
        // Triggers of the file also count months and totals that are not complete yet.
        let without_rollups = |mut retained: Retained| {
            retained.rollups = 0;
            retained
        };
        assert_eq!(without_rollups(of_server), without_rollups(of_file));
        assert_same(&sqlite, &database)?;
        assert_eq!(postgres.verify()?, []);
        assert_eq!(retain(&postgres, &retention, 179)?.rows(), 0);
        // An earlier time moves no horizon back.
        assert_eq!(retain(&postgres, &retention, 10)?.rows(), 0);
        assert_same(&sqlite, &database)?;
    }
    // The totals are those of the remaining days, and the one who is in voice is still there.
    let totals = "SELECT (SELECT sum(messages) FROM message_totals) = (SELECT sum(messages) FROM message_days),
        (SELECT sum(voice_ms) FROM voice_totals) = (SELECT sum(voice_ms) FROM voice_days),
        (SELECT count(*) FROM voice_intervals WHERE ended_at_ms IS NULL), (SELECT sum(messages) < 360 FROM message_totals)";
    assert_eq!(database.execute(totals), "t|t|1|t");
    Ok(())
}

#[test]
fn a_late_event_is_not_counted_and_is_deleted_by_the_next_run() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let postgres = store(database.url())?;
    record(&postgres, events())?;
    let retention = RetentionPolicy::default().messages(Keep::Days(10));
    retain(&postgres, &retention, 179)?;
    let count = "SELECT (SELECT count(*) FROM message_events), (SELECT sum(messages) FROM message_totals)";
    assert_eq!(database.execute(count), "22|360");
    record(&postgres, [message(3 * DAY, 99_999, 1, 40)])?;
    assert_eq!(database.execute(count), "23|360");
    assert_eq!(retain(&postgres, &retention, 179)?.message_events, 1);
    assert_eq!(database.execute(count), "22|360");
    assert_eq!(postgres.verify()?, []);
    Ok(())
}

/// The roll-ups are right after each transaction, also while a recorder writes.
#[test]
fn a_run_that_is_ended_early_is_right_at_each_commit_and_continues() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let (sqlite, postgres) = both(&database)?;
    let days = Keep::Days(0);
    let retention = RetentionPolicy::default().messages(days).voice(days).members(days).rollups(days);
    let (mut runs, mut deleted) = (0, 0);
    loop {
        let run = postgres.apply_retention_at(&retention, at(179 * DAY)).on_progress(|_| ControlFlow::Break(()));
        let retained = run.run()?;
        assert_eq!(postgres.verify()?, []);
        deleted += retained.rows();
        runs += 1;
        record(&postgres, [message(179 * DAY + 10_000 + runs, 50_000 + runs.unsigned_abs(), 1, 40)])?;
        if retained.complete {
            break;
        }
    }
    assert!(runs > 10 && deleted > 1_000, "{runs} {deleted}");
    sqlite.apply_retention_at(&retention, at(179 * DAY)).run()?;
    let recorder = sqlite.recorder()?;
    for run in 1..=runs {
        recorder.record(message(179 * DAY + 10_000 + run, 50_000 + run.unsigned_abs(), 1, 40))?;
    }
    recorder.flush()?;
    assert_same(&sqlite, &database)
}

#[test]
fn recorders_and_retention_at_once_neither_deadlock_nor_lose_a_count() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let postgres = store(database.url())?;
    record(&postgres, events())?;
    let write = |number: u64| -> TestResult {
        let store = support::connect(PgStore::builder().clock(Clock::Events).batch_len(20), database.url())?;
        let recorder = store.recorder()?;
        for n in 0..1_000 {
            let place = if number == 0 { 1 + n % 2 } else { 2 - n % 2 };
            // Half of them are late.
            let ms = if n % 3 == 0 { 10 * DAY } else { 179 * DAY } + i64::try_from(n)?;
            recorder.record_blocking(message(ms, 100_000 + number * 10_000 + n, place, 40 + n % 4))?;
        }
        recorder.flush()?;
        let stats = recorder.stats();
        assert!(stats.last_error.is_none(), "{:?}", stats.last_error);
        Ok(())
    };
    let retain = |number: i64| -> TestResult {
        for run in 0..10 {
            let keep = Keep::Days(u32::try_from(150 - 10 * run + number)?);
            let retention = RetentionPolicy::default().messages(keep).voice(keep).members(keep);
            postgres.apply_retention_at(&retention, at(179 * DAY)).run()?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2).map(|number| scope.spawn(move || write(number))).collect();
        let runs: Vec<_> = (0..2).map(|number| scope.spawn(move || retain(number))).collect();
        writers.into_iter().chain(runs).try_for_each(|thread| thread.join().unwrap())
    })?;
    retain(0)?;
    assert_eq!(postgres.verify()?, []);
    Ok(())
}

#[test]
fn sums_cannot_be_deleted_before_their_events() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let postgres = store(database.url())?;
    let error = retain(&postgres, &RetentionPolicy::default().rollups(Keep::Days(364)), 0).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::InvalidSetting { name: "rollups" });
    Ok(())
}

/// A clock that a test sets.
#[derive(Debug)]
struct Ahead(DateTime<Utc>, std::time::Instant);

impl TimeSource for Ahead {
    fn monotonic(&self) -> Duration {
        self.1.elapsed()
    }

    fn wall(&self) -> DateTime<Utc> {
        self.0 + TimeDelta::from_std(self.1.elapsed()).expect("a test takes no years")
    }
}

#[test]
fn a_clock_that_is_ahead_deletes_nothing() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    record(&store(database.url())?, [message(0, 30, 1, 40), joined(300 * DAY, 1, 41)])?;
    for (days, is_trusted) in [(2, false), (400, false), (0, true)] {
        let source = Ahead(at(days * DAY), std::time::Instant::now());
        let postgres = support::connect(PgStore::builder().time_source(Arc::new(source)), database.url())?;
        let result = postgres.apply_retention(&RetentionPolicy::default().messages(Keep::Days(1))).run();
        assert_eq!(result.as_ref().is_err_and(Error::is_clock_ahead), !is_trusted, "{days} {result:?}");
        assert_eq!(
            database.execute("SELECT (SELECT count(*) FROM message_events), messages_from = 0 FROM horizons"),
            if is_trusted { "1|f" } else { "1|t" }
        );
    }
    Ok(())
}

#[test]
fn nothing_stays_of_a_guild_that_is_purged_and_everything_of_the_others() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let (sqlite, postgres) = both(&database)?;
    let retention = RetentionPolicy::default().messages(Keep::Days(30));
    retain(&postgres, &retention, 179)?;
    sqlite.apply_retention_at(&retention, at(179 * DAY)).run()?;
    let mut steps = 0;
    let purged = postgres
        .purge_guild(id(1))
        .on_progress(|_| {
            steps += 1;
            ControlFlow::Continue(())
        })
        .run()?;
    assert!(purged.complete && steps > 1);
    sqlite.purge_guild(id(1)).run()?;
    assert_same(&sqlite, &database)?;
    assert_eq!(postgres.verify()?, []);
    for table in mocha_schema::catalogue::TABLES.iter().filter(|table| table.guild.is_some()) {
        let column = if table.name == "guilds" { "id" } else { "guild_id" };
        let rows = database.execute(&format!("SELECT count(*) FROM {} WHERE {column} = 1", table.name));
        assert_eq!(rows, "0", "{}", table.name);
    }
    assert_eq!(postgres.purge_guild(id(1)).run()?.rows, 0);
    Ok(())
}

/// The recorder has seen its rows, and must not rely on them.
#[test]
fn a_guild_that_is_purged_can_be_recorded_again() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let postgres = store(database.url())?;
    let recorder = postgres.recorder()?;
    record(&postgres, [guild(0, 1, 7), joined(0, 1, 40), message(1000, 30, 1, 40)])?;
    postgres.purge_guild(id(1)).run()?;
    record(&postgres, [message(2000, 31, 1, 40), joined(3000, 1, 40)])?;
    let rows = "SELECT (SELECT string_agg(id::TEXT, ',') FROM message_events), (SELECT count(*) FROM guilds),
        (SELECT count(*) FROM channels), (SELECT count(*) FROM members)";
    assert_eq!(database.execute(rows), "31|1|1|1");
    assert_eq!(recorder.stats().rejected, 0);
    Ok(())
}

/// The recorder remembers the last presence of everybody.
#[test]
fn a_presence_that_is_deleted_is_news_again() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let (sqlite, postgres) = both(&database)?;
    let online = |ms: i64| -> Event {
        let (guild_id, user_id) = (id(1), id(40));
        PresenceChanged { activity: None, at: at(ms), guild_id, status: PresenceStatus::Online, user_id }.into()
    };
    let recorder = sqlite.recorder()?;
    let retention = RetentionPolicy::default().presences(Keep::Days(1));
    for ms in [0, 180 * DAY] {
        recorder.record(online(ms))?;
        recorder.flush()?;
        sqlite.apply_retention_at(&retention, at(180 * DAY)).run()?;
        record(&postgres, [online(ms)])?;
        retain(&postgres, &retention, 180)?;
    }
    let rows = "SELECT count(*) || ' ' || max(created_at) AS line FROM presence_events";
    assert_eq!(database.execute(rows), lines(&sqlite, rows)?.concat());
    assert_eq!(database.execute("SELECT count(*) FROM presence_events"), "1");
    Ok(())
}

#[test]
fn a_guild_is_deleted_some_time_after_the_bot_left_it() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let (sqlite, postgres) = both(&database)?;
    let removed = || Event::from(GuildRemoved { at: at(180 * DAY), guild_id: id(1) });
    let recorder = sqlite.recorder()?;
    recorder.record(removed())?;
    recorder.flush()?;
    record(&postgres, [removed()])?;
    let retention = RetentionPolicy::default().gone_guilds(Keep::Days(30));
    let late = at(210 * DAY - 1000);
    assert_eq!(postgres.apply_retention_at(&retention, late).run()?.guilds, 0);
    let retained = retain(&postgres, &retention, 210)?;
    assert_eq!((retained.guilds, retained.complete), (1, true));
    assert_eq!(sqlite.apply_retention_at(&retention, at(210 * DAY)).run()?.guilds, 1);
    assert_same(&sqlite, &database)?;
    assert_eq!(database.execute("SELECT string_agg(id::TEXT, ',') FROM guilds"), "2");
    Ok(())
}

/// Deletes one row a time, in batches of its own, and fails in the middle of guild 2.
struct OneByOne;

impl Keeper<diesel::PgConnection> for OneByOne {
    fn keep(
        &mut self,
        conn: &mut diesel::PgConnection,
        expired: &Expired<'_>,
        batches: &mut Batches<'_, diesel::PgConnection>,
    ) -> Result<ControlFlow<()>, Box<dyn std::error::Error + Send + Sync>> {
        use diesel::RunQueryDsl as _;
        if expired.guild_id == "2" {
            return Err("there is no room for guild 2".into());
        }
        let Expired { guild_id, table, .. } = expired;
        let (name, before) = (table.name, expired.before.unwrap_or(i64::MAX));
        let time = table.time.ok_or("events have a time")?.column;
        let delete = format!(
            "DELETE FROM {name} WHERE guild_id = {guild_id} AND ctid = (SELECT ctid FROM {name} WHERE guild_id = {guild_id} AND {time} < {before}
                 AND {time} <> 0 LIMIT 1)"
        );
        let mut steps = 0;
        Ok(batches.run(conn, |conn, _| {
            steps += 1;
            let rows = u64::try_from(diesel::sql_query(&delete).execute(conn)?)?;
            Ok(DeletedBatch { is_last: rows == 0 || steps == 3, rows })
        })?)
    }
}

#[test]
fn a_keeper_deletes_events_in_place_of_the_store() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let postgres = store(database.url())?;
    record(&postgres, events())?;
    let retention = RetentionPolicy::default().messages(Keep::Days(10));
    let error = postgres.apply_retention_keeping(&retention, Some(at(179 * DAY)), OneByOne).run().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::User);
    let source = std::error::Error::source(&error).ok_or("no source")?.to_string();
    assert_eq!(source, "there is no room for guild 2");
    let left = "SELECT guild_id, count(*) FROM message_events GROUP BY 1 ORDER BY 1";
    assert_eq!(database.execute(left), "1|177\n2|180");
    assert_eq!(postgres.verify()?, []);
    Ok(())
}
