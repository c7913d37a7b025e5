//! The answer about the guild of a trace, as one JSON document.

use std::collections::HashMap;

use chrono::{DateTime, DurationRound as _, NaiveDate, TimeDelta, Utc};
use mocha_discord::stats::{
    Bots, Channels as ChannelsQuestion, Database, Growth as GrowthQuestion, HeatMap, Leaderboard, Rank, VoiceChannels,
    Window,
};
use mocha_discord::{ChannelId, GuildId, UserId};
use serde::Serialize;

/// The answer, in UTC. Only voice channels and open sessions include bots.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The guild.
    pub guild_id: GuildId,
    /// When the first frame was received, in unix milliseconds.
    pub start_ms: i64,
    /// When the last frame was received, in unix milliseconds.
    pub end_ms: i64,
    /// The messages.
    pub messages: Messages,
    /// Voice.
    pub voice: Voice,
    /// The channels with messages, the busiest first.
    pub channels: Vec<TextChannel>,
    /// Joins and leaves, including bots.
    pub growth: Growth,
    /// Messages by weekday, from Monday, and hour.
    pub heatmap_utc: [[u64; 24]; 7],
}

/// The parts of the answer that an export of messages contains, over all time.
#[derive(Clone, Debug, Serialize)]
pub struct WrittenAnswer {
    /// The guild.
    pub guild_id: GuildId,
    /// The messages.
    pub messages: Messages,
    /// The channels with messages, the busiest first.
    pub channels: Vec<TextChannel>,
    /// Messages by weekday, from Monday, and hour.
    pub heatmap_utc: [[u64; 24]; 7],
}

impl WrittenAnswer {
    /// Computes the answer about a guild.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read.
    pub fn load(conn: &mut impl Database, guild_id: GuildId) -> anyhow::Result<Self> {
        let all = Window::all();
        Ok(Self {
            guild_id,
            messages: Messages::load(conn, guild_id, all)?,
            channels: channels(conn, guild_id, all)?,
            heatmap_utc: HeatMap::of(guild_id).within(all).load(conn)?.hours,
        })
    }
}

/// Messages of humans.
#[derive(Clone, Debug, Serialize)]
pub struct Messages {
    /// The number of messages.
    pub total: u64,
    /// All users who wrote, the most active first.
    pub leaderboard: Vec<Writer>,
}

/// A user who wrote.
#[derive(Clone, Debug, Serialize)]
pub struct Writer {
    /// The rank. Tied users share a rank, and the next rank is skipped.
    pub rank: u64,
    /// The user.
    pub user_id: UserId,
    /// Messages.
    pub messages: u64,
    /// The number of characters.
    pub characters: u64,
    /// The number of words.
    pub words: u64,
}

/// Time in voice, between the first and the last frame.
#[derive(Clone, Debug, Serialize)]
pub struct Voice {
    /// The time of all humans together, in milliseconds.
    pub total_ms: u64,
    /// The number of members who are connected at the end, including bots.
    pub open_sessions: Option<u64>,
    /// All users who were in voice, the longest first.
    pub leaderboard: Vec<Talker>,
    /// The voice channels, the busiest first. Their time includes bots.
    pub channels: Vec<VoiceChannel>,
}

/// A user who was in voice.
#[derive(Clone, Debug, Serialize)]
pub struct Talker {
    /// The rank. Tied users share a rank, and the next rank is skipped.
    pub rank: u64,
    /// The user.
    pub user_id: UserId,
    /// The time in voice, in milliseconds.
    pub voice_ms: u64,
    /// The number of sessions that ended.
    pub sessions: u64,
}

/// A voice channel.
#[derive(Clone, Debug, Serialize)]
pub struct VoiceChannel {
    /// The channel.
    pub channel_id: Option<ChannelId>,
    /// The time of all members together, in milliseconds.
    pub voice_ms: u64,
}

/// A channel with messages.
#[derive(Clone, Debug, Serialize)]
pub struct TextChannel {
    /// The channel.
    pub channel_id: ChannelId,
    /// Messages.
    pub messages: u64,
    /// The number of authors.
    pub unique_users: u64,
}

/// Joins and leaves.
#[derive(Clone, Debug, Serialize)]
pub struct Growth {
    /// The number of joins.
    pub joins: u64,
    /// The number of leaves.
    pub leaves: u64,
    /// The days with joins or leaves.
    pub days: Vec<GrowthDay>,
}

/// A day with joins or leaves.
#[derive(Clone, Debug, Serialize)]
pub struct GrowthDay {
    /// The date.
    pub day: NaiveDate,
    /// The number of joins.
    pub joins: u64,
    /// The number of leaves.
    pub leaves: u64,
}

