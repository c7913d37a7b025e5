//! Users.

use chrono::{DateTime, Utc};
use mocha_schema::UserId;

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// Reports a user whom the bot saw, or who changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserSeen {
    /// When the user was seen.
    pub at: DateTime<Utc>,
    /// The hash of the picture.
    pub avatar: Option<String>,
    /// Whether it is a bot or a webhook. Leaderboards exclude bots by default.
    pub bot: bool,
    /// The four digits after older names.
    pub discriminator: Option<String>,
    /// The name that the user chose for all servers.
    pub global_name: GlobalName,
    /// The user's name.
    pub name: String,
    /// The user.
    pub user_id: UserId,
}

/// The name that a user chose for all servers, as far as the source of a [`UserSeen`] knows it.
///
/// A known name replaces an unknown one, never the other way.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub enum GlobalName {
    /// The user has this name.
    Named(String),
    /// The user has none. Discord shows the user's name instead.
    None,
    /// The source does not say.
    #[default]
    Unknown,
}

impl From<Option<String>> for GlobalName {
    /// Takes what Discord says: a name, or that there is none.
    fn from(name: Option<String>) -> Self {
        name.map_or(Self::None, Self::Named)
    }
}

impl UserSeen {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        valid::optional_text(Field("avatar"), self.avatar.as_deref())?;
        valid::optional_text(Field("discriminator"), self.discriminator.as_deref())?;
        if let GlobalName::Named(name) = &self.global_name {
            valid::text(Field("global_name"), name)?;
        }
        valid::text(Field("name"), &self.name)
    }
}

impl From<UserSeen> for Event {
    fn from(event: UserSeen) -> Self {
        Self::UserSeen(event)
    }
}
