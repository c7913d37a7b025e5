//! Channels and threads.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use mocha_schema::{
    ChannelChange, UnixTime,
    schema::{channels, gone_channels},
};

use super::{Outcome, State, voice};
use crate::event::{ChannelRemoved, ChannelSeen};

pub(super) fn seen(conn: &mut SqliteConnection, state: &mut State, event: &ChannelSeen) -> QueryResult<Outcome> {
    let ChannelSeen { at, channel_id, guild_id, kind, name, parent_id, position } = event;
    state.parents.guild(conn, *guild_id, *at)?;
    state.parents.channel(conn, *channel_id, *guild_id, i32::from(*kind), *at)?;
    // The parent as it stands in the file: an older program may have written what is no id.
    let (known_name, known_kind, known_parent, known_position, updated_at) = channels::table
        .find(channel_id)
        .select((channels::name, channels::kind, channels::parent_id, channels::position, channels::updated_at))
        .get_result::<(Option<String>, i32, Option<String>, Option<i32>, DateTime<Utc>)>(conn)?;
    if *at < updated_at && known_name.is_some() {
        return Ok(Outcome::Duplicate);
    }
    let back = diesel::delete(gone_channels::table.find(channel_id)).execute(conn)?;
    let kind = i32::from(*kind);
    let name = name.as_deref().or(known_name.as_deref());
    let parent = parent_id.map(|id| id.to_string());
    if (known_name.as_deref(), known_kind, known_parent, known_position) == (name, kind, parent, *position) {
        return Ok(Outcome::of(back > 0));
    }
    diesel::update(channels::table.find(channel_id))
        .set(ChannelChange {
            name: Some(name),
            kind: Some(kind),
            parent_id: Some(*parent_id),
            position: Some(*position),
            updated_at: Some((*at).max(updated_at).into()),
        })
        .execute(conn)?;
    Ok(Outcome::Written)
}

pub(super) fn gone(conn: &mut SqliteConnection, state: &mut State, event: &ChannelRemoved) -> QueryResult<Outcome> {
    let ChannelRemoved { at, channel_id, guild_id } = *event;
    let noted = diesel::insert_or_ignore_into(gone_channels::table)
        .values((
            gone_channels::channel_id.eq(channel_id),
            gone_channels::guild_id.eq(guild_id),
            gone_channels::gone_at.eq(UnixTime::from(at)),
        ))
        .execute(conn)?;
    let rows = state.tracker.channel_gone(guild_id, channel_id, at.timestamp_millis());
    voice::write(conn, &rows)?;
    Ok(Outcome::of(noted > 0 || !rows.is_empty()))
}
