//! Random rows of every archived table.

use mocha_store::Store;
use proptest::{collection::vec, prelude::*, sample::select};

use super::{TestResult, execute};

/// A row of some table, made of small numbers.
pub(crate) type Seed = (u8, u8, u8, u8, i64, u16);

/// Times around the ends of months, minutes and days.
fn time() -> impl Strategy<Value = i64> {
    let around = select(vec![1_704_067_200_i64, 1_706_745_600, 1_709_251_200, 1_704_153_600, 1_700_000_000, 900]);
    prop_oneof![(around, -3..3_i64).prop_map(|(time, offset)| time + offset), 1_700_000_000..1_710_000_000_i64]
}

pub(crate) fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    vec((0..6_u8, 1..3_u8, 1..7_u8, 0..4_u8, time(), any::<u16>()), 0..120)
}

fn one_of(texts: [&'static str; 4], number: u16) -> &'static str {
    texts.get(usize::from(number & 3)).copied().unwrap_or_default()
}

/// Returns the statement that inserts the row. Some rows of each table are not what Mocha writes.
pub(crate) fn statement((table, guild, user, channel, at, more): Seed, number: usize) -> String {
    let channel = channel + 20;
    // The third user is a bot, and nobody knows of the fourth.
    let parents = format!(
        "INSERT OR IGNORE INTO guilds (id, created_at, updated_at) VALUES ('{guild}', 0, 0);
         INSERT OR IGNORE INTO users (id, bot, created_at, updated_at)
         VALUES ('{user}', CASE {user} WHEN 3 THEN 1 WHEN 4 THEN NULL ELSE 0 END, 0, 0);
         INSERT OR IGNORE INTO channels (id, guild_id, type, created_at, updated_at) VALUES ('{channel}', '{guild}', 0, 0, 0);"
    );
    let bit = |bit: u16| more >> bit & 1;
    let or_null = |bit: u16, value: u16| if more >> bit & 1 == 1 { "NULL".to_owned() } else { value.to_string() };
    let insert = match table {
        0 | 1 => {
            let id = match more % 5 {
                0 => format!("m{number}"),
                1 => format!("0{number}"),
                2 => format!("{}", 9_223_372_036_854_775_807 - number),
                3 => format!("{number:040}"),
                _ => format!("{}", 1_000 + number),
            };
            let kind = one_of(["0", "19", "7", "NULL"], more >> 3);
            format!(
                "INSERT OR IGNORE INTO message_events VALUES
                 ('{id}', '{guild}', '{channel}', '{user}', {kind}, {}, {}, {}, {}, {at});",
                or_null(5, bit(6)),
                or_null(7, bit(8)),
                or_null(9, more),
                or_null(10, more / 7),
            )
        }
        2 => {
            let kind = one_of(["join", "move", "leave", "odd"], more);
            let channel = if bit(4) == 1 { "NULL".to_owned() } else { format!("'{channel}'") };
            format!(
                "INSERT OR IGNORE INTO voice_events VALUES
                 ('v{number}', '{guild}', {channel}, '{user}', '{kind}', {}, {}, {}, {}, {}, {at});",
                or_null(5, more),
                or_null(6, more),
                or_null(7, more),
                or_null(8, bit(2)),
                or_null(9, bit(3)),
            )
        }
        3 => {
            let started = at * 1000 + i64::from(more % 1000);
            let ended = if more % 11 == 0 {
                "NULL".to_owned()
            } else {
                ((started + 1 + i64::from(more)).min((started / 86_400_000 + 1) * 86_400_000)).to_string()
            };
            format!(
                "INSERT OR IGNORE INTO voice_intervals VALUES
                 ('{guild}', '{user}', {started}, {ended}, {started}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {});",
                (started - i64::from(more)).max(0),
                or_null(13, more % 4 + 21),
                bit(1),
                bit(2),
                bit(3),
                bit(4),
                bit(5),
                bit(6),
                bit(7),
                bit(8),
            )
        }
        4 => {
            let kind = if bit(0) == 1 { "join" } else { "leave" };
            let end = if bit(1) == 1 { ":inferred" } else { "" };
            format!(
                "INSERT OR IGNORE INTO member_events VALUES
                 ('{kind}:{guild}:{user}:{number}{end}', '{guild}', '{user}', '{kind}', {}, {at});",
                or_null(2, more),
            )
        }
        _ => format!(
            "INSERT OR IGNORE INTO presence_events VALUES ('p{number}', '{guild}', '{user}', {}, {}, {}, {at});",
            one_of(["'online'", "'idle'", "NULL", "'dnd'"], more),
            or_null(2, more),
            one_of(["NULL", "'Ω, ''quoted'''", "''", "'a game'"], more >> 3),
        ),
    };
    format!("{parents}\n{insert}")
}

/// Puts the rows into a store.
pub(crate) fn fill(store: &Store, seeds: &[Seed]) -> TestResult {
    let statements: Vec<String> = seeds.iter().enumerate().map(|(number, seed)| statement(*seed, number)).collect();
    Ok(execute(store, &statements.concat())?)
}
