//! Status and activity.

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, PresenceStatus, UserId};

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// Reports a member's status and activity, which may have changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PresenceChanged {
    /// The activity; if there are several, the most significant one.
    pub activity: Option<Activity>,
    /// When it was received.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// The status.
    pub status: PresenceStatus,
    /// The user.
    pub user_id: UserId,
}

/// Reports which members a guild's list of presences contains. `GUILD_CREATE` has such a list.
///
/// If the list is complete, all other members are offline now. If it is not, their status is
/// unknown from here on, and `presence_events` gets a row without a status. Record a
/// [`PresenceChanged`] for each listed member first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PresencesListed {
    /// When the list was received.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// Whether it lists all members who are not offline. Discord sends such a list to bots with the
    /// intent `GUILD_PRESENCES`, for guilds of up to 75,000 members.
    pub is_complete: bool,
    /// The listed members.
    pub user_ids: Vec<UserId>,
}

impl From<PresencesListed> for Event {
    fn from(event: PresencesListed) -> Self {
        Self::PresencesListed(event)
    }
}

/// Describes an activity of a user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Activity {
    /// Discord's activity type: 0 playing, 1 streaming, 2 listening, 3 watching, 4 custom status, 5 competing.
    pub kind: u8,
    /// The name of the game, song or other activity.
    pub name: String,
}

impl PresenceChanged {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        valid::optional_text(Field("activity.name"), self.activity.as_ref().map(|activity| activity.name.as_str()))
    }
}

impl From<PresenceChanged> for Event {
    fn from(event: PresenceChanged) -> Self {
        Self::PresenceChanged(event)
    }
}
