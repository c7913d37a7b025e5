//! The tables of roll-ups: how their rows are found and deleted through their keys.

use super::{DAY, events::Rows};

/// A table of sums by period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rollup {
    /// A row's period is so many seconds long.
    pub(super) period: i64,
    pub(super) rows: Rows,
}

const fn rollup(period: i64, table: &'static str, time: &'static str, key: &'static str) -> Rollup {
    let rows = Rows { and: "true", guild: "CAST(?1 AS INTEGER)", index: "", key, table, time };
    Rollup { period, rows }
}

/// All of them but those of all time, which go along with the months.
pub(super) const ALL: [Rollup; 11] = [
    rollup(DAY, "message_days", "day", "(guild_id, day, user_id, channel_id)"),
    rollup(10 * DAY, "message_thirds", "third", "(guild_id, third, user_id, channel_id)"),
    rollup(MONTH, "message_months", "month", "(guild_id, month, user_id, channel_id)"),
    rollup(900, "message_quarters", "quarter", "(guild_id, quarter, bot)"),
    rollup(MONTH, "active_months", "month", "(guild_id, month, user_id)"),
    rollup(MONTH, "packed_quarters", "month", "(guild_id, month, bot)"),
    rollup(DAY, "member_days", "day", "(guild_id, day, bot)"),
    rollup(DAY, "voice_days", "day", "(guild_id, day, user_id, assumed)"),
    rollup(MONTH, "voice_months", "month", "(guild_id, month, user_id, assumed)"),
    rollup(DAY, "voice_channel_days", "day", "(guild_id, day, user_id, channel_id, assumed)"),
    rollup(MONTH, "voice_channel_months", "month", "(guild_id, month, user_id, channel_id, assumed)"),
];

/// The longest period, of which all others are parts: the sums go by whole ones, so that those that stay agree.
const MONTH: i64 = 30 * DAY;

/// The time before which whole periods can go, if everything before `from` should.
pub(super) const fn floor(from: i64) -> i64 {
    from - from.rem_euclid(MONTH)
}
