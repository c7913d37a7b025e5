//! Messages over time.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use mocha_schema::{ChannelId, GuildId, UserId};

use crate::{
    Bots, Database, Error, MessageCounts, Period, Window,
    channel_filter::ChannelFilter,
    database::{Source, snapshot},
    message_scan::MessageScan,
    message_times::{Detail, MessageTimes},
    period::Label,
    periods::{self, Counts, Touched},
    quarter,
    rollup::Span,
};

/// A question about how much was written in a guild, hour by hour, or by day, week or month of a
/// zone.
///
/// It counts messages, replies and commands
/// ([`COUNTED_MESSAGE_TYPES`](mocha_schema::COUNTED_MESSAGE_TYPES)).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct MessageSeries {
    bots: Bots,
    channels: ChannelFilter,
    guild: GuildId,
    period: Period,
    user: Option<UserId>,
    window: Window,
    zone: Tz,
}

/// How much was written over time.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MessageSeriesAnswer {
    /// Every period from the window's start to its end, oldest first, without gaps. Without a start
    /// the list begins with the first message, and without an end it ends with the last message. A
    /// window without an end and without messages has no periods.
    pub periods: Vec<MessagePeriod>,
    /// All of them together.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub written: MessageCounts,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. A question about one [`user`](MessageSeries::user) or about some channels may read
    /// single messages, which may be deleted earlier. `None` if the data covers the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
    /// `true` if a day at the window's edge was counted whole because its events have been deleted.
    pub rounded_to_days: bool,
}

/// A period of a [`MessageSeriesAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MessagePeriod {
    /// The first instant of the period, even if the window starts later. Only the time inside the
    /// window counts.
    pub start: DateTime<Tz>,
    /// Whether only a part of the period is counted: the window starts or ends in it, it is not
    /// over, or Mocha no longer keeps all of its events.
    pub is_partial: bool,
    /// Messages of the period.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub written: MessageCounts,
}

impl MessageSeries {
    /// Asks about this guild. Defaults: all time, by day, in UTC, humans only.
    pub const fn of(guild: GuildId) -> Self {
        let (bots, window) = (Bots::Exclude, Window::all());
        Self { bots, channels: ChannelFilter::new(), guild, period: Period::Day, user: None, window, zone: Tz::UTC }
    }

