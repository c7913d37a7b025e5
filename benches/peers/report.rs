//! The document with the comparison.

use std::{fmt, path::Path, time::Duration};

use chrono::{NaiveDate, Utc};

use crate::{
    Figures, Measured, Name,
    data::DAYS,
    machine,
    peer::{Kind, Rate},
};

const INTRODUCTION: &str = include_str!("introduction.md");

/// The figures of Mocha alone, which other benches print.
const OWN_FIGURES: &str = include_str!("own.md");

const PEERS: [Name; 3] = [Name::Sqlite, Name::Original, Name::DuckDb];

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DuckDb => "DuckDB",
            Self::Mocha => "Mocha",
            Self::Original => "the original's stack",
            Self::Sqlite => "bare SQLite",
        })
    }
}

/// The subject of a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum What {
    Import,
    Insert,
    Size,
    /// The time of a question about a window of so many days.
    Ask(Kind, Option<i64>),
}

impl What {
    /// Returns the cost in nanoseconds or thousandths of a byte. Less is better.
    fn cost(self, figures: &Figures, len: usize) -> Option<u128> {
        let of_one = |rate: Rate| rate.time.as_nanos() / u128::try_from(rate.len).unwrap_or(1).max(1);
        match self {
            Self::Import => figures.import.map(of_one),
            Self::Insert => Some(of_one(figures.insert)),
            Self::Size => Some(u128::from(figures.bytes) * 1_000 / u128::try_from(len).unwrap_or(1).max(1)),
            Self::Ask(..) => self.time(figures).map(|time| time.as_nanos()),
        }
    }

    fn time(self, figures: &Figures) -> Option<Duration> {
        let Self::Ask(kind, days) = self else { return None };
        let asked = figures.times.iter().find(|(question, _)| (question.kind, question.days) == (kind, days));
        asked.map(|(_, time)| *time)
    }

    fn text(self, figures: &Figures, len: usize) -> Option<String> {
        match self {
            Self::Import => figures.import.map(|rate| thousands(&rate.per_second())),
            Self::Insert => Some(thousands(&figures.insert.per_second())),
            Self::Size => Some(thousands(&(figures.bytes / u64::try_from(len).unwrap_or(1).max(1)))),
            Self::Ask(..) => self.time(figures).map(pretty),
        }
    }

    fn window(self) -> Option<String> {
        let Self::Ask(_, days) = self else { return None };
        Some(days.map_or_else(|| "all time".to_owned(), |days| format!("{days} days")))
    }

    /// Returns why a program may be ahead of Mocha, if the reason is known.
    fn reason(self, name: Name) -> Option<&'static str> {
        Some(match (self, name) {
            (Self::Import, Name::DuckDb) => {
                "it loads columns in bulk, on all cores, without indexes, keys or roll-ups."
            }
            (Self::Import, _) => {
                "Mocha maintains roll-ups, checks keys and stores guilds, channels and users in the same transaction. \
                 Questions are faster in return."
            }
            (Self::Insert, _) => "Mocha stores guilds, channels and users and maintains roll-ups with each message.",
            (Self::Size, Name::DuckDb) => {
                "its columns are compressed and have no index. Mocha's rows and indexes make single writes fast."
            }
            (Self::Size, _) => {
                "Mocha has the same table with the same indexes, as the original's documentation requires, and roll-ups."
            }
            (Self::Ask(Kind::UserStatistics, _), _) => {
                "the others add up three numbers. Mocha's answer also has ranks, days, streaks, channels and voice, which cost \
                 about the same for every user, so Mocha is ahead only for users who wrote much."
            }
            (Self::Ask(Kind::Leaderboard, _), Name::DuckDb) => {
                "Mocha reads a row for each author, channel and day or month, on one core; DuckDB reads two columns in vectors, \
                 on all cores."
            }
            (Self::Ask(Kind::HeatMap, _), Name::DuckDb) => {
                "Mocha reads each quarter of an hour, on one core, and computes the hours of any time zone. DuckDB reads one column in vectors, on all cores, in UTC."
            }
            _ => return None,
        })
    }
}

const SECTIONS: [(&str, &[What]); 6] = [
    ("History imported, messages a second", &[What::Import]),
    ("Messages written one by one, messages a second", &[What::Insert]),
    ("Size of the file, bytes a message", &[What::Size]),
    ("Leaderboard of messages, the first ten", &asks(Kind::Leaderboard)),
    ("Statistics of the user who wrote most", &asks(Kind::UserStatistics)),
    ("Heat map, weekday by hour", &asks(Kind::HeatMap)),
];

const fn asks(kind: Kind) -> [What; DAYS.len()] {
    let [month, year, all] = DAYS;
    [What::Ask(kind, month), What::Ask(kind, year), What::Ask(kind, all)]
}

#[derive(Debug)]
pub(crate) struct Report {
    date: NaiveDate,
    machine: String,
    measured: Vec<Measured>,
    versions: [String; 4],
}

