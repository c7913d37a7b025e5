//! After any changes, by whomever, the roll-ups are what plain Rust makes of the same changes.

mod rollups_model;
mod support;

use std::ops::ControlFlow;

use diesel::{SqliteConnection, connection::SimpleConnection};
use mocha_store::{Rollup, Store};
use proptest::prelude::*;
use rollups_model::{Change, Model, change};
use support::*;

/// Every row of every roll-up, sorted as text.
/// Row by row, also what has to be packed anew.
const PACKED_QUARTERS: &str = "\
    SELECT 'packed_quarters ' || guild_id || ' ' || (month * 2880 + key) || ' ' || bot || ' ' || value AS line \
    FROM quarters_of_months CROSS JOIN json_each(quarters)";

fn rows(conn: &mut SqliteConnection) -> diesel::QueryResult<Vec<String>> {
    let mut rows = Vec::new();
    for rollup in Rollup::ALL {
        if rollup == Rollup::PackedQuarters {
            rows.extend(read_lines(conn, PACKED_QUARTERS)?);
            continue;
        }
        let columns = format!("SELECT name AS line FROM pragma_table_info('{rollup}')");
        let columns = read_lines(conn, &columns)?.join(" || ' ' || ");
        rows.extend(read_lines(conn, &format!("SELECT '{rollup} ' || {columns} AS line FROM {rollup}"))?);
    }
    rows.sort_unstable();
    Ok(rows)
}

/// Applies the change to both; what the file refuses is none.
fn apply(store: &Store, model: &mut Model, change: &Change) -> Result<Vec<String>, mocha_store::Error> {
    // A change that a constraint refuses leaves nothing behind, and the model knows which do.
    let _refused = store.write(|conn| conn.batch_execute(&change.sql()));
    model.apply(change);
    store.read(rows)
}

/// `PROPTEST_CASES` for more of them.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60);
    ProptestConfig::with_cases(cases)
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn they_are_what_plain_rust_counts(changes in proptest::collection::vec(change(), 1..60)) {
        let store = store().unwrap();
        let mut model = Model::default();
        for change in &changes {
            let found = apply(&store, &mut model, change).unwrap();
            prop_assert_eq!(found, model.rows(), "after {:?}", change);
        }
        for rollup in Rollup::ALL {
            let verification = store.verify(rollup, |_| ControlFlow::Continue(())).unwrap();
            prop_assert!(verification.is_ok(), "{:#?}", verification);
        }
        // Made anew, they are the same.
        for rollup in Rollup::ALL {
            prop_assert!(store.rebuild(rollup, |_| ControlFlow::Continue(())).unwrap().complete);
        }
        prop_assert_eq!(store.read(rows).unwrap(), model.rows());
    }
}
