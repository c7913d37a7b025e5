//! The model of `user_names`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{UnixTime, UserId, schema::user_names};

/// The name that a user chose for all servers. Discord calls it the global name, and shows it where the user has no nickname.
///
/// A user without a row was not seen since Mocha records these names.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = user_names)]
pub struct UserName {
    /// The user.
    pub id: UserId,
    /// The name. `None` if the user has none.
    pub global_name: Option<String>,
    /// When the user was last seen with another name than before.
    pub updated_at: DateTime<Utc>,
}

/// The name of a user to insert, or to replace the one in the user's row.
#[derive(AsChangeset, Clone, Copy, Debug, Insertable)]
#[diesel(
    check_for_backend(diesel::sqlite::Sqlite),
    table_name = user_names,
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub struct NewUserName<'a> {
    /// The user.
    pub id: UserId,
    /// The name. `None` if the user has none.
    pub global_name: Option<&'a str>,
    /// When the user was seen with it.
    pub updated_at: UnixTime,
}
