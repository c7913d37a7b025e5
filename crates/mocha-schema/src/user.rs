//! The model of `users`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{UnixTime, UserId, schema::users};

/// The row of a user: a person, a bot or a webhook.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = users)]
pub struct User {
    /// The user.
    pub id: UserId,
    /// The name; `None` while unknown.
    pub username: Option<String>,
    /// The four digits after older names.
    pub discriminator: Option<String>,
    /// The hash of the picture.
    pub avatar: Option<String>,
    /// Whether it is a bot or a webhook.
    pub bot: Option<bool>,
    /// When the user was first seen.
    pub created_at: DateTime<Utc>,
    /// When something of the user last changed.
    pub updated_at: DateTime<Utc>,
}

/// A user: a person, a bot or a webhook to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = users, treat_none_as_default_value = false)]
pub struct NewUser<'a> {
    /// The user.
    pub id: UserId,
    /// The name; `None` while unknown.
    pub username: Option<&'a str>,
    /// The four digits after older names.
    pub discriminator: Option<&'a str>,
    /// The hash of the picture.
    pub avatar: Option<&'a str>,
    /// Whether it is a bot or a webhook.
    pub bot: Option<bool>,
    /// When the user was first seen.
    pub created_at: UnixTime,
    /// When something of the user last changed.
    pub updated_at: UnixTime,
}

/// A change of a user: `None` leaves a column as it is, `Some(None)` makes it NULL.
#[derive(AsChangeset, Clone, Copy, Debug, Default, Eq, PartialEq)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = users)]
pub struct UserChange<'a> {
    /// The name; `None` while unknown.
    pub username: Option<Option<&'a str>>,
    /// The four digits after older names.
    pub discriminator: Option<Option<&'a str>>,
    /// The hash of the picture.
    pub avatar: Option<Option<&'a str>>,
    /// Whether it is a bot or a webhook.
    pub bot: Option<Option<bool>>,
    /// When something of the user last changed.
    pub updated_at: Option<UnixTime>,
}
