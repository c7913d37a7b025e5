//! Members who stayed.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use mocha_schema::{GuildId, check_time};

use super::membership::{Membership, WEEK, memberships};
use crate::{
    Bots, Database, Error, Period, Window,
    database::snapshot,
    periods::{self, Counts},
    rollup::Horizon,
};

/// A question about how many of those who joined a guild stayed.
///
/// Each membership counts: a user who leaves and joins again joined twice. A membership lasts from
/// its join to its leave. If the leave was not seen, it lasts until the user's next join, and
/// without one it goes on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct MemberRetention {
    bots: Bots,
    guild: GuildId,
    now: Option<DateTime<Utc>>,
    window: Window,
    zone: Tz,
}

/// How many of those who joined stayed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MemberRetentionAnswer {
    /// The part of them whose first week has passed.
    pub first_week: FirstWeek,
    /// By the week in which they joined, each from Monday on: every week from the window's start to
    /// its end, oldest first, without gaps. Without a start the list begins with the first join. It
    /// ends with the present week at the latest.
    pub cohorts: Vec<Cohort>,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// How many of those who joined stayed their first week.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FirstWeek {
    /// How many members joined at least seven days before the present instant.
    pub joined: u64,
    /// How many of them stayed seven days or longer.
    pub stayed: u64,
}

/// Those who joined in a week.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Cohort {
    /// The week's first instant, even if the window starts later. Only members who joined in the
    /// window count.
    pub start: DateTime<Tz>,
    /// How many joined.
    pub joined: u64,
    /// How many stayed one week of seven days or longer, then two weeks, and so on. It has a number
    /// for each week since the cohort's last instant, so that every member in it can have stayed
    /// that long.
    pub stayed: Vec<u64>,
}

impl MemberRetention {
    /// Asks about this guild. Defaults: joins of all time, weeks in UTC, humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, now: None, window: Window::all(), zone: Tz::UTC }
    }

    /// Sets the present instant. Mocha counts nothing that happened later. The default is the
    /// instant from which the window was made ([`Window::last_days`] and its siblings), and the
    /// system clock for any other window.
    pub const fn now(mut self, now: DateTime<Utc>) -> Self {
        self.now = Some(now);
        self
    }

    /// Counts only members who joined in this window. They may leave after it. The default is all
    /// time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Sets the time zone of the weeks. The default is UTC.
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's joins and leaves from the window's start to the present instant through an
    /// index, in one transaction. Memory grows with memberships, and with the square of the weeks.
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
    /// use mocha_stats::MemberRetention;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let monday = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// // Three joined on Monday; one left on Wednesday.
    /// let retention = MemberRetention::of(GuildId::try_from(1)?).now(monday + TimeDelta::weeks(3)).load(&mut conn)?;
    /// assert_eq!((retention.first_week.joined, retention.first_week.stayed), (3, 2));
    /// assert_eq!(retention.cohorts[0].joined, 3);
    /// assert_eq!(retention.cohorts[0].stayed, [2, 2]);
    ///
    /// // On Friday nobody can tell yet.
    /// let friday = MemberRetention::of(GuildId::try_from(1)?).now(monday + TimeDelta::days(4)).load(&mut conn)?;
    /// assert_eq!((friday.first_week.joined, friday.cohorts[0].joined), (0, 3));
    /// assert!(friday.cohorts[0].stayed.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<MemberRetentionAnswer, Error> {
        let now = self.window.asked_at(self.now);
        let known = known_until(now)?;
        let (memberships, data_since) = snapshot(conn, |conn| {
            let Horizon { members_from, .. } = Horizon::load(conn)?;
            let seconds = self.window.not_before(members_from).start_second()..known;
            Ok((memberships(conn, self.guild, self.bots, seconds)?, Horizon::data_since(self.window, members_from)))
        })?;
        Ok(MemberRetentionAnswer { data_since, ..self.answer(now, &memberships)? })
    }

    fn answer(self, now: DateTime<Utc>, memberships: &[Membership]) -> Result<MemberRetentionAnswer, Error> {
        let until = now.timestamp();
        let (mut first_week, mut first_join) = (FirstWeek::default(), None::<i64>);
        let joins: Vec<(i64, Membership)> = joined_in(self.window, memberships).collect();
        for (joined, membership) in &joins {
            first_join = Some(first_join.map_or(*joined, |first| first.min(*joined)));
            if until.saturating_sub(*joined) >= WEEK {
                first_week.joined += 1;
                first_week.stayed += u64::from(membership.seconds().is_none_or(|seconds| seconds >= WEEK));
            }
        }
        let start = self.window.start().or_else(|| DateTime::from_timestamp(first_join?, 0));
        let end = self.window.end().map_or(now, |end| end.min(now));
        if start.is_some_and(|start| (now - start).num_weeks() > MAX_WEEKS) {
            return Err(Error::invalid("now", "must not lie more than 5,000 weeks after the window's start"));
        }
        let weeks = periods::touched(Period::Week, self.zone, start, Some(end), Counts::default())?;
        let ends = weeks.iter().skip(1).map(|week| week.start.to_utc()).chain([end]);
        let mut cohorts: Vec<Cohort> = weeks
            .iter()
            .zip(ends)
            .map(|(week, end)| {
                let passed = usize::try_from((now - end).num_weeks());
                let stayed = vec![0; passed.unwrap_or(0)];
                Cohort { start: week.start, joined: 0, stayed }
            })
            .collect();
        for (joined, membership) in joins {
            let Some(at) = DateTime::from_timestamp(joined, 0) else { continue };
            let after = weeks.partition_point(|week| week.start <= at);
            let Some(cohort) = after.checked_sub(1).and_then(|index| cohorts.get_mut(index)) else { continue };
            cohort.joined += 1;
            let weeks = membership.seconds().map_or(i64::MAX, |seconds| seconds / WEEK);
            let weeks = usize::try_from(weeks).unwrap_or(usize::MAX);
            cohort.stayed.iter_mut().take(weeks).for_each(|stayed| *stayed += 1);
        }
        Ok(MemberRetentionAnswer { first_week, cohorts, data_since: None, window: self.window })
    }
}

