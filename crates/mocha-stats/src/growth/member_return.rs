//! Members who came back after joining.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use foldhash::{HashMap, HashMapExt};
use mocha_schema::{GuildId, UserId};

use super::{
    membership::{Membership, memberships},
    retention::{MAX_WEEKS, joined_in, known_until},
};
use crate::{
    Bots, Database, Error, Period, Window,
    active_months::ActiveMonth,
    daily_activity::{DailyActivity, LocalDays},
    database::{Source, snapshot},
    periods::{self, Counts},
    rollup::Horizon,
    share::share,
};

const WEEK_DAYS: i64 = 7;

/// A question about how many of those who joined a guild came back: wrote or talked on a later day.
///
/// [`MemberRetention`](crate::MemberRetention) counts members who did not leave. This question
/// counts members who took part: with a message, a reply or a command
/// ([`COUNTED_MESSAGE_TYPES`](mocha_schema::COUNTED_MESSAGE_TYPES)) in any channel, or with time in
/// voice, however short.
///
/// Each membership counts: a user who leaves and joins again joined twice. Activity after the end
/// of a membership does not count for it, except on the day on which it ended. Days and weeks are
/// those of the [`zone`](Self::zone).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[doc(alias("D1", "D7", "D30", "N-day retention"))]
#[must_use = "a question does nothing until it is loaded"]
pub struct MemberReturn {
    bots: Bots,
    days: BTreeSet<u32>,
    guild: GuildId,
    now: Option<DateTime<Utc>>,
    window: Window,
    zone: Tz,
}

/// How many of those who joined came back.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MemberReturnAnswer {
    /// The first, the seventh and the thirtieth day after that of joining, or the days that were
    /// asked for; in order.
    pub days: Vec<ReturnDay>,
    /// By the week in which they joined, each from Monday on: every week from the window's start to
    /// its end, oldest first, without gaps. Without a start the list begins with the first join. It
    /// ends with the present week at the latest.
    pub cohorts: Vec<ReturnCohort>,
    /// Where the data starts, if the window begins before it. Earlier joins are not counted. `None`
    /// if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// How many came back on a day after that of joining.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ReturnDay {
    /// How many days after that of joining. 1 is the next day.
    pub day: u32,
    /// How many members joined so long ago that this day is over for them.
    pub joined: u64,
    /// How many of them wrote or talked on it.
    pub returned: u64,
}

/// Those who joined in a week.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ReturnCohort {
    /// The week's first instant, even if the window starts later. Only members who joined in the
    /// window count.
    pub start: DateTime<Tz>,
    /// How many joined.
    pub joined: u64,
    /// How many wrote or talked in the next week, then in the week after it, and so on. Only weeks
    /// that are over have a number.
    pub returned: Vec<u64>,
}

impl ReturnDay {
    /// The part of them who came back, from 0 to 1; 0 if nobody joined.
    #[must_use]
    pub fn share(self) -> f64 {
        share(self.returned, self.joined)
    }
}

impl MemberReturn {
    /// Asks about this guild. Defaults: joins of all time, days 1, 7 and 30, in UTC, humans only.
    pub fn of(guild: GuildId) -> Self {
        let days = BTreeSet::from([1, 7, 30]);
        Self { bots: Bots::Exclude, days, guild, now: None, window: Window::all(), zone: Tz::UTC }
    }

    /// Asks about these days after that of joining, instead of 1, 7 and 30. Day 0 is the day of
    /// joining itself.
    pub fn on_days(mut self, days: &[u32]) -> Self {
        self.days = days.iter().copied().collect();
        self
    }

    /// Sets the present instant. Mocha counts nothing that happened later. The default is the
    /// instant from which the window was made ([`Window::last_days`] and its siblings), and the
    /// system clock for any other window.
    pub const fn now(mut self, now: DateTime<Utc>) -> Self {
        self.now = Some(now);
        self
    }

