//! A guild's list of presences. Members who are missing from a complete list are offline.

mod support;

use chrono::TimeDelta;
use mocha_schema::PresenceStatus::{Dnd, Idle, Offline, Online};
use mocha_store::{
    Event,
    event::{PresenceChanged, PresencesListed},
};
use support::*;

fn listed(ms: i64, is_complete: bool, users: &[u64]) -> Event {
    let user_ids = users.iter().copied().map(id).collect();
    PresencesListed { at: at(ms), guild_id: id(GUILD), is_complete, user_ids }.into()
}

/// Returns all presence rows, in order of time.
fn rows(store: &mocha_store::Store) -> Result<Vec<String>, mocha_store::Error> {
    lines(
        store,
        "SELECT user_id || ' ' || coalesce(status, '?') || ' ' || coalesce(activity_name, '-') AS line \
         FROM presence_events ORDER BY created_at, user_id",
    )
}

fn four() -> [Event; 4] {
    [
        presence(0, 40, Online, Some("chess")),
        presence(0, 41, Idle, None),
        presence(0, 42, Offline, None),
        presence(0, 43, Dnd, None),
    ]
}

const FOUR: [&str; 4] = ["40 online chess", "41 idle -", "42 offline -", "43 dnd -"];

#[test]
fn a_member_missing_from_a_complete_list_is_offline() -> TestResult {
    let store = store()?;
    for _ in 0..2 {
        record(&store, four())?;
        record(&store, [presence(9_000, 43, Dnd, None), listed(9_000, true, &[43])])?;
        record(&store, [listed(12_000, true, &[43])])?;
        assert_eq!(rows(&store)?, [&FOUR[..], &["40 offline -", "41 offline -"]].concat());
    }
    record(&store, [presence(20_000, 40, Online, Some("chess"))])?;
    assert_eq!(rows(&store)?.last().map(String::as_str), Some("40 online chess"));
    Ok(())
}

#[test]
fn a_member_missing_from_an_incomplete_list_has_an_unknown_status() -> TestResult {
    let store = store()?;
    record(&store, four().into_iter().chain([listed(9_000, false, &[43]), listed(12_000, false, &[43])]))?;
    assert_eq!(rows(&store)?, [&FOUR[..], &["40 ? -", "41 ? -", "42 ? -"]].concat());
    record(&store, [presence(20_000, 41, Idle, None)])?;
    assert_eq!(rows(&store)?.last().map(String::as_str), Some("41 idle -"));
    Ok(())
}

#[test]
fn older_lists_and_lists_of_other_guilds_change_nothing() -> TestResult {
    let store = store()?;
    let other = PresencesListed { at: at(9_000), guild_id: id(11), is_complete: true, user_ids: Vec::new() };
    record(&store, four().into_iter().chain([listed(-5_000, true, &[]), other.into()]))?;
    assert_eq!(rows(&store)?, FOUR);
    Ok(())
}

#[test]
fn changes_within_one_millisecond_are_all_kept_in_order() -> TestResult {
    let store = store()?;
    let change = |micros: i64, status| PresenceChanged {
        activity: None,
        at: at(0) + TimeDelta::microseconds(micros),
        guild_id: id(GUILD),
        status,
        user_id: id(40),
    };
    let statuses = "SELECT status AS line FROM presence_events ORDER BY id";
    for _ in 0..2 {
        record(&store, [change(1, Online).into(), change(2, Dnd).into(), change(3, Offline).into()])?;
        assert_eq!(lines(&store, statuses)?, ["online", "dnd", "offline"]);
    }
    Ok(())
}
