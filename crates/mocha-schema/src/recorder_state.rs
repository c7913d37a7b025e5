//! The model of `recorder_states`.

use diesel::prelude::*;

use crate::schema::recorder_states;

/// When a shard was last heard, and whether its recorder stopped cleanly.
///
/// A recorder that knows no shards has the row of shard 0 of 1.
#[derive(AsChangeset, Clone, Copy, Debug, Eq, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(
    check_for_backend(diesel::sqlite::Sqlite),
    primary_key(shard_count, shard_id),
    table_name = recorder_states,
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub struct RecorderState {
    /// How many shards the bot has.
    pub shard_count: i64,
    /// The number of the shard, from 0.
    pub shard_id: i64,
    /// When the recorder was started, in unix milliseconds.
    pub started_at_ms: i64,
    /// The last instant at which the shard was heard, in unix milliseconds.
    pub seen_at_ms: i64,
    /// When the recorder stopped cleanly, in unix milliseconds. `None` while it runs and after a crash.
    pub stopped_at_ms: Option<i64>,
}
