//! How many were active when.

use std::ops::Range;

use chrono::{DateTime, NaiveDate};

use super::{
    ActiveDay, ActiveMembers, ActiveMembersAnswer, ActiveWeek, COMMUNICATOR_MESSAGES, MONTH_DAYS, WEEK_DAYS,
    activity::{Activity, Person, day_of},
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

    /// Somebody who counts on so many days from each of these days on, which are in order.
    fn follow(&mut self, days: impl Iterator<Item = i64>, length: i64) {
        let mut counted = 0..0;
        for day in days {
            if day > counted.end {
                self.add(std::mem::replace(&mut counted, day..day + length));
            }
            counted.end = day + length;
        }
        self.add(counted);
    }

    fn counts(self) -> impl Iterator<Item = u64> {
        self.by.into_iter().scan(0_i64, |count, change| {
            *count += change;
            u64::try_from(*count).ok()
        })
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

impl Person {
    /// In the window, in order.
    fn days(&self) -> impl Iterator<Item = ActiveOn> {
        self.months.iter().flat_map(|month| month.days())
    }

    /// In the window, each day's first three.
    fn messages(&self) -> u64 {
        self.months.iter().map(|month| month.messages()).sum()
    }
}

impl ActiveMembers {
    pub(super) fn answer(self, activity: Activity) -> ActiveMembersAnswer {
        let listed = self.listed(&activity);
        let weeks = if listed.is_empty() { 0..0 } else { week_of(listed.start)..week_of(listed.end - 1) + 1 };
        let [mut daily, mut weekly, mut monthly] = [(); 3].map(|()| Changes::new(&listed));
        let mut communicators_by_week = Changes::new(&weeks);
        let (mut unique_users, mut communicators) = (0, 0);
        for person in activity.people.values() {
            let in_window = || person.days().map(|active| active.day);
            daily.follow(in_window(), 1);
            weekly.follow(person.before.into_iter().chain(in_window()), WEEK_DAYS);
            monthly.follow(person.before.into_iter().chain(in_window()), MONTH_DAYS);
            unique_users += u64::from(!person.months.is_empty());
            communicators += u64::from(person.messages() >= COMMUNICATOR_MESSAGES);
            let mut wrote = (0, 0);
            for ActiveOn { day, messages } in person.days() {
                let week = week_of(day);
                let before = if wrote.0 == week { wrote.1 } else { 0 };
                wrote = (week, before + messages);
                if before < COMMUNICATOR_MESSAGES && wrote.1 >= COMMUNICATOR_MESSAGES {
                    communicators_by_week.add(week..week + 1);
                }
            }
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
            activity.people.values().filter_map(|person| person.days().next()),
            activity.people.values().filter_map(|person| person.months.last()?.last()),
        );
        let first = start.map(day_of).or_else(|| firsts.by_ref().map(|active| active.day).min());
        let after_last = lasts.max().and_then(|day| DateTime::from_timestamp((day + 1) * DAY, 0));
        let end = self.window.listed_until(after_last);
        let last = end.map(|end| day_of(end - chrono::TimeDelta::nanoseconds(1)));
        first.zip(last).map_or(0..0, |(first, last)| first..last + 1)
    }
}
