//! With any faults between Discord and the file, the file matches the judge.

mod lab;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use lab::*;
use mocha_schema::GuildId;
use mocha_sim::{Clocks, Faults, Order, Server, judge, play, play_on};
use mocha_store::{Clock, Maintenance, Store, StoreBuilder};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

fn builder() -> StoreBuilder {
    Store::builder()
        .clock(Clock::Events)
        .flush_interval(Duration::from_hours(1))
        .maintenance(Maintenance::off())
        .readers(1)
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

/// Returns the rate of a fault that happens to few events: never, to some, or to all.
fn share() -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(0), 1 => 1..1_000_u64, 1 => Just(1_000)]
}

/// Returns the faults of connections and of the process, for events without frames.
fn faults() -> impl Strategy<Value = Faults> {
    let ends = (rate(), rate(), rate());
    let links = (rate(), rate(), rate(), order(), any::<bool>());
    (ends, links, (rate(), rate(), rate(), share(), share())).prop_map(
        |(
            (crashes, stops, flushes),
            (outages, resumes, sessions, order, bursts),
            (drops, duplicates, guild_creates, unheard_leaves, second_leaves),
        )| Faults {
            bursts,
            crashes,
            drops,
            duplicates,
            flushes,
            guild_creates,
            outages,
            order,
            resumes,
            second_leaves,
            sessions,
            stops,
            unheard_leaves,
            ..Faults::default()
        },
    )
}

/// Returns the faults of events that come in frames of a gateway session.
fn framed() -> impl Strategy<Value = Faults> {
    (faults(), rate(), rate(), any::<bool>()).prop_map(|(faults, holes, locks, heartbeats)| Faults {
        frames: true,
        heartbeats,
        holes,
        locks,
        order: Order::Kept,
        second_leaves: 0,
        ..faults
    })
}

/// Records guilds, each on a shard of its own, and judges each of them.
fn hold(servers: &[Server], hours: i64, seed: u64, faults: Faults, builder: StoreBuilder) -> Result<(), TestCaseError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| TestCaseError::fail(error.to_string());
    let end = midnight() - TimeDelta::minutes(100) + TimeDelta::hours(hours);
    let truths: Vec<_> = servers.iter().map(|server| events(*server, end)).collect();
    let steps = faults.apply_to_shards(seed, &truths.iter().map(Vec::as_slice).collect::<Vec<_>>(), end);
    let clocks = faults.passing.then(|| Clocks::new(midnight() - TimeDelta::minutes(100)));
    let builder = match &clocks {
        Some(clocks) => builder.clock(Clock::System).time_source(Arc::new(clocks.clone())),
        None => builder,
    };
    let store = builder.open_in_memory()?;
    let steps = match &clocks {
        Some(clocks) => play_on(&store, Some(clocks), &steps),
        None => play(&store, &steps),
    };
    let steps = steps.map_err(failed)?;
    for (server, truth) in servers.iter().zip(&truths) {
        let guild_id = server.guild_id();
        let found = find(&store, guild_id).map_err(failed)?;
        let contradictions = judge(guild_id, truth, &steps, BRIDGE_LIMIT_MS, &found);
        prop_assert!(contradictions.is_empty(), "{guild_id}: {contradictions:#?}");
    }
    Ok(())
}

/// Returns this many servers, each on its own shard.
fn shards(count: std::ops::Range<u64>) -> impl Strategy<Value = Vec<Server>> {
    let guild = |number: u64| GuildId::try_from(server(0, 0).guild_id().get() + (number << 22)).ok();
    (0..1_000_000_u64, 10..31_u32, count).prop_map(move |(seed, members, count)| {
        let numbered = (0..count).filter_map(|number| Some((number, guild(number)?)));
        numbered.map(|(number, id)| server(seed + number, members).presences_per_day(400).guild(id)).collect()
    })
}

/// Returns a few cases. `PROPTEST_CASES` sets another number.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { 16 },
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_file_matches_the_judge(
        (server, hours) in servers(),
        seed in any::<u64>(),
        faults in faults(),
        queue_len in prop_oneof![Just(65_536), 1..100_usize],
    ) {
        hold(&[server], hours, seed, faults, builder().queue_len(queue_len))?;
    }

    #[test]
    fn frames_of_several_shards_that_a_queue_may_refuse_match_the_judge(
        servers in shards(1..4),
        hours in 2..5_i64,
        seed in any::<u64>(),
        faults in framed(),
        queue_len in prop_oneof![Just(65_536), 1..60_usize],
    ) {
        hold(&servers, hours, seed, faults, builder().queue_len(queue_len))?;
    }

    #[test]
    fn no_row_is_left_of_users_who_are_erased_during_recording(
        (server, hours) in servers(),
        seed in any::<u64>(),
        faults in prop_oneof![faults(), framed()],
        erasures in 1..15_u64,
    ) {
        hold(&[server], hours, seed, Faults { erasures, ..faults }, builder())?;
    }

    #[test]
    fn setting_the_clock_changes_times_by_at_most_the_step(
        (server, hours) in servers(),
        seed in any::<u64>(),
        (clock_steps, duplicates, guild_creates, flushes) in (1..30_u64, rate(), rate(), rate()),
    ) {
        let faults = Faults { clock_steps, duplicates, flushes, guild_creates, ..Faults::default() };
        hold(&[server], hours, seed, faults, builder())?;
    }

    #[test]
    fn setting_a_bots_clock_adds_no_time(
        (server, hours) in servers(),
        seed in any::<u64>(),
        (clock_steps, duplicates, guild_creates, flushes) in (1..30_u64, rate(), rate(), rate()),
    ) {
        let faults = Faults { clock_steps, duplicates, flushes, guild_creates, ..Faults::default() };
        hold(&[server], hours, seed, Faults { frames: true, heartbeats: true, passing: true, ..faults }, builder())?;
    }

    #[test]
    fn a_process_that_stands_still_makes_up_no_time(
        servers in shards(1..3),
        hours in 2..5_i64,
        seed in any::<u64>(),
        (freezes, duplicates, guild_creates, flushes) in (1..30_u64, rate(), rate(), rate()),
        (holes, resumes, sessions, locks) in (rate(), rate(), rate(), rate()),
    ) {
        let faults = Faults { duplicates, flushes, guild_creates, holes, locks, resumes, sessions, ..Faults::default() };
        let faults = Faults { frames: true, freezes, heartbeats: true, passing: true, ..faults };
        hold(&servers, hours, seed, faults, builder())?;
    }
}
