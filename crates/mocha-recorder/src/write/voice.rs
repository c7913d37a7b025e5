//! Voice: passes events to the tracker and writes its rows.

use super::{Outcome, State, parent};
use crate::{
    Error, Person,
    backend::Tables,
    event::{VoiceSnapshot, VoiceStateChanged},
    voice::{Arrival, Row, apply, learn},
};

pub(super) fn changed(
    tables: &mut impl Tables,
    state: &mut State,
    event: &VoiceStateChanged,
    arrival: Arrival,
) -> Result<Outcome, Error> {
    let VoiceStateChanged { at, channel_id, guild_id, state: voice, user_id } = *event;
    let person = Person { guild_id, user_id };
    learn(tables, &mut state.tracker, person)?;
    state.parents.guild(tables, guild_id, at)?;
    state.parents.user(tables, user_id, at)?;
    if let Some(channel_id) = channel_id {
        state.parents.channel(tables, channel_id, guild_id, parent::VOICE, at)?;
    }
    let rows = state.tracker.changed(person, channel_id, voice, arrival);
    write(tables, &rows)
}

pub(super) fn snapshot(
    tables: &mut impl Tables,
    state: &mut State,
    event: &VoiceSnapshot,
    arrival: Arrival,
) -> Result<Outcome, Error> {
    let VoiceSnapshot { at, guild_id, voices } = event;
    state.parents.guild(tables, *guild_id, *at)?;
    for voice in voices {
        learn(tables, &mut state.tracker, Person { guild_id: *guild_id, user_id: voice.user_id })?;
        state.parents.user(tables, voice.user_id, *at)?;
        state.parents.channel(tables, voice.channel_id, *guild_id, parent::VOICE, *at)?;
    }
    let rows = state.tracker.snapshot(*guild_id, voices, arrival);
    write(tables, &rows)
}

/// Writes the tracker's rows.
pub(super) fn write(tables: &mut impl Tables, rows: &[Row]) -> Result<Outcome, Error> {
    apply(tables, rows)?;
    Ok(Outcome::of(!rows.is_empty()))
}