    /// Counts only members who joined in this window. They may come back after it. The default is
    /// all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Sets the time zone of the days and weeks. The default is UTC.
    ///
    /// Roll-ups of members are by day in UTC. In another zone the query reads every message since
    /// the window's start, and counts no joins before single events are kept: see
    /// [`data_since`](MemberReturnAnswer::data_since).
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's joins and leaves, and the roll-ups of members by day from the first of
    /// these joins on, through indexes and keys, in one transaction. In another zone than UTC it
    /// reads single events, see [`zone`](Self::zone). Memory grows with memberships, with the days
    /// on which their members were active, and with the square of the weeks.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `now`: before 1970, after 9999, or more than 5,000
    /// weeks after the window's start, or the first join if it has none.
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_schema::GuildId;
    /// use mocha_stats::MemberReturn;
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // Three joined on Monday. All of them wrote on that day, and nobody came back.
    /// let monday = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// let question = MemberReturn::of(GuildId::try_from(1)?).on_days(&[0, 1, 30]).now(monday + TimeDelta::weeks(3));
    /// let answer = question.load(&mut conn)?;
    /// let days: Vec<_> = answer.days.iter().map(|day| (day.day, day.joined, day.returned)).collect();
    /// // No thirtieth day is over yet.
    /// assert_eq!(days, [(0, 3, 3), (1, 3, 0), (30, 0, 0)]);
    /// assert_eq!((answer.cohorts[0].joined, &answer.cohorts[0].returned[..]), (3, &[0, 0][..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<MemberReturnAnswer, Error> {
        let now = self.window.asked_at(self.now);
        let known = known_until(now)?;
        let (joined, data_since) = snapshot(conn, |conn| self.read(conn, now, known))?;
        let (days, cohorts) = (self.days(now, &joined), self.cohorts(now, &joined)?);
        Ok(MemberReturnAnswer { days, cohorts, data_since, window: self.window })
    }

    fn read(
        &self,
        conn: &mut dyn Source,
        now: DateTime<Utc>,
        known: i64,
    ) -> Result<(Vec<Joined>, Option<DateTime<Utc>>), Error> {
        let Self { bots, guild, window, zone, .. } = *self;
        let Horizon { members_from, messages_from, voice_from, rollups_from, .. } = Horizon::load(conn)?;
        let activity_from = if zone == Tz::UTC { rollups_from } else { messages_from.max(voice_from) };
        let from = members_from.max(activity_from);
        let memberships = memberships(conn, guild, bots, window.not_before(from).start_second()..known)?;
        let local = LocalDays(zone);
        let mut joined: Vec<Joined> = joined_in(window.not_before(from), &memberships)
            .filter_map(|(second, membership)| Joined::of(second, membership, local))
            .collect();
        // Only whole days are asked about.
        let first = joined.iter().map(|joined| joined.day).min().and_then(|day| local.start(day));
        let Some((first, today)) = first.zip(local.start(local.of(now))).filter(|(first, today)| first < today) else {
            return Ok((joined, Horizon::data_since(window, from)));
        };
        let window = Window::between(first.max(DateTime::UNIX_EPOCH), today)?;
        let daily = DailyActivity { bots, guild, user: None, voice: true, window, zone };
        let mut active: HashMap<UserId, BTreeMap<i64, ActiveMonth>> = HashMap::new();
        active.extend(joined.iter().map(|joined| (joined.user_id, BTreeMap::new())));
        daily.each(conn, |user, month| {
            if let Some(months) = active.get_mut(&user) {
                months.entry(month.month).and_modify(|same| same.add(month)).or_insert(month);
            }
        })?;
        for joined in &mut joined {
            let months = active.get(&joined.user_id).into_iter().flat_map(BTreeMap::values);
            let days = months.flat_map(|month| month.days()).map(|active| active.day);
            joined.active.extend(days.filter(|day| (joined.day..=joined.last_day).contains(day)));
        }
        Ok((joined, Horizon::data_since(self.window, from)))
    }

    fn days(&self, now: DateTime<Utc>, joined: &[Joined]) -> Vec<ReturnDay> {
        let today = LocalDays(self.zone).of(now);
        let day = |&day: &u32| {
            let of = |joined: &Joined| joined.day.saturating_add(day.into());
            let mut answer = ReturnDay { day, joined: 0, returned: 0 };
            for joined in joined.iter().filter(|joined| of(joined) < today) {
                answer.joined += 1;
                answer.returned += u64::from(joined.active.contains(&of(joined)));
            }
            answer
        };
        self.days.iter().map(day).collect()
    }

    fn cohorts(&self, now: DateTime<Utc>, joined: &[Joined]) -> Result<Vec<ReturnCohort>, Error> {
        let Self { window, zone, .. } = *self;
        let local = LocalDays(zone);
        let first = joined.iter().map(|joined| joined.second).min();
        let start = window.start().or_else(|| DateTime::from_timestamp(first?, 0));
        let end = window.end().map_or(now, |end| end.min(now));
        if start.is_some_and(|start| (now - start).num_weeks() > MAX_WEEKS) {
            return Err(Error::invalid("now", "must not lie more than 5,000 weeks after the window's start"));
        }
        let weeks = periods::touched(Period::Week, zone, start, Some(end), Counts::default())?;
        // The week that goes on is not over.
        let current = week_of(local.of(now));
        let mut cohorts: BTreeMap<i64, ReturnCohort> = BTreeMap::new();
        for week in weeks {
            let number = week_of(local.of(week.start.to_utc()));
            let over = usize::try_from(current.saturating_sub(number).saturating_sub(1)).unwrap_or(0);
            cohorts.insert(number, ReturnCohort { start: week.start, joined: 0, returned: vec![0; over] });
        }
        for joined in joined {
            let week = week_of(joined.day);
            let Some(cohort) = cohorts.get_mut(&week) else { continue };
            cohort.joined += 1;
            let active: BTreeSet<i64> = joined.active.iter().map(|day| week_of(*day)).collect();
            for later in active {
                // The week of joining is none of them.
                let place = usize::try_from(later.saturating_sub(week).saturating_sub(1)).ok();
                if let Some(returned) = place.and_then(|place| cohort.returned.get_mut(place)) {
                    *returned += 1;
                }
            }
        }
        Ok(cohorts.into_values().collect())
    }
}

