//! Status and activity.

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, PresenceStatus, UserId};

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// Somebody's status or activity, which may have changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PresenceChanged {
    /// What the person does; of several the one that counts.
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

/// The people of whom a guild's list of presences told, which `GUILD_CREATE` has.
///
/// If the list is complete, everybody who is not in it is offline now. If it is not, the recorder knows nothing of their status
/// from here on: `presence_events` gets a row without a status. Record a [`PresenceChanged`] for each who is in the list first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PresencesListed {
    /// When the list was received.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// Whether everybody who is not offline is in it. Discord sends such a list to bots with the intent `GUILD_PRESENCES`, of
    /// guilds of up to 75,000 members.
    pub is_complete: bool,
    /// Who is in it.
    pub user_ids: Vec<UserId>,
}

impl From<PresencesListed> for Event {
    fn from(event: PresencesListed) -> Self {
        Self::PresencesListed(event)
    }
}

/// What somebody does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Activity {
    /// Discord's activity type: 0 playing, 1 streaming, 2 listening, 3 watching, 4 custom status, 5 competing.
    pub kind: u8,
    /// The name of the game or the programme.
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
