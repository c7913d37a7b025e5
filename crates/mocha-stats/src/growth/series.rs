//! Joins and leaves over time.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use mocha_schema::GuildId;

use super::log::{Entry, Told, at_least_none, entries, members_at};
use crate::{
    Bots, Database, Error, Period, Window,
    database::{Source, snapshot},
    period::Label,
    periods::{self, Counts, Touched},
    quarter,
    rollup::Horizon,
};

/// A question about how a guild grew, hour by hour, or by day, week or month of a zone.
///
/// Each join and each leave counts, even if the same user comes and goes several times. If a member
/// left while the bot was not connected, the leave counts at the time of the complete list of
/// members that shows it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct Growth {
    bots: Bots,
    guild: GuildId,
    period: Period,
    window: Window,
    zone: Tz,
}

/// How a guild grew.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GrowthAnswer {
    /// Every period from the window's start to its end, oldest first, without gaps. Without a start
    /// the list begins with the first event, and without an end it ends with the last event. A
    /// window without an end and without events has no periods.
    pub periods: Vec<GrowthPeriod>,
    /// All joins.
    pub joins: u64,
    /// All leaves.
    pub leaves: u64,
    /// Joins less leaves.
    pub net: i64,
    /// How many members the guild had at the window's end, as for [`GrowthPeriod::members`].
    pub members: Option<u64>,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// A period of a [`GrowthAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GrowthPeriod {
    /// The first instant of the period, even if the window starts later. Only the time inside the
    /// window counts.
    pub start: DateTime<Tz>,
    /// Whether only a part of the period is counted: the window starts or ends in it, it is not
    /// over, or Mocha no longer keeps all of its events.
    pub is_partial: bool,
    /// How many joined.
    pub joins: u64,
    /// How many left.
    pub leaves: u64,
    /// Joins less leaves.
    pub net: i64,
    /// How many members the guild had at the end of the period, or of the window if that is
    /// earlier. It is the last count in the log, or Discord's count of the guild if that is newer,
    /// changed by the joins and leaves after it. It always includes bots, because Discord counts
    /// them. `None` while the file has no count yet.
    pub members: Option<u64>,
}

