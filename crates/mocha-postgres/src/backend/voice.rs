//! Intervals of voice, and the voice log.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::{
    PgConnection, QueryResult,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool, Nullable, Text},
};
use mocha_recorder::{Error, Person, backend::VoiceTable};
use mocha_schema::{
    ChannelId, GuildId, NewVoiceEvent, Snowflake, UnixTime, UserId, VoiceInterval,
    schema::{unheard_guilds, voice_intervals},
};

use super::{Executed as _, PgTables};

/// The guild, the user and the start of an interval.
type Key = (GuildId, UserId, i64);

/// Intervals and entries of the log, until the flush.
#[derive(Debug, Default)]
pub(super) struct HeldVoice {
    added: BTreeMap<Key, VoiceInterval>,
    /// The ends of intervals that are open in the table.
    ended: BTreeMap<Key, i64>,
    log: Vec<Logged>,
}

/// An entry of the log that owns its texts.
#[derive(Debug)]
struct Logged {
    channel_id: Option<ChannelId>,
    created_at: i64,
    deafened: Option<bool>,
    duration: Option<i64>,
    guild_id: GuildId,
    id: String,
    kind: &'static str,
    muted: Option<bool>,
    session_end: Option<i64>,
    session_start: Option<i64>,
    user_id: UserId,
}

/// The person's interval that started then, if it has no end.
macro_rules! open_row {
    ($person:expr, $started_at_ms:expr) => {
        voice_intervals::table
            .find(($person.guild_id, $person.user_id, $started_at_ms))
            .filter(voice_intervals::ended_at_ms.is_null())
    };
}

impl VoiceTable for PgTables<'_> {
    fn last_interval(&mut self, person: Person) -> Result<Option<VoiceInterval>, Error> {
        if let Some(last) = self.ahead.intervals.get(&person) {
            return Ok(*last);
        }
        self.flush_intervals()?;
        let named = if self.ahead.named_in_voice.contains(&person) {
            std::mem::take(&mut self.ahead.named_in_voice)
        } else {
            HashSet::from([person])
        };
        for people in self.ahead.lookups(named) {
            self.ahead.intervals.extend(last_intervals(self.conn, people).executed()?);
        }
        Ok(self.ahead.intervals.get(&person).copied().flatten())
    }

    fn open_intervals(&mut self) -> Result<Vec<VoiceInterval>, Error> {
        self.flush_intervals()?;
        voice_intervals::table
            .filter(voice_intervals::ended_at_ms.is_null())
            .select(VoiceInterval::as_select())
            .load(self.conn)
            .executed()
    }

    fn insert_interval(&mut self, interval: &VoiceInterval) -> Result<(), Error> {
        let VoiceInterval { guild_id, user_id, started_at_ms, .. } = *interval;
        self.ahead.intervals.remove(&Person { guild_id, user_id });
        self.voice.added.entry((guild_id, user_id, started_at_ms)).or_insert(*interval);
        Ok(())
    }

    fn end_interval(&mut self, person: Person, started_at_ms: i64, ended_at_ms: i64) -> Result<(), Error> {
        let key = (person.guild_id, person.user_id, started_at_ms);
        self.ahead.intervals.remove(&person);
        if let Some(held) = self.voice.added.get_mut(&key).filter(|held| held.ended_at_ms.is_none()) {
            held.ended_at_ms = Some(ended_at_ms);
            held.seen_at_ms = ended_at_ms;
        }
        // If the table has the interval, the held one is not written.
        self.voice.ended.entry(key).or_insert(ended_at_ms);
        Ok(())
    }

    fn delete_open_interval(&mut self, person: Person, started_at_ms: i64) -> Result<(), Error> {
        self.ahead.intervals.remove(&person);
        self.flush_intervals()?;
        diesel::delete(open_row!(person, started_at_ms)).execute(self.conn).executed()?;
        Ok(())
    }

    fn stamp_intervals(&mut self, guild_id: GuildId, user_ids: &[UserId], seen_at_ms: i64) -> Result<(), Error> {
        self.ahead.intervals.clear();
        self.flush_intervals()?;
        let open = voice_intervals::table
            .filter(voice_intervals::guild_id.eq(guild_id))
            .filter(voice_intervals::user_id.eq_any(user_ids))
            .filter(voice_intervals::ended_at_ms.is_null())
            .filter(voice_intervals::seen_at_ms.lt(seen_at_ms));
        diesel::update(open).set(voice_intervals::seen_at_ms.eq(seen_at_ms)).execute(self.conn).executed()?;
        Ok(())
    }

    fn insert_voice_event(&mut self, event: &NewVoiceEvent<'_>) -> Result<(), Error> {
        let NewVoiceEvent { id, guild_id, channel_id, user_id, event_type, .. } = *event;
        let NewVoiceEvent { session_start, session_end, duration, muted, deafened, created_at, .. } = *event;
        self.voice.log.push(Logged {
            channel_id,
            created_at: second(created_at),
            deafened,
            duration,
            guild_id,
            id: id.to_owned(),
            kind: event_type.as_str(),
            muted,
            session_end: session_end.map(second),
            session_start: session_start.map(second),
            user_id,
        });
        Ok(())
    }

    fn unheard_guilds(&mut self) -> Result<Vec<GuildId>, Error> {
        unheard_guilds::table.select(unheard_guilds::guild_id).load(self.conn).executed()
    }

    fn insert_unheard_guild(&mut self, guild_id: GuildId) -> Result<(), Error> {
        diesel::insert_into(unheard_guilds::table)
            .values(unheard_guilds::guild_id.eq(guild_id))
            .on_conflict_do_nothing()
            .execute(self.conn)
            .executed()?;
        Ok(())
    }

    fn delete_unheard_guild(&mut self, guild_id: GuildId) -> Result<(), Error> {
        diesel::delete(unheard_guilds::table.find(guild_id)).execute(self.conn).executed()?;
        Ok(())
    }
}

