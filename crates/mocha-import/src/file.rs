//! Imports one file.

use std::{collections::HashSet, ops::ControlFlow, path::PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use mocha_adapter::{
    Channel as RecordedChannel, Context, Guild as RecordedGuild, Intents, Interaction as RecordedInteraction,
    Message as RecordedMessage, ResourceType, Translation, User as RecordedUser,
};
use mocha_recorder::{Error, ErrorKind, Event, Recorder, event::GlobalName};
use mocha_schema::{ChannelId, GuildId, IdError, MessageId, UserId};

use crate::{
    FileError, FileReport, SkipReason,
    document::{Header, Sink},
    format::{Channel, Guild, Message, User},
    kind,
};

/// Why reading ends before the end of the file.
#[derive(Debug)]
pub(crate) enum Stop {
    File(FileError),
    /// The recorder takes nothing more.
    Recorder(Error),
    /// The callback asked for it.
    Requested,
}

impl From<FileError> for Stop {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// The settings of an import.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) raw_content: bool,
    pub(crate) recorder: Recorder,
    pub(crate) since: Option<DateTime<Utc>>,
}

/// How often the callback is called, in messages.
const PROGRESS_EVERY: u64 = 1_000;

/// A file while it is imported.
pub(crate) struct File<'a> {
    /// Messages from before it are skipped.
    horizon: DateTime<Utc>,
    on_progress: &'a mut dyn FnMut(&FileReport) -> ControlFlow<()>,
    report: FileReport,
    settings: &'a Settings,
    /// The users that were recorded, so that each is recorded once.
    users: HashSet<UserId>,
}

impl<'a> File<'a> {
    pub(crate) fn new(
        path: PathBuf,
        settings: &'a Settings,
        horizon: DateTime<Utc>,
        on_progress: &'a mut dyn FnMut(&FileReport) -> ControlFlow<()>,
    ) -> Self {
        Self { horizon, on_progress, report: FileReport::new(path), settings, users: HashSet::new() }
    }

    pub(crate) fn into_report(self) -> FileReport {
        self.report
    }

    /// Returns the events of a message, or why it is skipped.
    fn translate(&mut self, json: &str) -> Result<Vec<Event>, (SkipReason, String)> {
        let message: Message<'_> =
            serde_json::from_str(json).map_err(|error| (SkipReason::Unreadable, error.to_string()))?;
        let (Some(guild_id), Some(channel_id)) = (self.report.guild_id, self.report.channel_id) else {
            return Err((SkipReason::Unreadable, "the file names no guild and channel".into()));
        };
        let message_id: MessageId = id("id", &message.id)?;
        let kind = kind::message(&message.kind).ok_or_else(|| (SkipReason::UnknownType, message.kind.to_string()))?;
        let sent_at = created_at(message_id.get());
        check_time(sent_at, message.timestamp.as_deref())?;
        if self.settings.since.is_some_and(|since| sent_at < since) {
            return Err((SkipReason::BeforeStart, format!("message {message_id}")));
        }
        if sent_at < self.horizon {
            return Err((SkipReason::BeforeHorizon, format!("message {message_id}")));
        }
        let user = message.interaction.as_ref().map(|interaction| user("interaction.user.id", &interaction.user));
        let recorded = RecordedMessage {
            author: user_of_author(&message.author)?,
            channel_id,
            content: &message.content,
            guild_id,
            has_attachment: !message.attachments.is_empty(),
            has_embed: !message.embeds.is_empty(),
            interaction: user.transpose()?.map(|user| RecordedInteraction { is_follow_up: false, user }),
            is_webhook: false,
            kind,
            membership: None,
            mentions: Vec::new(),
            message_id,
            reply: None,
            sent_at,
        };
        let is_raw = self.settings.raw_content && !kind::has_invented_text(kind);
        let mut translation = translation(sent_at, is_raw);
        translation.message(&recorded);
        let mut events = translation.into_events();
        for event in &mut events {
            if let Event::UserSeen(user) = event {
                user.at = created_at(user.user_id.get());
                if user.global_name == GlobalName::None {
                    user.global_name = GlobalName::Unknown;
                }
            }
        }
        events.retain(|event| !matches!(event, Event::UserSeen(user) if !self.users.insert(user.user_id)));
        Ok(events)
    }
}

impl Sink for File<'_> {
    type Stop = Stop;

    fn header(&mut self, Header { channel, guild }: Header) -> Result<(), Stop> {
        if guild.id == "0" {
            return Err(FileError::DirectMessages.into());
        }
        let guild_id: GuildId = header_id("guild.id", &guild.id)?;
        let channel_id: ChannelId = header_id("channel.id", &channel.id)?;
        let parent_id = channel.category_id.as_deref().filter(|id| *id != "0" && !id.is_empty());
        let parent_id = parent_id.map(|id| header_id("channel.categoryId", id)).transpose()?;
        (self.report.guild_id, self.report.channel_id) = (Some(guild_id), Some(channel_id));
        let mut events = seen_guild(&guild, guild_id);
        events.extend(seen_channels(&channel, channel_id, parent_id, guild_id));
        self.settings.recorder.record_all_blocking(events).map_err(Stop::Recorder)
    }

    fn message(&mut self, json: &str) -> Result<(), Stop> {
        match self.translate(json) {
            Ok(events) => match self.settings.recorder.record_all_blocking(events) {
                Ok(()) => self.report.taken += 1,
                Err(error) if matches!(error.kind(), ErrorKind::InvalidEvent { .. }) => {
                    self.report.skip(SkipReason::Refused, error);
                }
                Err(error) => return Err(Stop::Recorder(error)),
            },
            Err((reason, detail)) => self.report.skip(reason, detail),
        }
        if self.report.messages().is_multiple_of(PROGRESS_EVERY) && (self.on_progress)(&self.report).is_break() {
            return Err(Stop::Requested);
        }
        Ok(())
    }
}