    /// Counts only messages of this user. A bot counts if it is the user.
    ///
    /// By days, weeks or months in UTC it reads roll-ups, so all messages count. By the hour or in
    /// another zone it reads the user's single messages, in other guilds too, and deleted ones do
    /// not count: see [`data_since`](MessageSeriesAnswer::data_since).
    ///
    /// ```
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::MessageSeries;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = MessageSeries::of(GuildId::try_from(1)?).user(UserId::try_from(20)?).load(&mut conn)?;
    /// assert_eq!((answer.written.messages, answer.written.words, answer.data_since), (3, 30, None));
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
    /// By days, weeks or months in UTC it reads roll-ups, so all messages count. By the hour or in
    /// another zone it reads the single messages of these channels, and deleted ones do not count:
    /// see [`data_since`](MessageSeriesAnswer::data_since).
    ///
    /// ```
    /// use mocha_schema::{ChannelId, GuildId};
    /// use mocha_stats::MessageSeries;
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let channel = ChannelId::try_from(2000)?;
    /// let answer = MessageSeries::of(GuildId::try_from(1)?).only_channels(&[channel]).load(&mut conn)?;
    /// assert_eq!((answer.written.messages, answer.periods.len()), (2, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn only_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.only.get_or_insert_default().extend(channels);
        self
    }

    /// Excludes messages in these channels and their threads. A category stands for the channels
    /// that are in it now. By the hour or in another zone than UTC it reads all single messages of
    /// the window.
    pub fn exclude_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.without.extend(channels);
        self
    }

    /// Counts only what lies in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`]. It does not apply to a
    /// question about one [`user`](Self::user).
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
    /// Reads the guild's roll-up by quarters of an hour, and single messages of less than a quarter
    /// at each edge of the window, through a key and an index, in one transaction. For one
    /// [`user`](Self::user) or some [channels](Self::only_channels) it reads what these methods
    /// say. Memory grows with the periods.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `window`: it has more than a million periods.
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid count.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{MessageSeries, Period, Window};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let monday = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// let series = MessageSeries::of(GuildId::try_from(1)?)
    ///     .within(Window::between(monday, monday + TimeDelta::days(7))?)
    ///     .zone(chrono_tz::America::New_York);
    /// let answer = series.load(&mut conn)?;
    /// // The week begins on the evening of Sunday there; all was written in the small hours of Monday.
    /// let messages: Vec<u64> = answer.periods.iter().map(|day| day.written.messages).collect();
    /// assert_eq!(messages, [0, 6, 0, 0, 0, 0, 0, 0]);
    ///
    /// let hours = series.by(Period::Hour).load(&mut conn)?;
    /// let hour = hours.periods.iter().find(|hour| hour.written.messages > 0).ok_or("somebody wrote")?;
    /// assert_eq!(hour.start.to_rfc3339(), "2026-10-19T05:00:00-04:00");
    /// assert_eq!((hours.periods.len(), hours.written.characters), (7 * 24, 300));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<MessageSeriesAnswer, Error> {
        periods::check(self.period, self.window)?;
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(&self, conn: &mut dyn Source) -> Result<MessageSeriesAnswer, Error> {
        let Self { bots, ref channels, guild, period, user, window, zone } = *self;
        let scan = MessageScan { bots, guild, user };
        let detail = if zone == Tz::UTC && period != Period::Hour { Detail::Days } else { Detail::Quarters };
        let mut times = MessageTimes::load(conn, scan, channels, window, detail)?;
        let mut fold = Fold { by_label: BTreeMap::new(), edges: None, last: None };
        times.each(conn, MessageCounts::COLUMNS, |quarter, row| {
            fold.add(self, quarter, MessageCounts::of(row, 0)?);
            Ok(())
        })?;
        let MessageTimes { data_since, span, rounded_to_days, .. } = times;
        let mut written = MessageCounts::default();
        for own in fold.by_label.values() {
            written.add(*own);
        }
        let (start, end) = self.edges(span, fold.edges);
        let counts = Counts::of(window, data_since);
        let periods = periods::touched(period, zone, start, end, counts)?.into_iter().map(
            |Touched { label, start, is_partial }| {
                let written = fold.by_label.get(&label).copied().unwrap_or_default();
                MessagePeriod { start, is_partial, written }
            },
        );
        Ok(MessageSeriesAnswer { periods: periods.collect(), written, data_since, window, rounded_to_days })
    }

    /// The time that periods are listed of: where the window is open, up to the first and the last
    /// quarter of an hour in which somebody wrote.
    fn edges(&self, span: Span, quarters: Option<(i64, i64)>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let instant = |second| DateTime::from_timestamp(second, 0);
        let quarter = |quarter| quarter::local(quarter, Tz::UTC).map(|at| at.to_utc());
        // Days that are counted beyond the window are listed, and so are days of the window whose
        // events are deleted.
        let start = match self.window.start() {
            Some(start) => Some(instant(span.start).map_or(start, |counted| counted.min(start))),
            None => quarters.and_then(|(first, _)| quarter(first)),
        };
        // The last quarter is touched, of which the window may have the end alone, and none after it.
        let after_last = quarters.and_then(|(_, last)| Some(quarter(last).max(start)? + chrono::TimeDelta::seconds(1)));
        let end = match self.window.listed_until(after_last) {
            Some(end) if self.window.end() == Some(end) => {
                Some(instant(span.end).map_or(end, |counted| counted.max(end)))
            }
            end => end,
        };
        (start, end)
    }
}

/// Messages by period.
#[derive(Debug)]
struct Fold {
    by_label: BTreeMap<Label, MessageCounts>,
    /// The first and the last quarter of an hour with messages.
    edges: Option<(i64, i64)>,
    /// The quarter before and its period: many come in a row.
    last: Option<(i64, Label)>,
}

impl Fold {
    fn add(&mut self, question: &MessageSeries, quarter: i64, written: MessageCounts) {
        let label = match self.last {
            Some((last, label)) if last == quarter => label,
            _ => {
                // It always exists, because the scan stays between 1970 and 9999.
                let Some(at) = quarter::local(quarter, question.zone) else { return };
                let label = question.period.label(at);
                self.last = Some((quarter, label));
                let (first, last) = self.edges.unwrap_or((quarter, quarter));
                self.edges = Some((first.min(quarter), last.max(quarter)));
                label
            }
        };
        self.by_label.entry(label).or_default().add(written);
    }
}

#[cfg(test)]
mod tests;