impl Report {
    pub(crate) fn new(versions: [String; 4], folder: &Path) -> Self {
        Self { date: Utc::now().date_naive(), machine: machine::describe(folder), measured: Vec::new(), versions }
    }

    pub(crate) fn add(&mut self, measured: Measured) {
        self.measured.push(measured);
    }

    fn row(f: &mut fmt::Formatter<'_>, what: What, measured: &Measured) -> fmt::Result {
        let len = measured.data.len;
        if let Some(window) = what.window() {
            write!(f, "| {window} ")?;
        }
        write!(f, "| {} |", measured.data)?;
        let own = what.cost(&measured.mocha, len);
        let none = || "-".to_owned();
        write!(f, " {} |", what.text(&measured.mocha, len).unwrap_or_else(none))?;
        for name in PEERS {
            let figures = measured.of(name);
            let text = what.text(figures, len).unwrap_or_else(none);
            match own.zip(what.cost(figures, len)) {
                Some((own, cost)) => write!(f, " {text} ({}) |", times(cost, own))?,
                None => write!(f, " {text} |")?,
            }
        }
        writeln!(f)
    }

    /// Writes where a peer is ahead, and why.
    fn behind(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n## Where Mocha is not ahead\n\n| what | ahead | with | why |\n|---|---|---|---|")?;
        for (title, whats) in SECTIONS {
            for name in PEERS {
                let places: Vec<_> = whats.iter().flat_map(|what| self.ahead(*what, name)).collect();
                if !places.is_empty() {
                    let reason = whats.iter().find_map(|what| what.reason(name)).unwrap_or("not known");
                    writeln!(f, "| {title} | {name} | {} | {reason} |", places.join("; "))?;
                }
            }
        }
        Ok(())
    }

    /// Returns the sets of messages for which a peer is ahead.
    fn ahead(&self, what: What, name: Name) -> impl Iterator<Item = String> {
        let ahead = self.measured.iter().filter(move |measured| {
            let cost = |name| what.cost(measured.of(name), measured.data.len);
            cost(name).zip(cost(Name::Mocha)).is_some_and(|(cost, own)| cost <= own)
        });
        ahead.map(move |Measured { data, .. }| {
            what.window().map_or_else(|| data.to_string(), |window| format!("{window} of {data}"))
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(INTRODUCTION)?;
        writeln!(f, "\nMeasured on {}.\n\n{}", self.date, self.machine)?;
        for (name, version) in [Name::Mocha, Name::Sqlite, Name::Original, Name::DuckDb].iter().zip(&self.versions) {
            writeln!(f, "* {name}: {version}")?;
        }
        writeln!(f, "\n| messages | people | days |\n|---|---|---|")?;
        for Measured { data, .. } in &self.measured {
            writeln!(f, "| {data} | {} | {} |", thousands(&data.people), thousands(&data.days))?;
        }
        for (title, whats) in SECTIONS {
            writeln!(f, "\n## {title}\n")?;
            let window = whats.iter().any(|what| what.window().is_some());
            f.write_str(if window { "| window " } else { "" })?;
            write!(f, "| messages | Mocha |")?;
            PEERS.iter().try_for_each(|name| write!(f, " {name} |"))?;
            writeln!(f, "\n{}|---|---|---|---|---|", if window { "|---" } else { "" })?;
            for what in whats {
                for measured in &self.measured {
                    Self::row(f, *what, measured)?;
                }
            }
        }
        self.behind(f)?;
        f.write_str(OWN_FIGURES)
    }
}

/// Returns the ratio as text.
fn times(cost: u128, own: u128) -> String {
    let hundredths = cost.saturating_mul(100) / own.max(1);
    match hundredths {
        ..1_000 => format!("{}.{:02}x", hundredths / 100, hundredths % 100),
        _ => format!("{}x", thousands(&(hundredths / 100))),
    }
}

fn pretty(time: Duration) -> String {
    match time.as_micros() {
        micros @ ..1_000 => format!("{micros} µs"),
        micros @ ..100_000 => format!("{}.{:01} ms", micros / 1_000, micros % 1_000 / 100),
        micros @ ..1_000_000 => format!("{} ms", micros / 1_000),
        micros => format!("{}.{:02} s", micros / 1_000_000, micros % 1_000_000 / 10_000),
    }
}

pub(crate) fn thousands(number: &impl ToString) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(
            ["0", "999", "1,000", "1,234,567"],
            [0, 999, 1_000, 1_234_567].map(|number| thousands(&number)).each_ref().map(String::as_str)
        );
        assert_eq!(
            ["0.50x", "9.99x", "10x", "1,500x"],
            [(1, 2), (999, 100), (10, 1), (1_500, 1)].map(|(cost, own)| times(cost, own))
        );
        let times = [999, 1_234, 99_999, 123_456, 12_345_678].map(|micros| pretty(Duration::from_micros(micros)));
        assert_eq!(["999 µs", "1.2 ms", "99.9 ms", "123 ms", "12.34 s"], times);
    }
}
