//! A server for the tests of faults, and the contents of its file.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    QueryableByName, SqliteConnection,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Integer, Text},
};
use mocha_schema::{
    GuildId, MemberEvent, MemberEventType, PresenceStatus, UserId, VoiceEventType, VoiceInterval,
    schema::{guilds, member_events, members, message_events, presence_events, voice_events, voice_intervals},
};
use mocha_sim::{Found, MessageTotals, Server, Session, VoiceActivity};
use mocha_store::{Event, Store};

pub(crate) type TestResult<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub(crate) const BRIDGE_LIMIT_MS: i64 = 300_000;

/// Returns the server's events before the end.
pub(crate) fn events(server: Server, end: DateTime<Utc>) -> Vec<Event> {
    server.events().take_while(|event| event.at() < end).collect()
}

/// Returns some hours of a small and busy server, over a midnight.
pub(crate) fn server(seed: u64, members: u32) -> Server {
    Server::new(seed)
        .days(1)
        .start(midnight() - TimeDelta::minutes(100))
        .members(members)
        .messages_per_day(300)
        .text_channels(3)
        .voice_channels(3)
        .voice_sessions_per_day(400)
}

pub(crate) fn midnight() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(19_724)
}

/// Reads the contents of the file.
pub(crate) fn find(store: &Store, guild_id: GuildId) -> TestResult<Found> {
    Ok(store.read(|conn| find_in(conn, guild_id))?)
}

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

fn find_in(conn: &mut SqliteConnection, guild_id: GuildId) -> Result<Found, BoxedError> {
    let mut found = Found {
        intervals: voice_intervals::table
            .filter(voice_intervals::guild_id.eq(guild_id))
            .select(VoiceInterval::as_select())
            .load(conn)?,
        members: members::table
            .filter(members::guild_id.eq(guild_id))
            .select(members::user_id)
            .load(conn)?
            .into_iter()
            .collect(),
        ..Found::default()
    };
    let moves: Vec<MemberEvent> = member_events::table
        .filter(member_events::guild_id.eq(guild_id))
        .select(MemberEvent::as_select())
        .load(conn)?;
    for entry in moves {
        let counts = match entry.event_type {
            MemberEventType::Join => &mut found.joins,
            MemberEventType::Leave if entry.is_inferred() => &mut found.inferred_leaves,
            MemberEventType::Leave => &mut found.leaves,
        };
        *counts.entry(entry.user_id).or_default() += 1;
    }
    let count: Option<Option<i32>> =
        guilds::table.find(guild_id).select(guilds::member_count).get_result(conn).optional()?;
    found.member_count = count.flatten().map(u64::try_from).transpose()?;
    found.presences = presences(conn, guild_id)?;
    let messages: Vec<(UserId, Option<i32>, Option<i32>)> = message_events::table
        .filter(message_events::guild_id.eq(guild_id))
        .select((message_events::user_id, message_events::character_count, message_events::word_count))
        .load(conn)?;
    for (user_id, characters, words) in messages {
        let totals: &mut MessageTotals = found.messages.entry(user_id).or_default();
        totals.messages += 1;
        totals.characters += u64::try_from(characters.unwrap_or(0))?;
        totals.words += u64::try_from(words.unwrap_or(0))?;
    }
    found.sessions = sessions(conn, guild_id)?;
    found.voice_activity = voice_activity(conn, guild_id)?;
    Ok(found)
}

/// Returns the last status of each member. Rows have whole seconds, and the id ends with the milliseconds.
fn presences(
    conn: &mut SqliteConnection,
    guild_id: GuildId,
) -> Result<BTreeMap<UserId, Option<PresenceStatus>>, BoxedError> {
    let rows: Vec<(String, UserId, Option<PresenceStatus>)> = presence_events::table
        .filter(presence_events::guild_id.eq(guild_id))
        .select((presence_events::id, presence_events::user_id, presence_events::status))
        .load(conn)?;
    let mut last = BTreeMap::<UserId, (i64, Option<PresenceStatus>)>::new();
    for (id, user_id, status) in rows {
        let at_ms: i64 = id.rsplit(':').next().ok_or("an id without a time")?.parse()?;
        if last.get(&user_id).is_none_or(|(last_ms, _)| *last_ms < at_ms) {
            last.insert(user_id, (at_ms, status));
        }
    }
    Ok(last.into_iter().map(|(user_id, (_, status))| (user_id, status)).collect())
}

/// Returns the sessions that have a leave. Rows have whole seconds, and the id ends with the milliseconds of the end.
fn sessions(conn: &mut SqliteConnection, guild_id: GuildId) -> Result<Vec<Session>, BoxedError> {
    let leaves: Vec<(String, UserId, Option<i64>)> = voice_events::table
        .filter(voice_events::guild_id.eq(guild_id))
        .filter(voice_events::event_type.eq(VoiceEventType::Leave))
        .select((voice_events::id, voice_events::user_id, voice_events::duration))
        .load(conn)?;
    let session = |(id, user_id, duration): (String, UserId, Option<i64>)| {
        let ended_at_ms: i64 = id.rsplit(':').next().ok_or("an id without a time")?.parse()?;
        let duration = duration.ok_or("a leave without a duration")?;
        Ok(Session { user_id, started_at_ms: ended_at_ms - duration, ended_at_ms })
    };
    leaves.into_iter().map(session).collect()
}

#[derive(QueryableByName)]
struct VoiceRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    total_voice_time: i64,
    #[diesel(sql_type = Integer)]
    session_count: i32,
}

/// The documented query, verbatim.
fn voice_activity(
    conn: &mut SqliteConnection,
    guild_id: GuildId,
) -> Result<BTreeMap<UserId, VoiceActivity>, BoxedError> {
    let rows: Vec<VoiceRow> = sql_query(include_str!("../../../mocha-stats/src/documented/documented_voice.sql"))
        .bind::<Text, _>(guild_id)
        .bind::<BigInt, _>(0)
        .load(conn)?;
    let row = |row: VoiceRow| {
        let session_count = u64::try_from(row.session_count)?;
        Ok((row.user_id.parse()?, VoiceActivity { session_count, total_voice_time: row.total_voice_time }))
    };
    rows.into_iter().map(row).collect()
}