/// Each cohort has a number for each week since then, so memory grows with the square of the weeks.
/// This many take a hundred megabytes.
pub(super) const MAX_WEEKS: i64 = 5_000;

/// The first second that is not known.
pub(super) fn known_until(now: DateTime<Utc>) -> Result<i64, Error> {
    check_time(now).map_err(|_| Error::invalid("now", "must lie between 1970 and 9999"))?;
    Ok(now.timestamp() + i64::from(now.timestamp_subsec_nanos() > 0))
}

/// The memberships that began in the window, and the second of each join.
pub(super) fn joined_in(window: Window, memberships: &[Membership]) -> impl Iterator<Item = (i64, Membership)> {
    let seconds = window.start_second()..window.end_second();
    let joined = memberships.iter().filter_map(|membership| Some((membership.joined?, *membership)));
    joined.filter(move |(joined, _)| seconds.contains(joined))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::{MONDAY, TestResult},
        growth::truth::{self, Event},
        random,
    };

    const FIVE_WEEKS: i64 = 5 * WEEK;

    #[test]
    fn weeks_that_would_fill_the_memory_are_refused() -> TestResult {
        let mut conn = crate::test_file::seeded()?;
        let at = |second| DateTime::from_timestamp(second, 0).ok_or("no such time");
        let last = at(mocha_schema::MAX_SECONDS)?;
        for window in [Window::all(), Window::since(at(MONDAY)?)?] {
            let error =
                MemberRetention::of(1.try_into()?).now(last).within(window).load(&mut conn).expect_err("too many");
            assert_eq!(error.kind(), &crate::ErrorKind::InvalidInput { field: "now" });
        }
        // All of 1970 to 2065 can be asked about.
        let long = MemberRetention::of(1.try_into()?)
            .now(at(MAX_WEEKS * WEEK)?)
            .within(Window::since(at(0)?)?)
            .load(&mut conn)?;
        assert_eq!(long.cohorts.len(), 5_001);
        Ok(())
    }

    fn week_of(zone: Tz, second: i64) -> String {
        DateTime::from_timestamp(second, 0).unwrap().with_timezone(&zone).format("%G-%V").to_string()
    }

    /// A cohort's week, how many joined, and how many stayed.
    type Row = (String, u64, Vec<u64>);

    /// The same in plain Rust, second by second where weeks begin.
    fn expected(question: MemberRetention, events: &[Event]) -> (FirstWeek, Vec<Row>) {
        let MemberRetention { now, window, zone, .. } = question;
        let until = now.unwrap();
        let known = |second: i64| DateTime::from_timestamp(second, 0).unwrap() < until;
        let log: Vec<Event> = truth::log(events, i64::MAX).into_iter().filter(|event| known(event.second)).collect();
        let mut stays = truth::stays(question.bots, &log);
        stays.retain(|stay| random::holds(window, stay.joined * 1000));
        let count = |counts: &dyn Fn(&truth::Stay) -> bool| -> u64 {
            stays.iter().filter(|stay| counts(stay)).count().try_into().unwrap()
        };
        let week = TimeDelta::weeks(1);
        let first_week_passed = |stay: &truth::Stay| DateTime::from_timestamp(stay.joined, 0).unwrap() + week <= until;
        let first_week = FirstWeek {
            joined: count(&first_week_passed),
            stayed: count(&|stay| first_week_passed(stay) && stay.lasted(WEEK)),
        };
        let end = window.end().map_or(until, |end| end.min(until));
        let first = stays.iter().map(|stay| stay.joined).min();
        let start = window.start().or(first.and_then(|first| DateTime::from_timestamp(first, 0)));
        let Some(start) = start.filter(|start| *start < end) else { return (first_week, Vec::new()) };
        let last = (end - TimeDelta::nanoseconds(1)).timestamp();
        let quarters = start.timestamp().div_euclid(900)..=last.div_euclid(900);
        let mut weeks: Vec<String> = quarters.map(|quarter| week_of(zone, quarter * 900)).collect();
        weeks.dedup();
        let cohorts = weeks.into_iter().map(|name| {
            let own = |stay: &truth::Stay| week_of(zone, stay.joined) == name;
            // The first quarter hour that is in no longer in the cohort's week or in the window.
            let mut over = start.timestamp().div_euclid(900) * 900;
            while week_of(zone, over) != name {
                over += 900;
            }
            while week_of(zone, over) == name {
                over += 900;
            }
            let over = DateTime::from_timestamp(over, 0).unwrap().min(end);
            let passed = (1..).take_while(|weeks| over + week * *weeks <= until);
            let stayed = passed.map(|weeks| count(&|stay| own(stay) && stay.lasted(WEEK * i64::from(weeks))));
            let stayed = stayed.collect();
            (name.clone(), count(&own), stayed)
        });
        (first_week, cohorts.collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn the_answer_matches_plain_rust(
            (events, window) in truth::events_and_window(FIVE_WEEKS), bots in random::bots(),
            zone in random::zone(), until_ms in
                prop_oneof![-WEEK * 1000..2 * FIVE_WEEKS * 1000, 0..25_000_i64, WEEK * 1000..WEEK * 1000 + 25_000]
        ) {
            let until = DateTime::from_timestamp_millis(MONDAY * 1000 + until_ms).unwrap();
            let question = MemberRetention::of(random::GUILD.try_into().unwrap()).now(until).within(window).bots(bots).zone(zone);
            let answer = question.load(&mut truth::file(&events).unwrap()).unwrap();
            let (first_week, cohorts) = expected(question, &events);
            prop_assert_eq!(answer.first_week, first_week);
            let rows: Vec<Row> = answer.cohorts.into_iter().map(|cohort| {
                (week_of(zone, cohort.start.timestamp()), cohort.joined, cohort.stayed)
            }).collect();
            prop_assert_eq!(rows, cohorts);
        }
    }

    #[test]
    fn a_week_counts_as_stayed_only_if_it_is_whole() -> TestResult {
        let event = |join, second| Event { guild: 1, user: 2, join, count: None, second };
        for (left, until, expected) in
            [(WEEK - 1, WEEK, (1, 0)), (WEEK, WEEK + 1, (1, 1)), (WEEK, WEEK, (1, 1)), (WEEK, WEEK - 1, (0, 0))]
        {
            let until = DateTime::from_timestamp(MONDAY + until, 0).ok_or("no such time")?;
            let mut conn = truth::file(&[event(true, MONDAY), event(false, MONDAY + left)])?;
            let FirstWeek { joined, stayed } =
                MemberRetention::of(1.try_into()?).now(until).load(&mut conn)?.first_week;
            assert_eq!((joined, stayed), expected, "{left} {until}");
        }
        Ok(())
    }

    #[test]
    fn a_second_join_without_a_leave_ends_the_first_membership() -> TestResult {
        let join = |second| Event { guild: 1, user: 2, join: true, count: None, second };
        let until = DateTime::from_timestamp(MONDAY + 4 * WEEK, 0).ok_or("no such time")?;
        let mut conn = truth::file(&[join(MONDAY), join(MONDAY + WEEK - 1)])?;
        let first_week = MemberRetention::of(1.try_into()?).now(until).load(&mut conn)?.first_week;
        assert_eq!(first_week, FirstWeek { joined: 2, stayed: 1 });
        Ok(())
    }

    #[test]
    fn an_instant_out_of_range_is_an_error() -> TestResult {
        let early = DateTime::from_timestamp(-1, 0).ok_or("no such time")?;
        let error = MemberRetention::of(1.try_into()?).now(early).load(&mut truth::file(&[])?).unwrap_err();
        assert_eq!(error.kind(), &crate::ErrorKind::InvalidInput { field: "now" });
        Ok(())
    }
}
