//! The statements that read, compute, delete and write the rows of a slice.
//!
//! In each, `?1` is a JSON array of the spellings of the guild's id in the events, `?2` the id as a number, and `?3` the month.

use mocha_schema::catalogue::{Kept, Table};

use super::Rollup;

/// A roll-up or one of its source tables, and the condition for the rows that count.
pub(super) struct Source {
    /// The table. For events, also the name of the index to read it through.
    table: String,
    /// The time column.
    time: &'static str,
    /// The first time that counts, as an expression over `horizons`.
    from: String,
    /// The last time that counts.
    last: i64,
    /// The length of a month in units of the time column.
    month: i64,
}

const MONTH_MS: i64 = 2_592_000_000;

impl Source {
    /// Selects the rows of a table from the horizon on or, with `whole_months`, from the start of the horizon's month on.
    fn new(table: &Table, whole_months: bool) -> Self {
        let name = table.name.to_owned();
        // All time is one slice.
        let Some(time) = table.time else {
            return Self { table: name, time: "0", from: "0".to_owned(), last: i64::MAX, month: 1 };
        };
        let (horizon, unit, month) = (time.horizon.column(), time.unit_ms, MONTH_MS / time.unit_ms);
        let (table, last) = match table.kept {
            Kept::Events => (format!("{name} INDEXED BY idx_{name}_guild_time"), 253_402_300_799_999 / unit),
            _ => (name, i64::MAX),
        };
        let from = if whole_months {
            format!("{horizon} * 1000 / {MONTH_MS} * {month}")
        } else {
            format!("{horizon} * 1000 / {unit}")
        };
        Self { table, time: time.column, from, last, month }
    }
}

/// Returns the roll-up itself. A roll-up of another roll-up is computed from the start of the horizon's month on.
fn own(rollup: Rollup) -> Source {
    let is_of_sums = rollup.entry().sources_of_sums().any(|table| table.kept == Kept::Rollups);
    Source::new(rollup.entry(), is_of_sums)
}

/// Returns the roll-up's source tables and the roll-up itself, because a row that should not exist has to be found too.
pub(super) fn sources(rollup: Rollup) -> Vec<Source> {
    let source = |table: &Table| match rollup.entry().time {
        Some(_) => Source::new(table, table.kept == Kept::Rollups),
        None => Source { table: table.name.to_owned(), ..own(rollup) },
    };
    let mut sources: Vec<Source> = rollup.entry().sources_of_sums().map(source).collect();
    sources.push(own(rollup));
    sources
}

/// Lists the guilds and months in which a table has rows.
pub(super) fn slices(source: &Source) -> String {
    let Source { table, time, from, last, month } = source;
    include_str!("sql/slices.sql")
        .replace("{table}", table)
        .replace("{time}", time)
        .replace("{from}", from)
        .replace("{last}", &last.to_string())
        .replace("{month}", &month.to_string())
}

/// Selects the correct rows of the slice, with the columns of the roll-up.
const fn counted(rollup: Rollup) -> &'static str {
    match rollup {
        Rollup::ActiveMonths => include_str!("sql/active_months.sql"),
        Rollup::AwardDays => include_str!("sql/award_days.sql"),
        Rollup::AwardTotals => include_str!("sql/award_totals.sql"),
        Rollup::MemberDays => include_str!("sql/member_days.sql"),
        Rollup::MessageDays => include_str!("sql/message_days.sql"),
        Rollup::MessageMonths => include_str!("sql/message_months.sql"),
        Rollup::MessageQuarters => include_str!("sql/message_quarters.sql"),
        Rollup::MessageThirds => include_str!("sql/message_thirds.sql"),
        Rollup::MessageTotals => include_str!("sql/message_totals.sql"),
        Rollup::PackedQuarters => include_str!("sql/packed_quarters.sql"),
        Rollup::VoiceChannelDays => include_str!("sql/voice_channel_days.sql"),
        Rollup::VoiceChannelMonths => include_str!("sql/voice_channel_months.sql"),
        Rollup::VoiceDays => include_str!("sql/voice_days.sql"),
        Rollup::VoiceMonths => include_str!("sql/voice_months.sql"),
        Rollup::VoiceTotals => include_str!("sql/voice_totals.sql"),
    }
}

/// Returns the condition that a row of the roll-up belongs to the slice.
fn belongs(rollup: Rollup) -> String {
    let Source { time, from, month, .. } = own(rollup);
    format!(
        "guild_id = ?2 AND {time} >= max(?3 * {month}, (SELECT {from} FROM horizons)) AND {time} < (?3 + 1) * {month}"
    )
}

