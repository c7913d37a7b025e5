//! Names of users and channels.

use std::collections::HashMap;

use diesel::prelude::*;
use mocha_discord::{
    ChannelId, UserId,
    schema::{channels, users},
};

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
