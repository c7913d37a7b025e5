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
    /// The user's name.
    pub name: String,
    /// The user.
    pub user_id: UserId,
}

impl UserSeen {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        valid::optional_text(Field("avatar"), self.avatar.as_deref())?;
        valid::optional_text(Field("discriminator"), self.discriminator.as_deref())?;
        valid::text(Field("name"), &self.name)
    }
}

impl From<UserSeen> for Event {
    fn from(event: UserSeen) -> Self {
        Self::UserSeen(event)
    }
}
