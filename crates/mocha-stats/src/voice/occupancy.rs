//! How many people were in voice at once.

use std::{cmp::Reverse, collections::HashMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use mocha_schema::{GuildId, UserId};

use super::{
    VoiceFilter,
    interval::{Stay, between},
    scope::{Fold, Scope},
};
use crate::{Bots, Database, Error, Window, error::instant};

/// A question about how many people were in voice at once, step by step, and when there were most.
///
/// Each person counts once, in whatever channels, while the [`VoiceFilter`] counts their time.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct VoiceOccupancy {
    scope: Scope,
    step: TimeDelta,
}

/// How many people were in voice at once.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceOccupancyAnswer {
    /// Every step, oldest first, without gaps. Steps begin with the window; if it has no start, at
    /// a multiple of the step since 1970, with the one in which voice begins. They end with the
    /// window; if it has no end, with the one in which voice ends.
    pub steps: Vec<OccupancyStep>,
    /// When most were there; `None` if nobody was.
    pub peak: Option<VoicePeak>,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// A step of a [`VoiceOccupancyAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct OccupancyStep {
    /// Its first instant.
    pub start: DateTime<Utc>,
    /// How long it lasts. It is shorter than was asked for only if the window ends in it, or the
    /// part of the window that has passed.
    #[cfg_attr(feature = "serde", serde(rename = "length_ms", serialize_with = "crate::duration::milliseconds"))]
    pub length: Duration,
    /// How many were there at once, at most.
    pub max_user_count: u64,
    /// The time of all users who were there. Divided by `length`, it is how many were there on
    /// average.
    #[cfg_attr(feature = "serde", serde(rename = "voice_ms", serialize_with = "crate::duration::milliseconds"))]
    pub voice_time: Duration,
}

/// The moment of a [`VoiceOccupancyAnswer`] when most were there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoicePeak {
    /// Its first instant; of several moments with as many, the first.
    pub at: DateTime<Utc>,
    /// How many were there.
    pub user_count: u64,
}

/// More steps are a mistake in the argument, and would fill the memory.
const MAX_STEPS: usize = 1_000_000;

impl VoiceOccupancy {
    /// Asks about this guild. Defaults: all time, by the hour, humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self { scope: Scope::of(guild), step: TimeDelta::hours(1) }
    }

    /// Counts only what lies in this window, to the millisecond. The default is all time.
    ///
    /// A member who is still in voice counts up to the window's end, for at most
    /// [`ASSUMED_TAIL`](crate::ASSUMED_TAIL) after Mocha last confirmed the connection. If
    /// the window has no end, the time counts up to that confirmation.
    pub const fn within(mut self, window: Window) -> Self {
        self.scope.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.scope.filter.bots = bots;
        self
    }

    /// Counts only the voice time that this filter lets through. The default is all time.
    pub fn filter(mut self, filter: VoiceFilter) -> Self {
        self.scope.filter = filter.bots(self.scope.filter.bots);
        self
    }

    /// How long a step is, from a millisecond on; parts of a millisecond are dropped. The default
    /// is an hour.
    pub const fn step(mut self, step: TimeDelta) -> Self {
        self.step = step;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's intervals of the window and of the day before it through an index, in one
    /// transaction; memory grows with the intervals that count, and with the steps.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `step`: below a millisecond, or so short that there are more than
    /// a million. [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an
    /// invalid id or time.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use chrono::TimeDelta;
    /// use mocha_schema::GuildId;
    /// use mocha_stats::VoiceOccupancy;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // Two came at nine; one stayed until half past, one until ten.
    /// let occupancy = VoiceOccupancy::of(GuildId::try_from(1)?).step(TimeDelta::minutes(45)).load(&mut conn)?;
    /// let [first, second] = occupancy.steps[..] else { return Err("two steps".into()) };
    /// assert_eq!((first.max_user_count, first.voice_time), (2, Duration::from_mins(75)));
    /// assert_eq!((second.max_user_count, second.voice_time), (1, Duration::from_mins(15)));
    /// let peak = occupancy.peak.ok_or("somebody was there")?;
    /// assert_eq!((peak.user_count, peak.at.timestamp()), (2, fixture::MONDAY + 9 * 3600));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<VoiceOccupancyAnswer, Error> {
        let step_ms = self.step.num_milliseconds();
        if step_ms < 1 {
            return Err(Error::invalid("step", "must be a millisecond or longer"));
        }
        let Scope { ref filter, window, .. } = self.scope;
        let (Stays(stays), data_since) = self.scope.load(conn, |_| Stays::default())?;
        let stays: Vec<Stay> = stays.into_iter().filter_map(|stay| stay.counted(filter.assumed)).collect();
        let levels = levels(&stays);
        let mut steps = steps(window, step_ms, &levels)?;
        fill(&mut steps, step_ms, &levels);
        // `min` takes the first of equals.
        let peak = levels.iter().min_by_key(|level| Reverse(level.users));
        Ok(VoiceOccupancyAnswer {
            steps: steps.into_iter().map(Step::answer).collect::<Result<_, _>>()?,
            peak: peak
                .map(|level| instant(level.from_ms).map(|at| VoicePeak { at, user_count: level.users }))
                .transpose()?,
            data_since,
            window,
        })
    }
}