/// A membership that began in the window.
#[derive(Debug)]
struct Joined {
    user_id: UserId,
    second: i64,
    day: i64,
    /// The day on which it ended.
    last_day: i64,
    /// The days of it with a message or time in voice.
    active: BTreeSet<i64>,
}

impl Joined {
    fn of(second: i64, Membership { user_id, ended, .. }: Membership, local: LocalDays) -> Option<Self> {
        let day = local.of(DateTime::from_timestamp(second, 0)?);
        let end = ended.and_then(|ended| DateTime::from_timestamp(ended, 0));
        let last_day = end.map_or(i64::MAX, |end| local.of(end));
        Some(Self { user_id, second, day, last_day, active: BTreeSet::new() })
    }
}

/// The week of a day, from Monday on.
const fn week_of(day: i64) -> i64 {
    (day + 3).div_euclid(WEEK_DAYS)
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate, TimeDelta, Weekday};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::{MONDAY, TestResult, insert_interval, interval},
        growth::truth::{self, Event},
        random,
        world::{self, SPAN, World, world},
    };

    fn date(zone: Tz, second: i64) -> NaiveDate {
        DateTime::from_timestamp(second, 0).unwrap().with_timezone(&zone).date_naive()
    }

    /// The days on which somebody wrote or talked, each quarter of an hour looked at.
    fn active(world: &World, user: u64, zone: Tz) -> BTreeSet<NaiveDate> {
        let messages = world.messages.iter().filter(|message| {
            (message.guild, message.user) == (random::GUILD, user) && matches!(message.kind, Some(0 | 19 | 20 | 23))
        });
        let stays = world.stays.iter().filter(|stay| stay.0 == user);
        let talked =
            stays.flat_map(|&(.., start, length)| (start..start + length).step_by(900_000).chain([start + length - 1]));
        messages
            .map(|message| message.second)
            .chain(talked.map(|ms| ms / 1000))
            .map(|second| date(zone, second))
            .collect()
    }

    /// A cohort's Monday, how many joined, and how many came back.
    type Row = (NaiveDate, u64, Vec<u64>);

    /// The same in plain Rust: a date at a time.
    fn expected(question: &MemberReturn, world: &World, events: &[Event]) -> (Vec<(u64, u64)>, Vec<Row>) {
        let (zone, now) = (question.zone, question.now.unwrap());
        let today = now.with_timezone(&zone).date_naive();
        let known = |event: &Event| DateTime::from_timestamp(event.second, 0).unwrap() < now;
        let log: Vec<Event> = truth::log(events, i64::MAX).into_iter().filter(known).collect();
        let mut stays = truth::stays(question.bots, &log);
        stays.retain(|stay| random::holds(question.window, stay.joined * 1000));
        let count = |stays: &mut dyn Iterator<Item = &truth::Stay>| u64::try_from(stays.count()).unwrap();
        let was_there = |stay: &truth::Stay, day: NaiveDate| {
            stay.ended.is_none_or(|ended| day <= date(zone, ended)) && active(world, stay.user, zone).contains(&day)
        };
        let days = question.days.iter().map(|number| {
            let of = |stay: &truth::Stay| date(zone, stay.joined) + Days::new((*number).into());
            let over = || stays.iter().filter(|stay| of(stay) < today);
            (count(&mut over()), count(&mut over().filter(|stay| was_there(stay, of(stay)))))
        });
        let monday = |day: NaiveDate| day.week(Weekday::Mon).first_day();
        let first = question
            .window
            .start()
            .or(stays.iter().map(|stay| DateTime::from_timestamp(stay.joined, 0).unwrap()).min());
        let end = question.window.end().map_or(now, |end| end.min(now));
        let mut cohorts = Vec::new();
        if let Some(first) = first.filter(|first| *first < end) {
            let last = (end - TimeDelta::nanoseconds(1)).with_timezone(&zone).date_naive();
            let mut week = monday(first.with_timezone(&zone).date_naive());
            while week <= last {
                let own = || stays.iter().filter(|stay| monday(date(zone, stay.joined)) == week);
                let later = (1..)
                    .map(|weeks| week + Days::new(7 * weeks))
                    .take_while(|later| *later + Days::new(7) <= monday(today));
                let returned = later.map(|later| {
                    count(&mut own().filter(|stay| later.iter_days().take(7).any(|day| was_there(stay, day))))
                });
                cohorts.push((week, count(&mut own()), returned.collect()));
                week = week + Days::new(7);
            }
        }
        (days.collect(), cohorts)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn it_is_what_plain_rust_counts(
            world in world(), (events, window) in truth::events_and_window(SPAN / 2), bots in random::bots(),
            zone in random::zone(), until in -86_400..SPAN + 86_400, filled_to in 0..80_i64,
            days in prop::collection::vec(0..40_u32, 0..3)
        ) {
            let mut conn = crate::test_file::empty().unwrap();
            world::insert(&mut conn, &world).unwrap();
            truth::insert(&mut conn, &events).unwrap();
            random::fill_to(&mut conn, filled_to).unwrap();
            let now = DateTime::from_timestamp(MONDAY + until, 7).unwrap();
            let question = MemberReturn::of(random::GUILD.try_into().unwrap())
                .now(now).within(window).bots(bots).zone(zone).on_days(&days);
            let answer = question.load(&mut conn).unwrap();
            let (days, cohorts) = expected(&question, &world, &events);
            prop_assert_eq!(answer.days.iter().map(|day| (day.joined, day.returned)).collect::<Vec<_>>(), days);
            let rows = answer.cohorts.into_iter().map(|cohort| (cohort.start.date_naive(), cohort.joined, cohort.returned));
            prop_assert_eq!(rows.collect::<Vec<_>>(), cohorts);
            prop_assert_eq!(answer.data_since, None);
        }
    }

    #[test]
    fn joins_of_a_time_whose_activity_is_not_kept_do_not_count() -> TestResult {
        let join = |user, second| Event { guild: 1, user, join: true, count: None, second };
        let day = |number: i64| DateTime::from_timestamp(MONDAY + number * 86_400, 0).ok_or("no such time");
        let mut conn = truth::file(&[join(2, MONDAY), join(10, MONDAY + 5 * 86_400)])?;
        let ms = (MONDAY + 6 * 86_400) * 1000;
        insert_interval(&mut conn, interval(1, 10, None, ms, Some(ms + 1))?)?;
        conn.execute(format!("UPDATE horizons SET voice_from = {}", day(3)?.timestamp()))?;
        let question = MemberReturn::of(1.try_into()?).now(day(20)?);
        let joined =
            |answer: &MemberReturnAnswer| answer.days.iter().map(|day| (day.joined, day.returned)).collect::<Vec<_>>();
        // Roll-ups know of all days in UTC.
        let utc = question.load(&mut conn)?;
        assert_eq!((joined(&utc), utc.data_since), (vec![(2, 1), (2, 0), (0, 0)], None));
        let berlin = question.clone().zone(chrono_tz::Europe::Berlin).load(&mut conn)?;
        assert_eq!((joined(&berlin), berlin.data_since), (vec![(1, 1), (1, 0), (0, 0)], Some(day(3)?)));
        conn.execute(format!("UPDATE horizons SET rollups_from = {}", day(4)?.timestamp()))?;
        let utc = question.load(&mut conn)?;
        assert_eq!((joined(&utc), utc.data_since), (vec![(1, 1), (1, 0), (0, 0)], Some(day(4)?)));
        Ok(())
    }
}
