//! The dates of a chart.

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use mocha_stats::Window;

use crate::texts::{Texts, fill};

/// The time that a chart is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) end: Option<DateTime<Utc>>,
    /// The start of the window, or of the data if the window starts before it.
    pub(crate) start: Option<DateTime<Utc>>,
}

impl Scope {
    pub(crate) fn of(window: Window, data_since: Option<DateTime<Utc>>) -> Self {
        Self { end: window.end(), start: window.start().max(data_since) }
    }

    /// Returns the dates of the window, and whether a time zone matters for them.
    pub(crate) fn dates(self, zone: Tz, texts: &Texts) -> (String, bool) {
        let local = |at: DateTime<Utc>| at.with_timezone(&zone);
        match (self.start.map(local), self.end.map(local)) {
            (Some(start), Some(end)) => (range(start, end, texts), true),
            (Some(start), None) => (fill(&texts.since, &date(start, texts)), true),
            (None, Some(end)) => (fill(&texts.until, &date(last_instant(end), texts)), true),
            (None, None) => (texts.all_time.clone(), false),
        }
    }
}

/// Returns the last instant before the end of a window.
fn last_instant(end: DateTime<Tz>) -> DateTime<Tz> {
    end.checked_sub_signed(TimeDelta::nanoseconds(1)).unwrap_or(end)
}

/// Returns the dates from `start` to `end`, which is excluded. A part of one day has its hours.
fn range(start: DateTime<Tz>, end: DateTime<Tz>, texts: &Texts) -> String {
    let last = last_instant(end).max(start);
    let is_midnight = |at: DateTime<Tz>| at.time() == NaiveTime::MIN;
    if start.date_naive() != last.date_naive() {
        let first = if start.year() == last.year() { day_month(start, texts) } else { date(start, texts) };
        return format!("{first} – {}", date(last, texts));
    }
    let day = date(start, texts);
    if is_midnight(start) && is_midnight(end) && start < end {
        return day;
    }
    format!("{day}, {} – {}", start.format("%H:%M"), end.format("%H:%M"))
}

/// Returns the dates of some periods without their years, for a legend.
pub(crate) fn short_range(starts: &[DateTime<Tz>], end: Option<DateTime<Utc>>, texts: &Texts) -> Option<String> {
    let (first, last) = (*starts.first()?, *starts.last()?);
    let end = end.map_or(last, |end| last_instant(end.with_timezone(&last.timezone())).max(last));
    if first.date_naive() == end.date_naive() {
        return Some(day_month(first, texts));
    }
    Some(format!("{} – {}", day_month(first, texts), day_month(end, texts)))
}

pub(crate) fn day_month(at: DateTime<Tz>, texts: &Texts) -> String {
    formatted(&texts.day_month, at, texts)
}

pub(crate) fn month_year(at: DateTime<Tz>, texts: &Texts) -> String {
    formatted(&texts.month_year, at, texts)
}

fn date(at: DateTime<Tz>, texts: &Texts) -> String {
    formatted(&texts.date, at, texts)
}

fn formatted(format: &str, at: DateTime<Tz>, texts: &Texts) -> String {
    let month = usize::try_from(at.month0()).ok().and_then(|month| texts.months.get(month));
    format
        .replace("{day}", &at.day().to_string())
        .replace("{year}", &at.year().to_string())
        .replace("{month}", month.map_or("", String::as_str))
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    fn at(text: &str) -> DateTime<Tz> {
        text.parse::<DateTime<Utc>>().unwrap().with_timezone(&Berlin)
    }

    #[test]
    fn a_window_is_written_as_dates_in_its_zone() {
        let texts = Texts::default();
        // Berlin is two hours ahead of UTC in October before the 25th, and one hour afterwards.
        let cases = [
            ("2026-10-18T22:00:00Z", "2026-11-15T23:00:00Z", "19 Oct – 15 Nov 2026"),
            ("2026-12-28T23:00:00Z", "2027-01-04T23:00:00Z", "29 Dec 2026 – 4 Jan 2027"),
            ("2026-10-18T22:00:00Z", "2026-10-19T22:00:00Z", "19 Oct 2026"),
            ("2026-10-19T07:00:00Z", "2026-10-19T10:30:00Z", "19 Oct 2026, 09:00 – 12:30"),
        ];
        for (start, end, written) in cases {
            assert_eq!(range(at(start), at(end), &texts), written);
        }
        let scope = |start, end| Scope { end, start }.dates(Berlin, &texts);
        let instant = at("2026-10-18T22:00:00Z").to_utc();
        assert_eq!(scope(Some(instant), None), ("since 19 Oct 2026".to_owned(), true));
        assert_eq!(scope(None, Some(instant)), ("until 18 Oct 2026".to_owned(), true));
        assert_eq!(scope(None, None), ("all time".to_owned(), false));
    }

    #[test]
    fn data_that_starts_late_moves_the_start() {
        let (start, data) = (at("2026-10-01T00:00:00Z").to_utc(), at("2026-10-10T00:00:00Z").to_utc());
        let window = Window::since(start).unwrap();
        assert_eq!(Scope::of(window, Some(data)).start, Some(data));
        assert_eq!(Scope::of(window, None).start, Some(start));
    }
}
