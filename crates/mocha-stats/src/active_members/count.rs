//! How many were active when.

use std::ops::Range;

use chrono::{DateTime, NaiveDate};

use super::{
    ActiveDay, ActiveMembers, ActiveMembersAnswer, ActiveWeek, COMMUNICATOR_MESSAGES, MONTH_DAYS, WEEK_DAYS,
    activity::{Activity, day_of},
    month::ActiveOn,
};
use crate::rollup::DAY;

/// How many there are in each of some days or weeks, as it changes from one to the next.
#[derive(Debug)]
struct Changes {
    by: Vec<i64>,
    first: i64,
}

impl Changes {
    fn new(range: &Range<i64>) -> Self {
        Self { by: range.clone().map(|_| 0).collect(), first: range.start }
    }

    /// One more from one to another, which is excluded. What comes before the first one or after the last one is nobody's.
    fn add(&mut self, range: Range<i64>) {
        let range = range.start.max(self.first)..range.end;
        if range.is_empty() {
            return;
        }
        for (at, change) in [(range.start, 1), (range.end, -1)] {
            let place = usize::try_from(at - self.first).ok();
            if let Some(by) = place.and_then(|place| self.by.get_mut(place)) {
                *by += change;
            }
        }
    }

    fn counts(self) -> impl Iterator<Item = u64> {
        self.by.into_iter().scan(0_i64, |count, change| {
            *count += change;
            u64::try_from(*count).ok()
        })
    }
}

/// On which days somebody counts who does for so many from each active one on.
#[derive(Debug)]
struct Stretch {
    /// The last ones without a gap.
    days: Range<i64>,
    length: i64,
}

impl Stretch {
    const fn new(length: i64) -> Self {
        Self { days: 0..0, length }
    }

    /// Active on a day too, which comes after those before.
    fn add(&mut self, day: i64, changes: &mut Changes) {
        if day > self.days.end {
            changes.add(std::mem::replace(&mut self.days, day..day));
        }
        self.days.end = day + self.length;
    }

    fn end(self, changes: &mut Changes) {
        changes.add(self.days);
    }
}

/// Counts from Monday, 1969-12-29.
fn week_of(day: i64) -> i64 {
    (day + 3).div_euclid(WEEK_DAYS)
}

fn monday_of(week: i64) -> i64 {
    week * WEEK_DAYS - 3
}

/// Always there for the days of a window.
fn date(day: i64) -> Option<NaiveDate> {
    Some(DateTime::from_timestamp(day * DAY, 0)?.date_naive())
}

impl ActiveMembers {
    pub(super) fn answer(self, activity: Activity) -> ActiveMembersAnswer {
        let listed = self.listed(&activity);
        let weeks = if listed.is_empty() { 0..0 } else { week_of(listed.start)..week_of(listed.end - 1) + 1 };
        let [mut daily, mut weekly, mut monthly] = [(); 3].map(|()| Changes::new(&listed));
        let mut communicators_by_week = Changes::new(&weeks);
        let (mut unique_users, mut communicators) = (0, 0);
        for person in activity.people.values() {
            let (mut week_from, mut month_from) = (Stretch::new(WEEK_DAYS), Stretch::new(MONTH_DAYS));
            if let Some(before) = person.before {
                week_from.add(before, &mut weekly);
                month_from.add(before, &mut monthly);
            }
            // Of the last week in which something was written.
            let mut written = (0, 0);
            for ActiveOn { day, messages } in person.months.iter().flat_map(|month| month.days()) {
                daily.add(day..day + 1);
                week_from.add(day, &mut weekly);
                month_from.add(day, &mut monthly);
                let week = week_of(day);
                let before = if written.0 == week { written.1 } else { 0 };
                written = (week, before + messages);
                if before < COMMUNICATOR_MESSAGES && written.1 >= COMMUNICATOR_MESSAGES {
                    communicators_by_week.add(week..week + 1);
                }
            }
            week_from.end(&mut weekly);
            month_from.end(&mut monthly);
            unique_users += u64::from(!person.months.is_empty());
            let messages: u64 = person.months.iter().map(|month| month.messages()).sum();
            communicators += u64::from(messages >= COMMUNICATOR_MESSAGES);
        }
        let counts = daily.counts().zip(weekly.counts()).zip(monthly.counts());
        let days = listed.zip(counts).filter_map(|(day, ((daily, weekly), monthly))| {
            Some(ActiveDay { day: date(day)?, daily, weekly, monthly })
        });
        let weeks = weeks
            .zip(communicators_by_week.counts())
            .filter_map(|(week, communicators)| Some(ActiveWeek { monday: date(monday_of(week))?, communicators }));
        let (days, weeks) = (days.collect(), weeks.collect());
        let (Self { window, .. }, Activity { known_from, widened, .. }) = (self, activity);
        ActiveMembersAnswer { days, weeks, unique_users, communicators, known_from, window, widened }
    }

    /// The days from that of the window's start, or the first active one, to that of its end, or the last active one.
    fn listed(self, activity: &Activity) -> Range<i64> {
        let start = self.window.start();
        if start.zip(self.window.end()).is_some_and(|(start, end)| start >= end) {
            return 0..0;
        }
        let (mut firsts, lasts) = (
            activity.people.values().filter_map(|person| person.months.first()?.days().next()),
            activity.people.values().filter_map(|person| person.months.last()?.last()),
        );
        let first = start.map(day_of).or_else(|| firsts.by_ref().map(|active| active.day).min());
        let after_last = lasts.max().and_then(|day| DateTime::from_timestamp((day + 1) * DAY, 0));
        let end = self.window.listed_until(after_last);
        let last = end.map(|end| day_of(end - chrono::TimeDelta::nanoseconds(1)));
        first.zip(last).map_or(0..0, |(first, last)| first..last + 1)
    }
}
