//! Messages by quarter of an hour, a month in a row.

use std::ops::Range;

use mocha_schema::GuildId;

use crate::{
    Bots, Error,
    database::Source,
    rollup::{MONTH, QUARTER},
    statement::{Statement, rollup_of},
};

/// Calls `f` with the number of messages of each quarter of an hour in some months. Quarters
/// without messages may be left out.
pub(crate) fn each(
    conn: &mut dyn Source,
    guild: GuildId,
    bots: Bots,
    months: &Range<i64>,
    mut f: impl FnMut(i64, u64),
) -> Result<(), Error> {
    let mut statement = Statement::new(conn.dialect());
    statement.select(["quarters", "month"]).push(" FROM ");
    rollup_of(&mut statement, "quarters_of_months", guild, None, bots, Some(("month", months)));
    conn.named_rows(&statement, &mut |packed, row| {
        let (packed, month) = (packed.unwrap_or_default(), row.number(0)?);
        let first = month.saturating_mul(MONTH / QUARTER);
        unpack(&packed, |place, messages| f(first.saturating_add(place), messages))
            .ok_or_else(|| Error::row(format!("month {month} has no quarters of an hour, but {packed}")))
    })
}

/// Calls `f` with each pair of a JSON object of counts by place, in the form in which databases
/// write it. Returns `None` for any other text. A general JSON parser takes several times as long.
fn unpack(packed: &str, mut f: impl FnMut(i64, u64)) -> Option<()> {
    let mut rest = without_spaces(packed.strip_prefix('{')?.strip_suffix('}')?.as_bytes());
    if rest.is_empty() {
        return Some(());
    }
    loop {
        let (place, after) = number(rest.strip_prefix(b"\"")?)?;
        let colon = without_spaces(after.strip_prefix(b"\"")?);
        let (messages, after) = number(without_spaces(colon.strip_prefix(b":")?))?;
        f(i64::try_from(place).ok()?, messages);
        let after = without_spaces(after);
        if after.is_empty() {
            return Some(());
        }
        rest = without_spaces(after.strip_prefix(b",")?);
    }
}

/// Skips spaces. PostgreSQL writes them beside colons and commas.
fn without_spaces(mut text: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = text {
        text = rest;
    }
    text
}

/// Reads the number at the start of a text. Returns `None` if there is none, or if it is too large.
fn number(mut text: &[u8]) -> Option<(u64, &[u8])> {
    let [first @ b'0'..=b'9', rest @ ..] = text else { return None };
    let mut number = u64::from(first - b'0');
    text = rest;
    while let [digit @ b'0'..=b'9', rest @ ..] = text {
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        text = rest;
    }
    Some((number, text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use diesel::{prelude::*, sql_query, sql_types::Text};
    use proptest::prelude::*;

    use super::*;
    use crate::fixture::TestResult;
    use crate::test_file::empty;

    fn unpacked(packed: &str) -> Option<Vec<(i64, u64)>> {
        let mut pairs = Vec::new();
        unpack(packed, |place, messages| pairs.push((place, messages)))?;
        Some(pairs)
    }

    proptest! {
        #[test]
        fn quarters_that_sqlite_packed_are_unpacked(counts in prop::collection::btree_map(0..2880_i64, 0..=i64::MAX, 0..9)) {
            #[derive(QueryableByName)]
            struct Packed {
                #[diesel(sql_type = Text)]
                packed: String,
            }
            let rows: Vec<String> = counts.iter().map(|(place, messages)| format!("({place}, {messages})")).collect();
            let rows = if rows.is_empty() { "SELECT 1, 1 WHERE false".into() } else { format!("VALUES {}", rows.join(", ")) };
            let sql = format!("SELECT json_group_object(column1, column2) AS packed FROM (SELECT 0 AS column1, 0 AS column2 WHERE false UNION ALL {rows})");
            let Packed { packed } = sql_query(sql).get_result(&mut crate::fixture::empty().unwrap()).unwrap();
            let expected: BTreeMap<i64, u64> = counts.into_iter().map(|(place, messages)| (place, messages.cast_unsigned())).collect();
            prop_assert_eq!(unpacked(&packed), Some(expected.into_iter().collect()));
        }
    }

    #[test]
    fn damaged_bytes_are_an_error() -> TestResult {
        let damaged = [
            "",
            "{",
            "}",
            "no",
            "null",
            "[1,2]",
            r#"{"1"}"#,
            r#"{"1":}"#,
            r#"{"1":2"#,
            r#"{"1":2,}"#,
            "{:2}",
            r#"{"1":-2}"#,
            r#"{"1":2,"3"}"#,
            r#"{"1":2:3}"#,
            r#"{"1" 2}"#,
            r#"{"1":2 3}"#,
            "{1:2}",
            r#"{"a":2}"#,
            r#"{"1":18446744073709551616}"#,
            r#"{"18446744073709551615":1}"#,
        ];
        for packed in damaged {
            assert_eq!(unpacked(packed), None, "{packed}");
        }
        let mut conn = empty()?;
        conn.execute(
            r#"INSERT INTO packed_quarters VALUES (1, 600, false, '{"7":9,"8":-1}'), (1, 601, false, '{"7":9}')"#,
        )?;
        let mut read = |months| each(&mut conn, GuildId::try_from(1).unwrap(), Bots::Include, &months, |_, _| ());
        assert!(read(600..602).is_err_and(|error| error.is_database()));
        assert!(read(601..602).is_ok());
        Ok(())
    }
}
