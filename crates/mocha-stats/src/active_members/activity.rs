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
    /// From when on all of it is known, if the window or what its first days look back on starts earlier.
    pub(super) known_from: Option<DateTime<Utc>>,
    pub(super) people: HashMap<UserId, Person>,
    pub(super) widened: bool,
}

/// When somebody was active.
#[derive(Debug, Default)]
pub(super) struct Person {
    /// The last day on which it was before the window; it may be the window's first one.
    pub(super) before: Option<i64>,
    /// In the window; in no order, a month may come twice.
    pub(super) months: Vec<ActiveMonth>,
}

impl Person {
    fn add(&mut self, month: ActiveMonth) {
        match self.months.last_mut() {
            // Who writes in several channels, or on several days, comes several times in a row.
            Some(last) if last.month == month.month => last.add(month),
            _ => self.months.push(month),
        }
    }
}

impl Activity {
    /// To be called in a transaction.
    pub(super) fn load(conn: &mut SqliteConnection, question: ActiveMembers) -> QueryResult<Self> {
        let mut activity = Self::default();
        activity.widened = activity.read(conn, question, question.window, Person::add)?;
        if let Some(before) = before(question.window) {
            activity.read(conn, question, before, |person, month| person.before = person.before.max(month.last()))?;
        }
        for person in activity.people.values_mut() {
            // Stable sorting is quick with what is in order but for an edge.
            person.months.sort_by_key(|month| month.month);
            person.months.dedup_by(|later, month| {
                let same = later.month == month.month;
                if same {
                    month.add(*later);
                }
                same
            });
        }
        Ok(activity)
    }

    /// Tells `f` when each person was active; says whether it was more than the window.
    fn read(
        &mut self,
        conn: &mut SqliteConnection,
        question: ActiveMembers,
        window: Window,
        mut f: impl FnMut(&mut Person, ActiveMonth),
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
                f(self.people.entry(user).or_default(), ActiveMonth::of(month, days.into()));
            }
        }
        let messages = MessageScan { bots, guild, user: None };
        let columns = [Column::User, Column::Day, Column::Messages];
        let messages = messages.read::<(BigInt, BigInt, BigInt)>(&columns, &sources);
        for row in messages.load_iter::<(UserId, i64, Unsigned), DefaultLoadingMode>(conn)? {
            let (user, day, messages) = row?;
            f(self.people.entry(user).or_default(), ActiveMonth::of_day(day, messages.into()));
        }
        if question.voice {
            let voice = VoiceScan { bots, channels: false, guild, state: VoiceStateFilter::All, user: None, window };
            let read = voice.each(conn, PartOf::Day, |part| {
                if part.time.all_ms() > 0 {
                    f(self.people.entry(part.user).or_default(), ActiveMonth::of_day(part.day, 0));
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
