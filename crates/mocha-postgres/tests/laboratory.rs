//! With faults between Discord and the recorder, the database has the same rows as the SQLite file.
#![cfg(feature = "libpq")]

mod support;

use chrono::TimeDelta;
use diesel::{RunQueryDsl as _, sql_query};
use mocha_postgres::PgStore;
use mocha_recorder::{Clock, Error, Event, Recorder};
use mocha_schema::UserId;
use mocha_sim::{Faults, Server, Stage, Step, play};
use mocha_store::{Maintenance, Store};
use mocha_test_postgres::Database;
use support::{TestResult, at, same::assert_same};

/// The number of cases. `MOCHA_CASES` sets another number.
const CASES: u64 = 4;

/// A server's store, for the laboratory.
#[derive(Clone)]
struct OnServer(PgStore);

impl Stage for OnServer {
    fn recorder(&self) -> Result<Recorder, Error> {
        self.0.recorder()
    }

    fn forget(&self, user_id: UserId) -> Result<(), Error> {
        self.0.forget_user(user_id).run().map(drop)
    }

    fn hold(&self, f: impl FnOnce()) -> Result<(), Error> {
        self.0.write(|conn| {
            // Recorders share this row.
            sql_query("SELECT FROM generations WHERE id = 1 FOR UPDATE").execute(conn)?;
            f();
            Ok::<_, diesel::result::Error>(())
        })
    }
}

/// Returns rates of faults, each of which is 0 in half of the cases. Two stores can be compared only if both record the same
/// events, so the queue has room for all of them and nobody is erased.
fn faults(case: u64) -> Faults {
    let rate = |number: u64| {
        let dice = (case * 31 + number).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        if dice.is_multiple_of(2) { 0 } else { dice / 2 % 40 }
    };
    Faults {
        crashes: rate(1),
        drops: rate(2),
        duplicates: rate(3),
        flushes: rate(4),
        frames: !case.is_multiple_of(3),
        guild_creates: rate(5),
        heartbeats: case.is_multiple_of(2),
        holes: if case.is_multiple_of(3) { 0 } else { rate(6) },
        locks: if case.is_multiple_of(3) { 0 } else { rate(12) },
        outages: rate(7),
        resumes: rate(8),
        sessions: rate(9),
        stops: rate(10),
        unheard_leaves: rate(11) * 20,
        ..Faults::default()
    }
}

/// Returns what was written, so that another store writes the same: a crash loses everything after the last flush.
fn written(outcome: Vec<Step>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::with_capacity(outcome.len());
    for step in outcome {
        if step == Step::Crash {
            let kept =
                steps.iter().rposition(|step| matches!(step, Step::Flush | Step::Start)).map_or(0, |last| last + 1);
            steps.truncate(kept);
        }
        steps.push(step);
    }
    steps
}

#[test]
fn faults_leave_the_same_rows_as_in_a_file() -> TestResult {
    let cases = std::env::var("MOCHA_CASES").map_or(Ok(CASES), |cases| cases.parse())?;
    for case in 0..cases {
        let Some(database) = Database::create() else { return Ok(()) };
        let start = at(0);
        let server = |seed| {
            Server::new(seed)
                .days(1)
                .start(start)
                .members(14)
                .messages_per_day(300)
                .presences_per_day(400)
                .text_channels(3)
                .voice_channels(3)
                .voice_sessions_per_day(400)
        };
        // Over a midnight.
        let end = start + TimeDelta::hours(3);
        let guilds: Vec<Vec<Event>> = [server(case), server(1_000 + case).guild(support::id(15_099_498_594_304))]
            .into_iter()
            .map(|server| server.events().take_while(|event| event.at() < end).collect())
            .collect();
        let faults = faults(case);
        let steps = faults.apply_to_shards(case, &guilds.iter().map(Vec::as_slice).collect::<Vec<_>>(), end);
        let postgres = support::connect(PgStore::builder().clock(Clock::Events), database.url())?;
        let outcome = play(&OnServer(postgres.clone()), &steps)?;
        let sqlite = Store::builder().clock(Clock::Events).maintenance(Maintenance::off()).open_in_memory()?;
        play(&sqlite, &written(outcome))?;
        assert_same(&sqlite, &database).map_err(|error| format!("case {case}, {faults:?}: {error}"))?;
        assert_eq!(postgres.verify()?, [], "case {case}, {faults:?}");
    }
    Ok(())
}
