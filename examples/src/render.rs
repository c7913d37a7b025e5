//! Formats answers as plain text, 80 columns wide.
//!
//! | function | makes |
//! |---|---|
//! | [`heading`] | the title of a part |
//! | [`facts`] | labels with their values, one a line |
//! | [`table`] | rows of a label, some values and a bar: leaderboards, channels, growth |
//! | [`heat_map`] | a weekday x hour map in shades |
//! | [`number`], [`duration`] | a value for the above |

use std::time::Duration;

/// The longest line.
const WIDTH: usize = 80;

/// The longest label. Longer ones are cut.
const LABEL_WIDTH: usize = 24;

/// A row of a [`table`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    /// The length of the bar, relative to the other rows.
    pub bar: u64,
    /// The label.
    pub label: String,
    /// The values, one for each column.
    pub values: Vec<String>,
}

/// Returns the title of a part, with an empty line before and a rule after it.
///
/// # Examples
///
/// ```
/// assert_eq!(mocha_examples::render::heading("Voice"), "\nVoice\n─────\n");
/// ```
#[must_use]
pub fn heading(title: &str) -> String {
    format!("\n{title}\n{}\n", "─".repeat(title.chars().count()))
}

/// Returns labels with their values, one in each line, with aligned values.
///
/// # Examples
///
/// ```
/// use mocha_examples::render::{facts, number};
///
/// let text = facts(&[("messages", number(1_234)), ("members", number(5))]);
/// assert_eq!(text, "messages  1,234\nmembers       5\n");
/// ```
#[must_use]
pub fn facts(facts: &[(&str, String)]) -> String {
    let label_width = widest(facts.iter().map(|(label, _)| *label));
    let value_width = widest(facts.iter().map(|(_, value)| value.as_str()));
    let lines = facts.iter().map(|(label, value)| format!("{label:label_width$}  {value:>value_width$}\n"));
    lines.collect::<Vec<_>>().concat()
}

/// Returns rows of a label, some values and a bar, below the names of the columns.
///
/// Labels are aligned left and cut after 24 characters. Values are aligned right. The longest bar ends at the margin.
///
/// # Examples
///
/// ```
/// use mocha_examples::render::{Row, table};
///
/// let rows = [("mira", 40), ("jo", 20)];
/// let rows = rows.map(|(name, n)| Row { bar: n, label: name.to_owned(), values: vec![n.to_string()] });
/// let text = table("member", &["messages"], &rows);
/// let lines: Vec<_> = text.lines().collect();
/// assert_eq!(lines[0], "member  messages");
/// assert!(lines[1].starts_with("mira          40  ███"));
/// assert_eq!(lines[1].matches('█').count(), 2 * lines[2].matches('█').count());
/// assert_eq!(lines[1].chars().count(), 80);
/// ```
#[must_use]
pub fn table(label: &str, columns: &[&str], rows: &[Row]) -> String {
    let label_width = widest(rows.iter().map(|row| row.label.as_str()).chain([label])).min(LABEL_WIDTH);
    let widths: Vec<usize> = (0..)
        .zip(columns)
        .map(|(at, name)| widest(rows.iter().filter_map(|row| row.values.get(at)).map(String::as_str).chain([*name])))
        .collect();
    let line = |label: &str, values: &[&str]| {
        let label: String = label.chars().take(LABEL_WIDTH).collect();
        let values = widths.iter().zip(values).map(|(width, value)| format!("  {value:>width$}"));
        format!("{label:label_width$}{}", values.collect::<Vec<_>>().concat())
    };

    let longest = rows.iter().map(|row| row.bar).max().unwrap_or(0);
    let mut text = format!("{}\n", line(label, columns));
    for row in rows {
        let values: Vec<&str> = row.values.iter().map(String::as_str).collect();
        let line = line(&row.label, &values);
        let room = WIDTH.saturating_sub(line.chars().count() + 2);
        text.push_str(format!("{line}  {}", bar(row.bar, longest, room)).trim_end());
        text.push('\n');
    }
    text
}

/// Returns a map of weekdays, from Monday, and hours. Each hour has three columns, shaded relative to the busiest hour.
///
/// # Examples
///
/// ```
/// use mocha_examples::render::heat_map;
///
/// let mut hours = [[0; 24]; 7];
/// hours[6][0] = 100;
/// hours[6][1] = 20;
/// let text = heat_map(&hours);
/// assert!(text.ends_with("Sun ███░░░\n"));
/// assert_eq!(text.lines().count(), 8);
/// ```
#[must_use]
pub fn heat_map(hours: &[[u64; 24]; 7]) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let busiest = hours.iter().flatten().copied().max().unwrap_or(0);
    let names: Vec<String> = (0..24).step_by(3).map(|hour| format!("{hour:02}:00")).collect();
    let mut text = format!("    {}\n", names.join("    "));
    for (day, counts) in DAYS.iter().zip(hours) {
        let cells: String = counts.iter().map(|count| shade(*count, busiest)).collect();
        text.push_str(format!("{day} {cells}").trim_end());
        text.push('\n');
    }
    text
}

/// Returns a number with separated thousands.
///
/// # Examples
///
/// ```
/// use mocha_examples::render::number;
///
/// assert_eq!([0, 999, 1_000, 12_345_678].map(number), ["0", "999", "1,000", "12,345,678"]);
/// ```
#[must_use]
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in (0..digits.len()).rev().zip(digits.chars()) {
        text.push(digit);
        if place > 0 && place % 3 == 0 {
            text.push(',');
        }
    }
    text
}

/// Returns a duration in hours and whole minutes.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use mocha_examples::render::duration;
///
/// assert_eq!(duration(Duration::from_millis(59_999)), "0 h 00");
/// assert_eq!(duration(Duration::from_mins(60 * 1_234 + 5)), "1,234 h 05");
/// ```
#[must_use]
pub fn duration(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    format!("{} h {:02}", number(minutes / 60), minutes % 60)
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

/// Returns a bar in proportion to the longest. A value above zero has at least one block.
fn bar(value: u64, longest: u64, room: usize) -> String {
    let room = u128::try_from(room).unwrap_or(0);
    let blocks = (u128::from(value) * room).div_ceil(u128::from(longest.max(1)));
    "█".repeat(usize::try_from(blocks).unwrap_or(0))
}

fn shade(count: u64, busiest: u64) -> &'static str {
    match (u128::from(count) * 4).div_ceil(u128::from(busiest.max(1))) {
        0 => "   ",
        1 => "░░░",
        2 => "▒▒▒",
        3 => "▓▓▓",
        _ => "███",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_page() {
        let row = |bar| Row {
            bar,
            label: "é".repeat(60),
            values: vec![number(u64::MAX), duration(Duration::from_millis(bar))],
        };
        let text = table("member", &["messages", "time"], &[row(u64::MAX), row(1), row(0)]);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!(text.matches('█').count(), text.lines().nth(1).map_or(0, |line| line.matches('█').count()) + 1);
        let map = heat_map(&[[u64::MAX; 24]; 7]);
        assert!(map.lines().all(|line| line.chars().count() <= WIDTH), "{map}");
    }

    #[test]
    fn an_empty_table_has_only_its_header() {
        assert_eq!(table("member", &["messages"], &[]), "member  messages\n");
        assert!(heat_map(&[[0; 24]; 7]).lines().skip(1).all(|line| line.len() == 3));
    }
}
