//! Channels and threads.

use mocha_schema::ChannelChange;

use super::{Outcome, State, parent, voice};
use crate::{
    Error,
    backend::Tables,
    event::{ChannelRemoved, ChannelSeen},
};

pub(super) fn seen(tables: &mut impl Tables, state: &mut State, event: &ChannelSeen) -> Result<Outcome, Error> {
    let ChannelSeen { at, channel_id, guild_id, kind, name, parent_id, position } = event;
    let kind = i32::from(*kind);
    state.parents.guild(tables, *guild_id, *at)?;
    state.parents.channel(tables, *channel_id, *guild_id, kind, *at)?;
    let known = parent::found(tables.channel(*channel_id)?)?;
    if *at < known.updated_at && known.name.is_some() {
        return Ok(Outcome::Duplicate);
    }
    let back = tables.delete_gone_channel(*channel_id)?;
    let name = name.as_deref().or(known.name.as_deref());
    let parent = parent_id.map(|id| id.to_string());
    if (known.name.as_deref(), known.kind, &known.parent_id, known.position) == (name, kind, &parent, *position) {
        return Ok(Outcome::of(back));
    }
    let change = ChannelChange {
        name: Some(name),
        kind: Some(kind),
        parent_id: Some(*parent_id),
        position: Some(*position),
        updated_at: Some((*at).max(known.updated_at).into()),
    };
    tables.update_channel(*channel_id, &change)?;
    Ok(Outcome::Written)
}

pub(super) fn gone(tables: &mut impl Tables, state: &mut State, event: &ChannelRemoved) -> Result<Outcome, Error> {
    let ChannelRemoved { at, channel_id, guild_id } = *event;
    let noted = tables.insert_gone_channel(channel_id, guild_id, at)?;
    let rows = state.tracker.channel_gone(guild_id, channel_id, at.timestamp_millis());
    voice::write(tables, &rows)?;
    Ok(Outcome::of(noted || !rows.is_empty()))
}
