//! When people wrote.

use chrono::{DateTime, Datelike, Offset, Timelike, Utc};
use chrono_tz::Tz;
use mocha_schema::{ChannelId, GuildId, UserId};

use crate::{
    Bots, Database, Error, Window,
    channel_filter::ChannelFilter,
    database::{Source, snapshot},
    message_scan::{Column, MessageScan},
    message_times::{Detail, MessageTimes},
    packed_quarters, quarter,
};

/// A question about when a week's messages are written: by weekday and hour.
///
/// It counts messages, replies and commands
/// ([`COUNTED_MESSAGE_TYPES`](mocha_schema::COUNTED_MESSAGE_TYPES)).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct HeatMap {
    bots: Bots,
    channels: ChannelFilter,
    guild: GuildId,
    user: Option<UserId>,
    window: Window,
    zone: Tz,
}

/// When people wrote.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct HeatMapAnswer {
    /// Messages by weekday, Monday first, and by hour from 0 to 23, of the zone that was asked for.
    pub hours: [[u64; 24]; 7],
    /// All messages.
    pub messages: u64,
    /// Where the data starts, if the window begins before it. Earlier messages are deleted and not
    /// counted. A question about one [`user`](HeatMap::user) or about some channels reads single
    /// messages, and others read roll-ups. `None` if the data covers the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
    /// `true` if a day at the window's edge was counted whole because its events have been deleted.
    pub rounded_to_days: bool,
}

impl HeatMap {
    /// Asks about this guild. Defaults: all time, in UTC, humans only.
    pub const fn of(guild: GuildId) -> Self {
        let (bots, window) = (Bots::Exclude, Window::all());
        Self { bots, channels: ChannelFilter::new(), guild, user: None, window, zone: Tz::UTC }
    }

    /// Counts only messages of this user. A bot counts if it is the user.
    ///
    /// It reads the user's single messages, in other guilds too. Deleted messages do not count: see
    /// [`data_since`](HeatMapAnswer::data_since).
    ///
    /// ```
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::HeatMap;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = HeatMap::of(GuildId::try_from(1)?).user(UserId::try_from(20)?).load(&mut conn)?;
    /// assert_eq!((answer.hours[0][9], answer.messages, answer.data_since), (3, 3, None));
    /// # Ok(())
    /// # }
    /// ```
    pub const fn user(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// Counts only messages in these channels and their threads. A category stands for the channels
    /// that are in it now.
    ///
    /// It reads the single messages of these channels. Deleted messages do not count: see
    /// [`data_since`](HeatMapAnswer::data_since).
    ///
    /// ```
    /// use mocha_schema::{ChannelId, GuildId};
    /// use mocha_stats::HeatMap;
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let channel = ChannelId::try_from(2000)?;
    /// assert_eq!(HeatMap::of(GuildId::try_from(1)?).only_channels(&[channel]).load(&mut conn)?.messages, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn only_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.only.get_or_insert_default().extend(channels);
        self
    }

    /// Excludes messages in these channels and their threads. A category stands for the channels
    /// that are in it now. It reads all single messages of the window.
    pub fn exclude_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.without.extend(channels);
        self
    }

    /// Counts only what lies in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`]. It has no effect with
    /// [`user`](Self::user).
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Sets the time zone of the weekdays and hours. The default is UTC.
    ///
    /// On a day of 23 hours, one hour gets nothing. On a day of 25, one hour gets the messages of
    /// two.
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's roll-up by quarters of an hour, with one row for each whole month, and
    /// single messages of less than a quarter at each edge of the window, through keys and an
    /// index, in one transaction. For one [`user`](Self::user) or some
    /// [channels](Self::only_channels) it reads what these methods say. Memory does not grow.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid count.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::HeatMap;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let utc = HeatMap::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// assert_eq!(utc.hours[0][9], 6, "Monday at nine");
    ///
    /// let kathmandu = HeatMap::of(GuildId::try_from(1)?).zone(chrono_tz::Asia::Kathmandu).load(&mut conn)?;
    /// assert_eq!(kathmandu.hours[0][14], 6, "nine in UTC is a quarter to three there");
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<HeatMapAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(&self, conn: &mut dyn Source) -> Result<HeatMapAnswer, Error> {
        let Self { bots, ref channels, guild, user, window, zone } = *self;
        let scan = MessageScan { bots, guild, user };
        let mut times = MessageTimes::load(conn, scan, channels, window, Detail::Messages)?;
        let mut week = Week::of(zone);
        for months in &times.sources.packed {
            packed_quarters::each(conn, guild, bots, months, |quarter, messages| week.add(quarter, messages))?;
        }
        times.each(conn, [Column::Messages], |quarter, row| {
            week.add(quarter, row.count(0)?);
            Ok(())
        })?;
        let hours = week.hours();
        let messages = hours.iter().flatten().fold(0, |sum: u64, hour| sum.saturating_add(*hour));
        let MessageTimes { data_since, rounded_to_days, .. } = times;
        Ok(HeatMapAnswer { hours, messages, data_since, window, rounded_to_days })
    }
}

