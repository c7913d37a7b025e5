//! The model of `users`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{UnixTime, UserId, schema::users};

/// The row of a user: a human, a bot or a webhook.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = users)]
pub struct User {
    /// The user.
    pub id: UserId,
    /// The user name. `None` while unknown.
    pub username: Option<String>,
    /// The four digits that follow user names of the older kind.
    pub discriminator: Option<String>,
    /// The hash of the avatar.
    pub avatar: Option<String>,
    /// Whether the user is a bot or a webhook.
    pub bot: Option<bool>,
    /// When Mocha first saw the user.
    pub created_at: DateTime<Utc>,
    /// When the user last changed.
    pub updated_at: DateTime<Utc>,
}

/// A user to insert: a human, a bot or a webhook.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = users, treat_none_as_default_value = false)]
pub struct NewUser<'a> {
    /// The user.
    pub id: UserId,
    /// The user name. `None` while unknown.
    pub username: Option<&'a str>,
    /// The four digits that follow user names of the older kind.
    pub discriminator: Option<&'a str>,
    /// The hash of the avatar.
    pub avatar: Option<&'a str>,
    /// Whether the user is a bot or a webhook.
    pub bot: Option<bool>,
    /// When Mocha first saw the user.
    pub created_at: UnixTime,
    /// When the user last changed.
    pub updated_at: UnixTime,
}

/// A change of a user: `None` leaves a column as it is, `Some(None)` makes it NULL.
#[derive(AsChangeset, Clone, Copy, Debug, Default, Eq, PartialEq)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = users)]
pub struct UserChange<'a> {
    /// The user name. `None` while unknown.
    pub username: Option<Option<&'a str>>,
    /// The four digits that follow user names of the older kind.
    pub discriminator: Option<Option<&'a str>>,
    /// The hash of the avatar.
    pub avatar: Option<Option<&'a str>>,
    /// Whether the user is a bot or a webhook.
    pub bot: Option<Option<bool>>,
    /// When the user last changed.
    pub updated_at: Option<UnixTime>,
}
