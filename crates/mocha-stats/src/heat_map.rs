//! When people wrote.

use chrono::{Datelike, Timelike};
use chrono_tz::Tz;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool},
};
use mocha_schema::GuildId;

use crate::{
    Bots, Error, Window, quarter,
    scan::{self, Unsigned},
};

/// The question when a week's messages are written: by weekday and hour.
///
/// Counted are messages, replies and commands ([`COUNTED_MESSAGE_TYPES`](mocha_schema::COUNTED_MESSAGE_TYPES)).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct HeatMap {
    bots: Bots,
    guild: GuildId,
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
    /// The window that was asked about.
    pub window: Window,
}

impl HeatMap {
    /// Asks about this guild; of all time, in UTC and without bots, until told otherwise.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, window: Window::all(), zone: Tz::UTC }
    }

    /// Counts only what lies in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Whether bots count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Whose weekdays and hours. The default is UTC.
    ///
    /// On a day of 23 hours one of them gets nothing, on a day of 25 one gets the messages of two.
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Asks the file.
    ///
    /// Reads the guild's messages of the window through an index, in one statement; memory grows with the quarter hours in
    /// which something was written.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): SQLite refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::HeatMap;
    ///
    /// # mod fixture { include!("fixture.rs"); }
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
    pub fn load(self, conn: &mut SqliteConnection) -> Result<HeatMapAnswer, Error> {
        let rows = scan::counted_messages(SQL, self.guild, self.window).load(conn).map_err(Error::database)?;
        Ok(self.fold(rows))
    }

    fn fold(self, rows: Vec<Row>) -> HeatMapAnswer {
        let mut answer = HeatMapAnswer { hours: [[0; 24]; 7], messages: 0, window: self.window };
        for row in rows.into_iter().filter(|row| self.bots.counts(row.bot)) {
            // Always there: the scan stays between 1970 and 9999, and a week has its days and hours.
            let Some(at) = quarter::local(row.quarter, self.zone) else { continue };
            let (weekday, hour) = (at.weekday().num_days_from_monday(), at.hour());
            let hours = usize::try_from(weekday).ok().and_then(|weekday| answer.hours.get_mut(weekday));
            let cell = hours.zip(usize::try_from(hour).ok()).and_then(|(hours, hour)| hours.get_mut(hour));
            if let Some(cell) = cell {
                *cell += row.messages;
                answer.messages += row.messages;
            }
        }
        answer
    }
}

const SQL: &str = "\
    SELECT created_at / 900 AS quarter, user_id IN (SELECT id FROM users WHERE bot = 1) AS bot, COUNT(*) AS messages \
    FROM message_events INDEXED BY idx_message_events_guild_time \
    WHERE guild_id = ?1 AND created_at >= ?2 AND created_at < ?3 AND message_type IN (?4, ?5, ?6, ?7) \
    GROUP BY quarter, bot";

#[derive(Clone, Copy, Debug, QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    quarter: i64,
    #[diesel(sql_type = Bool)]
    bot: bool,
    #[diesel(sql_type = BigInt, deserialize_as = Unsigned)]
    messages: u64,
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeZone};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::{Message, TestResult, empty},
        random,
    };

    const TEN_DAYS: i64 = 10 * 86_400;

    /// The same in plain Rust, message by message and to the second.
    fn expected(question: HeatMap, messages: &[Message]) -> TestResult<HeatMapAnswer> {
        let mut answer = HeatMapAnswer { hours: [[0; 24]; 7], messages: 0, window: question.window };
        let counted = messages
            .iter()
            .filter(|message| message.guild == random::GUILD && random::counts(question.bots, message.user))
            .filter(|message| matches!(message.kind, Some(0 | 19 | 20 | 23)))
            .filter(|message| random::holds(question.window, message.second * 1000));
        for message in counted {
            let utc = DateTime::from_timestamp(message.second, 0).ok_or("no such time")?;
            let at = utc.with_timezone(&question.zone).naive_local();
            let weekday: usize = at.format("%u").to_string().parse()?;
            let hour: usize = at.format("%H").to_string().parse()?;
            answer.hours[weekday - 1][hour] += 1;
            answer.messages += 1;
        }
        Ok(answer)
    }

    proptest! {
        #[test]
        fn it_is_what_plain_rust_counts(
            messages in random::messages(TEN_DAYS), window in random::window(TEN_DAYS), bots in random::bots(),
            zone in random::zone()
        ) {
            let mut conn = empty().unwrap();
            random::insert_messages(&mut conn, &messages).unwrap();
            let question = HeatMap::of(random::GUILD.try_into().unwrap()).within(window).bots(bots).zone(zone);
            prop_assert_eq!(question.load(&mut conn).unwrap(), expected(question, &messages).unwrap());
        }
    }

    /// A message every quarter hour of a local day, and what the question makes of it.
    fn hours_of_day(zone: Tz, (year, month, day): (i32, u32, u32)) -> TestResult<[[u64; 24]; 7]> {
        let midnight = |day| zone.with_ymd_and_hms(year, month, day, 0, 0, 0).single().ok_or("no such midnight");
        let (start, end) = (midnight(day)?, midnight(day + 1)?);
        let rows = (start.timestamp()..end.timestamp()).step_by(900);
        let rows = rows.map(|second| Row { quarter: second / 900, bot: false, messages: 1 });
        Ok(HeatMap::of(1.try_into()?).zone(zone).fold(rows.collect()).hours)
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
