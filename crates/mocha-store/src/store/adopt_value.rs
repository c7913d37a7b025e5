//! Conversions of an old file's values, as SQL expressions over its rows.

use mocha_schema::{EVENTS_END, MAX_SECONDS};

use super::{OddityKind, adopt_voice::FIRST_MS};

/// How far a clock may be ahead, in seconds.
const DAY: i64 = 86_400;

/// Converts values at the time of an adoption, in unix seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conversion {
    pub(super) now: i64,
}

impl Conversion {
    /// Converts values at the present time.
    pub(super) fn now() -> Self {
        Self { now: chrono::Utc::now().timestamp() }
    }

    /// The value of a column as the new table gets it: ids without leading zeros, times as whole
    /// seconds. A value that cannot be converted stays as it is. Only a time of a guild, user,
    /// channel or member becomes that of the adoption, or NULL, because the recorder reads and
    /// updates these rows.
    pub(super) fn value(self, table: &str, column: &str) -> String {
        let is_event = is_event(table);
        match column {
            "id" if table == "members" => {
                let (guild, user) = (plain_id("guild_id"), plain_id("user_id"));
                let is_made = format!("{} AND {}", is_id("guild_id"), is_id("user_id"));
                format!("CASE WHEN {is_made} THEN {guild} || ':' || {user} ELSE id END")
            }
            "id" if is_event => "id".to_owned(),
            "id" | "guild_id" | "channel_id" | "user_id" | "parent_id" => plain_id(column),
            "created_at" | "updated_at" if !is_event => {
                format!("coalesce({}, {})", self.past_seconds(column), self.now)
            }
            "joined_at" | "premium_since" => self.past_seconds(column),
            "created_at" | "session_start" | "session_end" => format!("coalesce({}, {column})", seconds(column)),
            _ => format!("\"{column}\""),
        }
    }

    /// Returns conditions on an old row, each with the oddity of the column where it is true.
    pub(super) fn oddities(self, table: &str, column: &str) -> Vec<(OddityKind, String)> {
        let is_time = |kind: &str| format!("typeof({column}) = '{kind}' AND {} IS NOT NULL", seconds(column));
        let mut oddities = match column {
            "id" if table == "members" => {
                let ids = format!("{} AND {}", is_id("guild_id"), is_id("user_id"));
                vec![(OddityKind::GeneratedId, format!("{ids} AND id <> guild_id || ':' || user_id"))]
            }
            "id" if is_event(table) => Vec::new(),
            "id" | "guild_id" | "channel_id" | "user_id" | "parent_id" => {
                vec![(OddityKind::PaddedId, format!("{} AND {column} GLOB '0*'", is_id(column)))]
            }
            "created_at" | "updated_at" | "joined_at" | "premium_since" | "session_start" | "session_end" => vec![
                (
                    OddityKind::Milliseconds,
                    format!(
                        "typeof({column}) <> 'text' AND {column} >= {FIRST_MS} AND {} IS NOT NULL",
                        seconds(column)
                    ),
                ),
                (OddityKind::RealTime, format!("{} AND {column} < {FIRST_MS}", is_time("real"))),
                (OddityKind::TextTime, is_time("text")),
            ],
            _ => Vec::new(),
        };
        match column {
            "created_at" | "updated_at" | "joined_at" | "premium_since" if !is_event(table) => {
                let replaced = format!("{column} IS NOT NULL AND {} IS NULL", self.past_seconds(column));
                oddities.push((OddityKind::InvalidTime, replaced));
            }
            // The later ones are unreadable and are counted as such.
            "created_at" => {
                let future = format!("{} > {} AND {0} < {EVENTS_END}", seconds(column), self.last_second());
                oddities.push((OddityKind::InvalidTime, future));
            }
            _ => {}
        }
        oddities
    }

    /// The last second that is not in the future.
    pub(super) fn last_second(self) -> i64 {
        self.now.saturating_add(DAY)
    }

    /// A time as whole seconds; NULL if it cannot be converted or lies in the future.
    fn past_seconds(self, column: &str) -> String {
        let seconds = seconds(column);
        format!("CASE WHEN {seconds} <= {} THEN {seconds} END", self.last_second())
    }
}

pub(super) fn is_event(table: &str) -> bool {
    table.ends_with("_events")
}

/// A time as whole seconds from 1970 to 9999; NULL if it cannot be converted.
fn seconds(column: &str) -> String {
    // Numbers from 2015 on in milliseconds are milliseconds, because in seconds they lie after the year 46,000.
    let converted = format!(
        "CASE typeof({column}) \
         WHEN 'integer' THEN CASE WHEN {column} >= {FIRST_MS} THEN {column} / 1000 ELSE {column} END \
         WHEN 'real' THEN CAST(CASE WHEN {column} >= {FIRST_MS} THEN {column} / 1000 ELSE {column} END AS INTEGER) \
         WHEN 'text' THEN CASE WHEN {column} GLOB '[0-9][0-9][0-9][0-9]-*' THEN CAST(strftime('%s', {column}) AS INTEGER) END \
         END"
    );
    format!("(CASE WHEN {converted} BETWEEN 0 AND {MAX_SECONDS} THEN {converted} END)")
}

/// Returns the condition that a value consists of digits, and not only of zeros.
fn is_id(column: &str) -> String {
    format!("({column} NOT GLOB '*[^0-9]*' AND ltrim({column}, '0') <> '')")
}

fn plain_id(column: &str) -> String {
    format!("CASE WHEN {} THEN ltrim({column}, '0') ELSE {column} END", is_id(column))
}
