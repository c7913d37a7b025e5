//! What the tracker finds, in the file.

use chrono::DateTime;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};
use mocha_schema::{
    NewVoiceEvent, VoiceEventType, VoiceInterval,
    schema::{voice_events, voice_intervals},
};

use super::tracker::{Entry, Open, Person, Row, Tracker};

/// Writes the rows in their order.
pub(crate) fn apply(conn: &mut SqliteConnection, rows: &[Row]) -> QueryResult<()> {
    for row in rows {
        match row {
            Row::Ended { person, started_at_ms, ended_at_ms } => end(conn, *person, *started_at_ms, *ended_at_ms)?,
            Row::Interval(interval) => {
                // What the file has of that instant stands: only a clock that was wrong for days, or two programs that
                // record one guild, come to tell another story.
                diesel::insert_into(voice_intervals::table).values(interval).on_conflict_do_nothing().execute(conn)?;
            }
            Row::Logged(entry) => log(conn, entry)?,
        }
    }
    Ok(())
}

/// Tells the tracker what the file says of a person.
pub(crate) fn learn(conn: &mut SqliteConnection, tracker: &mut Tracker, person: Person) -> QueryResult<()> {
    if tracker.knows(person) {
        return Ok(());
    }
    let last: Option<VoiceInterval> = voice_intervals::table
        .filter(voice_intervals::guild_id.eq(person.guild_id))
        .filter(voice_intervals::user_id.eq(person.user_id))
        .order(voice_intervals::started_at_ms.desc())
        .select(VoiceInterval::as_select())
        .first(conn)
        .optional()?;
    tracker.learn(person, last.and_then(open), last.and_then(|interval| interval.ended_at_ms));
    Ok(())
}

/// Tells the tracker who was connected when the file was last written.
pub(crate) fn load_open(conn: &mut SqliteConnection, tracker: &mut Tracker) -> QueryResult<()> {
    let intervals: Vec<VoiceInterval> = voice_intervals::table
        .filter(voice_intervals::ended_at_ms.is_null())
        .select(VoiceInterval::as_select())
        .load(conn)?;
    for interval in intervals {
        let person = Person { guild_id: interval.guild_id, user_id: interval.user_id };
        tracker.learn(person, open(interval), None);
    }
    tracker.commit();
    Ok(())
}

/// Writes down until when everybody who is connected is proved to have been so.
pub(crate) fn stamp(conn: &mut SqliteConnection, tracker: &mut Tracker) -> QueryResult<()> {
    let rows = tracker.settle();
    apply(conn, &rows)?;
    for (guild_id, people) in tracker.proved_by_guild() {
        // Only these: the file may have open rows of people who are being erased.
        let people: Vec<String> = people.iter().map(|user_id| format!("\"{user_id}\"")).collect();
        // By name, for without statistics SQLite would read all that the guild ever had. What is proved already is
        // left: a replay of what the file has proves nothing new.
        sql_query(
            "UPDATE voice_intervals INDEXED BY idx_voice_intervals_open SET seen_at_ms = ?1 \
             WHERE guild_id = ?2 AND ended_at_ms IS NULL AND seen_at_ms < ?1 \
             AND user_id IN (SELECT value FROM json_each(?3))",
        )
        .bind::<BigInt, _>(tracker.confirmed_ms(guild_id))
        .bind::<Text, _>(guild_id)
        .bind::<Text, _>(format!("[{}]", people.join(",")))
        .execute(conn)?;
    }
    Ok(())
}

/// An open interval of the file: nobody knows what came after its last proof.
fn open(interval: VoiceInterval) -> Option<Open> {
    interval.ended_at_ms.is_none().then_some(Open {
        channel_id: interval.channel_id,
        claimed: false,
        frozen: false,
        lost_since_ms: Some(interval.seen_at_ms.max(interval.started_at_ms)),
        session_started_at_ms: interval.session_started_at_ms,
        started_at_ms: interval.started_at_ms,
        state: interval.state,
        unreachable: false,
    })
}

fn end(conn: &mut SqliteConnection, person: Person, started_at_ms: i64, ended_at_ms: i64) -> QueryResult<()> {
    let row = voice_intervals::table
        .find((person.guild_id, person.user_id, started_at_ms))
        .filter(voice_intervals::ended_at_ms.is_null());
    if ended_at_ms > started_at_ms {
        diesel::update(row)
            .set((voice_intervals::ended_at_ms.eq(ended_at_ms), voice_intervals::seen_at_ms.eq(ended_at_ms)))
            .execute(conn)?;
    } else {
        diesel::delete(row).execute(conn)?;
    }
    Ok(())
}

fn log(conn: &mut SqliteConnection, entry: &Entry) -> QueryResult<()> {
    let Entry { at_ms, channel_id, kind, person: Person { guild_id, user_id }, session_started_at_ms, state } = *entry;
    let time = |ms: i64| DateTime::from_timestamp_millis(ms).map(Into::into);
    // Every event was checked to lie between 1970 and 9999.
    let Some(created_at) = time(at_ms) else { return Ok(()) };
    let left = kind == VoiceEventType::Leave;
    diesel::insert_or_ignore_into(voice_events::table)
        .values(NewVoiceEvent {
            // With the session, for two that a clock set back makes end at one instant are two all the same.
            id: &format!("{kind}:{guild_id}:{user_id}:{session_started_at_ms}:{at_ms}"),
            guild_id,
            channel_id,
            user_id,
            event_type: kind,
            session_start: time(session_started_at_ms),
            session_end: left.then_some(created_at),
            duration: Some(if left { at_ms.saturating_sub(session_started_at_ms) } else { 0 }),
            muted: Some(state.is_muted()),
            deafened: Some(state.is_deafened()),
            created_at,
        })
        .execute(conn)?;
    Ok(())
}
