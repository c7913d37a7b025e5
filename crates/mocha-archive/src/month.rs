//! Calendar months in UTC.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};

use crate::{Error, ErrorKind};

/// A calendar month in UTC, from 1970-01 to 9999-12. Its text is `YYYY-MM`.
///
/// # Examples
///
/// ```
/// use chrono::DateTime;
/// use mocha_archive::Month;
///
/// let month = Month::of(DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?);
/// assert_eq!(month.to_string(), "2023-11");
/// assert_eq!(month, "2023-11".parse()?);
/// assert_eq!(month.start().to_string(), "2023-11-01 00:00:00 UTC");
/// assert_eq!(month.next().to_string(), "2023-12");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// Returns the month that contains a time.
    #[must_use]
    pub fn of(time: DateTime<Utc>) -> Self {
        Self { year: time.year(), month: time.month() }
    }

    /// Returns the month that contains a unix millisecond, if that is between 1970 and 9999.
    pub(crate) fn of_ms(ms: i64) -> Option<Self> {
        DateTime::from_timestamp_millis(ms).filter(|time| (1970..=9999).contains(&time.year())).map(Self::of)
    }

    /// Returns the first instant of the month.
    #[must_use]
    pub fn start(self) -> DateTime<Utc> {
        let day = NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or_default();
        day.and_time(chrono::NaiveTime::MIN).and_utc()
    }

    /// Returns the month after it.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self { year, month: 12 } => Self { year: year.saturating_add(1), month: 1 },
            Self { year, month } => Self { year, month: month + 1 },
        }
    }

    /// Returns the half-open range of its unix milliseconds.
    pub(crate) fn range_ms(self) -> (i64, i64) {
        (self.start().timestamp_millis(), self.next().start().timestamp_millis())
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parsed = text.split_once('-').and_then(|(year, month)| {
            let (year, month) = (year.parse().ok()?, month.parse().ok()?);
            Some(Self { year, month }).filter(|_| (1970..=9999).contains(&year) && (1..=12).contains(&month))
        });
        // One spelling only, because folders are named by it.
        parsed
            .filter(|month| month.to_string() == text)
            .ok_or_else(|| Error::new(ErrorKind::Invalid, format!("`{text}` is not a month such as 2024-05")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_one_spelling_and_ends_where_the_next_begins() -> Result<(), Error> {
        for text in ["", "2024", "2024-13", "2024-00", "2024-5", "02024-05", "1969-12", "+2024-05", "2024-05-01"] {
            assert_eq!(text.parse::<Month>().map_err(|error| error.kind()), Err(ErrorKind::Invalid), "{text}");
        }
        let december: Month = "2023-12".parse()?;
        assert_eq!(december.range_ms(), (1_701_388_800_000, 1_704_067_200_000));
        assert_eq!(Month::of_ms(1_704_067_199_999), Some(december));
        assert_eq!(Month::of_ms(1_704_067_200_000), Some(december.next()));
        assert_eq!(Month::of_ms(253_402_300_800_000), None);
        Ok(())
    }
}
