//! Splits a window into roll-ups and single messages.

use std::ops::Range;

use crate::{Error, Window, database::Source, statement::Statement};
use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, EVENTS_END};

/// The periods of the roll-ups, in seconds.
pub(crate) const QUARTER: i64 = 900;
pub(crate) const DAY: i64 = 86_400;
const THIRD: i64 = 10 * DAY;
pub(crate) const MONTH: i64 = 30 * DAY;

/// The horizons and the watermarks. A horizon is a midnight in unix seconds. Older joins, leaves,
/// messages and voice are only in the roll-ups, if at all. A watermark is the first day that the
/// roll-ups of months and of all time do not include yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horizon {
    pub(crate) members_from: i64,
    pub(crate) messages_from: i64,
    pub(crate) messages_to: i64,
    pub(crate) presences_from: i64,
    pub(crate) rollups_from: i64,
    pub(crate) voice_from: i64,
    pub(crate) voice_to: i64,
}

impl Horizon {
    pub(crate) fn load(conn: &mut dyn Source) -> Result<Self, Error> {
        let mut statement = Statement::new(conn.dialect());
        statement.select([
            "members_from",
            "messages_from",
            "messages_to",
            "presences_from",
            "rollups_from",
            "voice_from",
            "voice_to",
        ]);
        statement.push(" FROM horizons JOIN watermarks ON watermarks.id = horizons.id WHERE horizons.id = 1");
        let row = conn.only(&statement)?;
        Ok(Self {
            members_from: row.number(0)?,
            messages_from: row.number(1)?,
            messages_to: row.number(2)?,
            presences_from: row.number(3)?,
            rollups_from: row.number(4)?,
            voice_from: row.number(5)?,
            voice_to: row.number(6)?,
        })
    }

    /// Returns the part of a window in which joins and leaves are counted.
    pub(crate) fn members(self, window: Window) -> Counted {
        self.counted(window, Span::seconds, self.members_from)
    }

    /// Returns the part of a window in which messages are counted.
    pub(crate) fn messages(self, window: Window) -> Counted {
        self.counted(window, Span::seconds, self.messages_from)
    }

    /// Returns the part of a window in which voice is counted.
    pub(crate) fn voice(self, window: Window) -> Counted {
        self.counted(window, Span::millis, self.voice_from)
    }

    fn counted(self, window: Window, of: fn(Window, i64) -> Span, complete_from: i64) -> Counted {
        // Older rows of roll-ups may still be there, because retention deletes them step by step.
        let kept = window.not_before(self.rollups_from);
        let (exact, span) = (of(kept, 0), of(kept, complete_from));
        Counted { data_since: Self::data_since(window, self.rollups_from), span, rounded_to_days: span != exact }
    }

    /// Returns where data starts that is kept from this second on, if the window begins before it.
    pub(crate) fn data_since(window: Window, second: i64) -> Option<DateTime<Utc>> {
        let from = DateTime::from_timestamp(second, 0)?;
        (window.not_before(second).start() != window.start()).then_some(from)
    }
}

/// The counted part of a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    /// Where the data starts, if the window begins before it.
    pub(crate) data_since: Option<DateTime<Utc>>,
    pub(crate) span: Span,
    /// Whether a day at the edge of the window is counted whole, because only its roll-up is left.
    pub(crate) rounded_to_days: bool,
}

/// The time that a question counts, in unix seconds or milliseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Span {
    pub(crate) start: i64,
    pub(crate) end: i64,
    per_second: i64,
}

impl Span {
    /// Returns the seconds of a window, for messages. A day of which only the roll-up is left is
    /// included whole.
    pub(crate) fn seconds(window: Window, complete_from: i64) -> Self {
        Self { start: window.start_second(), end: window.end_second(), per_second: 1 }.rounded_to_days(complete_from)
    }

    /// Returns the milliseconds of a window, for voice. A day of which only the roll-up is left is
    /// included whole.
    pub(crate) fn millis(window: Window, complete_from: i64) -> Self {
        Self { start: window.start_ms(), end: window.counted_until_ms(), per_second: 1000 }
            .rounded_to_days(complete_from)
    }

    fn rounded_to_days(self, complete_from: i64) -> Self {
        let (day, complete_from) = (DAY * self.per_second, complete_from.saturating_mul(self.per_second));
        if self.start >= self.end {
            return Self { end: self.start, ..self };
        }
        // The horizon is a midnight.
        let floor = if self.start < complete_from { self.start.rem_euclid(day) } else { 0 };
        let ceiling = if self.end < complete_from { (-self.end).rem_euclid(day) } else { 0 };
        Self { start: self.start - floor, end: self.end + ceiling, ..self }
    }

