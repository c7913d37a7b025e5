//! The model of `gateway_sessions`.

use diesel::prelude::*;

use crate::schema::gateway_sessions;

/// The position up to which a shard's gateway session is recorded, and what it takes to resume it.
#[derive(Clone, Debug, Eq, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(
    check_for_backend(diesel::sqlite::Sqlite),
    table_name = gateway_sessions,
    treat_none_as_default_value = false
)]
pub struct GatewaySession {
    /// The bot's user id, or `0` if it is unknown.
    pub bot_id: String,
    /// How many shards the bot has.
    pub shard_count: i64,
    /// The number of the shard, from 0.
    pub shard_id: i64,
    /// The recorder that may record the shard. A later one takes the row over.
    pub owner: i64,
    /// The gateway intents of the session. `None` if they are unknown.
    pub intents: Option<i64>,
    /// The URL for resuming the session. `None` if it is unknown.
    pub resume_url: Option<String>,
    /// The id that Discord gave the session. `None` before the first session.
    pub session_id: Option<String>,
    /// The sequence number of the last frame whose events are all recorded.
    pub sequence: i64,
}
