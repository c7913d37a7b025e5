//! Retention: events that are too old go, and what is known of guilds that are gone for good.

mod batch;
mod horizon;
mod purge;
mod rows;
mod run;

use chrono::{DateTime, Utc};
use mocha_schema::catalogue::Horizon;

pub(crate) use self::{
    batch::{Batch, Pace},
    run::apply,
};
pub use self::{purge::Purged, run::Retained};
use crate::{Error, ErrorKind};

const DAY: i64 = 86_400;

/// How long something is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Keep {
    /// What is of today, UTC, and of so many days before.
    Days(u32),
    /// All of it.
    Forever,
}

impl Keep {
    /// The midnight, UTC, in unix seconds, before which it goes; 0 if nothing does.
    fn from(self, now: DateTime<Utc>) -> i64 {
        match self {
            Self::Days(days) => ((now.timestamp().div_euclid(DAY) - i64::from(days)) * DAY).max(0),
            Self::Forever => 0,
        }
    }

    fn is_shorter_than(self, other: Self) -> bool {
        match (self, other) {
            (Self::Days(days), Self::Days(other)) => days < other,
            (days, other) => days != Self::Forever && other == Self::Forever,
        }
    }
}

/// How long the file keeps what: a setting for each kind of event, for the roll-ups, and for guilds that are gone.
///
/// By default events are kept for a year, and roll-ups and guilds for ever. What is answered from sums has the same numbers as
/// before for whole days in UTC, however old: leaderboards but for time with company, members, overviews, active members, channels, a
/// guild's heat map and its messages over time. What needs single events ends with them, and says so: growth, retention of members,
/// presence, when somebody was in voice with whom, how many at a time, and at which hours one user wrote.
///
/// [`Store::apply_retention`](crate::Store::apply_retention) does what it says once, and
/// [`Maintenance::retention`](crate::Maintenance::retention) has the store do so by itself.
///
/// # Examples
///
/// ```
/// use mocha_store::{Keep, RetentionPolicy};
///
/// let retention = RetentionPolicy::default().messages(Keep::Days(90)).presences(Keep::Days(7)).members(Keep::Forever);
/// assert_ne!(retention, RetentionPolicy::default());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use = "it does nothing until it is given to a store"]
pub struct RetentionPolicy {
    gone_guilds: Keep,
    members: Keep,
    messages: Keep,
    presences: Keep,
    rollups: Keep,
    voice: Keep,
}

impl Default for RetentionPolicy {
    fn default() -> Self {
        let year = Keep::Days(365);
        Self {
            gone_guilds: Keep::Forever,
            members: year,
            messages: year,
            presences: year,
            rollups: Keep::Forever,
            voice: year,
        }
    }
}

impl RetentionPolicy {
    /// How long everything is kept of a guild that the bot was removed from; to the second, not to the day. A guild
    /// that comes back in time loses nothing. Default: for ever.
    pub fn gone_guilds(mut self, keep: Keep) -> Self {
        self.gone_guilds = keep;
        self
    }

    /// How long `member_events` are kept. Who is a member now is not one of them. Default: 365 days.
    pub fn members(mut self, keep: Keep) -> Self {
        self.members = keep;
        self
    }

    /// How long `message_events` are kept. Default: 365 days.
    pub fn messages(mut self, keep: Keep) -> Self {
        self.messages = keep;
        self
    }

    /// How long `presence_events` are kept. Default: 365 days. Of who has not changed since then nothing is known until the next change.
    pub fn presences(mut self, keep: Keep) -> Self {
        self.presences = keep;
        self
    }

    /// How long the roll-ups of members, messages and voice are kept, which must not be shorter than any of these. They go by whole
    /// months of thirty days, so up to 29 days later than said. Default: for ever.
    pub fn rollups(mut self, keep: Keep) -> Self {
        self.rollups = keep;
        self
    }

    /// How long `voice_events` and `voice_intervals` are kept. Default: 365 days.
    pub fn voice(mut self, keep: Keep) -> Self {
        self.voice = keep;
        self
    }

    /// How long events from before or after this horizon are kept.
    const fn of(&self, horizon: Horizon) -> Keep {
        match horizon {
            Horizon::Members => self.members,
            Horizon::Messages => self.messages,
            Horizon::Presences => self.presences,
            Horizon::Voice => self.voice,
        }
    }

    /// Refuses what cannot be done: sums go no sooner than what they are sums of.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if [self.members, self.messages, self.voice].into_iter().any(|events| self.rollups.is_shorter_than(events)) {
            let kind = ErrorKind::InvalidSetting { name: "rollups" };
            return Err(Error::new(kind, "`rollups` are kept for a shorter time than what they are sums of"));
        }
        Ok(())
    }

    /// The unix second up to which a guild must have gone for all of it to go now.
    fn gone_until(&self, now: DateTime<Utc>) -> Option<i64> {
        match self.gone_guilds {
            Keep::Days(days) => Some(now.timestamp() - i64::from(days) * DAY),
            Keep::Forever => None,
        }
    }
}