#[derive(Debug, Default)]
struct Stays(Vec<Stay>);

impl Fold for Stays {
    fn stay(&mut self, stay: Stay) {
        self.0.push(stay);
    }
}

/// So many people from one instant to another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Level {
    from_ms: i64,
    to_ms: i64,
    users: u64,
}

/// How many distinct people are there, in order of time; times with nobody are left out.
fn levels(stays: &[Stay]) -> Vec<Level> {
    let mut edges: Vec<(i64, UserId, bool)> =
        stays.iter().flat_map(|stay| [(stay.from_ms, stay.user_id, true), (stay.to_ms, stay.user_id, false)]).collect();
    edges.sort_unstable_by_key(|(at_ms, ..)| *at_ms);
    let (mut levels, mut people, mut since_ms) = (Vec::new(), HashMap::<UserId, i64>::new(), i64::MIN);
    for (at_ms, user_id, enters) in edges {
        if at_ms > since_ms && !people.is_empty() {
            let users = u64::try_from(people.len()).unwrap_or(u64::MAX);
            levels.push(Level { from_ms: since_ms, to_ms: at_ms, users });
        }
        since_ms = at_ms;
        // In a sane file one person has one stay at a time; in another they count once all the same.
        let stays = people.entry(user_id).or_default();
        *stays += if enters { 1 } else { -1 };
        if *stays == 0 {
            people.remove(&user_id);
        }
    }
    levels
}

#[derive(Clone, Copy, Debug)]
struct Step {
    start_ms: i64,
    length_ms: u64,
    max_user_count: u64,
    voice_ms: u64,
}

impl Step {
    fn answer(self) -> Result<OccupancyStep, Error> {
        let Self { start_ms, length_ms, max_user_count, voice_ms } = self;
        let (length, voice_time) = (Duration::from_millis(length_ms), Duration::from_millis(voice_ms));
        Ok(OccupancyStep { start: instant(start_ms)?, length, max_user_count, voice_time })
    }
}

/// The steps of the window with nobody in them; where it is open it ends with the levels.
fn steps(window: Window, step_ms: i64, levels: &[Level]) -> Result<Vec<Step>, Error> {
    let first_ms = levels.first().map(|level| level.from_ms.div_euclid(step_ms).saturating_mul(step_ms));
    let start_ms = window.start().map(|_| window.start_ms()).or(first_ms);
    let last_ms = levels.last().map(|level| level.to_ms);
    // Time that has not passed is in no step.
    let end_ms = window.passed_ms().map(|passed_ms| passed_ms.max(last_ms.unwrap_or(passed_ms))).or(last_ms);
    let (Some(start_ms), Some(end_ms)) = (start_ms, end_ms) else { return Ok(Vec::new()) };
    let cut_ms = window.end_ms().map_or(i64::MAX, |_| end_ms);
    let starts = std::iter::successors(Some(start_ms), |start_ms| start_ms.checked_add(step_ms));
    let starts = starts.take_while(|start_ms| *start_ms < end_ms);
    let steps: Vec<Step> = starts
        .map(|start_ms| {
            let end_ms = start_ms.saturating_add(step_ms).min(cut_ms);
            Step { start_ms, length_ms: between(start_ms, end_ms), max_user_count: 0, voice_ms: 0 }
        })
        .take(MAX_STEPS + 1)
        .collect();
    if steps.len() > MAX_STEPS {
        return Err(Error::invalid("step", "must not cut the time into more than a million steps"));
    }
    Ok(steps)
}