    /// Returns the whole seconds that begin in it.
    pub(crate) fn to_seconds(self) -> Self {
        let up = |edge: i64| -(-edge).div_euclid(self.per_second);
        Self { start: up(self.start), end: up(self.end), per_second: 1 }
    }

    /// Returns a span with the same end and another start.
    pub(crate) const fn starting_at(self, start: i64) -> Self {
        Self { start, ..self }
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// Returns the numbers of the whole units of this many seconds in it, up to a limit, and the
    /// rests before and after them.
    fn whole(self, seconds: i64, limit: i64) -> (Range<i64>, [Self; 2]) {
        let unit = seconds * self.per_second;
        let (first, last) = (-(-self.start).div_euclid(unit), self.end.div_euclid(unit).min(limit));
        if first >= last {
            return (0..0, [self, Self { start: 0, end: 0, ..self }]);
        }
        (first..last, [Self { end: first * unit, ..self }, Self { start: last * unit, ..self }])
    }
}

/// The roll-ups and events from which a [`Span`] is read. No range in it is empty.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Sources {
    /// The sums of all time.
    pub(crate) totals: bool,
    pub(crate) months: Vec<Range<i64>>,
    /// Ten days each.
    pub(crate) thirds: Vec<Range<i64>>,
    pub(crate) days: Vec<Range<i64>>,
    pub(crate) quarters: Vec<Range<i64>>,
    /// Months whose quarters are read from packed rows.
    pub(crate) packed: Vec<Range<i64>>,
    /// Spans that are read event by event.
    pub(crate) events: Vec<Span>,
    /// Reads only events in these channels, unless it is `None` or the events are those of one user.
    pub(crate) in_channels: Option<Vec<ChannelId>>,
}

impl Sources {
    /// For sums of messages without their days. All time, months and their thirds have the days
    /// before `filled_to`.
    pub(crate) fn summed(span: Span, filled_to: i64) -> Self {
        Self::by_total(span, filled_to).unwrap_or_else(|| Self::by_third(span, filled_to))
    }

    /// For sums of awards. Their days and sums of all time are complete at any time.
    pub(crate) fn summed_awards(span: Span) -> Self {
        const COMPLETE: i64 = 2_932_896;
        Self::by_total(span, COMPLETE).unwrap_or_else(|| Self::by_day(span))
    }

    /// For sums of voice time, which has no thirds.
    pub(crate) fn summed_voice(span: Span, filled_to: i64) -> Self {
        Self::by_total(span, filled_to).unwrap_or_else(|| Self::by_month(span, filled_to))
    }

    fn by_total(span: Span, filled_to: i64) -> Option<Self> {
        let (filled, open_end) = (filled_to * DAY * span.per_second, EVENTS_END * span.per_second);
        // In PostgreSQL the sums of all time are complete at any time, so they answer for a window without an end.
        let start = if filled > open_end && span.end == open_end { open_end } else { filled };
        // There is nothing before 1970.
        let whole = span.start <= 0 && (1..=span.end).contains(&start);
        whole.then(|| Self { totals: true, ..Self::by_day(Span { start, ..span }) })
    }

    /// For sums by month.
    pub(crate) fn by_month(span: Span, filled_to: i64) -> Self {
        let (months, rest) = span.whole(MONTH, filled_to / (MONTH / DAY));
        Self { months: non_empty(months), ..Self::beside(rest, Self::by_day) }
    }

    /// For sums by month, and by third of a month beside whole ones.
    fn by_third(span: Span, filled_to: i64) -> Self {
        let (months, rest) = span.whole(MONTH, filled_to / (MONTH / DAY));
        let of_rest = |span: Span| {
            let (thirds, rest) = span.whole(THIRD, filled_to / (THIRD / DAY));
            Self { thirds: non_empty(thirds), ..Self::beside(rest, Self::by_day) }
        };
        Self { months: non_empty(months), ..Self::beside(rest, of_rest) }
    }

    /// The parts that are not whole units.
    fn beside(rest: [Span; 2], of: impl Fn(Span) -> Self) -> Self {
        let [mut before, after] = rest.map(of);
        before.thirds.extend(after.thirds);
        before.days.extend(after.days);
        before.quarters.extend(after.quarters);
        before.events.extend(after.events);
        before
    }

