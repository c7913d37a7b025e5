//! With any faults between Discord and the file, the file matches the judge.

mod lab;

use std::time::Duration;

use chrono::TimeDelta;
use lab::*;
use mocha_sim::{Faults, Order, Server, judge, play};
use mocha_store::{Clock, Store, StoreBuilder};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

/// Returns a builder whose stores commit only on a flush, so that a crash loses the same events in each run.
fn builder() -> StoreBuilder {
    Store::builder().clock(Clock::Events).flush_interval(Duration::from_hours(1)).readers(1)
}

/// Returns small servers, and the number of hours to record.
fn servers() -> impl Strategy<Value = (Server, i64)> {
    (0..1_000_000_u64, 10..31_u32, 2..5_i64)
        .prop_map(|(seed, members, hours)| (server(seed, members).presences_per_day(400), hours))
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::Kept), Just(Order::KeptByPerson), Just(Order::Lost)]
}

/// Returns the rate of a fault: never, seldom or often.
fn rate() -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(0), 2 => 1..20_u64, 1 => 20..150_u64]
}

fn faults() -> impl Strategy<Value = Faults> {
    let ends = (rate(), rate(), rate());
    let links = (rate(), rate(), rate(), order());
    let unheard_leaves = prop_oneof![2 => Just(0), 1 => 1..1_000_u64, 1 => Just(1_000)];
    (ends, links, (rate(), rate(), rate(), unheard_leaves)).prop_map(
        |(
            (crashes, stops, flushes),
            (outages, resumes, sessions, order),
            (drops, duplicates, guild_creates, unheard_leaves),
        )| Faults {
            clock_steps: 0,
            crashes,
            drops,
            duplicates,
            flushes,
            guild_creates,
            outages,
            order,
            resumes,
            sessions,
            stops,
            unheard_leaves,
        },
    )
}

fn hold((server, hours): (Server, i64), seed: u64, faults: Faults) -> Result<(), TestCaseError> {
    let end = midnight() - TimeDelta::minutes(100) + TimeDelta::hours(hours);
    let truth = events(server, end);
    let steps = faults.apply(seed, &truth, end);
    let store = builder().open_in_memory()?;
    play(&store, &steps).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let found = find(&store, server.guild_id()).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let contradictions = judge(&truth, &steps, BRIDGE_LIMIT_MS, &found);
    prop_assert!(contradictions.is_empty(), "{contradictions:#?}");
    Ok(())
}

/// Returns a few cases. `PROPTEST_CASES` sets another number.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { 40 },
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_file_matches_the_judge(server in servers(), seed in any::<u64>(), faults in faults()) {
        hold(server, seed, faults)?;
    }

    #[test]
    fn setting_the_clock_changes_times_by_at_most_the_step(
        server in servers(),
        seed in any::<u64>(),
        (clock_steps, duplicates, guild_creates, flushes) in (1..30_u64, rate(), rate(), rate()),
    ) {
        hold(server, seed, Faults { clock_steps, duplicates, flushes, guild_creates, ..Faults::default() })?;
    }
}
