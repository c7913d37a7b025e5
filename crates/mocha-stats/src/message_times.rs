//! When messages were written, to the quarter of an hour.

use chrono::{DateTime, Utc};

use crate::{
    Bots, Error, Window,
    channel_filter::{ChannelFilter, Resolved},
    database::{Row, Source},
    message_scan::{Column, MessageScan},
    quarter,
    rollup::{Counted, Horizon, Sources, Span},
};

/// The precision with which a question needs the time of messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Detail {
    /// All sums, by days in UTC or shorter.
    Days,
    /// The number of messages by quarter of an hour. Whole months are read from
    /// [`Sources::packed`].
    Messages,
    /// All sums by quarter of an hour.
    Quarters,
}

/// Reads messages with their time. The roll-ups have quarters of an hour for a guild, but only days
/// in UTC for a user or a channel. So the single messages of a user or a channel are read, unless
/// days suffice.
#[derive(Debug)]
pub(crate) struct MessageTimes<'a> {
    channels: Resolved<'a>,
    /// [`Column::Quarter`], or [`Column::Day`].
    column: Column,
    /// Where the data starts, if the window begins before it.
    pub(crate) data_since: Option<DateTime<Utc>>,
    scan: MessageScan,
    pub(crate) sources: Sources,
    /// The span to read, in seconds.
    pub(crate) span: Span,
    /// Whether a day at the edge of the window is counted whole.
    pub(crate) rounded_to_days: bool,
}

impl<'a> MessageTimes<'a> {
    /// Call it in a transaction.
    pub(crate) fn load(
        conn: &mut dyn Source,
        scan: MessageScan,
        channels: &'a ChannelFilter,
        window: Window,
        detail: Detail,
    ) -> Result<Self, Error> {
        let horizon = Horizon::load(conn)?;
        let Counted { data_since, span, rounded_to_days } = horizon.messages(window);
        let mut channels = channels.resolve(conn, scan.guild)?;
        let is_open = channels.is_open();
        // A bot counts if it is the user.
        let scan = MessageScan { bots: if scan.user.is_some() { Bots::Include } else { scan.bots }, ..scan };
        let in_channels = channels.listed();
        let all = |column, sources| Self { channels, column, data_since, scan, sources, span, rounded_to_days };
        if scan.user.is_none() && is_open {
            let sources = match detail {
                Detail::Messages => Sources::by_packed_quarter(span, horizon.messages_to),
                Detail::Days | Detail::Quarters => Sources::by_quarter(span),
            };
            return Ok(all(Column::Quarter, sources));
        }
        if detail == Detail::Days {
            return Ok(all(Column::Day, Sources::by_day(span)));
        }
        let (exact, messages_from) = (Span::seconds(window, 0), horizon.messages_from);
        let mut kept = exact;
        kept.start = exact.start.max(messages_from).min(exact.end);
        let data_since = Horizon::data_since(window, messages_from);
        let events = if kept.is_empty() { Vec::new() } else { vec![kept] };
        let sources = Sources { events, in_channels, ..Sources::default() };
        Ok(Self { data_since, span: exact, rounded_to_days: false, ..all(Column::Quarter, sources) })
    }

    /// Calls `f` with the quarter of an hour of each row that counts, and with the row, which has
    /// these columns.
    pub(crate) fn each<const N: usize>(
        &mut self,
        conn: &mut dyn Source,
        columns: [Column; N],
        mut f: impl FnMut(i64, &Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let is_open = self.channels.is_open();
        let channel = (!is_open).then_some(Column::Channel);
        let columns: Vec<Column> = columns.into_iter().chain([self.column]).chain(channel).collect();
        let statement = self.scan.read(conn.dialect(), &columns, &self.sources);
        conn.rows(&statement, &mut |row| {
            if !is_open && !self.channels.counts(Some(row.id(N + 1)?)) {
                return Ok(());
            }
            f(self.quarter(row.number(N)?), row)
        })
    }

    /// Returns the first quarter of an hour of the column's value.
    fn quarter(&self, value: i64) -> i64 {
        if self.column == Column::Day { value.saturating_mul(quarter::OF_A_DAY) } else { value }
    }
}