/// Looks up the last interval of each person.
fn last_intervals(conn: &mut PgConnection, people: Vec<Person>) -> QueryResult<HashMap<Person, Option<VoiceInterval>>> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = Snowflake)]
        guild_id: GuildId,
        #[diesel(sql_type = BigInt)]
        started_at_ms: i64,
        #[diesel(sql_type = Snowflake)]
        user_id: UserId,
    }
    let mut found: HashMap<Person, Option<VoiceInterval>> = people.iter().map(|person| (*person, None)).collect();
    if people.is_empty() {
        return Ok(found);
    }
    let (guilds, users): (Vec<GuildId>, Vec<UserId>) =
        people.into_iter().map(|person| (person.guild_id, person.user_id)).unzip();
    let last: Vec<Last> = sql_query(
        "SELECT person.guild_id, person.user_id, last.started_at_ms
         FROM unnest($1, $2) AS person (guild_id, user_id), LATERAL (
             SELECT started_at_ms FROM voice_intervals AS own
             WHERE own.guild_id = person.guild_id AND own.user_id = person.user_id AND own.guild_id = ANY ($3)
             ORDER BY started_at_ms DESC LIMIT 1
         ) AS last",
    )
    .bind::<Array<Snowflake>, _>(&guilds)
    .bind::<Array<Snowflake>, _>(users)
    .bind::<Array<Snowflake>, _>(guilds.iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>())
    .load(conn)?;
    let keys: HashSet<Key> = last.iter().map(|last| (last.guild_id, last.user_id, last.started_at_ms)).collect();
    let intervals: Vec<VoiceInterval> = voice_intervals::table
        .filter(voice_intervals::guild_id.eq_any(column(&last, |last| last.guild_id)))
        .filter(voice_intervals::user_id.eq_any(column(&last, |last| last.user_id)))
        .filter(voice_intervals::started_at_ms.eq_any(column(&last, |last| last.started_at_ms)))
        .select(VoiceInterval::as_select())
        .load(conn)?;
    // Two guilds may each have an interval of the user that started at the same instant.
    for interval in intervals {
        let VoiceInterval { guild_id, user_id, started_at_ms, .. } = interval;
        if keys.contains(&(guild_id, user_id, started_at_ms)) {
            found.insert(Person { guild_id, user_id }, Some(interval));
        }
    }
    Ok(found)
}

impl PgTables<'_> {
    /// Writes the intervals that are held, because an operation reads or changes some in the table.
    fn flush_intervals(&mut self) -> Result<(), Error> {
        self.voice.flush_intervals(self.conn, self.ahead.is_distributed()).executed()
    }
}

