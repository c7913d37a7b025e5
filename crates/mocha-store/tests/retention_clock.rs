//! Retention under a wrong clock.

mod support;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use mocha_store::{Keep, RetentionPolicy, Store};
use support::*;

/// Returns a store whose newest message is from now, and a policy that keeps a year.
fn recorded(clocks: &Clocks) -> Result<(Store, RetentionPolicy), Box<dyn std::error::Error + Send + Sync>> {
    let store = Store::builder().time_source(Arc::new(clocks.clone())).open_in_memory()?;
    record(&store, [message(-3_600_000, 30, 20, 40), message(0, 31, 20, 40)])?;
    Ok((store, RetentionPolicy::default().messages(Keep::Days(365))))
}

#[test]
fn a_clock_that_is_years_ahead_deletes_nothing() -> TestResult {
    let clocks = Clocks::new();
    let (store, retention) = recorded(&clocks)?;
    clocks.pass(Duration::from_mins(1), TimeDelta::days(3 * 365));
    let error = store.apply_retention(&retention).run().expect_err("the clock is wrong");
    assert!(error.is_clock_ahead(), "{error}");
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, ["2"]);
    // A caller who knows the time can pass it.
    let retained = store.apply_retention_at(&retention, at(0) + TimeDelta::days(366)).run()?;
    assert_eq!(retained.message_events, 2);
    Ok(())
}

#[test]
fn a_silence_that_the_bot_observed_is_no_sign_of_a_wrong_clock() -> TestResult {
    let clocks = Clocks::new();
    let (store, retention) = recorded(&clocks)?;
    clocks.pass(Duration::from_hours(400 * 24), TimeDelta::days(400));
    let retained = store.apply_retention(&retention).run()?;
    assert_eq!(retained.message_events, 2);
    Ok(())
}
