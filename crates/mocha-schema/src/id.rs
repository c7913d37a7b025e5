//! Discord's ids as newtypes, so that the compiler refuses a channel's id in place of a guild's.
//!
//! In SQLite ids are decimal TEXT in the event tables and INTEGER in roll-ups. In PostgreSQL they are BIGINT everywhere.

use std::{fmt, num::NonZeroU64, str::FromStr};

#[cfg(feature = "postgres")]
use diesel::pg::{Pg, PgValue};
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{BigInt, SqlOrd, SqlType, Text},
    sqlite::{Sqlite, SqliteValue},
};

/// The SQL type of an id in the event tables: decimal TEXT in SQLite, BIGINT in PostgreSQL.
///
/// It is read as one of the ids of this crate or as a [`String`], and written as one of the ids.
#[derive(Clone, Copy, Debug, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 20, array_oid = 1016), sqlite_type(name = "Text"))]
pub struct Snowflake;

impl SqlOrd for Snowflake {}

/// Older files hold ids that are not Discord's.
impl FromSql<Snowflake, Sqlite> for String {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        <Self as FromSql<Text, Sqlite>>::from_sql(value)
    }
}

#[cfg(feature = "postgres")]
impl FromSql<Snowflake, Pg> for String {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(<i64 as FromSql<BigInt, Pg>>::from_sql(value)?.to_string())
    }
}

/// The error for a number or a text that is not a Discord id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The number is zero.
    #[error("an id must not be zero")]
    Zero,
    /// The text is not a plain decimal number: it is empty or has a sign, a leading zero or another character.
    #[error("an id must be a decimal number without sign or leading zeros")]
    NotDecimal,
    /// The number needs more than 64 bits.
    #[error("an id must fit into 64 bits")]
    OutOfRange,
}

/// Accepts only the canonical form, so that an id has one spelling in the file.
fn parse(text: &str) -> Result<NonZeroU64, IdError> {
    if text == "0" {
        return Err(IdError::Zero);
    }
    if text.is_empty() || text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(IdError::NotDecimal);
    }
    text.parse().map_err(|_| IdError::OutOfRange)
}

