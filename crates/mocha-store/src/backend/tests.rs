//! How the recorder handles a commit without an answer. SQLite answers each commit, so the test withholds an answer.

use std::{collections::HashSet, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use mocha_recorder::{
    Clock, RecorderSettings, RecorderSlot,
    backend::{Backend, WriteError},
    event::{MessageSent, VoiceStateChanged},
};
use mocha_schema::{
    VoiceState,
    schema::{message_events, voice_events, voice_intervals},
};

use super::{SqliteBackend, SqliteTables};
use crate::{
    Error, ErrorKind, Event, Store,
    link::{Link, Location, Settings},
};

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// Breaks the connection during the second transaction, before or after it is committed.
struct Breaking {
    commits: bool,
    committed: HashSet<u64>,
    file: SqliteBackend,
    /// How many attempts to reach the server fail afterwards.
    unreachable: u32,
    writes: u32,
}

fn broken() -> Error {
    Error::new(ErrorKind::Unavailable, "the connection broke")
}

impl Backend for Breaking {
    type Tables<'t> = SqliteTables<'t>;

    fn write<T>(
        &mut self,
        batch: u64,
        work: impl FnOnce(&mut SqliteTables<'_>) -> Result<T, Error>,
    ) -> Result<T, WriteError> {
        self.writes += 1;
        let breaks = self.writes == 2;
        let (commits, unknown) = (self.commits || !breaks, || WriteError::Unknown(broken()));
        let result = self.file.write(batch, |tables| {
            let done = work(tables)?;
            if commits { Ok(done) } else { Err(broken()) }
        });
        if result.is_ok() {
            self.committed.insert(batch);
        }
        if breaks { Err(unknown()) } else { result }
    }

    fn was_committed(&mut self, batch: u64) -> Result<bool, Error> {
        if self.unreachable > 0 {
            self.unreachable -= 1;
            return Err(broken());
        }
        Ok(self.committed.contains(&batch))
    }

    fn finish(&mut self) {
        self.file.finish();
    }
}

fn at(second: i64) -> Result<DateTime<Utc>, Box<dyn std::error::Error>> {
    let start = DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?;
    Ok(start + TimeDelta::seconds(second))
}

fn voice(second: i64, channel: Option<u64>) -> Result<Event, Box<dyn std::error::Error>> {
    let channel_id = channel.map(TryInto::try_into).transpose()?;
    let (guild_id, user_id) = (10.try_into()?, 40.try_into()?);
    Ok(VoiceStateChanged { at: at(second)?, channel_id, guild_id, state: VoiceState::default(), user_id }.into())
}

fn message(second: i64, id: u64) -> Result<Event, Box<dyn std::error::Error>> {
    let (channel_id, guild_id, user_id) = (20.try_into()?, 10.try_into()?, 40.try_into()?);
    let message_id = id.try_into()?;
    Ok(MessageSent { at: at(second)?, channel_id, content: None, guild_id, kind: 0, message_id, user_id }.into())
}

/// Records a message and a minute of voice, with a broken commit in between, and returns the recorder's counts.
fn record(path: &Path, commits: bool) -> Result<(u64, u64, u64), Box<dyn std::error::Error>> {
    let file = SqliteBackend::new(Link::new(Location::file(path)?, Settings::default())?);
    let backend = Breaking { commits, committed: HashSet::new(), file, unreachable: 1, writes: 0 };
    let mut settings = RecorderSettings::default();
    settings.clock = Clock::Events;
    let recorder = RecorderSlot::default().get_or_start(backend, &settings)?;
    recorder.record_all(vec![message(0, 30)?, voice(1, Some(21))?])?;
    // The first flush reports that the connection broke.
    let mut failures = 0;
    while let Err(error) = recorder.flush() {
        assert!(error.is_unavailable(), "{error}");
        failures += 1;
        assert!(failures < 100, "it never resolves the doubt");
    }
    assert!(failures > 0, "nothing broke");
    recorder.record_all(vec![message(30, 31)?, voice(61, None)?])?;
    recorder.flush()?;
    let stats = recorder.stats();
    recorder.shutdown()?;
    Ok((stats.written, stats.duplicate, stats.pending))
}

#[test]
fn a_commit_without_an_answer_is_asked_for_and_neither_lost_nor_repeated() -> TestResult {
    for commits in [true, false] {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("stats.db");
        let store = Store::open(&path)?;
        assert_eq!(record(&path, commits)?, (4, 0, 0), "commits: {commits}");
        let (messages, log, intervals) = store.read(|conn| {
            let messages: i64 = message_events::table.count().get_result(conn)?;
            let log: i64 = voice_events::table.count().get_result(conn)?;
            let intervals: Vec<(i64, Option<i64>)> = voice_intervals::table
                .select((voice_intervals::started_at_ms, voice_intervals::ended_at_ms))
                .load(conn)?;
            QueryResult::Ok((messages, log, intervals))
        })?;
        assert_eq!((messages, log), (2, 2), "commits: {commits}");
        let (from_ms, to_ms) = (at(1)?.timestamp_millis(), at(61)?.timestamp_millis());
        assert_eq!(intervals, [(from_ms, Some(to_ms))], "commits: {commits}");
    }
    Ok(())
}
