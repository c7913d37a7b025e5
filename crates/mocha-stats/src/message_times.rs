//! When messages were written, to the quarter of an hour.

use chrono::{DateTime, Utc};

use crate::{
    Bots, Error, Window,
    database::Source,
    message_scan::{Column, MessageScan},
    quarter,
    rollup::{Counted, Horizon, Sources, Span},
};

/// How exactly a question needs the time of messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Detail {
    /// All sums, by days in UTC or shorter.
    Days,
    /// How many messages by quarter of an hour, of which whole months are read from
    /// [`Sources::packed`].
    Messages,
    /// All sums by quarter of an hour.
    Quarters,
}

/// Where messages are read that somebody asks the time of. The roll-ups have quarters of an hour of
/// a guild, and of one user only days in UTC; so of one user the single messages are read, unless
/// days will do.
#[derive(Clone, Debug)]
pub(crate) struct MessageTimes {
    /// [`Column::Quarter`], or [`Column::Day`].
    pub(crate) column: Column,
    /// From when on what is read is known, if the window starts earlier.
    pub(crate) data_since: Option<DateTime<Utc>>,
    pub(crate) scan: MessageScan,
    pub(crate) sources: Sources,
    /// The span to read, in seconds.
    pub(crate) span: Span,
    /// Whether that is more than the window.
    pub(crate) rounded_to_days: bool,
}

impl MessageTimes {
    /// To be called in a transaction.
    pub(crate) fn load(
        conn: &mut dyn Source,
        scan: MessageScan,
        window: Window,
        detail: Detail,
    ) -> Result<Self, Error> {
        let horizon = Horizon::load(conn)?;
        let Counted { data_since, span, rounded_to_days } = horizon.messages(window);
        let all = |column, sources| Self { column, data_since, scan, sources, span, rounded_to_days };
        if scan.user.is_none() {
            let sources = match detail {
                Detail::Messages => Sources::by_packed_quarter(span, horizon.messages_to),
                Detail::Days | Detail::Quarters => Sources::by_quarter(span),
            };
            return Ok(all(Column::Quarter, sources));
        }
        // A bot that is asked about counts.
        let scan = MessageScan { bots: Bots::Include, ..scan };
        if detail == Detail::Days {
            return Ok(Self { scan, ..all(Column::Day, Sources::by_day(span)) });
        }
        let (exact, messages_from) = (Span::seconds(window, 0), horizon.messages_from);
        let mut span = exact;
        span.start = exact.start.max(messages_from).min(exact.end);
        let data_since = Horizon::data_since(window, messages_from);
        let events = if span.is_empty() { Vec::new() } else { vec![span] };
        let sources = Sources { events, ..Sources::default() };
        Ok(Self { column: Column::Quarter, data_since, scan, sources, span: exact, rounded_to_days: false })
    }

    /// The quarter of an hour that a value of the column stands for, or begins with.
    pub(crate) fn quarter(&self, value: i64) -> i64 {
        if self.column == Column::Day { value.saturating_mul(quarter::OF_A_DAY) } else { value }
    }
}
