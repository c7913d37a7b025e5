//! Points that a bot sets.

mod support;

use mocha_store::{ErrorKind, Keep, RetentionPolicy, Store};
use support::*;

fn balances(store: &Store) -> TestResult<Vec<String>> {
    let of = "SELECT guild_id || ' ' || user_id || ' ' || points AS line FROM point_balances";
    Ok(lines(store, &format!("{of} ORDER BY guild_id, user_id"))?)
}

/// Users by number, with their points.
fn points<const N: usize>(users: [(u64, u64); N]) -> [(mocha_schema::UserId, u64); N] {
    users.map(|(user, points)| (id(user), points))
}

#[test]
fn points_are_set_and_not_added_and_only_those_of_the_given_users() -> TestResult {
    let store = store()?;
    for _ in 0..2 {
        let report = store.set_point_balances(id(GUILD), points([(41, 300), (40, 10_811), (41, 0)]))?;
        assert_eq!((report.set, report.withheld), (2, 0));
        assert_eq!(balances(&store)?, ["10 40 10811", "10 41 0"]);
    }
    let report = store.set_point_balances(id(GUILD), points([(41, 7)]))?;
    assert_eq!((report.set, report.withheld), (1, 0));
    let _report = store.set_point_balances(id(11), points([(40, 1_000_000_000_000_000)]))?;
    assert_eq!(balances(&store)?, ["10 40 10811", "10 41 7", "11 40 1000000000000000"]);
    let error = store.set_point_balances(id(11), points([(40, 1), (41, 1_000_000_000_000_001)])).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidSetting { name: "points" });
    assert_eq!(balances(&store)?.len(), 3);
    Ok(())
}

/// Otherwise recorders would drop what they remember of the file after each import.
#[test]
fn the_same_points_again_change_no_page() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path().join("stats.db"))?;
    let users = || (1..2_000).map(|user| (id(user), user * 10));
    assert_eq!(store.set_point_balances(id(GUILD), users())?.set, 1_999);
    store.checkpoint()?;
    let before = std::fs::read(folder.path().join("stats.db-wal"))?.len();
    assert_eq!(store.set_point_balances(id(GUILD), users())?.set, 1_999);
    assert_eq!(std::fs::read(folder.path().join("stats.db-wal"))?.len(), before);
    Ok(())
}

#[test]
fn erased_users_get_no_points_and_retention_leaves_those_of_others() -> TestResult {
    let store = store()?;
    record(&store, [message(0, 30, 20, 40), message(0, 31, 20, 41)])?;
    let all = || points([(40, 1), (41, 2), (42, 3), (43, 4)]);
    assert_eq!(store.set_point_balances(id(GUILD), all())?.set, 4);
    let receipt = store.forget_user(id(40)).run()?;
    assert!(
        receipt.removed.iter().any(|removed| removed.table == "point_balances" && removed.rows == 1),
        "{receipt:?}"
    );
    let _receipt = store.opt_out_user(id(41)).run()?;
    let _receipt = store.forget_user(id(42)).in_guild(id(GUILD)).run()?;
    assert_eq!(balances(&store)?, ["10 43 4"]);
    // A user who writes again does not get the points of before the erasure back.
    record(&store, [message(later(0), 32, 20, 40)])?;
    let report = store.set_point_balances(id(GUILD), all())?;
    assert_eq!((report.set, report.withheld), (1, 3));
    assert_eq!(balances(&store)?, ["10 43 4"]);
    // The erasure in one guild says nothing about another.
    let report = store.set_point_balances(id(11), all())?;
    assert_eq!((report.set, report.withheld), (2, 2));
    let retention = RetentionPolicy::default().messages(Keep::Days(1));
    assert!(store.apply_retention_at(&retention, at(later(40 * 86_400_000))).run()?.complete);
    assert_eq!(balances(&store)?, ["10 43 4", "11 42 3", "11 43 4"]);
    Ok(())
}

#[test]
fn a_salvage_saves_points() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, new) = (folder.path().join("stats.db"), folder.path().join("new.db"));
    let store = Store::open(&path)?;
    let _report = store.set_point_balances(id(GUILD), points([(40, 10_811)]))?;
    drop(store);
    let salvaged = Store::salvage(&path, &new).run()?;
    assert!(salvaged.is_ok(), "{salvaged}");
    assert_eq!(balances(&Store::open(&new)?)?, ["10 40 10811"]);
    Ok(())
}
