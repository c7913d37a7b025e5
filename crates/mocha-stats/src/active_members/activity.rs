//! The days on which each user was active.

use chrono::{DateTime, Utc};
use foldhash::HashMap;
use mocha_schema::UserId;

use super::{ActiveMembers, MONTH_DAYS};
use crate::{
    Error, Window,
    active_months::{self, ActiveMonth, ActiveMonths},
    database::Source,
    message_scan::MessageScan,
    rollup::{Counted, DAY, Horizon},
    voice::{VoiceScan, VoiceStateFilter},
};

/// The days in UTC on which each user was active.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// The last day on which somebody was before the window; it may be the window's first one.
    pub(super) before: HashMap<UserId, i64>,
    /// From when on all of it is known, if the window or what its first days look back on starts
    /// earlier.
    pub(super) data_since: Option<DateTime<Utc>>,
    /// In the window, in order of user and month, none twice.
    pub(super) months: Vec<(UserId, ActiveMonth)>,
    pub(super) rounded_to_days: bool,
}

impl Activity {
    /// To be called in a transaction.
    pub(super) fn load(conn: &mut dyn Source, question: ActiveMembers) -> Result<Self, Error> {
        let mut activity = Self::default();
        let mut months = ActiveMonths::default();
        activity.rounded_to_days =
            activity.read(conn, question, question.window, |user, month| months.add(user, month))?;
        activity.months = months.finish();
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
        conn: &mut dyn Source,
        question: ActiveMembers,
        window: Window,
        mut f: impl FnMut(UserId, ActiveMonth),
    ) -> Result<bool, Error> {
        let ActiveMembers { bots, guild, .. } = question;
        let horizon = Horizon::load(conn)?;
        let Counted { data_since, span, mut rounded_to_days } = horizon.messages(window);
        self.data_since = self.data_since.or(data_since);
        let scan = MessageScan { bots, guild, user: None };
        active_months::written(conn, scan, span, horizon.messages_to, &mut f)?;
        if question.voice {
            let voice = VoiceScan { bots, channels: false, guild, state: VoiceStateFilter::All, user: None, window };
            rounded_to_days |= voice.active(conn, |user, _, month| f(user, month))?.rounded_to_days;
        }
        Ok(rounded_to_days)
    }
}

/// The day in UTC, since 1970-01-01.
pub(super) fn day_of(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(DAY)
}

/// The days that the first days of a window look back on; none for an empty window.
fn before(window: Window) -> Option<Window> {
    let start = window.start().filter(|start| window.end() != Some(*start))?;
    let first = (day_of(start) - (MONTH_DAYS - 1)).max(0);
    Window::between(DateTime::from_timestamp(first * DAY, 0)?, start).ok()
}
