//! The days on which each user was active.

use chrono::{DateTime, Utc};
use foldhash::HashMap;
use mocha_schema::UserId;

use super::{ActiveMembers, MONTH_DAYS};
use crate::{
    Error, Window,
    active_months::{ActiveMonth, ActiveMonths},
    daily_activity::{DailyActivity, LocalDays},
    database::Source,
};

/// The days on which each user was active.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// The last active day of each user before the window. It may be the window's first day.
    pub(super) before: HashMap<UserId, i64>,
    /// Where the data starts, if the window, or the days before it that its first days need, begin
    /// earlier.
    pub(super) data_since: Option<DateTime<Utc>>,
    /// The months in the window, in order of user and month, each once.
    pub(super) months: Vec<(UserId, ActiveMonth)>,
    pub(super) rounded_to_days: bool,
}

impl Activity {
    /// Call it in a transaction.
    pub(super) fn load(conn: &mut dyn Source, question: ActiveMembers) -> Result<Self, Error> {
        let mut activity = Self::default();
        let mut months = ActiveMonths::default();
        let mut daily = question.activity();
        let read = daily.each(conn, |user, month| months.add(user, month))?;
        (activity.data_since, activity.rounded_to_days) = (read.data_since, read.rounded_to_days);
        activity.months = months.finish();
        if let Some(window) = before(question) {
            let mut before = HashMap::<UserId, i64>::default();
            daily.window = window;
            let read = daily.each(conn, |user, month| {
                let last = before.entry(user).or_default();
                *last = month.last().map_or(*last, |day| day.max(*last));
            })?;
            activity.data_since = activity.data_since.or(read.data_since);
            activity.before = before;
        }
        Ok(activity)
    }
}

impl ActiveMembers {
    const fn activity(self) -> DailyActivity {
        let Self { bots, guild, voice, window, zone } = self;
        DailyActivity { bots, guild, user: None, voice, window, zone }
    }
}

/// Returns the days before a window that its first days need. An empty window needs none.
fn before(ActiveMembers { window, zone, .. }: ActiveMembers) -> Option<Window> {
    let start = window.start().filter(|start| window.end() != Some(*start))?;
    let days = LocalDays(zone);
    let first = days.start(days.of(start) - (MONTH_DAYS - 1))?.max(DateTime::UNIX_EPOCH);
    Window::between(first, start).ok()
}
