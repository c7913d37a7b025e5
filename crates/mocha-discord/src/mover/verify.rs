//! Compares what both stores have.

use std::{collections::HashMap, ops::ControlFlow, path::PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use mocha_schema::{ChannelId, GuildId, UserId};
use mocha_stats::{AnyConnection, Window};
use mocha_store::{Error, ErrorKind, Store};

use super::{
    MoveDifference, Moved, OnProgress,
    connection::write,
    copy::{Copy, Failure},
    questions::{QUESTIONS, Subject},
    side::Side,
    table,
};
use crate::AnyStore;

/// Compares the numbers of rows of a guild, and the answers of all questions about it.
pub(super) fn guild(
    copy: &mut Copy<'_, '_>,
    guild_id: GuildId,
    rows: &HashMap<&'static str, u64>,
) -> Result<ControlFlow<()>, Failure> {
    let guild = guild_id.to_string();
    for table in table::of_guild() {
        let column = if table.name == "guilds" { "id" } else { "guild_id" };
        let count = format!("(SELECT count(*) FROM {} WHERE {column} = $1)", table.name);
        let to = u64::try_from(write(copy.to, |side| side.number(&count, &guild))?).unwrap_or_default();
        let from = rows.get(table.name).copied().unwrap_or_default();
        if from != to {
            copy.moved.differences.push(MoveDifference::Rows { from, guild_id, table: table.name, to });
        }
    }
    let about = subject(&mut copy.from, guild_id)?;
    let cleaned = if copy.moved.odd.is_empty() { None } else { Some(Cleaned::of(copy, guild_id)?) };
    let windows = [(Window::all(), "all time"), (month(&mut copy.from, &guild)?, "30 days")];
    for (name, ask) in QUESTIONS {
        for (window, of) in windows {
            let ours = match &cleaned {
                Some(Cleaned { store, .. }) => ask_store(store, |conn| ask(conn, &about, window))?,
                None => ask(&mut copy.from.connection(), &about, window).map_err(failed)?,
            };
            let theirs = ask_store(copy.to, |conn| ask(conn, &about, window))?;
            copy.moved.answers += 1;
            if ours != theirs {
                let question = format!("{name}, {of}");
                copy.moved.differences.push(MoveDifference::Answer { guild_id, question });
            }
        }
        if (copy.progress)(copy.moved).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn failed(error: mocha_stats::Error) -> Error {
    Error::with_source(ErrorKind::Database, "a question failed", error)
}

fn ask_store(
    store: &AnyStore,
    ask: impl FnOnce(&mut AnyConnection<'_>) -> Result<String, mocha_stats::Error>,
) -> Result<String, Error> {
    store.read(ask)
}

/// A member and channels to ask about: those with the most messages or the most time in voice.
fn subject(from: &mut Side<'_>, guild_id: GuildId) -> QueryResult<Subject> {
    let guild = guild_id.to_string();
    let mut most = |column: &str| {
        let sql = format!(
            "SELECT CAST({column} AS TEXT) AS line FROM (
                 SELECT {column}, sum(messages) AS total FROM message_days WHERE guild_id = $1 GROUP BY {column}
                 UNION ALL
                 SELECT {column}, sum(voice_ms) FROM voice_channel_days WHERE guild_id = $1 AND channel_id <> 0 GROUP BY {column}
             ) AS total ORDER BY total DESC, {column} LIMIT 4"
        );
        from.texts(&sql, &guild)
    };
    let user_id: Option<UserId> = most("user_id")?.iter().find_map(|id| id.parse().ok());
    let channels: Vec<ChannelId> = most("channel_id")?.iter().filter_map(|id| id.parse().ok()).collect();
    let newest = newest(from, &guild)?;
    let now = DateTime::from_timestamp(newest, 0).unwrap_or(DateTime::UNIX_EPOCH);
    let user_id = user_id.or_else(|| UserId::try_from(1).ok());
    user_id.map(|user_id| Subject { channels, guild_id, now, user_id }).ok_or(diesel::result::Error::NotFound)
}

/// Returns the second of the newest message, or 0.
fn newest(from: &mut Side<'_>, guild: &str) -> QueryResult<i64> {
    let newest =
        "(SELECT max(created_at) FROM message_events WHERE guild_id = $1 AND created_at BETWEEN 0 AND 253402300798)";
    from.number(newest, guild)
}

/// Thirty days that end with the newest message, to the second.
fn month(from: &mut Side<'_>, guild: &str) -> Result<Window, Failure> {
    let end = DateTime::from_timestamp(newest(from, guild)? + 1, 0).unwrap_or(DateTime::UNIX_EPOCH);
    let start: DateTime<Utc> = (end - TimeDelta::days(30)).max(DateTime::UNIX_EPOCH);
    Window::between(start, end).map_err(|error| failed(error).into())
}

/// A temporary file with the rows of a guild that are not odd.
struct Cleaned {
    path: PathBuf,
    store: AnyStore,
}

impl Cleaned {
    fn of(copy: &mut Copy<'_, '_>, guild_id: GuildId) -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("mocha-move-{}-{guild_id}.db", std::process::id()));
        let store = AnyStore::from(Store::open(&path)?);
        let cleaned = Self { path, store };
        let mut moved = Moved::default();
        let mut progress: OnProgress<'_> = Box::new(|_| ControlFlow::Continue(()));
        let mut clean = Copy {
            from: copy.from.again(),
            horizons: HashMap::new(),
            is_rebuilt: true,
            moved: &mut moved,
            plans: copy.plans,
            progress: &mut progress,
            refused: copy.refused.clone(),
            to: &cleaned.store,
            tombstones: mocha_recorder::tombstones::Tombstones::default(),
        };
        clean.one(guild_id)?;
        Ok(cleaned)
    }
}

impl Drop for Cleaned {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm"] {
            let mut path = self.path.clone().into_os_string();
            path.push(end);
            // The system cleans its temporary folder otherwise.
            drop(std::fs::remove_file(path));
        }
    }
}
