//! Counts new messages in the roll-ups, as the triggers of `message_events` do, but once for many messages.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_query,
    sql_types::BigInt,
    sqlite::{Sqlite, SqliteConnection},
};
use mocha_schema::{
    COUNTED_MESSAGE_TYPES, NewMessageEvent,
    schema::{horizons, watermarks},
};

const DAY: i64 = 86_400;
const QUARTER: i64 = 900;

/// The end of the year 9999.
const LAST: i64 = 253_402_300_799;

const ADDED_TO_DAYS: &str = "ON CONFLICT DO UPDATE SET messages = messages + excluded.messages,
    characters = characters + excluded.characters, words = words + excluded.words,
    attachments = attachments + excluded.attachments, embeds = embeds + excluded.embeds";

/// The number of rows in a statement.
const ROWS: usize = 16;

/// The numbers of messages, characters, words, attachments and embeds.
type Sums = [i64; 5];

/// Adds the messages, which are in the table, to the roll-ups.
pub(super) fn count<'m>(
    conn: &mut SqliteConnection,
    messages: impl Iterator<Item = &'m NewMessageEvent>,
) -> QueryResult<()> {
    let from: i64 = horizons::table.select(horizons::messages_from).first(conn)?;
    let to: i64 = watermarks::table.select(watermarks::messages_to).first(conn)?;
    let bots = bots(conn)?;
    let mut by_day: BTreeMap<[i64; 4], Sums> = BTreeMap::new();
    let mut by_quarter: BTreeMap<[i64; 3], Sums> = BTreeMap::new();
    for message in messages {
        let Some(Counted { at, channel, guild, sums, user }) = Counted::of(message, from) else { continue };
        add(by_day.entry([guild, at / DAY, user, channel]).or_default(), sums);
        add(by_quarter.entry([guild, at / QUARTER, bots.contains(&user).into()]).or_default(), sums);
    }
    let days: Vec<[i64; 10]> = by_day
        .iter()
        .map(|(&[guild, day, user, channel], &[messages, characters, words, attachments, embeds])| {
            let bot = bots.contains(&user).into();
            [guild, day, user, channel, bot, messages, characters, words, attachments, embeds]
        })
        .collect();
    let quarters: Vec<[i64; 8]> = by_quarter
        .iter()
        .map(|(&[guild, quarter, bot], &[messages, characters, words, attachments, embeds])| {
            [guild, quarter, bot, messages, characters, words, attachments, embeds]
        })
        .collect();
    let late: Vec<[i64; 9]> = by_day
        .iter()
        .filter(|([_, day, ..], _)| *day < to)
        .map(|(&[guild, day, user, channel], &[messages, characters, words, attachments, embeds])| {
            [guild, day, user, channel, messages, characters, words, attachments, embeds]
        })
        .collect();
    insert("INSERT INTO message_days VALUES ", &days, ADDED_TO_DAYS, conn)?;
    insert("INSERT INTO message_quarters VALUES ", &quarters, ADDED_TO_DAYS, conn)?;
    insert("INSERT INTO message_day_changes VALUES ", &late, "", conn)
}

/// A message that counts, with numbers as in the roll-ups.
struct Counted {
    at: i64,
    channel: i64,
    guild: i64,
    sums: Sums,
    user: i64,
}

impl Counted {
    /// Returns `None` for a message of another type, from before the horizon, or with an id that SQLite has no number for.
    fn of(message: &NewMessageEvent, from: i64) -> Option<Self> {
        let NewMessageEvent { id: _, guild_id, channel_id, user_id, message_type, created_at, .. } = *message;
        let at = DateTime::<Utc>::from(created_at).timestamp();
        if !COUNTED_MESSAGE_TYPES.contains(&message_type?) || !(from..=LAST).contains(&at) {
            return None;
        }
        let count = |count: Option<i32>| i64::from(count.unwrap_or(0).max(0));
        let is = |flag: Option<bool>| i64::from(flag == Some(true));
        Some(Self {
            at,
            channel: channel_id.get().try_into().ok()?,
            guild: guild_id.get().try_into().ok()?,
            sums: [
                1,
                count(message.character_count),
                count(message.word_count),
                is(message.has_attachment),
                is(message.has_embed),
            ],
            user: user_id.get().try_into().ok()?,
        })
    }
}

fn add(total: &mut Sums, more: Sums) {
    for (total, more) in total.iter_mut().zip(more) {
        *total = total.saturating_add(more);
    }
}

#[derive(QueryableByName)]
struct Bot {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn bots(conn: &mut SqliteConnection) -> QueryResult<HashSet<i64>> {
    let bots: Vec<Bot> = sql_query("SELECT id FROM bots").load(conn)?;
    Ok(bots.into_iter().map(|Bot { id }| id).collect())
}

fn insert<const N: usize>(
    before: &'static str,
    rows: &[[i64; N]],
    after: &'static str,
    conn: &mut SqliteConnection,
) -> QueryResult<()> {
    let (chunks, rest) = rows.as_chunks::<ROWS>();
    let chunks = chunks.iter().map(<[_; ROWS]>::as_slice);
    for rows in chunks.chain(rest.iter().map(std::slice::from_ref)) {
        Insert { before, rows, after }.execute(conn)?;
    }
    Ok(())
}

/// An insertion of rows of numbers, which is prepared once for each number of rows.
struct Insert<'r, const N: usize> {
    before: &'static str,
    rows: &'r [[i64; N]],
    after: &'static str,
}

impl<const N: usize> QueryFragment<Sqlite> for Insert<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(self.before);
        for (place, row) in self.rows.iter().enumerate() {
            out.push_sql(if place == 0 { "(" } else { "), (" });
            for (column, number) in row.iter().enumerate() {
                if column > 0 {
                    out.push_sql(", ");
                }
                out.push_bind_param::<BigInt, _>(number)?;
            }
        }
        out.push_sql(") ");
        out.push_sql(self.after);
        Ok(())
    }
}

impl<const N: usize> QueryId for Insert<'_, N> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<const N: usize> RunQueryDsl<SqliteConnection> for Insert<'_, N> {}