impl Answer {
    /// Computes the answer about a guild, from the arrival of the first frame to that of the last.
    ///
    /// # Errors
    ///
    /// Returns an error if the last frame was received before the first, or the file cannot be read.
    pub fn load(
        conn: &mut impl Database,
        guild_id: GuildId,
        (start, end): (DateTime<Utc>, DateTime<Utc>),
    ) -> anyhow::Result<Self> {
        let window = Window::between(start, end)?;
        let seconds = whole_seconds(start, end)?;
        let growth = GrowthQuestion::of(guild_id).within(seconds).load(conn)?;
        Ok(Self {
            guild_id,
            start_ms: start.timestamp_millis(),
            end_ms: end.timestamp_millis(),
            messages: Messages::load(conn, guild_id, seconds)?,
            voice: Voice::load(conn, guild_id, window, seconds)?,
            channels: channels(conn, guild_id, seconds)?,
            growth: Growth {
                joins: growth.joins,
                leaves: growth.leaves,
                days: growth
                    .periods
                    .iter()
                    .filter(|day| day.joins + day.leaves > 0)
                    .map(|day| GrowthDay { day: day.start.date_naive(), joins: day.joins, leaves: day.leaves })
                    .collect(),
            },
            heatmap_utc: HeatMap::of(guild_id).within(seconds).load(conn)?.hours,
        })
    }
}

impl Messages {
    fn load(conn: &mut impl Database, guild_id: GuildId, seconds: Window) -> anyhow::Result<Self> {
        let board = Leaderboard::messages(guild_id).within(seconds).load(conn)?;
        let mut by_user = |board: Leaderboard| -> anyhow::Result<HashMap<UserId, u64>> {
            let entries = board.within(seconds).load(conn)?.entries;
            Ok(entries.iter().map(|entry| (entry.user_id, entry.value)).collect())
        };
        let (characters, words) = (by_user(Leaderboard::characters(guild_id))?, by_user(Leaderboard::words(guild_id))?);
        let writers = board.entries.iter().map(|entry| Writer {
            rank: entry.rank,
            user_id: entry.user_id,
            messages: entry.value,
            characters: characters.get(&entry.user_id).copied().unwrap_or_default(),
            words: words.get(&entry.user_id).copied().unwrap_or_default(),
        });
        Ok(Self { total: board.total, leaderboard: writers.collect() })
    }
}

impl Voice {
    fn load(conn: &mut impl Database, guild_id: GuildId, window: Window, seconds: Window) -> anyhow::Result<Self> {
        let sessions = |entry: &Rank| entry.voice.map_or(0, |voice| voice.sessions);
        let board = Leaderboard::voice(guild_id).within(window).load(conn)?;
        let everybody = Leaderboard::voice(guild_id).within(window).bots(Bots::Include).load(conn)?;
        let places = VoiceChannels::of(guild_id).within(window).bots(Bots::Include).load(conn)?;
        // If the last frame ends a session, the end is the first instant after the window.
        let ended = Leaderboard::voice(guild_id).within(seconds).load(conn)?;
        let ended: HashMap<UserId, u64> = ended.entries.iter().map(|entry| (entry.user_id, sessions(entry))).collect();
        let talkers = board.entries.iter().map(|entry| Talker {
            rank: entry.rank,
            user_id: entry.user_id,
            voice_ms: entry.value,
            sessions: ended.get(&entry.user_id).copied().unwrap_or_else(|| sessions(entry)),
        });
        Ok(Self {
            total_ms: board.total,
            open_sessions: everybody.voice.and_then(|voice| voice.open_sessions),
            leaderboard: talkers.collect(),
            channels: places
                .channels
                .iter()
                .map(|channel| VoiceChannel {
                    channel_id: channel.channel_id,
                    voice_ms: u64::try_from(channel.voice_time.as_millis()).unwrap_or(u64::MAX),
                })
                .collect(),
        })
    }
}

fn channels(conn: &mut impl Database, guild_id: GuildId, seconds: Window) -> anyhow::Result<Vec<TextChannel>> {
    let answer = ChannelsQuestion::of(guild_id).within(seconds).load(conn)?;
    let channels = answer.channels.iter().map(|channel| TextChannel {
        channel_id: channel.channel_id,
        messages: channel.messages,
        unique_users: channel.user_count,
    });
    Ok(channels.collect())
}

/// Returns the window for times in whole seconds: from the second of the first frame through that of the last.
fn whole_seconds(start: DateTime<Utc>, end: DateTime<Utc>) -> anyhow::Result<Window> {
    let second = TimeDelta::seconds(1);
    let (start, end) = (start.duration_trunc(second)?, end.duration_trunc(second)?);
    Ok(Window::between(start, end + second)?)
}
