//! Uses of commands.

mod support;

use mocha_store::{Event, Keep, RetentionPolicy, Store, event::CommandUsed};
use support::*;

fn used(ms: i64, number: u64, user: u64, name: &str) -> Event {
    CommandUsed {
        at: at(ms),
        channel_id: id(20),
        guild_id: id(GUILD),
        interaction_id: id(number),
        name: name.into(),
        user_id: id(user),
    }
    .into()
}

fn uses(store: &Store) -> TestResult<Vec<String>> {
    let use_of = "interaction_id || ' ' || user_id || ' ' || name";
    Ok(lines(store, &format!("SELECT {use_of} AS line FROM command_uses ORDER BY interaction_id"))?)
}

#[test]
fn a_use_counts_once_and_an_unreadable_name_is_refused() -> TestResult {
    let store = store()?;
    let first = used(0, 1, 40, "stats voice");
    record(&store, [first.clone(), used(1_000, 2, 41, "rank"), first.clone()])?;
    record(&store, [first])?;
    assert_eq!(uses(&store)?, ["1 40 stats voice", "2 41 rank"]);
    let error = store.recorder()?.record(used(0, 3, 40, "\0")).unwrap_err();
    assert!(error.is_invalid_input() && error.to_string().contains("name"), "{error}");
    Ok(())
}

#[test]
fn an_erasure_and_retention_delete_uses_and_an_export_has_them() -> TestResult {
    let store = store()?;
    record(&store, [used(0, 1, 40, "rank"), used(0, 2, 41, "rank"), used(0, 3, 42, "rank")])?;
    let mut export = Vec::new();
    store.export_user(id(40)).write_to(&mut export)?;
    assert!(String::from_utf8(export)?.contains("command_uses"));
    assert!(store.forget_user(id(40)).run()?.rows_gone);
    assert!(store.opt_out_user(id(41)).run()?.rows_gone);
    // An event from before the erasure, and a use by a user who opted out.
    record(&store, [used(0, 1, 40, "rank"), used(9_000, 4, 41, "rank")])?;
    assert_eq!(uses(&store)?, ["3 42 rank"]);
    let retention = RetentionPolicy::default().messages(Keep::Days(1));
    assert!(store.apply_retention_at(&retention, at(9_000)).run()?.complete);
    assert_eq!(uses(&store)?, ["3 42 rank"]);
    assert!(store.apply_retention_at(&retention, at(9_000 + 3 * 86_400_000)).run()?.complete);
    assert_eq!(uses(&store)?, [""; 0]);
    Ok(())
}