/// Messages, or what else is counted, by weekday and hour of a zone.
#[derive(Debug)]
pub(crate) struct Week {
    /// The day in UTC that was added last, because many rows in a row are of one day.
    day: Day,
    /// The counts by hour, from the first hour of Monday on.
    hours: [u64; HOURS],
    zone: Tz,
}

const HOURS: usize = 7 * 24;

/// The position of a day in UTC in a week of a zone.
#[derive(Clone, Copy, Debug)]
struct Day {
    day: i64,
    /// The quarter of an hour of the week in which it begins; `None` if the clocks are turned in
    /// the day, or it is not known.
    start: Option<usize>,
}

impl Week {
    pub(crate) const fn of(zone: Tz) -> Self {
        Self { day: Day { day: -1, start: None }, hours: [0; HOURS], zone }
    }

    pub(crate) fn hours(&self) -> [[u64; 24]; 7] {
        let mut hours = self.hours.iter().copied();
        [(); 7].map(|()| [(); 24].map(|()| hours.next().unwrap_or(0)))
    }

    pub(crate) fn add(&mut self, quarter: i64, messages: u64) {
        // It always exists, because the scan stays between 1970 and 9999, and a week has its days and hours.
        let Some(place) = self.place(quarter) else { return };
        if let Some(hour) = self.hours.get_mut(place / 4 % HOURS) {
            *hour = hour.saturating_add(messages);
        }
    }

    /// The quarter of an hour in the week, from Monday on; of a later week too.
    fn place(&mut self, quarter: i64) -> Option<usize> {
        let day = quarter.div_euclid(quarter::OF_A_DAY);
        if self.day.day != day {
            self.day = Day { day, start: self.start(day) };
        }
        match self.day.start {
            Some(start) => Some(start + usize::try_from(quarter.rem_euclid(quarter::OF_A_DAY)).ok()?),
            None => Some(self.look_up(quarter)?.0),
        }
    }

    /// No zone turns its clocks twice within a day.
    fn start(&self, day: i64) -> Option<usize> {
        let first = day.checked_mul(quarter::OF_A_DAY)?;
        let ((start, offset), (_, last)) = (self.look_up(first)?, self.look_up(first + quarter::OF_A_DAY - 1)?);
        (offset == last).then_some(start)
    }

    /// The quarter of an hour in the week, and how many seconds the zone is ahead of UTC.
    fn look_up(&self, quarter: i64) -> Option<(usize, i32)> {
        let at = quarter::local(quarter, self.zone)?;
        let place = at.weekday().num_days_from_monday() * 96 + at.num_seconds_from_midnight() / 900;
        Some((usize::try_from(place).ok()?, at.offset().fix().local_minus_utc()))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::{MONDAY, Message, TestResult},
        random,
        test_file::empty,
    };

    /// Long enough to contain whole months.
    const SEVENTY_DAYS: i64 = 70 * 86_400;

    /// The same in plain Rust, message by message and to the second, of what is in a window.
    fn expected(question: &HeatMap, messages: &[Message], window: Window) -> TestResult<[[u64; 24]; 7]> {
        let mut hours = [[0; 24]; 7];
        let counts = |user| question.user.map_or(random::counts(question.bots, user), |only| only.get() == user);
        let counted = messages
            .iter()
            .filter(|message| message.guild == random::GUILD && counts(message.user))
            .filter(|message| matches!(message.kind, Some(0 | 19 | 20 | 23)))
            .filter(|message| random::counts_channel(&question.channels, message.channel))
            .filter(|message| random::holds(window, message.second * 1000));
        for message in counted {
            let utc = DateTime::from_timestamp(message.second, 0).ok_or("no such time")?;
            let at = utc.with_timezone(&question.zone).naive_local();
            let weekday: usize = at.format("%u").to_string().parse()?;
            let hour: usize = at.format("%H").to_string().parse()?;
            hours[weekday - 1][hour] += 1;
        }
        Ok(hours)
    }

