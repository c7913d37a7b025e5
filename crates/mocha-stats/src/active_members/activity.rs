//! Who was active on which day.

use chrono::{DateTime, Utc};
use diesel::{connection::DefaultLoadingMode, prelude::*, sql_types::BigInt};
use foldhash::HashMap;
use mocha_schema::UserId;

use super::{ActiveMembers, MONTH_DAYS};
use crate::{
    Window,
    message_scan::{Column, MessageScan},
    rollup::{Counted, DAY, Horizon, Sources},
    scan::Unsigned,
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
    /// In the window; in no order, a day may come twice.
    pub(super) days: Vec<ActiveOn>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ActiveOn {
    pub(super) day: i64,
    pub(super) messages: u64,
}

impl Person {
    // Saturating: a file that somebody else wrote into must not be able to make it panic.
    fn add(&mut self, day: i64, messages: u64) {
        match self.days.last_mut() {
            // Who writes in several channels comes several times in a row.
            Some(last) if last.day == day => last.messages = last.messages.saturating_add(messages),
            _ => self.days.push(ActiveOn { day, messages }),
        }
    }
}

impl Activity {
    /// To be called in a transaction.
    pub(super) fn load(conn: &mut SqliteConnection, question: ActiveMembers) -> QueryResult<Self> {
        let mut activity = Self::default();
        activity.widened = activity.read(conn, question, question.window, Person::add)?;
        if let Some(before) = before(question.window) {
            activity.read(conn, question, before, |person, day, _| person.before = person.before.max(Some(day)))?;
        }
        Ok(activity)
    }

    /// Tells `f` the days of each person; says whether it was more than the window.
    fn read(
        &mut self,
        conn: &mut SqliteConnection,
        question: ActiveMembers,
        window: Window,
        mut f: impl FnMut(&mut Person, i64, u64),
    ) -> QueryResult<bool> {
        let ActiveMembers { bots, guild, .. } = question;
        let Counted { known_from, span, mut widened } = Horizon::load(conn)?.messages(window);
        self.known_from = self.known_from.or(known_from);
        let columns = [Column::User, Column::Day, Column::Messages];
        let messages = MessageScan { bots, guild, user: None };
        let messages = messages.read::<(BigInt, BigInt, BigInt)>(&columns, &Sources::by_day(span));
        for row in messages.load_iter::<(UserId, i64, Unsigned), DefaultLoadingMode>(conn)? {
            let (user, day, messages) = row?;
            f(self.people.entry(user).or_default(), day, messages.into());
        }
        if question.voice {
            let voice = VoiceScan { bots, channels: false, guild, state: VoiceStateFilter::All, user: None, window };
            let read = voice.each(conn, PartOf::Day, |part| {
                if part.time.all_ms() > 0 {
                    f(self.people.entry(part.user).or_default(), part.day, 0);
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
