//! Channels and threads.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use mocha_recorder::backend::{ChannelTable, StoredChannel};
use mocha_schema::{
    ChannelChange, ChannelId, GuildId, NewChannel, UnixTime,
    schema::{channels, gone_channels},
};

use super::{Executed as _, SqliteTables};
use crate::Error;

impl ChannelTable for SqliteTables<'_> {
    fn channel(&mut self, id: ChannelId) -> Result<Option<StoredChannel>, Error> {
        type Row = (Option<String>, i32, Option<String>, Option<i32>, DateTime<Utc>);
        let row: Option<Row> = channels::table
            .find(id)
            .select((channels::name, channels::kind, channels::parent_id, channels::position, channels::updated_at))
            .get_result(self.conn)
            .optional()
            .executed()?;
        Ok(row.map(|(name, kind, parent_id, position, updated_at)| StoredChannel {
            name,
            kind,
            parent_id,
            position,
            updated_at,
        }))
    }

    fn insert_channel(&mut self, channel: &NewChannel<'_>) -> Result<(), Error> {
        diesel::insert_or_ignore_into(channels::table).values(channel).execute(self.conn).executed()?;
        Ok(())
    }

    fn update_channel(&mut self, id: ChannelId, change: &ChannelChange<'_>) -> Result<(), Error> {
        diesel::update(channels::table.find(id)).set(change).execute(self.conn).executed()?;
        Ok(())
    }

    fn insert_gone_channel(&mut self, id: ChannelId, guild_id: GuildId, gone_at: DateTime<Utc>) -> Result<bool, Error> {
        let inserted = diesel::insert_or_ignore_into(gone_channels::table)
            .values((
                gone_channels::channel_id.eq(id),
                gone_channels::guild_id.eq(guild_id),
                gone_channels::gone_at.eq(UnixTime::from(gone_at)),
            ))
            .execute(self.conn)
            .executed()?;
        Ok(inserted > 0)
    }

    fn delete_gone_channel(&mut self, id: ChannelId) -> Result<bool, Error> {
        let deleted = diesel::delete(gone_channels::table.find(id)).execute(self.conn).executed()?;
        Ok(deleted > 0)
    }
}
