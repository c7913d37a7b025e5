//! Both databases give the same answers.

use std::error::Error as _;

use chrono::{DateTime, TimeDelta};
use diesel::{Connection, PgConnection, connection::SimpleConnection};
use mocha_schema::GuildId;
use mocha_test_postgres::{Database as Server, has_citus};
use proptest::prelude::*;

use crate::{
    Error, HeatMap, Leaderboard, Window,
    database::{Dialect, Source},
    fixture::{MONDAY, TestResult, seed, seeded as seeded_on_sqlite},
    growth::truth::{self, Event},
    questions::{Load, QUESTIONS},
    random,
    test_file::{File, connected, empty, note_bots, seeded},
    world::{SPAN, World, insert, world},
};

/// A guild, with an open interval and a status of each who came.
fn fill(file: &mut File, world: &World, events: &[Event]) -> TestResult {
    insert(file, world)?;
    truth::insert(file, events)?;
    for (number, &Event { guild, user, join, second, .. }) in events.iter().enumerate() {
        let (status, ms) = (if number % 3 == 0 { "idle" } else { "online" }, second * 1000);
        file.execute(format!(
            "INSERT INTO presence_events (id, guild_id, user_id, status, activity_type, activity_name, created_at) \
                VALUES ('presence:{guild}:{user}:{ms}{number}', '{guild}', '{user}', '{status}', 0, 'Go', {second})"
        ))?;
        if join {
            file.execute(format!(
                "INSERT INTO voice_intervals VALUES ('{guild}', '{user}', {ms}, NULL, {ms} + 5000, {ms}, '3000', \
                    false, false, {}, false, false, false, false, false) ON CONFLICT DO NOTHING",
                number % 2 == 0
            ))?;
        }
    }
    file.execute(format!("INSERT INTO recorder_states VALUES (1, 0, 0, {}, NULL)", (MONDAY + SPAN) * 1000))?;
    Ok(())
}

/// The questions with one answer on all servers. A score has awards in it, which Citus does not count.
fn asked() -> impl Iterator<Item = (&'static str, Load)> {
    QUESTIONS.into_iter().filter(|(name, _)| !name.starts_with("score") || !has_citus())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_question_has_the_same_answer(
        world in world(), events in truth::events(SPAN), windows in prop::collection::vec(random::window(SPAN), 2),
        horizon in prop::option::of(0..SPAN / 86_400), filled_to in 0..80_i64
    ) {
        let (mut sqlite, mut other) = (File::on_sqlite().unwrap(), empty().unwrap());
        prop_assume!(other.dialect() == Dialect::Postgres);
        for file in [&mut sqlite, &mut other] {
            fill(file, &world, &events).unwrap();
            random::fill_to(file, filled_to).unwrap();
            if let Some(day) = horizon {
                random::forget_before(file, MONDAY + day * 86_400).unwrap();
            }
        }
        let guild = GuildId::try_from(random::GUILD).unwrap();
        for (name, load) in asked() {
            for window in windows.iter().copied().chain([Window::all()]) {
                let (ours, theirs) = (load(&mut sqlite, guild, window), load(&mut other, guild, window));
                prop_assert_eq!(ours.unwrap(), theirs.unwrap(), "{}, {:?}", name, window);
            }
        }
    }
}

#[test]
fn every_question_about_the_fixture_has_the_same_answer() -> TestResult {
    let (mut sqlite, mut other, guild) = (seeded_on_sqlite()?, seeded()?, GuildId::try_from(1)?);
    let monday = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    for (name, load) in asked() {
        for window in [Window::all(), Window::between(monday + TimeDelta::minutes(7), monday + TimeDelta::days(9))?] {
            assert_eq!(load(&mut sqlite, guild, window)?, load(&mut other, guild, window)?, "{name}");
        }
    }
    Ok(())
}

/// A database of its own, whose rows are committed.
fn committed() -> TestResult<Option<(Server, PgConnection)>> {
    let Some((server, mut conn)) = connected()? else { return Ok(None) };
    seed(&mut conn)?;
    note_bots(&mut conn)?;
    Ok(Some((server, conn)))
}

#[test]
fn a_question_reads_one_instant_and_writes_nothing() -> TestResult {
    let Some((_server, mut conn)) = committed()? else { return Ok(()) };
    let guild = GuildId::try_from(1)?;
    // The caller's transactions are of another kind.
    conn.snapshot(&mut |source| {
        let mut statement = crate::statement::Statement::new(Dialect::Postgres);
        let setting = "current_setting('transaction_isolation') = 'repeatable read'";
        statement.push(&format!("SELECT {setting}, current_setting('transaction_read_only') = 'on'"));
        let row = source.only(&statement)?;
        assert!(row.flag(0)? && row.flag(1)?);
        Ok(())
    })?;
    for (name, load) in QUESTIONS {
        let alone = load(&mut conn, guild, Window::all())?;
        let inside = conn.transaction(|conn| load(conn, guild, Window::all()))?;
        assert_eq!(alone, inside, "{name}");
    }
    let agree = conn.build_transaction().repeatable_read().run(|conn| {
        Ok::<_, Error>((Leaderboard::messages(guild).load(conn)?.total, HeatMap::of(guild).load(conn)?.messages))
    })?;
    assert_eq!(agree, (6, 6));
    Ok(())
}

#[test]
fn an_error_does_not_end_the_callers_transaction() -> TestResult {
    let Some((_server, mut conn)) = committed()? else { return Ok(()) };
    let board = Leaderboard::messages(1.try_into()?);
    conn.transaction(|conn| {
        conn.batch_execute("ALTER TABLE horizons RENAME TO other")?;
        let error = board.load(conn).unwrap_err();
        assert!(error.is_database(), "{error:?}");
        assert!(error.source().is_some_and(|source| source.to_string().contains("horizons")), "{error:?}");
        conn.batch_execute("ALTER TABLE other RENAME TO horizons")?;
        assert_eq!(board.load(conn)?.total, 6);
        Ok::<_, Error>(())
    })?;
    Ok(())
}
