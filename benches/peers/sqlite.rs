//! Bare SQLite: the original's tables, settings and statements, prepared in advance, without an ORM.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use mocha_benches::Failure;
use rusqlite::{CachedStatement, Connection, params, types::FromSql};

use crate::{
    data::Line,
    peer::{self, Answer, Kind, Peer, Question, Rate},
};

const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = 10000; \
                       PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456; PRAGMA foreign_keys = ON;";

const SCHEMA: &str = include_str!("message_events.sql");

/// The number of messages in a transaction of the import, as for Mocha.
const ROWS_A_TRANSACTION: usize = 20_000;

const INSERT: &str =
    "INSERT INTO message_events (id, guild_id, channel_id, user_id, message_type, has_attachment, has_embed,
                          character_count, word_count, created_at)
                      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const LEADERBOARD: &str = include_str!("../../crates/mocha-stats/src/documented/documented_leaderboard.sql");
const USER_STATISTICS: &str = include_str!("../../crates/mocha-stats/src/documented/documented_user.sql");

/// The heat map, which the original does not have. This is the fastest statement: it uses only numbers and a covering index.
const HEAT_MAP: &str = "SELECT (created_at / 86400 + 3) % 7 AS weekday, created_at / 3600 % 24 AS hour, COUNT(*)
                        FROM message_events
                        WHERE guild_id = ? AND created_at >= ?
                        GROUP BY weekday, hour";

pub(crate) struct Sqlite {
    conn: Connection,
    path: PathBuf,
}

impl Sqlite {
    pub(crate) fn new(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("stats.db");
        let conn = Connection::open(&path)?;
        conn.execute_batch(PRAGMAS)?;
        conn.execute_batch(SCHEMA)?;
        Ok(Self { conn, path })
    }

    /// Creates a compact file with the same rows.
    pub(crate) fn copy(&self, to: &Path) -> Result<(), Failure> {
        self.checkpoint()?;
        fs::copy(&self.path, to)?;
        Ok(())
    }

    fn checkpoint(&self) -> Result<(), Failure> {
        Ok(self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// Returns the rows of an answer.
    fn rows<const N: usize, T: FromSql>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        of: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<[T; N]>,
    ) -> Result<Vec<[T; N]>, Failure> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(params, |row| of(row))?.collect::<Result<_, _>>()?;
        Ok(rows)
    }

    fn ask(&self, question: &Question) -> Result<Answered, Failure> {
        let Question { since, top, .. } = *question;
        let (guild, user) = (question.guild.to_string(), question.user.to_string());
        Ok(match question.kind {
            Kind::HeatMap => Answered::Numbers(self.rows(HEAT_MAP, params![guild, since], three)?),
            Kind::Leaderboard => {
                let top = i64::try_from(top)?;
                Answered::Board(self.rows(LEADERBOARD, params![guild, since, top], |row| {
                    Ok([row.get(0)?, row.get::<_, i64>(1)?.to_string(), row.get::<_, i64>(2)?.to_string()])
                })?)
            }
            Kind::UserStatistics => {
                Answered::Numbers(self.rows(USER_STATISTICS, params![guild, user, since], three)?)
            }
        })
    }
}

enum Answered {
    Board(Vec<[String; 3]>),
    Numbers(Vec<[i64; 3]>),
}

fn three(row: &rusqlite::Row<'_>) -> rusqlite::Result<[i64; 3]> {
    Ok([row.get(0)?, row.get::<_, Option<i64>>(1)?.unwrap_or(0), row.get(2)?])
}

impl Peer for Sqlite {
    fn import(&mut self, head: &Path) -> Result<Option<Duration>, Failure> {
        let start = Instant::now();
        let mut lines = BufReader::new(fs::File::open(head)?).lines();
        let mut left = true;
        while left {
            let transaction = self.conn.transaction()?;
            {
                let mut statement = transaction.prepare_cached(INSERT)?;
                let mut rows = 0;
                for line in lines.by_ref().take(ROWS_A_TRANSACTION) {
                    insert(&mut statement, &Line::of(&line?)?)?;
                    rows += 1;
                }
                left = rows == ROWS_A_TRANSACTION;
            }
            transaction.commit()?;
        }
        Ok(Some(start.elapsed()))
    }

    fn insert(&mut self, tail: &Path) -> Result<Rate, Failure> {
        let text = fs::read_to_string(tail)?;
        let lines = text.lines().map(Line::of).collect::<Result<Vec<_>, _>>()?;
        let mut statement = self.conn.prepare_cached(INSERT)?;
        let start = Instant::now();
        for line in &lines {
            insert(&mut statement, line)?;
        }
        let time = start.elapsed();
        drop(statement);
        self.conn.execute_batch("ANALYZE")?;
        self.checkpoint()?;
        Ok(Rate { len: lines.len(), time })
    }

    fn bytes(&self) -> Result<u64, Failure> {
        Ok(fs::metadata(&self.path)?.len())
    }

    fn answer(&mut self, question: &Question) -> Result<Answer, Failure> {
        Ok(match self.ask(question)? {
            Answered::Board(rows) => Answer::of(rows),
            Answered::Numbers(rows) => Answer::of(rows),
        })
    }

    fn time(&mut self, question: &Question) -> Result<Duration, Failure> {
        peer::time(|| self.ask(question))
    }
}

fn insert(statement: &mut CachedStatement<'_>, line: &Line<'_>) -> Result<(), Failure> {
    let Line { attachment, channel, characters, embed, guild, id, kind, second, user, words } = *line;
    statement.execute(params![id, guild, channel, user, kind, attachment, embed, characters, words, second])?;
    Ok(())
}