/// Returns the shared columns of all roll-ups. NULL stands for a column that this one lacks.
fn columns(rollup: Rollup) -> String {
    const MESSAGES: &str = "messages, characters, words, attachments, embeds";
    const PACKED: &str = "messages, NULL AS characters, NULL AS words, NULL AS attachments, NULL AS embeds";
    const VOICE: &str = "intervals, voice_ms, deafened_ms, muted_ms, streaming_ms, talking_ms, video_ms";
    let (key, sums) = match rollup {
        Rollup::ActiveMonths => ("user_id, NULL AS channel_id, NULL AS assumed, NULL AS apart", PACKED),
        Rollup::AwardDays | Rollup::AwardTotals => ("user_id, channel_id, NULL AS assumed, NULL AS apart", "awards"),
        Rollup::MemberDays => ("NULL AS user_id, NULL AS channel_id, NULL AS assumed, bot AS apart", "joins, leaves"),
        Rollup::PackedQuarters => ("NULL AS user_id, NULL AS channel_id, NULL AS assumed, bot AS apart", PACKED),
        Rollup::MessageDays | Rollup::MessageMonths | Rollup::MessageThirds | Rollup::MessageTotals => {
            ("user_id, channel_id, NULL AS assumed, NULL AS apart", MESSAGES)
        }
        Rollup::MessageQuarters => ("NULL AS user_id, NULL AS channel_id, NULL AS assumed, bot AS apart", MESSAGES),
        Rollup::VoiceChannelDays | Rollup::VoiceChannelMonths => {
            ("user_id, channel_id, assumed, NULL AS apart, NULL AS sessions, NULL AS days", VOICE)
        }
        Rollup::VoiceDays | Rollup::VoiceTotals => {
            ("user_id, NULL AS channel_id, assumed, NULL AS apart, sessions, NULL AS days", VOICE)
        }
        Rollup::VoiceMonths => ("user_id, NULL AS channel_id, assumed, NULL AS apart, sessions, days", VOICE),
    };
    let period = match rollup {
        Rollup::ActiveMonths => "day",
        Rollup::PackedQuarters => "quarter",
        Rollup::AwardTotals | Rollup::MessageTotals | Rollup::VoiceTotals => "NULL",
        _ => own(rollup).time,
    };
    format!("{period} AS period, {key}, bot, {sums}")
}

/// Reads the rows that the slice has.
pub(super) fn found(rollup: Rollup) -> String {
    let belongs = belongs(rollup);
    let rows = match rollup {
        // Leaves out packed rows that no query reads: those of changed months, and of months that are not over.
        Rollup::PackedQuarters => {
            format!(
                "SELECT * FROM quarters_of_months WHERE {belongs} AND month < (SELECT messages_to / 30 FROM watermarks)"
            )
        }
        _ => format!("SELECT * FROM {rollup} WHERE {belongs}"),
    };
    compared(rollup, &rows)
}

/// Reads the rows that the slice should have.
pub(super) fn expected(rollup: Rollup) -> String {
    compared(rollup, counted(rollup))
}

/// Selects rows under the shared column names. Packed rows are split, so that their parts are compared.
fn compared(rollup: Rollup, rows: &str) -> String {
    let pieces = match rollup {
        Rollup::ActiveMonths => include_str!("sql/active_months_unpacked.sql").replace("{rows}", rows),
        Rollup::PackedQuarters => include_str!("sql/packed_quarters_unpacked.sql").replace("{rows}", rows),
        _ => rows.to_owned(),
    };
    format!("SELECT {} FROM ({pieces})", columns(rollup))
}

/// Deletes the rows that the slice has.
pub(super) fn clear(rollup: Rollup) -> String {
    format!("DELETE FROM {rollup} WHERE {}", belongs(rollup))
}

/// Writes the rows that the slice should have.
pub(super) fn fill(rollup: Rollup) -> String {
    format!("INSERT INTO {rollup} {}", counted(rollup))
}

#[cfg(test)]
mod tests {
    use diesel::{QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};

    use super::*;
    use crate::Store;

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    fn plan(conn: &mut SqliteConnection, sql: &str) -> diesel::QueryResult<Vec<String>> {
        let steps = sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load::<Step>(conn)?;
        Ok(steps.into_iter().map(|step| step.detail).collect())
    }

    #[test]
    fn each_statement_reads_only_its_slice() -> Result<(), Box<dyn std::error::Error>> {
        let store = Store::builder().open_in_memory()?;
        for rollup in Rollup::ALL {
            let mut steps = Vec::new();
            for statement in [found(rollup), expected(rollup), clear(rollup), fill(rollup)] {
                steps.extend(store.read(|conn| plan(conn, &statement))?);
            }
            for source in sources(rollup) {
                steps.extend(store.read(|conn| plan(conn, &slices(&source)))?);
            }
            // Each table is searched by guild and time, or by guild for the next guild.
            let tables = ["_events", "_intervals", "_days", "_months", "_quarters", "_thirds", "_totals"];
            let of_tables = steps.iter().filter(|step| tables.iter().any(|table| step.contains(table)));
            let (searches, others): (Vec<_>, Vec<_>) = of_tables.partition(|step| step.starts_with("SEARCH"));
            assert!(others.is_empty(), "{rollup}: {others:#?}");
            // A slice of totals is the whole guild.
            let of_totals = rollup.table().ends_with("_totals");
            let narrow = |step: &&&String| step.contains(if of_totals { "(guild_id=?" } else { "(guild_id=? AND " });
            assert!(searches.iter().filter(narrow).count() >= 6, "{rollup}: {steps:#?}");
            let wide = searches.iter().filter(|step| !step.contains("(guild_id"));
            // The search for the first guild starts at the beginning of the index.
            assert_eq!(wide.count(), sources(rollup).len(), "{rollup}: {steps:#?}");
        }
        Ok(())
    }
}
