//! What the tracker finds, as rows.

use chrono::DateTime;
use mocha_schema::{GuildId, NewVoiceEvent, VoiceEventType, VoiceInterval};

use super::tracker::{Entry, Open, Row, Tracker};
use crate::{Error, Person, backend::Tables};

/// Writes the rows in their order.
pub(crate) fn apply(tables: &mut impl Tables, rows: &[Row]) -> Result<(), Error> {
    for row in rows {
        match row {
            Row::Ended { person, started_at_ms, ended_at_ms } if ended_at_ms > started_at_ms => {
                tables.end_interval(*person, *started_at_ms, *ended_at_ms)?;
            }
            Row::Ended { person, started_at_ms, .. } => tables.delete_open_interval(*person, *started_at_ms)?,
            // What is stored of that instant stands: only a clock that was wrong for days, or two programs that record
            // one guild, come to tell another story.
            Row::Interval(interval) => tables.insert_interval(interval)?,
            Row::Logged(entry) => log(tables, entry)?,
        }
    }
    Ok(())
}

/// Tells the tracker what is stored of a person.
pub(crate) fn learn(tables: &mut impl Tables, tracker: &mut Tracker, person: Person) -> Result<(), Error> {
    if tracker.knows(person) {
        return Ok(());
    }
    let last = tables.last_interval(person)?;
    tracker.learn(person, last.and_then(open), last.and_then(|interval| interval.ended_at_ms));
    Ok(())
}

/// Tells the tracker who was connected in these guilds when that was last noted.
pub(crate) fn load_open(
    tables: &mut impl Tables,
    tracker: &mut Tracker,
    serves: impl Fn(GuildId) -> bool,
) -> Result<(), Error> {
    let unheard = tables.unheard_guilds()?;
    for interval in tables.open_intervals()?.into_iter().filter(|interval| serves(interval.guild_id)) {
        let person = Person { guild_id: interval.guild_id, user_id: interval.user_id };
        let unreachable = unheard.contains(&interval.guild_id);
        tracker.learn(person, open(interval).map(|open| Open { unreachable, ..open }), None);
    }
    tracker.commit();
    Ok(())
}

/// Writes down in which guilds voice was not heard completely, as far as that changed.
pub(crate) fn store_unheard(tables: &mut impl Tables, tracker: &Tracker) -> Result<(), Error> {
    for (guild_id, is_unheard) in tracker.unheard_changes() {
        if is_unheard {
            tables.insert_unheard_guild(guild_id)?;
        } else {
            tables.delete_unheard_guild(guild_id)?;
        }
    }
    Ok(())
}

/// Writes down until when everybody who is connected is proved to have been so.
pub(crate) fn stamp(tables: &mut impl Tables, tracker: &mut Tracker) -> Result<(), Error> {
    let rows = tracker.settle();
    apply(tables, &rows)?;
    for (guild_id, people) in tracker.proved_by_guild() {
        // Only these: there may be open rows of people who are being erased.
        tables.stamp_intervals(guild_id, &people, tracker.stamp_ms(guild_id))?;
    }
    Ok(())
}

/// An open interval that is stored: nobody knows what came after its last proof.
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

fn log(tables: &mut impl Tables, entry: &Entry) -> Result<(), Error> {
    let Entry { at_ms, channel_id, kind, person: Person { guild_id, user_id }, session_started_at_ms, state } = *entry;
    let time = |ms: i64| DateTime::from_timestamp_millis(ms).map(Into::into);
    // Every event was checked to lie between 1970 and 9999.
    let Some(created_at) = time(at_ms) else { return Ok(()) };
    let left = kind == VoiceEventType::Leave;
    tables.insert_voice_event(&NewVoiceEvent {
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
}
