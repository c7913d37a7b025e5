//! PostgreSQL servers for tests.
//!
//! [`Database::create`] returns an empty database for one test. It is on the server that `MOCHA_POSTGRES_URL` names, or else
//! on a private server, which the first test of a process starts. Without both the test is skipped:
//!
//! ```no_run
//! use mocha_test_postgres::Database;
//!
//! # fn test() {
//! let Some(database) = Database::create() else { return };
//! database.execute("CREATE TABLE fish (name TEXT)");
//! # }
//! ```
//!
//! Tests that stop or break their server start one for themselves with [`Cluster::start`].
//!
//! | variable | effect |
//! |---|---|
//! | `MOCHA_POSTGRES_URL` | the server to use, as a `postgres://` URL of a user who may create databases |
//! | `MOCHA_CITUS_URLS` | a Citus cluster to use instead: the URLs of its servers, the coordinator first, with spaces between |
//! | `MOCHA_POSTGRES_REQUIRED=1` | tests fail instead of being skipped |
//!
//! This crate runs PostgreSQL's programs and links no library, so a workspace with it builds without libpq. It panics where
//! a library would return an error, because only tests use it.

#![expect(clippy::unwrap_used, reason = "only tests use this crate")]

mod cluster;
mod database;
mod programs;

pub use self::{cluster::Cluster, database::Database, programs::Programs};

use std::io::Write as _;

/// Writes to the standard error why a test was skipped.
///
/// # Panics
///
/// If `MOCHA_POSTGRES_REQUIRED` is 1.
pub fn skipped(why: &str) {
    let required = std::env::var_os("MOCHA_POSTGRES_REQUIRED").is_some_and(|value| value == "1");
    assert!(!required, "MOCHA_POSTGRES_REQUIRED is set, but {why}");
    print_skip(why);
}

/// Returns whether [`Database::create`] creates databases on a Citus cluster.
#[must_use]
pub fn has_citus() -> bool {
    std::env::var_os("MOCHA_CITUS_URLS").is_some()
}

/// Writes to the standard error that a test was skipped because `MOCHA_CITUS_URLS` is not set. No variable requires Citus,
/// because Debian has no package for it.
pub fn skipped_without_citus() {
    print_skip("MOCHA_CITUS_URLS names no Citus cluster");
}

fn print_skip(why: &str) {
    // `eprintln!` would hide it in the output that a passed test does not show.
    drop(writeln!(std::io::stderr(), "skipped: {why}"));
}