impl HeldVoice {
    /// Writes everything.
    pub(super) fn flush(&mut self, conn: &mut PgConnection, is_distributed: bool) -> QueryResult<()> {
        self.flush_intervals(conn, is_distributed)?;
        let rows = std::mem::take(&mut self.log);
        if rows.is_empty() {
            return Ok(());
        }
        sql_query(
            "INSERT INTO voice_events (id, guild_id, channel_id, user_id, event_type, session_start, session_end, duration,
                 muted, deafened, created_at)
             SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS held (id, guild_id)
             ORDER BY guild_id, id ON CONFLICT DO NOTHING",
        )
        .bind::<Array<Text>, _>(column(&rows, |row| row.id.as_str()))
        .bind::<Array<Snowflake>, _>(column(&rows, |row| row.guild_id))
        .bind::<Array<Nullable<Snowflake>>, _>(column(&rows, |row| row.channel_id))
        .bind::<Array<Snowflake>, _>(column(&rows, |row| row.user_id))
        .bind::<Array<Text>, _>(column(&rows, |row| row.kind))
        .bind::<Array<Nullable<BigInt>>, _>(column(&rows, |row| row.session_start))
        .bind::<Array<Nullable<BigInt>>, _>(column(&rows, |row| row.session_end))
        .bind::<Array<Nullable<BigInt>>, _>(column(&rows, |row| row.duration))
        .bind::<Array<Nullable<Bool>>, _>(column(&rows, |row| row.muted))
        .bind::<Array<Nullable<Bool>>, _>(column(&rows, |row| row.deafened))
        .bind::<Array<BigInt>, _>(column(&rows, |row| row.created_at))
        .execute(conn)?;
        Ok(())
    }

    /// Writes the ends first, because a user has at most one open interval.
    fn flush_intervals(&mut self, conn: &mut PgConnection, is_distributed: bool) -> QueryResult<()> {
        let ended: Vec<(Key, i64)> = std::mem::take(&mut self.ended).into_iter().collect();
        // Citus locks the table for an update of several guilds.
        for ended in ended.chunk_by(|((one, ..), _), ((other, ..), _)| !is_distributed || one == other) {
            sql_query(
                "UPDATE voice_intervals AS own SET ended_at_ms = held.ended_at_ms, seen_at_ms = held.ended_at_ms
                 FROM unnest($1, $2, $3, $4) AS held (guild_id, user_id, started_at_ms, ended_at_ms)
                 WHERE own.guild_id = held.guild_id AND own.user_id = held.user_id
                     AND own.started_at_ms = held.started_at_ms AND own.ended_at_ms IS NULL AND own.guild_id = ANY ($5)",
            )
            .bind::<Array<Snowflake>, _>(column(ended, |((guild_id, ..), _)| *guild_id))
            .bind::<Array<Snowflake>, _>(column(ended, |((_, user_id, _), _)| *user_id))
            .bind::<Array<BigInt>, _>(column(ended, |((.., started_at_ms), _)| *started_at_ms))
            .bind::<Array<BigInt>, _>(column(ended, |(_, ended_at_ms)| *ended_at_ms))
            .bind::<Array<Snowflake>, _>(guilds_of(ended))
            .execute(conn)?;
        }
        let added: Vec<VoiceInterval> = std::mem::take(&mut self.added).into_values().collect();
        if added.is_empty() {
            return Ok(());
        }
        sql_query(
            "INSERT INTO voice_intervals (guild_id, user_id, started_at_ms, ended_at_ms, seen_at_ms, session_started_at_ms,
                 channel_id, server_mute, server_deaf, self_mute, self_deaf, stream, video, suppress, assumed)
             SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                 AS held (guild_id, user_id, started_at_ms)
             ORDER BY guild_id, user_id, started_at_ms ON CONFLICT DO NOTHING",
        )
        .bind::<Array<Snowflake>, _>(column(&added, |row| row.guild_id))
        .bind::<Array<Snowflake>, _>(column(&added, |row| row.user_id))
        .bind::<Array<BigInt>, _>(column(&added, |row| row.started_at_ms))
        .bind::<Array<Nullable<BigInt>>, _>(column(&added, |row| row.ended_at_ms))
        .bind::<Array<BigInt>, _>(column(&added, |row| row.seen_at_ms))
        .bind::<Array<BigInt>, _>(column(&added, |row| row.session_started_at_ms))
        .bind::<Array<Nullable<Snowflake>>, _>(column(&added, |row| row.channel_id))
        .bind::<Array<Bool>, _>(column(&added, |row| row.state.server_mute))
        .bind::<Array<Bool>, _>(column(&added, |row| row.state.server_deaf))
        .bind::<Array<Bool>, _>(column(&added, |row| row.state.self_mute))
        .bind::<Array<Bool>, _>(column(&added, |row| row.state.self_deaf))
        .bind::<Array<Bool>, _>(column(&added, |row| row.state.stream))
        .bind::<Array<Bool>, _>(column(&added, |row| row.state.video))
        .bind::<Array<Bool>, _>(column(&added, |row| row.state.suppress))
        .bind::<Array<Bool>, _>(column(&added, |row| row.assumed))
        .execute(conn)?;
        Ok(())
    }
}

/// Returns the guilds of the ended intervals, which are sorted by guild.
fn guilds_of(ended: &[(Key, i64)]) -> Vec<GuildId> {
    let mut guilds = column(ended, |((guild_id, ..), _)| *guild_id);
    guilds.dedup();
    guilds
}

fn second(time: UnixTime) -> i64 {
    DateTime::<Utc>::from(time).timestamp()
}

fn column<'r, R, T>(rows: &'r [R], value: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