    proptest! {
        #[test]
        fn the_answer_matches_plain_rust(
            messages in random::messages(SEVENTY_DAYS), window in random::window(SEVENTY_DAYS), bots in random::bots(),
            zone in random::zone(), user in prop::option::of(random::any_user()), horizon in prop::option::of(0..71_i64),
            channels in random::channels(),
            filled_to in 0..80_i64
        ) {
            let mut conn = empty().unwrap();
            random::insert_places(&mut conn).unwrap();
            random::insert_messages(&mut conn, &messages).unwrap();
            let mut question = HeatMap::of(random::GUILD.try_into().unwrap()).within(window).bots(bots).zone(zone);
            if let Some(user) = user {
                question = question.user(user.try_into().unwrap());
            }
            let single = user.is_some() || !channels.is_open();
            question.channels = channels;
            let horizon = horizon.map_or(0, |day| MONDAY + day * 86_400);
            random::forget_before(&mut conn, horizon).unwrap();
            random::fill_to(&mut conn, filled_to).unwrap();
            let answer = question.load(&mut conn).unwrap();
            let (counted, messages) = if single {
                let kept = messages.into_iter().filter(|message| message.second >= horizon).collect();
                (window, kept)
            } else {
                (random::rounded_to_days(window, horizon).unwrap(), messages)
            };
            let hours = expected(&question, &messages, counted).unwrap();
            prop_assert_eq!(answer.hours, hours);
            prop_assert_eq!(answer.messages, hours.iter().flatten().sum::<u64>());
            // Parts of a second are in no message.
            let seconds = |window: Window| (window.start_second(), window.end_second());
            prop_assert_eq!(answer.rounded_to_days, seconds(counted) != seconds(window));
            let (start, end) = seconds(window);
            let unknown = single && start < horizon && start < end;
            prop_assert_eq!(answer.data_since.map(|at| at.timestamp()), unknown.then_some(horizon));
            prop_assert_eq!(answer.window, window);
        }
    }

    /// A message every quarter hour of a local day, and what the question makes of it.
    fn hours_of_day(zone: Tz, (year, month, day): (i32, u32, u32)) -> TestResult<[[u64; 24]; 7]> {
        let midnight = |day| zone.with_ymd_and_hms(year, month, day, 0, 0, 0).single().ok_or("no such midnight");
        let (start, end) = (midnight(day)?, midnight(day + 1)?);
        let mut week = Week::of(zone);
        for second in (start.timestamp()..end.timestamp()).step_by(900) {
            week.add(second / 900, 1);
        }
        Ok(week.hours())
    }

    #[test]
    fn a_quarter_hour_lies_in_the_hour_of_its_zone() -> TestResult {
        // Half past the hour and a quarter past it in UTC: hours begin where the zone says.
        assert_eq!(hours_of_day(chrono_tz::Asia::Kathmandu, (2026, 11, 16))?[0], [4; 24]);
        assert_eq!(hours_of_day(chrono_tz::America::St_Johns, (2026, 11, 17))?[1], [4; 24]);
        Ok(())
    }

    #[test]
    fn a_day_has_as_many_hours_as_its_zone_gave_it() -> TestResult {
        let mut short = [4; 24];
        short[2] = 0;
        assert_eq!(hours_of_day(chrono_tz::Europe::Berlin, (2026, 3, 29))?[6], short);
        let mut long = [4; 24];
        long[2] = 8;
        assert_eq!(hours_of_day(chrono_tz::Europe::Berlin, (2026, 10, 25))?[6], long);
        // Lord Howe Island turns its clocks by half an hour.
        let mut half = [4; 24];
        half[2] = 2;
        assert_eq!(hours_of_day(chrono_tz::Australia::Lord_Howe, (2026, 10, 4))?[6], half);
        Ok(())
    }
}
