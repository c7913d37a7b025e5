//! Finds the days of a zone on which people were active. Roll-ups have days in UTC. Days of any
//! other zone are counted from single messages and intervals.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use foldhash::{HashMap, HashMapExt};
use mocha_schema::{ChannelId, GuildId, UserId};

use crate::{
    Bots, Error, Window,
    active_months::{self, ActiveMonth, ActiveMonths},
    database::Source,
    message_scan::{Column, MessageScan},
    period, quarter,
    rollup::{Counted, Horizon, Sources, Span},
    voice::{self, VoiceScan, VoiceStateFilter},
};

/// The days of a zone. The number of a day is that of its date, counted from 1970-01-01.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalDays(pub(crate) Tz);

impl LocalDays {
    /// Returns the day that contains an instant.
    pub(crate) fn of(self, at: DateTime<Utc>) -> i64 {
        (period::day_of(at.with_timezone(&self.0)) - NaiveDate::default()).num_days()
    }

    /// Returns the date of a day. `None` if it is beyond the calendar.
    pub(crate) fn date(day: i64) -> Option<NaiveDate> {
        NaiveDate::default().checked_add_signed(TimeDelta::try_days(day)?)
    }

    /// Returns the first instant of a day.
    pub(crate) fn start(self, day: i64) -> Option<DateTime<Utc>> {
        period::midnight(Self::date(day)?, self.0).map(|start| start.to_utc())
    }

    /// Returns the previous day. A zone may have left out a date.
    pub(crate) fn before(self, day: i64) -> i64 {
        let before = day.saturating_sub(1);
        let is_day = Self::date(before).is_none_or(|date| period::exists(date, self.0));
        if is_day { before } else { before.saturating_sub(1) }
    }
}

/// The members who were active in a window, and on which days of a zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DailyActivity {
    pub(crate) bots: Bots,
    pub(crate) guild: GuildId,
    /// The only one, if there is one.
    pub(crate) user: Option<UserId>,
    /// Whether voice counts too.
    pub(crate) voice: bool,
    pub(crate) window: Window,
    pub(crate) zone: Tz,
}

/// Says which part of the activity is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadActivity {
    /// Where the data starts, if the window begins before it.
    pub(crate) data_since: Option<DateTime<Utc>>,
    /// Whether a day at the edge of the window was counted whole.
    pub(crate) rounded_to_days: bool,
}

/// The months of each user, in order of user and month, none twice.
pub(crate) type UserMonths = Vec<(UserId, ActiveMonth)>;

/// The days of each month, by user.
type Months = HashMap<(UserId, i64), ActiveMonth>;

impl DailyActivity {
    /// Calls `f` with the active days of each user, in any channel, by months of 30 days of the
    /// zone. The order is undefined, and a month may come several times. Call it in a transaction.
    pub(crate) fn each(
        self,
        conn: &mut dyn Source,
        mut f: impl FnMut(UserId, ActiveMonth),
    ) -> Result<ReadActivity, Error> {
        let Self { bots, guild, user, voice, window, zone } = self;
        if zone != Tz::UTC {
            let (months, data_since) = self.local(conn, |_| true)?;
            for (user, month) in months {
                f(user, month);
            }
            return Ok(ReadActivity { data_since, rounded_to_days: false });
        }
        let horizon = Horizon::load(conn)?;
        let Counted { data_since, span, mut rounded_to_days } = horizon.messages(window);
        let scan = MessageScan { bots, guild, user };
        active_months::written(conn, scan, span, horizon.messages_to, &mut f)?;
        if voice {
            let voice = VoiceScan { bots, channels: false, guild, state: VoiceStateFilter::All, user, window };
            rounded_to_days |= voice.active(conn, |user, _, month| f(user, month))?.rounded_to_days;
        }
        Ok(ReadActivity { data_since, rounded_to_days })
    }

    /// Returns the activity in the counted channels from single events, in order of user and month,
    /// each once, and where the data starts, if the window begins before it. Call it in a
    /// transaction.
    pub(crate) fn local(
        self,
        conn: &mut dyn Source,
        mut counts: impl FnMut(Option<ChannelId>) -> bool,
    ) -> Result<(UserMonths, Option<DateTime<Utc>>), Error> {
        let Horizon { messages_from, voice_from, .. } = Horizon::load(conn)?;
        let mut months = Months::new();
        self.written(conn, messages_from, &mut counts, &mut months)?;
        if self.voice {
            self.talked(conn, voice_from, &mut counts, &mut months)?;
        }
        let from = if self.voice { messages_from.max(voice_from) } else { messages_from };
        let mut sorted = ActiveMonths::default();
        for ((user, _), month) in months {
            sorted.add(user, month);
        }
        Ok((sorted.finish(), Horizon::data_since(self.window, from)))
    }

    fn written(
        self,
        conn: &mut dyn Source,
        messages_from: i64,
        counts: &mut impl FnMut(Option<ChannelId>) -> bool,
        months: &mut Months,
    ) -> Result<(), Error> {
        let Self { bots, guild, user, window, zone, .. } = self;
        let span = Span::seconds(window.not_before(messages_from), 0);
        let sources = Sources { events: vec![span], ..Sources::default() };
        let columns = [Column::User, Column::Quarter, Column::Channel];
        let statement = MessageScan { bots, guild, user }.read(conn.dialect(), &columns, &sources);
        // Many rows in a row have the same quarter.
        let mut last = None;
        conn.rows(&statement, &mut |row| {
            let quarter = row.number(1)?;
            let day = match last {
                Some((before, day)) if before == quarter => day,
                _ => {
                    // It always exists, because the scan stays between 1970 and 9999.
                    let Some(at) = quarter::local(quarter, Tz::UTC) else { return Ok(()) };
                    LocalDays(zone).of(at.to_utc())
                }
            };
            last = Some((quarter, day));
            if counts(Some(row.id(2)?)) {
                add(months, row.id(0)?, ActiveMonth::of_day(day, 1));
            }
            Ok(())
        })
    }

    fn talked(
        self,
        conn: &mut dyn Source,
        voice_from: i64,
        counts: &mut impl FnMut(Option<ChannelId>) -> bool,
        months: &mut Months,
    ) -> Result<(), Error> {
        let Self { bots, guild, user, window, zone, .. } = self;
        voice::each_stay(conn, (guild, bots, user), window, voice_from, |stay| {
            if !counts(stay.channel_id) {
                return;
            }
            let day = |ms| DateTime::from_timestamp_millis(ms).map(|at| LocalDays(zone).of(at));
            // They always exist, as above.
            let (Some(first), Some(last)) = (day(stay.from_ms), day(stay.to_ms.saturating_sub(1))) else { return };
            (first..=last).for_each(|day| add(months, stay.user_id, ActiveMonth::of_day(day, 0)));
        })
    }
}

fn add(months: &mut Months, user: UserId, part: ActiveMonth) {
    months.entry((user, part.month)).and_modify(|month| month.add(part)).or_insert(part);
}
