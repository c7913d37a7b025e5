//! The operations on `channels` and `gone_channels`.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelChange, ChannelId, GuildId, NewChannel};

use crate::Error;

/// Looks up and changes channels and threads.
pub trait ChannelTable {
    /// Returns the channel's row.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn channel(&mut self, id: ChannelId) -> Result<Option<StoredChannel>, Error>;

    /// Adds a channel. Its guild has a row.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_channel(&mut self, channel: &NewChannel<'_>) -> Result<(), Error>;

    /// Changes the channel's row.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn update_channel(&mut self, id: ChannelId, change: &ChannelChange<'_>) -> Result<(), Error>;

    /// Adds the channel to `gone_channels`. Returns `true` if it was not there.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_gone_channel(&mut self, id: ChannelId, guild_id: GuildId, gone_at: DateTime<Utc>) -> Result<bool, Error>;

    /// Removes the channel from `gone_channels`. Returns `true` if it was there.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn delete_gone_channel(&mut self, id: ChannelId) -> Result<bool, Error>;
}

/// The stored values of a channel, which the recorder compares with new ones.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredChannel {
    /// Its name; `None` while unknown.
    pub name: Option<String>,
    /// Discord's channel type.
    pub kind: i32,
    /// Its parent as stored, in decimal digits. An older program may have written a text that is not an id.
    pub parent_id: Option<String>,
    /// Its position in the list of channels.
    pub position: Option<i32>,
    /// When the channel last changed.
    pub updated_at: DateTime<Utc>,
}
