//! The history of channels.

use diesel::prelude::*;
use mocha_recorder::backend::HistoryTable;
use mocha_schema::{ChannelHistory, GuildId, schema::channel_histories};

use super::{Executed as _, SqliteTables};
use crate::Error;

impl HistoryTable for SqliteTables<'_> {
    fn histories(&mut self, guild_id: GuildId) -> Result<Vec<ChannelHistory>, Error> {
        channel_histories::table
            .filter(channel_histories::guild_id.eq(guild_id))
            .select(ChannelHistory::as_select())
            .load(self.conn)
            .executed()
    }

    fn put_history(&mut self, span: &ChannelHistory) -> Result<(), Error> {
        let included = channel_histories::table
            .filter(channel_histories::guild_id.eq(span.guild_id))
            .filter(channel_histories::channel_id.eq(span.channel_id))
            .filter(channel_histories::before_id.le(span.before_id))
            .filter(channel_histories::from_id.ge(span.from_id));
        diesel::delete(included).execute(self.conn).executed()?;
        // A larger span with the same end stays.
        diesel::insert_into(channel_histories::table)
            .values(span)
            .on_conflict_do_nothing()
            .execute(self.conn)
            .executed()?;
        Ok(())
    }
}
