//! Names of users and channels.

use std::collections::HashMap;

use diesel::prelude::*;
use mocha_discord::{
    ChannelId, GuildId, UserId,
    schema::{channels, guilds, users},
    stats::AnyConnection,
};

/// Runs a query on a connection to either database. Diesel's queries are compiled for each.
macro_rules! on_any {
    ($any:expr, $conn:ident => $query:expr) => {
        match $any {
            AnyConnection::Sqlite($conn) => $query,
            #[cfg(feature = "postgres")]
            AnyConnection::Postgres($conn) => $query,
            _ => anyhow::bail!("this program is built without support for the database"),
        }
    };
}

/// Returns the name of a guild, if it is known.
///
/// # Errors
///
/// Returns an error if the database cannot be read.
pub fn guild(conn: &mut AnyConnection<'_>, id: GuildId) -> anyhow::Result<Option<String>> {
    let name: Option<Option<String>> = on_any!(conn, conn => {
        guilds::table.find(id).select(guilds::name).get_result(&mut **conn).optional()?
    });
    Ok(name.flatten())
}

/// Returns the names of users, if they are known.
///
/// # Errors
///
/// Returns an error if the database cannot be read.
pub fn users(conn: &mut AnyConnection<'_>, ids: &[UserId]) -> anyhow::Result<HashMap<UserId, String>> {
    let named: Vec<(UserId, Option<String>)> = on_any!(conn, conn => {
        users::table.filter(users::id.eq_any(ids)).select((users::id, users::username)).load(&mut **conn)?
    });
    Ok(known(named))
}

/// The names of some users and channels. If a name is unknown, the id stands for it.
#[derive(Clone, Debug, Default)]
pub struct Names {
    channels: HashMap<ChannelId, String>,
    users: HashMap<UserId, String>,
}

impl Names {
    /// Reads the names of these users and channels.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read.
    pub fn load(
        conn: &mut SqliteConnection,
        user_ids: impl IntoIterator<Item = UserId>,
        channel_ids: impl IntoIterator<Item = ChannelId>,
    ) -> QueryResult<Self> {
        let named_users: Vec<(UserId, Option<String>)> =
            users::table.filter(users::id.eq_any(user_ids)).select((users::id, users::username)).load(conn)?;
        let named_channels: Vec<(ChannelId, Option<String>)> = channels::table
            .filter(channels::id.eq_any(channel_ids))
            .select((channels::id, channels::name))
            .load(conn)?;
        Ok(Self { channels: known(named_channels), users: known(named_users) })
    }

    /// Reads the names of these users and channels from either database.
    ///
    /// # Errors
    ///
    /// Returns an error if the database cannot be read.
    pub fn load_any(
        conn: &mut AnyConnection<'_>,
        user_ids: impl IntoIterator<Item = UserId>,
        channel_ids: impl IntoIterator<Item = ChannelId>,
    ) -> anyhow::Result<Self> {
        let user_ids: Vec<UserId> = user_ids.into_iter().collect();
        let channel_ids: Vec<ChannelId> = channel_ids.into_iter().collect();
        let (named_users, named_channels) = on_any!(conn, conn => {
            let named_users: Vec<(UserId, Option<String>)> =
                users::table.filter(users::id.eq_any(user_ids)).select((users::id, users::username)).load(&mut **conn)?;
            let named_channels: Vec<(ChannelId, Option<String>)> = channels::table
                .filter(channels::id.eq_any(channel_ids))
                .select((channels::id, channels::name))
                .load(&mut **conn)?;
            (named_users, named_channels)
        });
        Ok(Self { channels: known(named_channels), users: known(named_users) })
    }

    /// Returns the name of a channel.
    #[must_use]
    pub fn channel(&self, channel_id: ChannelId) -> String {
        self.channels.get(&channel_id).cloned().unwrap_or_else(|| channel_id.to_string())
    }

    /// Returns the name of a user.
    #[must_use]
    pub fn user(&self, user_id: UserId) -> String {
        self.users.get(&user_id).cloned().unwrap_or_else(|| user_id.to_string())
    }
}

fn known<Id: Eq + std::hash::Hash>(named: Vec<(Id, Option<String>)>) -> HashMap<Id, String> {
    named.into_iter().filter_map(|(id, name)| Some((id, name?))).collect()
}