impl Growth {
    /// Asks about this guild. Defaults: all time, by day, in UTC, bots included.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Include, guild, period: Period::Day, window: Window::all(), zone: Tz::UTC }
    }

    /// Counts only what lies in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Include`], unlike that of
    /// [`GuildOverview`](crate::GuildOverview). Discord's own member count includes bots, so the
    /// net is the change of that count.
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Sets the length of the periods. The default is [`Period::Day`].
    pub const fn by(mut self, period: Period) -> Self {
        self.period = period;
        self
    }

    /// Sets the time zone of the periods. The default is UTC. A day that the zone skipped, as Samoa
    /// did once, is not listed.
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's joins and leaves of the window, and those before it back to the last one
    /// with a count of members, through an index, in one transaction. Memory grows with the
    /// quarters of an hour that have joins or leaves, and with the periods.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `window`: it has more than a million periods.
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{Growth, Period};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// # let told = diesel::sql_query("UPDATE member_events SET member_count = 40 WHERE id = '4'");
    /// # diesel::RunQueryDsl::execute(told, &mut conn)?;
    /// let growth = Growth::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// assert_eq!((growth.joins, growth.leaves, growth.net), (4, 1, 3));
    /// let [monday, tuesday, wednesday] = growth.periods[..] else { return Err("three days".into()) };
    /// assert_eq!((monday.start.to_string().as_str(), monday.joins), ("2026-10-19 00:00:00 UTC", 4));
    /// assert_eq!((tuesday.joins, tuesday.leaves), (0, 0));
    /// assert_eq!(wednesday.net, -1);
    /// // The last who joined was told to be the fortieth; the leave after it has no count.
    /// assert_eq!((monday.members, tuesday.members, wednesday.members), (Some(40), Some(40), Some(39)));
    ///
    /// // Who joined at six in the morning in UTC joined the evening before in Honolulu, which was another week.
    /// let honolulu = Growth::of(GuildId::try_from(1)?).by(Period::Week).zone(chrono_tz::Pacific::Honolulu);
    /// let weeks: Vec<u64> = honolulu.load(&mut conn)?.periods.iter().map(|week| week.joins).collect();
    /// assert_eq!(weeks, [4, 0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<GrowthAnswer, Error> {
        periods::check(self.period, self.window)?;
        let log = snapshot(conn, |conn| self.read(conn))?;
        self.answer(log)
    }

    fn read(self, conn: &mut dyn Source) -> Result<Log, Error> {
        let Horizon { members_from, .. } = Horizon::load(conn)?;
        let (data_since, kept) = (Horizon::data_since(self.window, members_from), self.window.not_before(members_from));
        // If the window starts before the log, the count at its start is unknown.
        let asked = self.window.start().is_some() && data_since.is_none();
        let before = if asked { members_at(conn, self.guild, kept.start_second(), members_from)? } else { None };
        let mut log = Log {
            before,
            bots: self.bots,
            first: None,
            data_since,
            last: None,
            members: before,
            quarters: BTreeMap::new(),
        };
        let seconds = kept.start_second()..kept.end_second();
        let mut told = Told::load(conn, self.guild, seconds.clone())?;
        entries(conn, self.guild, seconds, |entry| {
            if let Some(told) = told.take_if(|told| told.second < entry.second) {
                log.correct(told);
            }
            log.add(entry);
        })?;
        if let Some(told) = told {
            log.correct(told);
        }
        Ok(log)
    }

    fn answer(self, log: Log) -> Result<GrowthAnswer, Error> {
        let (mut by_label, mut all) = (BTreeMap::<Label, Quarter>::new(), Quarter::default());
        for (quarter, own) in log.quarters {
            // It always exists, because the scan stays between 1970 and 9999.
            let Some(at) = quarter::local(quarter, self.zone) else { continue };
            by_label.entry(self.period.label(at)).or_default().add(own);
            all.add(own);
        }
        let start = self.window.start().or_else(|| DateTime::from_timestamp(log.first?, 0));
        let after_last = log.last.and_then(|last| DateTime::from_timestamp(last.checked_add(1)?, 0));
        let end = self.window.listed_until(after_last);
        let counts = Counts::of(self.window, log.data_since);
        let (mut members, mut counted) = (log.before, by_label.into_iter().peekable());
        let periods = periods::touched(self.period, self.zone, start, end, counts)?.into_iter().map(
            |Touched { label, start, is_partial }| {
                let mut own = Quarter::default();
                // Before the first one only bots came, who do not count but as members.
                while let Some((of, quarter)) = counted.next_if(|(of, _)| *of <= label) {
                    members = quarter.members;
                    if of == label {
                        own = quarter;
                    }
                }
                let Quarter { joins, leaves, .. } = own;
                GrowthPeriod { start, is_partial, joins, leaves, net: own.net(), members: at_least_none(members) }
            },
        );
        Ok(GrowthAnswer {
            periods: periods.collect(),
            joins: all.joins,
            leaves: all.leaves,
            net: all.net(),
            members: at_least_none(log.members),
            data_since: log.data_since,
            window: self.window,
        })
    }
}

/// Joins and leaves by quarter hour.
#[derive(Debug)]
struct Log {
    /// How many members there were before it.
    before: Option<i64>,
    bots: Bots,
    /// The first second in which somebody who counts came or went.
    first: Option<i64>,
    /// Where the data starts, if the window begins before it.
    data_since: Option<DateTime<Utc>>,
    last: Option<i64>,
    /// How many members there are after it.
    members: Option<i64>,
    quarters: BTreeMap<i64, Quarter>,
}

impl Log {
    /// Discord knows better than the log, which lacks who came and went unheard.
    fn correct(&mut self, Told { count, second }: Told) {
        self.members = Some(count);
        self.quarters.entry(quarter::of(second)).or_default().members = self.members;
    }

    fn add(&mut self, entry: Entry) {
        let Entry { bot, joined, member_count, second, .. } = entry;
        let change = if joined { 1 } else { -1 };
        self.members = member_count.or_else(|| self.members?.checked_add(change));
        let quarter = self.quarters.entry(quarter::of(second)).or_default();
        quarter.members = self.members;
        if self.bots.counts(bot) {
            self.first.get_or_insert(second);
            self.last = Some(second);
            *(if joined { &mut quarter.joins } else { &mut quarter.leaves }) += 1;
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Quarter {
    joins: u64,
    leaves: u64,
    /// How many members there were after it.
    members: Option<i64>,
}

impl Quarter {
    /// Goes on with a later one.
    fn add(&mut self, later: Self) {
        self.joins += later.joins;
        self.leaves += later.leaves;
        self.members = later.members;
    }

    const fn net(self) -> i64 {
        self.joins.cast_signed() - self.leaves.cast_signed()
    }
}

#[cfg(test)]
mod tests;
