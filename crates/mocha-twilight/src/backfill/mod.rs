//! Reads the history of a guild from Discord's API, and records it.

mod error;
mod pages;
mod report;
mod request;
mod threads;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::ControlFlow,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, MessageId};
use twilight_http::Client;
use twilight_model::{
    channel::{Channel, ChannelType},
    gateway::{event::Event, payload::incoming::ChannelCreate},
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, MessageMarker},
    },
};

pub use self::{
    error::{BackfillError, BackfillErrorKind},
    report::{BackfillOutcome, BackfillReport, ChannelReport},
};
use crate::{Adapter, convert};

/// Reads the messages of a guild from before the bot joined it, or while it did not record.
///
/// It reads every channel and thread that the bot may see, from the newest message to the oldest, 100 messages in a request.
/// Archived threads are included, and private ones if the bot has the permission to manage threads or is a member of them. Messages
/// count once, whether the bot recorded them live before or will do so: they have the same ids. Names of users and channels
/// are those of today.
///
/// After each page the file notes how far the channel was read, in the same transaction as the page's messages. If the program is
/// killed, run it again: it continues there. A later run reads only what is new.
///
/// The bot needs the permissions to view the channels and to read their message history. Discord returns an empty history to
/// a bot without the latter, so the report says [`NoHistory`](BackfillOutcome::NoHistory) then. Characters and words are
/// recorded only if the adapter has the intent `MESSAGE_CONTENT` and the bot may use it. Discord knows nothing of deleted messages,
/// of voice and of members who left.
///
/// If retention deleted old messages, history from before its [horizon](mocha_recorder::Recorder::message_horizon) is not read, and
/// the [report](BackfillReport::horizon) says so. To count that history, read it before retention runs: it keeps the roll-ups.
///
/// twilight's client respects Discord's rate limits. Discord allows about a hundred messages a second for each channel.
///
/// # Examples
///
/// ```no_run
/// use std::sync::Arc;
///
/// use mocha_store::Store;
/// use mocha_twilight::{Adapter, backfill::Backfill};
/// use twilight_http::Client;
/// use twilight_model::{gateway::Intents, id::Id};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Store::open("data/stats.db")?;
/// let recorder = store.recorder()?;
/// let http = Arc::new(Client::new(std::env::var("DISCORD_TOKEN")?));
/// let adapter = Adapter::new(recorder.clone(), Intents::GUILDS | Intents::GUILD_MESSAGES);
///
/// let report = Backfill::new(adapter, http, Id::new(81_384_788_765_712_384)).run().await?;
/// recorder.shutdown()?;
/// println!("{report}");
/// # Ok(())
/// # }
/// ```
#[must_use = "it does nothing until `run` is called"]
pub struct Backfill<'p> {
    adapter: Adapter,
    after: Option<Id<MessageMarker>>,
    before: Option<Id<MessageMarker>>,
    channels: Option<BTreeSet<Id<ChannelMarker>>>,
    guild: Id<GuildMarker>,
    http: Arc<Client>,
    on_progress: OnProgress<'p>,
}

/// A closure that gets the channel after each page, and returns whether to go on.
type OnProgress<'p> = Box<dyn FnMut(&ChannelReport) -> ControlFlow<()> + Send + 'p>;

impl fmt::Debug for Backfill<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backfill").field("guild", &self.guild).finish_non_exhaustive()
    }
}

impl<'p> Backfill<'p> {
    /// Prepares to read all channels of a guild, from now to their beginning.
    pub fn new(adapter: Adapter, http: Arc<Client>, guild: Id<GuildMarker>) -> Self {
        Self {
            adapter,
            after: None,
            before: None,
            channels: None,
            guild,
            http,
            on_progress: Box::new(|_| ControlFlow::Continue(())),
        }
    }

    /// Reads only messages with higher ids than this. Default: from the beginning of each channel.
    pub const fn after(mut self, message: Id<MessageMarker>) -> Self {
        self.after = Some(message);
        self
    }

    /// Reads only messages with lower ids than this. Default: up to now.
    pub const fn before(mut self, message: Id<MessageMarker>) -> Self {
        self.before = Some(message);
        self
    }

    /// Reads only these channels and their threads. Default: all.
    pub fn channels(mut self, channels: impl IntoIterator<Item = Id<ChannelMarker>>) -> Self {
        self.channels = Some(channels.into_iter().collect());
        self
    }

    /// Calls a closure after each page, with the channel that is read. If the closure returns [`ControlFlow::Break`], the run
    /// ends, and a later run continues there.
    pub fn on_progress(mut self, on_progress: impl FnMut(&ChannelReport) -> ControlFlow<()> + Send + 'p) -> Self {
        self.on_progress = Box::new(on_progress);
        self
    }