    /// For what happened on each day in UTC.
    pub(crate) fn by_day(span: Span) -> Self {
        let (days, rest) = span.whole(DAY, i64::MAX);
        Self { days: non_empty(days), events: events(rest), ..Self::default() }
    }

    /// For what happened when.
    pub(crate) fn by_quarter(span: Span) -> Self {
        let (quarters, rest) = span.whole(QUARTER, i64::MAX);
        Self { quarters: non_empty(quarters), events: events(rest), ..Self::default() }
    }

    /// The same of messages alone.
    pub(crate) fn by_packed_quarter(span: Span, filled_to: i64) -> Self {
        let (months, rest) = span.whole(MONTH, filled_to / (MONTH / DAY));
        Self { packed: non_empty(months), ..Self::beside(rest, Self::by_quarter) }
    }
}

fn non_empty(range: Range<i64>) -> Vec<Range<i64>> {
    if range.is_empty() { Vec::new() } else { vec![range] }
}

fn events(rest: [Span; 2]) -> Vec<Span> {
    rest.into_iter().filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn window(start: i64, end: i64) -> Window {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        Window::between(at(start), at(end)).unwrap()
    }

    /// How often each second is read, sampled where something may begin or end.
    fn readings(sources: &Sources, filled_to: i64, second: i64) -> usize {
        let holds = |ranges: &[Range<i64>], unit: i64| {
            ranges.iter().filter(|range| range.contains(&second.div_euclid(unit))).count()
        };
        let events = sources.events.iter().filter(|span| (span.start..span.end).contains(&second)).count();
        let totals = usize::from(sources.totals && (0..filled_to * DAY).contains(&second));
        let months = holds(&sources.months, MONTH) + holds(&sources.packed, MONTH) + holds(&sources.thirds, THIRD);
        totals + months + holds(&sources.days, DAY) + holds(&sources.quarters, QUARTER) + events
    }

    proptest! {
        #[test]
        fn each_second_is_read_once(
            start in prop_oneof![Just(0), 0..200 * DAY], length in prop_oneof![0..3 * DAY, 0..200 * DAY], aligned in 0..4_i64,
            filled_to in prop_oneof![Just(0_i64), 0..400_i64], probe in -DAY..420 * DAY
        ) {
            let unit = [1, QUARTER, DAY, MONTH][usize::try_from(aligned).unwrap()];
            let (start, end) = (start - start % unit, start + length - (start + length) % unit);
            let span = Span { start, end: end.max(start), per_second: 1 };
            let all = [
                Sources::summed(span, filled_to),
                Sources::summed_voice(span, filled_to),
                Sources::by_month(span, filled_to),
                Sources::by_day(span),
                Sources::by_quarter(span),
                Sources::by_packed_quarter(span, filled_to),
            ];
            for sources in all {
                prop_assert!(sources.months.iter().chain(&sources.packed).all(|months| months.end * 30 <= filled_to));
                prop_assert!(sources.thirds.iter().all(|thirds| thirds.end * 10 <= filled_to));
                for second in [probe, span.start - 1, span.start, span.end - 1, span.end, filled_to * DAY - 1, filled_to * DAY, probe] {
                    let expected = usize::from((span.start..span.end).contains(&second));
                    prop_assert_eq!(readings(&sources, filled_to, second), expected, "{} of {:?}", second, sources);
                }
                let edges: i64 = sources.events.iter().map(|span| span.end - span.start).sum();
                prop_assert!(sources.events.len() <= 2 && edges < 2 * DAY);
            }
        }

        #[test]
        fn before_the_horizon_a_span_has_whole_days(start in 0..9 * DAY, length in 0..9 * DAY, horizon in 0..12_i64) {
            let window = window(start, start + length);
            let (exact, span) = (Span::seconds(window, 0), Span::seconds(window, horizon * DAY));
            for (edge, asked) in [(span.start, start), (span.end, start + length)] {
                let cut = length > 0 && asked < horizon * DAY;
                let right = if cut { edge % DAY == 0 && (edge - asked).abs() < DAY } else { edge == asked };
                prop_assert!(right, "{edge} for {asked}");
            }
            prop_assert!(span.start <= start && start + length <= span.end);
            prop_assert_eq!((exact.start, exact.end), (start, start + length));
            let ms = Span::millis(window, horizon * DAY);
            prop_assert_eq!((ms.start, ms.end, ms.to_seconds()), (span.start * 1000, span.end * 1000, span));
        }
    }
}
