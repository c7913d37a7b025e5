//! Voice: what the tracker makes of it.

use diesel::prelude::*;

use super::{Outcome, State, parent};
use crate::{
    event::{VoiceSnapshot, VoiceStateChanged},
    voice::{Person, Row, Told, apply, learn},
};

pub(super) fn changed(
    conn: &mut SqliteConnection,
    state: &mut State,
    event: &VoiceStateChanged,
    told: Told,
) -> QueryResult<Outcome> {
    let VoiceStateChanged { at, channel_id, guild_id, state: voice, user_id } = *event;
    let person = Person { guild_id, user_id };
    learn(conn, &mut state.tracker, person)?;
    state.parents.guild(conn, guild_id, at)?;
    state.parents.user(conn, user_id, at)?;
    if let Some(channel_id) = channel_id {
        state.parents.channel(conn, channel_id, guild_id, parent::VOICE, at)?;
    }
    let rows = state.tracker.changed(person, channel_id, voice, told);
    write(conn, &rows)
}

pub(super) fn snapshot(
    conn: &mut SqliteConnection,
    state: &mut State,
    event: &VoiceSnapshot,
    told: Told,
) -> QueryResult<Outcome> {
    let VoiceSnapshot { at, guild_id, voices } = event;
    state.parents.guild(conn, *guild_id, *at)?;
    for voice in voices {
        learn(conn, &mut state.tracker, Person { guild_id: *guild_id, user_id: voice.user_id })?;
        state.parents.user(conn, voice.user_id, *at)?;
        state.parents.channel(conn, voice.channel_id, *guild_id, parent::VOICE, *at)?;
    }
    let rows = state.tracker.snapshot(*guild_id, voices, told);
    write(conn, &rows)
}

/// Writes what the tracker found.
pub(super) fn write(conn: &mut SqliteConnection, rows: &[Row]) -> QueryResult<Outcome> {
    apply(conn, rows)?;
    Ok(Outcome::of(!rows.is_empty()))
}
