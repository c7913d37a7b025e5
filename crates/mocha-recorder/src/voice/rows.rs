//! The rows that the tracker finds, and their way into the tables and back.

use chrono::DateTime;
use mocha_schema::{ChannelId, GuildId, NewVoiceEvent, VoiceEventType, VoiceInterval, VoiceState};

use super::{open::Open, tracker::Tracker};
use crate::{Error, Person, backend::Tables};

/// A change of the tables.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Row {
    /// The open interval of the person ends. If nothing is left of it, it vanishes.
    Ended { person: Person, started_at_ms: i64, ended_at_ms: i64 },
    /// An interval, open or not.
    Interval(VoiceInterval),
    /// An entry of the log.
    Logged(Entry),
}

/// An entry of the log, with times in unix milliseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) at_ms: i64,
    pub(crate) channel_id: Option<ChannelId>,
    pub(crate) kind: VoiceEventType,
    pub(crate) person: Person,
    pub(crate) session_started_at_ms: i64,
    pub(crate) state: VoiceState,
}

/// Writes the rows in their order.
pub(crate) fn apply(tables: &mut impl Tables, rows: &[Row]) -> Result<(), Error> {
    for row in rows {
        match row {
            Row::Ended { person, started_at_ms, ended_at_ms } if ended_at_ms > started_at_ms => {
                tables.end_interval(*person, *started_at_ms, *ended_at_ms)?;
            }
            Row::Ended { person, started_at_ms, .. } => tables.delete_open_interval(*person, *started_at_ms)?,
            // A stored interval of the same time stays. There is one only if a clock was wrong for days, or if two
            // programs record one guild.
            Row::Interval(interval) => tables.insert_interval(interval)?,
            Row::Logged(entry) => log(tables, entry)?,
        }
    }
    Ok(())
}

/// Lets the tracker learn what is stored about a person.
pub(crate) fn learn(tables: &mut impl Tables, tracker: &mut Tracker, person: Person) -> Result<(), Error> {
    if tracker.knows(person) {
        return Ok(());
    }
    let last = tables.last_interval(person)?;
    tracker.learn(person, last.and_then(open), last.and_then(|interval| interval.ended_at_ms));
    Ok(())
}

/// Lets the tracker learn the open intervals of these guilds.
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

/// Writes in which guilds voice is not heard completely, as far as that changed.
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

/// Writes until when everybody who is connected is confirmed.
pub(crate) fn stamp(tables: &mut impl Tables, tracker: &mut Tracker) -> Result<(), Error> {
    let rows = tracker.settle();
    apply(tables, &rows)?;
    for (guild_id, people) in tracker.confirmed_by_guild() {
        // There may be open rows of people who are being erased. Those stay as they are.
        tables.stamp_intervals(guild_id, &people, tracker.stamp_ms(guild_id))?;
    }
    Ok(())
}

/// Returns the session of a stored open interval. Its state after the last confirmation is unknown.
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
        // The session is part of the id, because a clock that is set back may end two sessions at the same time.
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