/// Begins a translation of something that was seen at this time.
fn translation(at: DateTime<Utc>, is_content_known: bool) -> Translation {
    let intents = if is_content_known { Intents::MESSAGE_CONTENT } else { Intents::empty() };
    Translation::new(Context { at, current_user: None, intents, resources: ResourceType::default(), shard: None })
}

/// Returns the name and icon of a guild, as of its creation: so they replace nothing that the bot saw.
fn seen_guild(guild: &Guild, guild_id: GuildId) -> Vec<Event> {
    let Some(name) = guild.name.as_deref() else { return Vec::new() };
    let icon = guild.icon_url.as_deref().and_then(|url| hash(url, "/icons/"));
    let mut translation = translation(created_at(guild_id.get()), false);
    translation.guild(&RecordedGuild { afk_channel_id: None, guild_id, icon, member_count: None, name });
    translation.into_events()
}

/// Returns the channel and its category, as of their creation.
fn seen_channels(
    channel: &Channel,
    channel_id: ChannelId,
    parent_id: Option<ChannelId>,
    guild_id: GuildId,
) -> Vec<Event> {
    let kind = channel.kind.as_deref().and_then(kind::channel);
    let seen = |channel_id: ChannelId, kind: u8, name: Option<&str>, parent_id: Option<ChannelId>| {
        let mut translation = translation(created_at(channel_id.get()), false);
        let (is_obfuscated, position) = (false, None);
        translation.channel(&RecordedChannel { channel_id, guild_id, is_obfuscated, kind, name, parent_id, position });
        translation.into_events()
    };
    let Some(kind) = kind else { return Vec::new() };
    let mut events = Vec::new();
    // The exporter calls the channel of a thread its category, and does not say of what type it is.
    if let (Some(category_id), Some(category), false) = (parent_id, channel.category.as_deref(), kind::is_thread(kind))
    {
        events.extend(seen(category_id, kind::CATEGORY, Some(category), None));
    }
    events.extend(seen(channel_id, kind, channel.name.as_deref(), parent_id));
    events
}

fn user_of_author<'a>(author: &'a User<'_>) -> Result<RecordedUser<'a>, (SkipReason, String)> {
    user("author.id", author)
}

fn user<'a>(field: &'static str, user: &'a User<'_>) -> Result<RecordedUser<'a>, (SkipReason, String)> {
    Ok(RecordedUser {
        avatar: user.avatar_url.as_deref().and_then(|url| hash(url, "/avatars/")),
        bot: user.is_bot,
        // Names of the newer kind have `0000` or none.
        discriminator: user.discriminator.as_deref().and_then(|digits| digits.parse().ok()).unwrap_or(0),
        // The exporter does not say whether it is a nickname. It names the user until the bot sees the user.
        global_name: user.nickname.as_deref().filter(|nickname| *nickname != user.name),
        name: &user.name,
        user_id: id(field, &user.id)?,
    })
}

/// Returns the hash of a picture that a user or guild chose: the name of the file below `/avatars/ID/` or `/icons/ID/`.
fn hash(url: &str, folder: &str) -> Option<String> {
    let (_, path) = url.split_once(folder)?;
    let (_, name) = path.split_once('/')?;
    let hash = name.split(['.', '?']).next()?;
    (!hash.is_empty()).then(|| hash.to_owned())
}

fn header_id<Id>(field: &'static str, value: &str) -> Result<Id, FileError>
where
    Id: std::str::FromStr<Err = IdError>,
{
    value.parse().map_err(|_| FileError::InvalidId { field, value: value.to_owned() })
}

fn id<Id>(field: &'static str, value: &str) -> Result<Id, (SkipReason, String)>
where
    Id: std::str::FromStr<Err = IdError>,
{
    value.parse().map_err(|error| (SkipReason::InvalidId, format!("`{field}` is {value:?}: {error}")))
}

/// The start of Discord's time, in unix milliseconds.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// Returns the time in an id.
fn created_at(id: u64) -> DateTime<Utc> {
    // 42 bits of milliseconds end in the year 2154.
    let ms = i64::try_from(id >> 22).unwrap_or(i64::MAX).saturating_add(EPOCH_MS);
    DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Checks that the time beside an id is about that of the id. A damaged id may name any time.
fn check_time(sent_at: DateTime<Utc>, timestamp: Option<&str>) -> Result<(), (SkipReason, String)> {
    let Some(timestamp) = timestamp else { return Ok(()) };
    let beside = DateTime::parse_from_rfc3339(timestamp)
        .map_err(|error| (SkipReason::Unreadable, format!("`timestamp` is {timestamp:?}: {error}")))?;
    if (beside.to_utc() - sent_at).abs() > TimeDelta::days(1) {
        return Err((SkipReason::TimeMismatch, format!("{sent_at} in the id, {timestamp} beside it")));
    }
    Ok(())
}
