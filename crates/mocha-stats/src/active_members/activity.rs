//! Who was active on which day.

use chrono::{DateTime, Utc};
use diesel::{connection::DefaultLoadingMode, prelude::*, sql_types::BigInt};
use foldhash::HashMap;
use mocha_schema::UserId;

use super::{ActiveMembers, MONTH_DAYS, month::ActiveMonth};
use crate::{
    Window,
    message_scan::{Column, MessageScan},
    rollup::{Counted, DAY, Horizon, Sources},
    scan::Unsigned,
    statement::{Statement, rollup_of},
    voice::{PartOf, VoiceScan, VoiceStateFilter},
};

/// Who was active on which day in UTC.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// The last day on which somebody was before the window; it may be the window's first one.
    pub(super) before: HashMap<UserId, i64>,
    /// From when on all of it is known, if the window or what its first days look back on starts earlier.
    pub(super) known_from: Option<DateTime<Utc>>,
    /// In the window, in order of user and month, none twice.
    pub(super) months: Vec<(UserId, ActiveMonth)>,
    pub(super) widened: bool,
}

impl Activity {
    /// To be called in a transaction.
    pub(super) fn load(conn: &mut SqliteConnection, question: ActiveMembers) -> QueryResult<Self> {
        let mut activity = Self::default();
        let mut months = Vec::<(UserId, ActiveMonth)>::new();
        activity.widened = activity.read(conn, question, question.window, |user, month| match months.last_mut() {
            // Who writes in several channels comes several times in a row.
            Some((last, same)) if *last == user && same.month == month.month => same.add(month),
            _ => months.push((user, month)),
        })?;
        // Stable sorting finds what is in order: the people of each month are.
        months.sort_by_key(|(user, month)| (*user, month.month));
        months.dedup_by(|(user, later), (same, month)| {
            let same = *user == *same && later.month == month.month;
            if same {
                month.add(*later);
            }
            same
        });
        activity.months = months;
        if let Some(window) = before(question.window) {
            let mut before = HashMap::<UserId, i64>::default();
            activity.read(conn, question, window, |user, month| {
                let last = before.entry(user).or_default();
                *last = month.last().map_or(*last, |day| day.max(*last));
            })?;
            activity.before = before;
        }
        Ok(activity)
    }

    /// Tells `f` who was active when, in no order; says whether it was more than the window.
    fn read(
        &mut self,
        conn: &mut SqliteConnection,
        question: ActiveMembers,
        window: Window,
        mut f: impl FnMut(UserId, ActiveMonth),
    ) -> QueryResult<bool> {
        let ActiveMembers { bots, guild, .. } = question;
        let horizon = Horizon::load(conn)?;
        let Counted { known_from, span, mut widened } = horizon.messages(window);
        self.known_from = self.known_from.or(known_from);
        let mut sources = Sources::by_month(span, horizon.messages_to);
        for months in std::mem::take(&mut sources.months) {
            let mut statement = Statement::<(BigInt, BigInt, BigInt)>::new();
            statement.select(["user_id", "month", "days"]).push(" FROM ");
            rollup_of(&mut statement, "active_months", guild, None, bots, Some(("month", &months)));
            for row in statement.load_iter::<(UserId, i64, Unsigned), DefaultLoadingMode>(conn)? {
                let (user, month, days) = row?;
                f(user, ActiveMonth::of(month, days.into()));
            }
        }
        let messages = MessageScan { bots, guild, user: None };
        let columns = [Column::User, Column::Day, Column::Messages];
        let messages = messages.read::<(BigInt, BigInt, BigInt)>(&columns, &sources);
        for row in messages.load_iter::<(UserId, i64, Unsigned), DefaultLoadingMode>(conn)? {
            let (user, day, messages) = row?;
            f(user, ActiveMonth::of_day(day, messages.into()));
        }
        if question.voice {
            let voice = VoiceScan { bots, channels: false, guild, state: VoiceStateFilter::All, user: None, window };
            let read = voice.each(conn, PartOf::Day, |part| {
                if part.time.all_ms() > 0 {
                    f(part.user, ActiveMonth::of_day(part.day, 0));
                }
            })?;
            widened |= read.widened;
        }
        Ok(widened)
    }
}

/// The day in UTC, since 1970-01-01.
pub(super) fn day_of(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(DAY)
}

/// What the first days of a window look back on; an empty one has no days.
fn before(window: Window) -> Option<Window> {
    let start = window.start().filter(|start| window.end() != Some(*start))?;
    let first = (day_of(start) - (MONTH_DAYS - 1)).max(0);
    Window::between(DateTime::from_timestamp(first * DAY, 0)?, start).ok()
}