/// Implements the same foreign traits for all ids.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        ///
        /// It is never zero and is ordered as a number. In SQLite it is decimal TEXT in the event tables and INTEGER in
        /// roll-ups. In PostgreSQL it is BIGINT, which refuses ids of 2^63 and more. Ids of different kinds do not mix.
        #[derive(AsExpression, Clone, Copy, Debug, Eq, FromSqlRow, Hash, Ord, PartialEq, PartialOrd)]
        #[diesel(sql_type = BigInt)]
        #[diesel(sql_type = Snowflake)]
        #[diesel(sql_type = Text)]
        pub struct $name(NonZeroU64);

        impl $name {
            /// Creates an id from a number.
            #[must_use]
            pub const fn new(id: NonZeroU64) -> Self {
                Self(id)
            }

            /// Returns the number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0.get()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<NonZeroU64> for $name {
            fn from(id: NonZeroU64) -> Self {
                Self(id)
            }
        }

        impl TryFrom<u64> for $name {
            type Error = IdError;

            fn try_from(id: u64) -> Result<Self, IdError> {
                NonZeroU64::new(id).map(Self).ok_or(IdError::Zero)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text).map(Self)
            }
        }

        impl FromSql<Text, Sqlite> for $name {
            fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                let text = value.read_text();
                parse(text)
                    .map(Self)
                    .map_err(|error| format!("{text:?} is not a {}: {error}", stringify!($name)).into())
            }
        }

        impl ToSql<Text, Sqlite> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                out.set_value(self.0.to_string());
                Ok(IsNull::No)
            }
        }

        impl FromSql<Snowflake, Sqlite> for $name {
            fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                <Self as FromSql<Text, Sqlite>>::from_sql(value)
            }
        }

        impl ToSql<Snowflake, Sqlite> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                <Self as ToSql<Text, Sqlite>>::to_sql(self, out)
            }
        }

        #[cfg(feature = "postgres")]
        impl FromSql<BigInt, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                let number = <i64 as FromSql<BigInt, Pg>>::from_sql(value)?;
                let id = u64::try_from(number).ok().and_then(NonZeroU64::new);
                id.map(Self).ok_or_else(|| format!("{number} is not a {}", stringify!($name)).into())
            }
        }

        #[cfg(feature = "postgres")]
        impl ToSql<BigInt, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                let number = i64::try_from(self.get())
                    .map_err(|_| format!("the {} {self} is too large for BIGINT", stringify!($name)))?;
                std::io::Write::write_all(out, &number.to_be_bytes())?;
                Ok(IsNull::No)
            }
        }

        #[cfg(feature = "postgres")]
        impl FromSql<Snowflake, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                <Self as FromSql<BigInt, Pg>>::from_sql(value)
            }
        }

        #[cfg(feature = "postgres")]
        impl ToSql<Snowflake, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <Self as ToSql<BigInt, Pg>>::to_sql(self, out)
            }
        }

        impl FromSql<BigInt, Sqlite> for $name {
            fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                let number = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
                let id = u64::try_from(number).ok().and_then(NonZeroU64::new);
                id.map(Self).ok_or_else(|| format!("{number} is not a {}", stringify!($name)).into())
            }
        }

        impl ToSql<BigInt, Sqlite> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                // SQLite's cast of a text that is too large gives the largest integer, too.
                out.set_value(i64::try_from(self.get()).unwrap_or(i64::MAX));
                Ok(IsNull::No)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// The id of a channel or a thread.
    ///
    /// ```compile_fail
    /// use mocha_schema::{ChannelId, GuildId};
    /// fn of_guild(_: GuildId) {}
    /// fn mix(channel: ChannelId) { of_guild(channel) }
    /// ```
    ChannelId,
    /// The id of a custom emoji.
    EmojiId,
    /// The id of a guild, which users call a server.
    GuildId,
    /// The id of an interaction: the use of a command or a component.
    InteractionId,
    /// The id of a message.
    MessageId,
    /// The id of a role of a guild.
    RoleId,
    /// The id of a user: a human, a bot or a webhook.
    UserId,
}

#[cfg(test)]
mod tests {
    use diesel::{prelude::*, select};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_canonical_decimals_are_ids() {
        for (text, expected) in [
            ("0", Err(IdError::Zero)),
            ("", Err(IdError::NotDecimal)),
            ("007", Err(IdError::NotDecimal)),
            ("+5", Err(IdError::NotDecimal)),
            ("-5", Err(IdError::NotDecimal)),
            ("5 ", Err(IdError::NotDecimal)),
            ("٣", Err(IdError::NotDecimal)),
            ("18446744073709551615", Ok(u64::MAX)),
            ("18446744073709551616", Err(IdError::OutOfRange)),
            ("1", Ok(1)),
        ] {
            assert_eq!(text.parse::<GuildId>().map(GuildId::get), expected, "{text:?}");
        }
        assert_eq!(UserId::try_from(0), Err(IdError::Zero));
    }

    #[test]
    fn a_bad_id_in_the_file_is_an_error_that_shows_it() -> Result<(), Box<dyn std::error::Error>> {
        let mut conn = SqliteConnection::establish(":memory:")?;
        let error = select("bad".into_sql::<Text>()).get_result::<UserId>(&mut conn).unwrap_err();
        let reason = std::error::Error::source(&error).ok_or("no reason")?.to_string();
        assert!(reason.contains("\"bad\" is not a UserId"), "{reason}");
        Ok(())
    }

    proptest! {
        #[test]
        fn every_id_survives_a_round_trip(number in 1..=u64::MAX) {
            let mut conn = SqliteConnection::establish(":memory:").unwrap();
            let id = MessageId::try_from(number).unwrap();
            prop_assert_eq!(select(id.into_sql::<Text>()).get_result::<MessageId>(&mut conn), Ok(id));
            prop_assert_eq!(select(id.into_sql::<Text>()).get_result::<String>(&mut conn), Ok(number.to_string()));
        }
    }
}
