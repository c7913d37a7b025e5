//! The model of `gateway_sessions`.

use diesel::prelude::*;

use crate::schema::gateway_sessions;

/// The position up to which a shard's gateway session is recorded.
#[derive(Clone, Debug, Eq, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(
    check_for_backend(diesel::sqlite::Sqlite),
    table_name = gateway_sessions,
    treat_none_as_default_value = false
)]
pub struct GatewaySession {
    /// How many shards the bot has.
    pub shard_count: i64,
    /// The number of the shard, from 0.
    pub shard_id: i64,
    /// The id that Discord gave the session.
    pub session_id: String,
    /// The sequence number of the last frame whose events are all recorded.
    pub sequence: i64,
}
