//! Deletes everything about a guild.

use std::ops::ControlFlow;

use mocha_schema::catalogue::Kept;

use super::{
    BoxedError, DeletedBatch, Pace, Purged, RetentionTables,
    tables::{guild_tables, guilds_own_tables, is_archived},
};
use crate::Error;

/// The treatment of the events of a guild that is deleted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Events {
    /// They are deleted.
    Go,
    /// The guild stays as long as there are any.
    Stay,
}

/// Deletes everything about a guild. `progress` gets what is deleted so far.
///
/// # Errors
///
/// Those of the database. Rows that were deleted before stay deleted.
pub fn purge_guild<R: RetentionTables>(
    conn: &mut R::Connection,
    guild: &str,
    mut progress: impl FnMut(Purged) -> ControlFlow<()>,
) -> Result<Purged, Error> {
    let mut purged = Purged::default();
    let mut pace = Pace::new("deleting a guild");
    let ended = purge::<R>(conn, &mut pace, guild, None, Events::Go, |deleted| {
        purged.rows += deleted;
        progress(purged)
    })?;
    purged.complete = ended.is_continue();
    Ok(purged)
}

/// Deletes everything about a guild. With `gone_until`, only while the guild has been gone since then. `done` gets the
/// number of deleted rows. Returns how many guilds are deleted: none if the guild came back meanwhile.
pub(super) fn purge<R: RetentionTables>(
    conn: &mut R::Connection,
    pace: &mut Pace,
    guild: &str,
    gone_until: Option<i64>,
    events: Events,
    mut done: impl FnMut(u64) -> ControlFlow<()>,
) -> Result<ControlFlow<(), u64>, Error> {
    let mut guilds = 1;
    let mut tables = guild_tables().peekable();
    let step = |conn: &mut R::Connection, len: i64| {
        R::lock_guild(conn, guild, true)?;
        let stays = match gone_until {
            Some(until) => !R::is_gone(conn, guild, until)?,
            None => false,
        };
        if stays || events == Events::Stay && has_events::<R>(conn, guild)? {
            guilds = 0;
            return Ok(DeletedBatch { is_last: true, rows: 0 });
        }
        let (mut left, mut rows) = (len, 0);
        while let Some(table) = tables.peek().filter(|_| left > 0) {
            let deleted = R::delete_guild_rows(conn, table, guild, Some(left))?;
            rows += deleted;
            left = left.saturating_sub_unsigned(deleted);
            if left > 0 {
                tables.next();
            }
        }
        let is_last = tables.peek().is_none();
        if is_last {
            // This also deletes what another program wrote meanwhile.
            for table in guild_tables().chain(guilds_own_tables()) {
                rows += R::delete_guild_rows(conn, table, guild, None)?;
            }
        }
        Ok(DeletedBatch { is_last, rows })
    };
    Ok(pace.batches::<R>(conn, step, &mut done)?.map_continue(|()| guilds))
}

fn has_events<R: RetentionTables>(conn: &mut R::Connection, guild: &str) -> Result<bool, BoxedError> {
    for table in Kept::Events.tables().filter(|table| is_archived(table)) {
        if R::has_rows(conn, table, guild)? {
            return Ok(true);
        }
    }
    Ok(false)
}
