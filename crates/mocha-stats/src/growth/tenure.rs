//! How long those who left had been there.

use std::time::Duration;

use chrono::{DateTime, Utc};
use mocha_schema::GuildId;

use super::membership::memberships;
use crate::{Bots, Database, Error, Window, database::snapshot, rollup::Horizon};

/// A question about how long those who left a guild had been members.
///
/// Each leave counts, also of somebody who leaves twice. Somebody who left while the bot was not
/// connected leaves when a complete list of members shows it. An end that was not seen, because the
/// same person joined again, is no leave.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
#[doc(alias = "tenure")]
pub struct Tenure {
    bots: Bots,
    guild: GuildId,
    window: Window,
}

/// How long those who left had been members.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TenureAnswer {
    /// All who left.
    pub left: u64,
    /// How many of them have no recorded join, so that the length of their stay is unknown.
    pub unknown: u64,
    /// The mean of the others, rounded down to whole seconds. `None` if there are none.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "mean_seconds", serialize_with = "crate::duration::optional_seconds")
    )]
    pub mean: Option<Duration>,
    /// The median of the others. For an even number it is the mean of the two in the middle,
    /// rounded down to whole seconds.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "median_seconds", serialize_with = "crate::duration::optional_seconds")
    )]
    pub median: Option<Duration>,
    /// The others by how long they stayed.
    pub stays: TenureCounts,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// How many stayed how long: each in the first that holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TenureCounts {
    /// Less than an hour.
    pub under_an_hour: u64,
    /// Less than 24 hours.
    pub under_a_day: u64,
    /// Less than seven days.
    pub under_a_week: u64,
    /// Less than thirty days.
    pub under_a_month: u64,
    /// Less than 365 days.
    pub under_a_year: u64,
    /// That or longer.
    pub longer: u64,
}

impl Tenure {
    /// Asks about this guild. Defaults: all time, humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, window: Window::all() }
    }

    /// Counts only who left in this window, whenever they joined. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Runs the query.
    ///
    /// Reads all joins and leaves of the guild before the window's end through an index, in one
    /// transaction; memory grows with memberships.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mocha_schema::GuildId;
    /// use mocha_stats::Tenure;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // One came on Monday at six and left on Wednesday at midnight.
    /// let stay = Tenure::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// assert_eq!((stay.left, stay.unknown), (1, 0));
    /// assert_eq!((stay.mean, stay.median), (Some(Duration::from_hours(42)), Some(Duration::from_hours(42))));
    /// assert_eq!((stay.stays.under_a_day, stay.stays.under_a_week), (0, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<TenureAnswer, Error> {
        let Self { bots, guild, window } = self;
        let (memberships, data_since) = snapshot(conn, |conn| {
            let Horizon { members_from, .. } = Horizon::load(conn)?;
            let memberships = memberships(conn, guild, bots, members_from..window.end_second())?;
            Ok((memberships, Horizon::data_since(window, members_from)))
        })?;
        let (mut left, mut lengths) = (0, Vec::new());
        for membership in memberships {
            if membership.left && membership.ended.is_some_and(|ended| ended >= window.start_second()) {
                left += 1;
                lengths.extend(membership.seconds().and_then(|seconds| u64::try_from(seconds).ok()));
            }
        }
        lengths.sort_unstable();
        let mut stays = TenureCounts::default();
        for seconds in &lengths {
            *stays.of(*seconds) += 1;
        }
        let known = u64::try_from(lengths.len()).unwrap_or(u64::MAX);
        Ok(TenureAnswer {
            left,
            unknown: left.saturating_sub(known),
            mean: lengths.iter().sum::<u64>().checked_div(known).map(Duration::from_secs),
            median: median(&lengths).map(Duration::from_secs),
            stays,
            data_since,
            window,
        })
    }
}

/// The one in the middle, or the mean of two.
fn median(sorted: &[u64]) -> Option<u64> {
    let high = sorted.get(sorted.len() / 2)?;
    let low = if sorted.len().is_multiple_of(2) { sorted.get((sorted.len() / 2).checked_sub(1)?)? } else { high };
    Some(low.midpoint(*high))
}

impl TenureCounts {
    const fn of(&mut self, seconds: u64) -> &mut u64 {
        const DAY: u64 = 86_400;
        match seconds {
            0..3600 => &mut self.under_an_hour,
            3600..DAY => &mut self.under_a_day,
            DAY..604_800 => &mut self.under_a_week,
            604_800..2_592_000 => &mut self.under_a_month,
            2_592_000..31_536_000 => &mut self.under_a_year,
            _ => &mut self.longer,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::MONDAY,
        growth::truth::{self, Event},
        random,
    };

    const TWO_YEARS: i64 = 730 * 86_400;

    /// The same in plain Rust: of each leave the last event of the person before it.
    fn expected(question: Tenure, events: &[Event]) -> TenureAnswer {
        let window = question.window;
        let log = truth::log(events, i64::MAX);
        let (mut unknown, mut lengths) = (0, Vec::new());
        for (index, leave) in log.iter().enumerate() {
            let counts = !leave.join && random::counts(question.bots, leave.user);
            if !counts || !random::holds(window, leave.second * 1000) {
                continue;
            }
            match log[..index].iter().rfind(|event| event.user == leave.user) {
                Some(join) if join.join => lengths.push(leave.second - join.second),
                _ => unknown += 1,
            }
        }
        lengths.sort_unstable();
        let between = |from: i64, to: i64| -> u64 {
            lengths.iter().filter(|length| (from..to).contains(*length)).count().try_into().unwrap()
        };
        let (hour, day) = (3600, 24 * 3600);
        let middle = |index: usize| u64::try_from(lengths[index]).unwrap();
        let number = lengths.len();
        let mean = lengths.iter().sum::<i64>().checked_div(number.try_into().unwrap());
        TenureAnswer {
            left: u64::try_from(number).unwrap() + unknown,
            unknown,
            mean: mean.map(|mean| Duration::from_secs(mean.try_into().unwrap())),
            median: (number > 0).then(|| Duration::from_secs(middle((number - 1) / 2).midpoint(middle(number / 2)))),
            stays: TenureCounts {
                under_an_hour: between(0, hour),
                under_a_day: between(hour, day),
                under_a_week: between(day, 7 * day),
                under_a_month: between(7 * day, 30 * day),
                under_a_year: between(30 * day, 365 * day),
                longer: between(365 * day, i64::MAX),
            },
            data_since: None,
            window,
        }
    }

    proptest! {
        #[test]
        fn the_answer_matches_plain_rust(
            // Stays of every length.
            (events, window) in prop::sample::select([4000, 90_000, 700_000, 3_000_000, TWO_YEARS].as_slice())
                .prop_flat_map(truth::events_and_window),
            bots in random::bots()
        ) {
            let question = Tenure::of(random::GUILD.try_into().unwrap()).within(window).bots(bots);
            let answer = question.load(&mut truth::file(&events).unwrap()).unwrap();
            prop_assert_eq!(answer, expected(question, &events));
        }

        #[test]
        fn a_tenure_as_long_as_a_bound_is_beyond_it(index in 0..5_usize, length in -1..=0_i64) {
            let bound = [3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400][index];
            let event = |join, second| Event { guild: random::GUILD, user: 2, join, count: None, second };
            let events = [event(true, MONDAY), event(false, MONDAY + bound + length)];
            let question = Tenure::of(random::GUILD.try_into().unwrap());
            let answer = question.load(&mut truth::file(&events).unwrap()).unwrap();
            prop_assert_eq!(answer, expected(question, &events));
            prop_assert_eq!(answer.left, 1);
        }
    }
}
