//! The tables that only a PostgreSQL database has.

use super::{Kept, Source::Recorder, Table, column::plain};

/// The tables of a PostgreSQL database beside [`TABLES`](super::TABLES), in order of name.
///
/// The tables in `TABLES` have the same names and columns in both databases. Their keys begin with `guild_id` in PostgreSQL.
pub const POSTGRES_TABLES: &[Table] = &[
    Table {
        columns: &[plain("id", "number of the only row"), plain("generation", "number of the changes so far")],
        guild: None,
        kept: Kept::File,
        key: &["id"],
        made_of: &[],
        name: "generations",
        person: None,
        purpose: "number of the changes that recorders have to notice, such as erasures",
        sources: &[Recorder],
        time: None,
    },
    Table {
        columns: &[
            plain("recorder", "random number of a recorder"),
            plain("batch", "number of its last transaction"),
            plain("committed_at", "time of that transaction"),
        ],
        guild: None,
        kept: Kept::File,
        key: &["recorder"],
        made_of: &[],
        name: "recorder_batches",
        person: None,
        purpose: "last transaction of each recorder, so that none is repeated after a broken connection",
        sources: &[Recorder],
        time: None,
    },
];
