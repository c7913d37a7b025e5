//! Points that a bot sets, as in the SQLite store.
#![cfg(feature = "libpq")]

mod support;

use mocha_recorder::ErrorKind;
use mocha_test_postgres::Database;
use support::{TestResult, id, store};

const ROWS: &str = "SELECT guild_id, user_id, points FROM point_balances ORDER BY guild_id, user_id";

#[test]
fn points_are_set_and_not_added_and_erased_users_get_none() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    let set = |guild: u64, users: &[(u64, u64)]| {
        store.set_point_balances(id(guild), users.iter().map(|(user, points)| (id(*user), *points)))
    };
    for _ in 0..2 {
        assert_eq!(set(10, &[(41, 300), (40, 10_811), (41, 0)])?.set, 2);
        assert_eq!(database.execute(ROWS), "10|40|10811\n10|41|0");
    }
    let error = set(10, &[(40, 1), (41, 1_000_000_000_000_001)]).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidSetting { name: "points" });
    let _receipt = store.opt_out_user(id(40)).run()?;
    let report = set(10, &[(40, 5), (41, 1_000_000_000_000_000)])?;
    assert_eq!((report.set, report.withheld), (1, 1));
    assert_eq!(database.execute(ROWS), "10|41|1000000000000000");
    let mut json = Vec::new();
    store.export_user(id(41)).write_to(&mut json)?;
    assert!(String::from_utf8(json)?.contains("1000000000000000"));
    Ok(())
}

#[test]
fn more_users_than_a_statement_takes_are_set() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    let users = || (1..=25_000).map(|user| (id(user), user));
    assert_eq!(store.set_point_balances(id(10), users())?.set, 25_000);
    let writes = "SELECT count(*), sum(points), count(DISTINCT xmin::text) FROM point_balances";
    assert_eq!(database.execute(writes), "25000|312512500|1");
    // Rows with the same points are not written again.
    let one_more = users().map(|(user, points)| (user, points + u64::from(points == 7)));
    assert_eq!(store.set_point_balances(id(10), one_more)?.set, 25_000);
    assert_eq!(database.execute(writes), "25000|312512501|2");
    assert_eq!(store.purge_guild(id(10)).run()?.rows, 25_000);
    Ok(())
}
