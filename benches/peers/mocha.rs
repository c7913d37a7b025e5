//! Mocha: the recorder and the queries with default settings.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::DateTime;
use mocha_benches::Failure;
use mocha_schema::{GuildId, UserId};
use mocha_stats::{
    Bots, HeatMap, HeatMapAnswer, Leaderboard, LeaderboardAnswer, MemberStatistics, MessageCounts, Window,
};
use mocha_store::{
    Clock, Recorder, Store, StoreBuilder,
    event::{MessageContent, MessageSent},
};

use crate::{
    data::Line,
    peer::{self, Answer, Kind, Peer, Question, Rate, TOP},
};

/// The size of a transaction of the import. In large transactions, pages that change often are written once.
const IMPORT_BATCH: usize = 20_000;

pub(crate) struct Mocha {
    folder: PathBuf,
    /// `None` until everything is written.
    store: Option<Store>,
}

/// The answer of a query.
enum Loaded {
    Board(Box<LeaderboardAnswer>),
    Map(Box<HeatMapAnswer>),
    Written(MessageCounts),
}

impl Mocha {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), store: None }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("stats.db")
    }

    fn load(&self, question: &Question) -> Result<Loaded, Failure> {
        let store = self.store.as_ref().ok_or("not everything is written")?;
        let Question { days, guild, kind, since, user, .. } = *question;
        let (guild, user, last) = (GuildId::try_from(guild)?, UserId::try_from(user)?, question.last);
        let time = |second| DateTime::from_timestamp(second, 0).ok_or("no such time");
        let window = if days.is_some() { Window::since(time(since)?)? } else { Window::all() };
        let now = time(last)?;
        Ok(store.read(|conn| {
            Ok::<_, mocha_stats::Error>(match kind {
                Kind::HeatMap => {
                    Loaded::Map(Box::new(HeatMap::of(guild).bots(Bots::Include).within(window).load(conn)?))
                }
                Kind::Leaderboard => Loaded::Board(Box::new(
                    Leaderboard::messages(guild).bots(Bots::Include).within(window).limit(TOP).load(conn)?,
                )),
                Kind::UserStatistics => {
                    Loaded::Written(MemberStatistics::of(guild, user).now(now).within(window).load(conn)?.written)
                }
            })
        })?)
    }
}

impl Peer for Mocha {
    fn import(&mut self, head: &Path) -> Result<Option<Duration>, Failure> {
        let store = builder().batch_len(IMPORT_BATCH).open(self.path())?;
        let recorder = store.recorder()?;
        let start = Instant::now();
        for line in BufReader::new(fs::File::open(head)?).lines() {
            recorder.record_blocking(message(&line?)?)?;
        }
        recorder.flush()?;
        let time = start.elapsed();
        finish(&recorder)?;
        Ok(Some(time))
    }

    fn insert(&mut self, tail: &Path) -> Result<Rate, Failure> {
        let lines = BufReader::new(fs::File::open(tail)?).lines();
        let messages = lines.map(|line| message(&line?)).collect::<Result<Vec<_>, Failure>>()?;
        let store = builder().open(self.path())?;
        let recorder = store.recorder()?;
        let start = Instant::now();
        for message in &messages {
            recorder.record_blocking(*message)?;
        }
        recorder.flush()?;
        let time = start.elapsed();
        finish(&recorder)?;
        store.optimize()?;
        store.checkpoint()?;
        drop((recorder, store));
        // Opens the store again, as after a restart, so that every connection has the statistics of ANALYZE.
        self.store = Some(Store::open(self.path())?);
        Ok(Rate { len: messages.len(), time })
    }

    fn bytes(&self) -> Result<u64, Failure> {
        Ok(fs::metadata(self.path())?.len())
    }

    fn answer(&mut self, question: &Question) -> Result<Answer, Failure> {
        Ok(match self.load(question)? {
            Loaded::Board(board) => {
                Answer::of(board.entries.iter().map(|entry| [entry.user_id.get(), entry.value, entry.rank]))
            }
            Loaded::Map(map) => {
                let hours = (0_u64..)
                    .zip(&map.hours)
                    .flat_map(|(day, hours)| (0_u64..).zip(hours).map(move |(hour, messages)| [day, hour, *messages]));
                Answer::of(hours.filter(|[_, _, messages]| *messages > 0))
            }
            Loaded::Written(written) => Answer::of([[written.messages, written.characters, written.attachments]]),
        })
    }

    fn time(&mut self, question: &Question) -> Result<Duration, Failure> {
        peer::time(|| self.load(question))
    }
}

/// Returns a builder for messages from the past.
fn builder() -> StoreBuilder {
    Store::builder().clock(Clock::Events)
}

fn finish(recorder: &Recorder) -> Result<(), Failure> {
    recorder.shutdown()?;
    let stats = recorder.stats();
    if stats.rejected + stats.dropped > 0 {
        Err(format!("not everything was written: {stats:?}").into())
    } else {
        Ok(())
    }
}

fn message(line: &str) -> Result<MessageSent, Failure> {
    let Line { attachment, channel, characters, embed, guild, id, kind, second, user, words } = Line::of(line)?;
    let content = MessageContent { characters, has_attachment: attachment, has_embed: embed, words };
    Ok(MessageSent {
        at: DateTime::from_timestamp(second, 0).ok_or("no such time")?,
        channel_id: channel.parse()?,
        content: Some(content),
        guild_id: guild.parse()?,
        kind,
        message_id: id.parse()?,
        user_id: user.parse()?,
    })
}
