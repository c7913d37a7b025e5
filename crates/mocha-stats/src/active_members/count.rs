//! Counts active members by day and week.

use std::ops::Range;

use chrono::{DateTime, Utc};

use super::{
    ActiveDay, ActiveMembers, ActiveMembersAnswer, ActiveWeek, COMMUNICATOR_MESSAGES, MONTH_DAYS, WEEK_DAYS,
    activity::Activity,
};
use crate::{
    Error, Period,
    active_months::{ActiveMonth, ActiveOn},
    daily_activity::LocalDays,
    period, periods,
};

/// A count for each of some days or weeks.
#[derive(Debug)]
struct Counts {
    first: i64,
    of: Vec<i64>,
}

impl Counts {
    fn new(range: &Range<i64>) -> Self {
        Self { first: range.start, of: range.clone().map(|_| 0).collect() }
    }

    /// Adds to the count of a day. Days outside of the range are ignored.
    fn add(&mut self, at: i64, count: i64) {
        let place = usize::try_from(at - self.first).ok();
        if let Some(of) = place.and_then(|place| self.of.get_mut(place)) {
            *of += count;
        }
    }

    fn counts(self) -> impl Iterator<Item = u64> {
        self.of.into_iter().map(|count| u64::try_from(count).unwrap_or(0))
    }
}

/// Counts that are stored as changes from one day to the next.
#[derive(Debug)]
struct Changes(Counts);

impl Changes {
    fn new(range: &Range<i64>) -> Self {
        Self(Counts::new(range))
    }

    /// Adds one to each day of a range.
    fn add(&mut self, range: Range<i64>) {
        let range = range.start.max(self.0.first)..range.end;
        if !range.is_empty() {
            self.0.add(range.start, 1);
            self.0.add(range.end, -1);
        }
    }

    fn counts(self) -> impl Iterator<Item = u64> {
        self.0.of.into_iter().scan(0_i64, |count, change| {
            *count += change;
            u64::try_from(*count).ok()
        })
    }
}

/// The days on which a member counts, who counts for `length` days from each active day on.
#[derive(Debug)]
struct Stretch<'a> {
    changes: &'a mut Changes,
    /// The last such days without a gap.
    days: Range<i64>,
    length: i64,
}

impl<'a> Stretch<'a> {
    /// Begins with the last active day before the window, if there is one.
    fn new(length: i64, before: Option<i64>, changes: &'a mut Changes) -> Self {
        Self { changes, days: before.map_or(0..0, |day| day..day + length), length }
    }

    /// Adds an active day, which must be later than the earlier ones.
    fn add(&mut self, day: i64) {
        if day > self.days.end {
            self.changes.add(std::mem::replace(&mut self.days, day..day));
        }
        self.days.end = day + self.length;
    }

    fn end(self) {
        self.changes.add(self.days);
    }
}

/// Returns the number of a week, counted from Monday, 1969-12-29.
fn week_of(day: i64) -> i64 {
    (day + 3).div_euclid(WEEK_DAYS)
}

fn monday_of(week: i64) -> i64 {
    week * WEEK_DAYS - 3
}

impl ActiveMembers {
    pub(super) fn answer(self, mut activity: Activity) -> Result<ActiveMembersAnswer, Error> {
        let listed = self.listed(&activity);
        let start = |day: i64| LocalDays(self.zone).start(day);
        periods::check_between(Period::Day, start(listed.start), start(listed.end))?;
        let weeks = if listed.is_empty() { 0..0 } else { week_of(listed.start)..week_of(listed.end - 1) + 1 };
        let (mut daily, mut communicators_by_week) = (Counts::new(&listed), Counts::new(&weeks));
        let (mut weekly, mut monthly) = (Changes::new(&listed), Changes::new(&listed));
        let (mut user_count, mut communicators) = (0, 0);
        for months in activity.months.chunk_by(|(user, _), (other, _)| user == other) {
            let before = months.first().and_then(|(user, _)| activity.before.remove(user));
            let mut week_from = Stretch::new(WEEK_DAYS, before, &mut weekly);
            let mut month_from = Stretch::new(MONTH_DAYS, before, &mut monthly);
            // These describe the last week with an active day.
            let (mut week, mut next_monday, mut written) = (0, i64::MIN, 0);
            for (_, month) in months {
                // The days between these are covered, because a month is no longer than
                // `MONTH_DAYS`.
                month.first().into_iter().chain(month.last()).for_each(|day| month_from.add(day));
                for ActiveOn { day, messages } in month.days() {
                    daily.add(day, 1);
                    week_from.add(day);
                    if day >= next_monday {
                        week = week_of(day);
                        (next_monday, written) = (monday_of(week + 1), 0);
                    }
                    let before = written;
                    written += messages;
                    if before < COMMUNICATOR_MESSAGES && written >= COMMUNICATOR_MESSAGES {
                        communicators_by_week.add(week, 1);
                    }
                }
            }
            week_from.end();
            month_from.end();
            user_count += 1;
            let messages: u64 = months.iter().map(|(_, month)| month.messages()).sum();
            communicators += u64::from(messages >= COMMUNICATOR_MESSAGES);
        }
        // Members who were not active in the window itself.
        for before in activity.before.values() {
            Stretch::new(WEEK_DAYS, Some(*before), &mut weekly).end();
            Stretch::new(MONTH_DAYS, Some(*before), &mut monthly).end();
        }
        let counts = daily.counts().zip(weekly.counts()).zip(monthly.counts());
        let days = listed.zip(counts).filter_map(|(day, ((daily, weekly), monthly))| {
            let day = LocalDays::date(day).filter(|day| period::exists(*day, self.zone))?;
            Some(ActiveDay { day, daily, weekly, monthly })
        });
        let weeks = weeks.zip(communicators_by_week.counts()).filter_map(|(week, communicators)| {
            Some(ActiveWeek { monday: LocalDays::date(monday_of(week))?, communicators })
        });
        let (days, weeks) = (days.collect(), weeks.collect());
        let (Self { window, .. }, Activity { data_since, rounded_to_days, .. }) = (self, activity);
        Ok(ActiveMembersAnswer { days, weeks, user_count, communicators, data_since, window, rounded_to_days })
    }

    /// The days from the window's start to its end. The first and the last active day stand for a
    /// missing start and end.
    fn listed(self, activity: &Activity) -> Range<i64> {
        let start = self.window.start();
        if start.zip(self.window.end()).is_some_and(|(start, end)| start >= end) {
            return 0..0;
        }
        let days = LocalDays(self.zone);
        let months = || activity.months.iter().map(|(_, month)| *month);
        let first = start.map(|start| days.of(start)).or_else(|| months().filter_map(ActiveMonth::first).min());
        let after_last = months().filter_map(ActiveMonth::last).max();
        let after_last: Option<DateTime<Utc>> = after_last.and_then(|day| days.start(day + 1));
        let end = self.window.listed_until(after_last);
        let last = end.map(|end| days.of(end - chrono::TimeDelta::nanoseconds(1)));
        first.zip(last).map_or(0..0, |(first, last)| first..last + 1)
    }
}
