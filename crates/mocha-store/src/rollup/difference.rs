//! Differences between a roll-up and its source.

use std::collections::BTreeMap;

use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_types, sqlite::SqliteConnection};

use super::{Rollup, slice::Slice};

/// Describes a wrong row of a roll-up.
///
/// Ids are numbers as the file has them, and no [`GuildId`](mocha_schema::GuildId) and the like, for a wrong row may have any:
/// 0 stands for a text that is no number.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// Whether the voice time is assumed; `None` but of voice.
    pub assumed: Option<bool>,
    /// The channel; 0 of voice time in a channel that is not known, and `None` where the roll-up does not tell channels apart.
    pub channel_id: Option<i64>,
    /// The correct row; `None` if it should not exist.
    pub expected: Option<Counted>,
    /// The row in the file; `None` if it is missing.
    pub found: Option<Counted>,
    /// The guild.
    pub guild_id: i64,
    /// The day, month of thirty days, or quarter of an hour, counted from 1970-01-01, UTC; `None` of totals.
    pub period: Option<i64>,
    /// The roll-up.
    pub rollup: Rollup,
    /// The user; `None` in [`Rollup::MemberDays`], [`Rollup::MessageQuarters`] and [`Rollup::PackedQuarters`], which do not tell.
    pub user_id: Option<i64>,
}

/// Holds the values of a row of a roll-up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counted {
    /// Whether the user is a bot. In roll-ups without users, whether the row counts bots.
    pub bot: bool,
    /// The sums.
    pub sums: Sums,
}

/// Holds the totals of a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Sums {
    /// The totals of joins and leaves.
    Members(MemberSums),
    /// The totals of messages.
    Messages(MessageSums),
    /// The totals of voice.
    Voice(VoiceSums),
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

/// The sums of messages; `None` is what the roll-up does not have, or NULL, which only a row that somebody else wrote can have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, QueryableByName)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
#[non_exhaustive]
pub struct MessageSums {
    /// How many.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub messages: Option<i64>,
    /// Characters of those whose content is known.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub characters: Option<i64>,
    /// Words of those whose content is known.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub words: Option<i64>,
    /// How many have attachments.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub attachments: Option<i64>,
    /// How many have embeds.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub embeds: Option<i64>,
}

/// The sums of voice, times in milliseconds; `None` is what the roll-up does not have, or NULL, which only a row that somebody else
/// wrote can have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, QueryableByName)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
#[non_exhaustive]
pub struct VoiceSums {
    /// Sessions that ended, as the voice log has them; `None` too where the roll-up tells channels apart.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub sessions: Option<i64>,
    /// Closed intervals.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub intervals: Option<i64>,
    /// In voice.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub voice_ms: Option<i64>,
    /// Deafened.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub deafened_ms: Option<i64>,
    /// Muted.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub muted_ms: Option<i64>,
    /// Sharing the screen.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub streaming_ms: Option<i64>,
    /// Neither muted nor deafened nor in the audience of a stage.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub talking_ms: Option<i64>,
    /// With the camera on.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub video_ms: Option<i64>,
    /// The days with time, in [`Rollup::VoiceMonths`] alone: two bits a day, the first one's lowest, of which the lower one is set.
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub days: Option<i64>,
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
    /// Where bots have rows of their own, whether it is one of theirs.
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

/// Reads the rows of a slice by a statement that names them as all roll-ups do.
pub(super) fn load(conn: &mut SqliteConnection, rollup: Rollup, slice: &Slice, statement: &str) -> QueryResult<Rows> {
    fn rows<S: Into<Sums>>(rows: Vec<Row<S>>) -> Rows {
        rows.into_iter().map(|Row { key, bot, sums }| (key, Counted { bot, sums: sums.into() })).collect()
    }
    match rollup {
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
