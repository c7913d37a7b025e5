//! Differences between a roll-up and its source.

use std::collections::BTreeMap;

use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_types, sqlite::SqliteConnection};

use super::{Rollup, slice::Slice};

/// Describes a wrong row of a roll-up.
///
/// Ids are plain numbers and not types such as [`GuildId`](mocha_schema::GuildId), because a wrong row may have an invalid id.
/// 0 stands for a text that is not a number.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// Whether the voice time is assumed. `None` in roll-ups of messages, awards and members.
    pub assumed: Option<bool>,
    /// The channel. 0 for voice time in an unknown channel, and `None` in roll-ups without channels.
    pub channel_id: Option<i64>,
    /// The correct row; `None` if it should not exist.
    pub expected: Option<Counted>,
    /// The row in the file; `None` if it is missing.
    pub found: Option<Counted>,
    /// The guild.
    pub guild_id: i64,
    /// The number of the period since 1970-01-01, UTC: the roll-up's day, ten days, month of thirty days, or quarter of an hour.
    /// `None` for totals of all time.
    pub period: Option<i64>,
    /// The roll-up.
    pub rollup: Rollup,
    /// The user. `None` in [`Rollup::MemberDays`], [`Rollup::MessageQuarters`] and [`Rollup::PackedQuarters`], which have no users.
    pub user_id: Option<i64>,
}

/// Holds the values of a row of a roll-up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counted {
    /// Whether the user is a bot. In roll-ups without users, whether the row counts bots.
    pub bot: bool,
    /// The totals.
    pub sums: Sums,
}

/// Holds the totals of a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Sums {
    /// The number of awards.
    Awards(AwardSums),
    /// The totals of joins and leaves.
    Members(MemberSums),
    /// The totals of messages.
    Messages(MessageSums),
    /// The totals of voice.
    Voice(VoiceSums),
}

/// Counts awards; `None` is NULL, which only another program can write.
#[derive(Clone, Copy, Debug, Eq, PartialEq, QueryableByName)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
#[non_exhaustive]
pub struct AwardSums {
    /// Awards.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub awards: Option<i64>,
}

/// Counts joins and leaves; `None` is NULL, which only another program can write.
#[derive(Clone, Copy, Debug, Eq, PartialEq, QueryableByName)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
#[non_exhaustive]
pub struct MemberSums {
    /// Joins.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub joins: Option<i64>,
    /// Leaves.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub leaves: Option<i64>,
}

/// Counts messages. `None` if the roll-up lacks the column, or for NULL, which only another program can write.
#[derive(Clone, Copy, Debug, Eq, PartialEq, QueryableByName)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
#[non_exhaustive]
pub struct MessageSums {
    /// Messages.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub messages: Option<i64>,
    /// Characters of messages with known content.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub characters: Option<i64>,
    /// Words of messages with known content.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub words: Option<i64>,
    /// Messages with attachments.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub attachments: Option<i64>,
    /// Messages with embeds.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub embeds: Option<i64>,
}

/// Totals of voice, with times in milliseconds. `None` if the roll-up lacks the column, or for NULL, which only another program
/// can write.
#[derive(Clone, Copy, Debug, Eq, PartialEq, QueryableByName)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
#[non_exhaustive]
pub struct VoiceSums {
    /// Sessions that ended, from the voice log. `None` in roll-ups by channel.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub sessions: Option<i64>,
    /// Closed intervals.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub intervals: Option<i64>,
    /// Time in voice.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub voice_ms: Option<i64>,
    /// Time deafened.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub deafened_ms: Option<i64>,
    /// Time muted.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub muted_ms: Option<i64>,
    /// Time sharing the screen.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub streaming_ms: Option<i64>,
    /// Time neither muted nor deafened nor in the audience of a stage.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub talking_ms: Option<i64>,
    /// Time with the camera on.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub video_ms: Option<i64>,
    /// The days with time in voice, only in [`Rollup::VoiceMonths`]. Each day has two bits, from the lowest: 1 for a day with
    /// time, else 0.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub days: Option<i64>,
}

impl From<AwardSums> for Sums {
    fn from(sums: AwardSums) -> Self {
        Self::Awards(sums)
    }
}

impl From<MemberSums> for Sums {
    fn from(sums: MemberSums) -> Self {
        Self::Members(sums)
    }
}

impl From<MessageSums> for Sums {
    fn from(sums: MessageSums) -> Self {
        Self::Messages(sums)
    }
}

impl From<VoiceSums> for Sums {
    fn from(sums: VoiceSums) -> Self {
        Self::Voice(sums)
    }
}

/// The key of a row, without its guild.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, QueryableByName)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub(super) struct Key {
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    period: Option<i64>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    user_id: Option<i64>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    channel_id: Option<i64>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Bool>)]
    assumed: Option<bool>,
    /// In roll-ups with separate rows for bots, whether the row counts bots.
    #[diesel(sql_type = sql_types::Nullable<sql_types::Bool>)]
    apart: Option<bool>,
}

#[derive(QueryableByName)]
struct Row<S> {
    #[diesel(embed)]
    key: Key,
    #[diesel(sql_type = sql_types::Bool)]
    bot: bool,
    #[diesel(embed)]
    sums: S,
}

/// The rows of a slice.
pub(super) type Rows = BTreeMap<Key, Counted>;

/// Reads the rows of a slice by a statement with the shared column names.
pub(super) fn load(conn: &mut SqliteConnection, rollup: Rollup, slice: &Slice, statement: &str) -> QueryResult<Rows> {
    fn rows<S: Into<Sums>>(rows: Vec<Row<S>>) -> Rows {
        rows.into_iter().map(|Row { key, bot, sums }| (key, Counted { bot, sums: sums.into() })).collect()
    }
    match rollup {
        Rollup::AwardDays | Rollup::AwardTotals => slice.query(statement).load::<Row<AwardSums>>(conn).map(rows),
        Rollup::MemberDays => slice.query(statement).load::<Row<MemberSums>>(conn).map(rows),
        Rollup::ActiveMonths
        | Rollup::MessageDays
        | Rollup::MessageMonths
        | Rollup::MessageQuarters
        | Rollup::MessageThirds
        | Rollup::MessageTotals
        | Rollup::PackedQuarters => slice.query(statement).load::<Row<MessageSums>>(conn).map(rows),
        Rollup::VoiceChannelDays
        | Rollup::VoiceChannelMonths
        | Rollup::VoiceDays
        | Rollup::VoiceMonths
        | Rollup::VoiceTotals => slice.query(statement).load::<Row<VoiceSums>>(conn).map(rows),
    }
}

/// Returns the rows that differ, in order of their keys.
pub(super) fn compare(rollup: Rollup, guild_id: i64, mut found: Rows, expected: Rows) -> Vec<Difference> {
    let mut pairs: BTreeMap<Key, (Option<Counted>, Option<Counted>)> = BTreeMap::new();
    for (key, expected) in expected {
        let found = found.remove(&key);
        if found != Some(expected) {
            pairs.insert(key, (found, Some(expected)));
        }
    }
    pairs.extend(found.into_iter().map(|(key, found)| (key, (Some(found), None))));
    let difference = |(Key { period, user_id, channel_id, assumed, apart: _ }, (found, expected))| Difference {
        assumed,
        channel_id,
        expected,
        found,
        guild_id,
        period,
        rollup,
        user_id,
    };
    pairs.into_iter().map(difference).collect()
}