/// Adds the levels to the steps that they lie in.
fn fill(steps: &mut [Step], step_ms: i64, levels: &[Level]) {
    let Some(start_ms) = steps.first().map(|step| step.start_ms) else { return };
    for level in levels {
        let mut from_ms = level.from_ms;
        while from_ms < level.to_ms {
            let number = from_ms.saturating_sub(start_ms) / step_ms;
            let Some(step) = usize::try_from(number).ok().and_then(|number| steps.get_mut(number)) else { break };
            let to_ms = step.start_ms.saturating_add(step_ms).min(level.to_ms);
            step.max_user_count = step.max_user_count.max(level.users);
            step.voice_ms = step.voice_ms.saturating_add(between(from_ms, to_ms).saturating_mul(level.users));
            from_ms = to_ms;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        ErrorKind,
        fixture::{MONDAY, TestResult},
        random,
        test_file::{empty, seeded},
        voice::truth::{self, Voice},
    };

    /// The same in plain Rust: everybody is counted at every tick. Steps are some ticks long.
    fn expected(question: &VoiceOccupancy, voice: &Voice, step_ticks: i64) -> TestResult<VoiceOccupancyAnswer> {
        let Scope { ref filter, window, .. } = question.scope;
        let count = |tick| -> TestResult<u64> {
            let there = voice.counted(window, filter, tick);
            let there = there.iter().filter(|there| truth::of_policy(filter.assumed, there));
            Ok(u64::try_from(there.map(|there| there.talk.user).collect::<BTreeSet<u64>>().len())?)
        };
        let counts: Vec<(i64, u64)> =
            voice.ticks(window).map(|tick| Ok((tick, count(tick)?))).collect::<TestResult<_>>()?;
        let occupied = || counts.iter().filter(|(_, users)| *users > 0).map(|(tick, _)| *tick);
        let at = |tick: i64| DateTime::from_timestamp_millis(voice.at(tick)).ok_or("no such time");
        let step_ms = step_ticks * voice.tick_ms;
        let aligned = |tick: i64| tick - voice.at(tick).rem_euclid(step_ms) / voice.tick_ms;
        let first = match window.start() {
            Some(_) => counts.first().map(|(tick, _)| *tick),
            None => occupied().next().map(aligned),
        };
        let last = match window.end() {
            Some(_) => counts.last().map(|(tick, _)| *tick),
            None => occupied().next_back(),
        };
        let mut steps = Vec::new();
        if let (Some(first), Some(last)) = (first, last) {
            for start in (first..=last).step_by(usize::try_from(step_ticks)?) {
                let end = if window.end().is_some() { (last + 1).min(start + step_ticks) } else { start + step_ticks };
                let own: Vec<u64> =
                    counts.iter().filter(|(tick, _)| (start..end).contains(tick)).map(|(_, users)| *users).collect();
                steps.push(OccupancyStep {
                    start: at(start)?,
                    length: Duration::from_millis(((end - start) * voice.tick_ms).try_into()?),
                    max_user_count: own.iter().copied().max().unwrap_or(0),
                    voice_time: Duration::from_millis(own.iter().sum::<u64>() * u64::try_from(voice.tick_ms)?),
                });
            }
        }
        let most = counts.iter().map(|(_, users)| *users).max().filter(|most| *most > 0);
        let peak = counts.iter().find(|(_, users)| Some(*users) == most);
        let peak =
            peak.map(|(tick, users)| TestResult::Ok(VoicePeak { at: at(*tick)?, user_count: *users })).transpose()?;
        Ok(VoiceOccupancyAnswer { steps, peak, data_since: None, window })
    }

    proptest! {
        #[test]
        fn the_answer_matches_plain_rust(
            (voice, window) in truth::voice(), filter in truth::filter(), step_ticks in 1..60_i64
        ) {
            let mut conn = empty().unwrap();
            voice.insert(&mut conn).unwrap();
            let step = TimeDelta::milliseconds(step_ticks * voice.tick_ms);
            let guild = random::GUILD.try_into().unwrap();
            let question = VoiceOccupancy::of(guild).within(window).bots(filter.bots).filter(filter).step(step);
            prop_assert_eq!(question.load(&mut conn).unwrap(), expected(&question, &voice, step_ticks).unwrap());
        }
    }

    #[test]
    fn an_invalid_step_names_its_field() -> TestResult {
        let mut conn = seeded()?;
        let monday = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
        let seconds = |length| Window::between(monday, monday + TimeDelta::seconds(length));
        let ms = TimeDelta::milliseconds;
        for (window, step, fine) in [
            (seconds(1000)?, ms(1), true),
            (seconds(1001)?, ms(1), false),
            (seconds(0)?, ms(1), true),
            (seconds(1)?, TimeDelta::nanoseconds(999_999), false),
            (seconds(1)?, TimeDelta::zero(), false),
            (seconds(1)?, TimeDelta::MIN, false),
            (Window::all(), TimeDelta::MAX, true),
            (seconds(1)?, TimeDelta::MAX, true),
        ] {
            let answer = VoiceOccupancy::of(1.try_into()?).within(window).step(step).load(&mut conn);
            let error = answer.err().map(|error| error.kind().clone());
            assert_eq!(error, (!fine).then_some(ErrorKind::InvalidInput { field: "step" }), "{window:?} {step}");
        }
        Ok(())
    }
}
