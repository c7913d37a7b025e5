//! Retention: deletes old events, and everything about guilds that the bot left long ago.
//!
//! A bot sets a [`RetentionPolicy`] and gives it to its store. A store implements [`RetentionTables`], and calls
//! [`apply`] and [`purge_guild`].

mod clock;
mod horizon;
mod keeper;
mod pace;
mod purge;
mod report;
mod run;
mod tables;

use chrono::{DateTime, Utc};
use mocha_schema::catalogue::Horizon;

pub use self::{
    clock::trusted_now,
    horizon::Horizons,
    keeper::{Batches, DeletedBatch, Expired, Keeper},
    pace::Pace,
    purge::purge_guild,
    report::{Purged, Retained},
    run::apply,
    tables::{RetentionTables, Rows, guild_tables},
};
use crate::{Error, ErrorKind};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

const DAY: i64 = 86_400;

/// Says how long something is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Keep {
    /// The current day in UTC and this many days before it.
    Days(u32),
    /// Everything, without a limit.
    Forever,
}

impl Keep {
    /// Returns the midnight in UTC, in unix seconds, before which rows are deleted; 0 if none are.
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

/// Sets how long a store keeps each kind of event, the roll-ups, and guilds that the bot left.
///
/// By default Mocha keeps events for a year, and roll-ups and guilds for ever. Answers from
/// roll-ups stay the same for whole days in UTC, however old: leaderboards (except voice time with
/// company), members, overviews, active members, channels, and the heat map and message series of a
/// guild. Questions that need single events cover only the time for which there are events, and say
/// so: growth, retention of members, presence, company in voice, concurrent members in voice, and
/// the hours at which one user wrote.
///
/// `apply_retention` of a store applies the policy once. `Maintenance::retention` lets the SQLite store apply it every
/// hour.
///
/// # Examples
///
/// ```
/// use mocha_recorder::retention::{Keep, RetentionPolicy};
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
    /// Sets how long to keep a guild after the bot was removed from it, to the second. A guild that
    /// comes back in time loses nothing. Default: for ever.
    pub fn gone_guilds(mut self, keep: Keep) -> Self {
        self.gone_guilds = keep;
        self
    }

    /// Sets how long to keep `member_events`. The list of current members does not depend on it.
    /// Default: 365 days.
    pub fn members(mut self, keep: Keep) -> Self {
        self.members = keep;
        self
    }

    /// Sets how long to keep `message_events`. Default: 365 days.
    pub fn messages(mut self, keep: Keep) -> Self {
        self.messages = keep;
        self
    }

    /// Sets how long to keep `presence_events`. Default: 365 days. The presence of a member without
    /// a later event is unknown until the next one.
    pub fn presences(mut self, keep: Keep) -> Self {
        self.presences = keep;
        self
    }

    /// Sets how long to keep the roll-ups of members, messages and voice: at least as long as their
    /// events. They are deleted by whole months of thirty days, so up to 29 days later. Default:
    /// for ever.
    pub fn rollups(mut self, keep: Keep) -> Self {
        self.rollups = keep;
        self
    }

    /// Sets how long to keep `voice_events` and `voice_intervals`. Default: 365 days.
    pub fn voice(mut self, keep: Keep) -> Self {
        self.voice = keep;
        self
    }

    /// Returns how long events with this horizon are kept.
    const fn of(&self, horizon: Horizon) -> Keep {
        match horizon {
            Horizon::Members => self.members,
            Horizon::Messages => self.messages,
            Horizon::Presences => self.presences,
            Horizon::Voice => self.voice,
        }
    }

    /// Refuses a policy that deletes roll-ups before their events.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`].
    pub fn check(&self) -> Result<(), Error> {
        if [self.members, self.messages, self.voice].into_iter().any(|events| self.rollups.is_shorter_than(events)) {
            let kind = ErrorKind::InvalidSetting { name: "rollups" };
            return Err(Error::new(kind, "`rollups` are kept for a shorter time than the events that they count"));
        }
        Ok(())
    }

    /// Returns the unix second by which a guild must have been left to be deleted now.
    fn gone_until(&self, now: DateTime<Utc>) -> Option<i64> {
        match self.gone_guilds {
            Keep::Days(days) => Some(now.timestamp() - i64::from(days) * DAY),
            Keep::Forever => None,
        }
    }
}