    /// Reads and records.
    ///
    /// A channel that the bot may not read, or that is deleted meanwhile, is left out and reported. Errors of the connection
    /// and of Discord's servers are tried again for half a minute. After `Ok` everything is in the recorder's queue: shut the
    /// recorder down or flush it.
    ///
    /// # Errors
    ///
    /// Messages that were read before an error are recorded.
    ///
    /// * [`BackfillErrorKind::Http`]: Discord refused the token or the guild, or did not answer.
    /// * [`BackfillErrorKind::Recorder`]: the recorder was shut down, or the file cannot be read or written.
    pub async fn run(self) -> Result<BackfillReport, BackfillError> {
        let guild_id: GuildId = convert::id(self.guild);
        let recorder = self.adapter.recorder();
        let mut spans: BTreeMap<ChannelId, Vec<Span>> = BTreeMap::new();
        for span in recorder.histories_async(guild_id).await.map_err(BackfillError::recorder)? {
            let ids = (u64::try_from(span.from_id), u64::try_from(span.before_id));
            if let (Ok(from), Ok(before)) = ids {
                spans.entry(span.channel_id).or_default().push(Span { before, from });
            }
        }
        let now = recorder.now();
        let mut from = self.after.map_or(0, |id| id.get().saturating_add(1));
        let mut report = BackfillReport::default();
        let horizon = recorder.message_horizon_async().await.map_err(BackfillError::recorder)?;
        if from.max(1) < id_of(horizon) {
            from = id_of(horizon);
            report.horizon = Some(horizon);
        }
        let before = self.before.map_or_else(|| id_of(now), Id::get);
        let mut reading = Reading { backfill: self, range: Span { before, from }, report, spans };
        reading.guild().await?;
        Ok(reading.report)
    }
}

/// Messages with ids from `from` on and below `before`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Span {
    before: u64,
    from: u64,
}

/// A run.
struct Reading<'p> {
    backfill: Backfill<'p>,
    range: Span,
    report: BackfillReport,
    /// The histories that earlier runs read.
    spans: BTreeMap<ChannelId, Vec<Span>>,
}

impl Reading<'_> {
    async fn guild(&mut self) -> Result<(), BackfillError> {
        let (http, guild) = (Arc::clone(&self.backfill.http), self.backfill.guild);
        let channels = request::retry(async || Ok(http.guild_channels(guild).await?.models().await?)).await?;
        let active = request::retry(async || Ok(http.active_threads(guild).await?.model().await?.threads)).await?;
        self.record_channels(channels.iter().chain(&active)).await?;
        for channel in &channels {
            if !self.is_wanted(channel.id) {
                continue;
            }
            if has_messages(channel.kind) && self.channel(channel).await?.is_break() {
                return Ok(());
            }
            let archived = self.archived_threads(channel).await?;
            self.record_channels(archived.iter()).await?;
            let of_channel = active.iter().filter(|thread| thread.parent_id == Some(channel.id));
            for thread in of_channel.chain(&archived) {
                if self.channel(thread).await?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn is_wanted(&self, channel: Id<ChannelMarker>) -> bool {
        self.backfill.channels.as_ref().is_none_or(|wanted| wanted.contains(&channel))
    }

    async fn record_channels(&self, channels: impl Iterator<Item = &Channel>) -> Result<(), BackfillError> {
        let now = self.backfill.adapter.recorder().now();
        let mut events = Vec::new();
        for channel in channels {
            let channel = Channel { guild_id: Some(self.backfill.guild), ..channel.clone() };
            let event = Event::ChannelCreate(Box::new(ChannelCreate(channel)));
            events.extend(self.backfill.adapter.translate(&event, now));
        }
        self.record(events).await.map(drop)
    }

    /// Records events, and returns whether all of them were taken.
    async fn record(&self, events: Vec<mocha_recorder::Event>) -> Result<bool, BackfillError> {
        match self.backfill.adapter.recorder().record_all_async(events).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_invalid_input() => {
                tracing::warn!(%error, "a part of the history was not recorded");
                Ok(false)
            }
            Err(error) => Err(BackfillError::recorder(error)),
        }
    }
}

/// Returns whether a channel itself has messages. A forum has them in its threads only.
const fn has_messages(kind: ChannelType) -> bool {
    matches!(
        kind,
        ChannelType::GuildText
            | ChannelType::GuildVoice
            | ChannelType::GuildAnnouncement
            | ChannelType::GuildStageVoice
    )
}

/// Returns the lowest id that a message can have that is sent at this time.
fn id_of(time: DateTime<Utc>) -> u64 {
    /// The start of Discord's time, in unix milliseconds.
    const EPOCH_MS: i64 = 1_420_070_400_000;
    u64::try_from(time.timestamp_millis() - EPOCH_MS).map_or(1, |ms| ms << 22).max(1)
}

/// Returns an id that is not 0.
fn message_id(id: u64) -> Option<MessageId> {
    MessageId::try_from(id).ok()
}
