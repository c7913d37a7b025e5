//! The queries of the report and its layout.

use std::{collections::HashMap, time::Duration};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use mocha_discord::stats::{
    Channels, ChannelsAnswer, Growth, GrowthAnswer, GrowthPeriod, HeatMap, HeatMapAnswer, Leaderboard,
    LeaderboardAnswer, Names, NamesAnswer, Period, VoiceChannels, VoiceChannelsAnswer, Window,
};
use mocha_discord::{GuildId, UserId, models::Guild, schema::guilds};
use mocha_examples::render::{Row, duration, facts, heading, heat_map, number, table};

/// The number of rows of a table.
const TOP: usize = 10;

/// The answers about one guild.
pub(crate) struct Report {
    channels: ChannelsAnswer,
    growth: GrowthAnswer,
    guild: Guild,
    heat_map: HeatMapAnswer,
    characters: u64,
    messages: LeaderboardAnswer,
    names: NamesAnswer,
    voice: LeaderboardAnswer,
    voice_channels: VoiceChannelsAnswer,
    words: HashMap<UserId, u64>,
}

impl Report {
    /// Runs all queries.
    pub(crate) fn load(conn: &mut SqliteConnection, guild_id: GuildId, window: Window) -> anyhow::Result<Self> {
        let messages = Leaderboard::messages(guild_id).within(window).load(conn)?;
        let words = Leaderboard::words(guild_id).within(window).load(conn)?;
        let voice = Leaderboard::voice(guild_id).within(window).load(conn)?;
        let channels = Channels::of(guild_id).within(window).load(conn)?;
        let voice_channels = VoiceChannels::of(guild_id).within(window).load(conn)?;
        let writers = messages.entries.iter().map(|entry| entry.user_id).take(TOP);
        let talkers = voice.entries.iter().map(|entry| entry.user_id).take(TOP);
        let rooms = channels.channels.iter().map(|channel| channel.channel_id).take(TOP);
        let voice_rooms = voice_channels.channels.iter().filter_map(|channel| channel.channel_id).take(TOP);
        Ok(Self {
            growth: Growth::of(guild_id).within(window).by(Period::Week).load(conn)?,
            guild: guilds::table
                .find(guild_id)
                .select(Guild::as_select())
                .get_result(conn)
                .context("the guild is not in the file")?,
            heat_map: HeatMap::of(guild_id).within(window).load(conn)?,
            names: Names::of(guild_id).users(writers.chain(talkers)).channels(rooms.chain(voice_rooms)).load(conn)?,
            characters: Leaderboard::characters(guild_id).within(window).load(conn)?.total,
            channels,
            messages,
            voice,
            voice_channels,
            words: words.entries.iter().map(|entry| (entry.user_id, entry.value)).collect(),
        })
    }

    /// Returns the whole report as text of 80 columns. Only joins and leaves include bots.
    pub(crate) fn print(&self) -> String {
        let name = self.guild.name.as_deref().unwrap_or("A server");
        let day = |instant: DateTime<Utc>| instant.date_naive();
        let (start, end) = (self.growth.window.start(), self.growth.window.end());
        let (first, last) = (start.map(day), end.map(|end| day(end - TimeDelta::nanoseconds(1))));
        let span = first.zip(last).map(|(first, last)| format!(", {first} to {last}")).unwrap_or_default();
        [
            heading(&format!("{name}{span} (UTC)")),
            self.totals(),
            heading("Most messages"),
            self.writers(),
            heading("Most time in voice"),
            self.talkers(),
            heading("Busiest channels"),
            self.rooms(),
            heading("Busiest voice channels"),
            self.voice_rooms(),
            heading("Messages by hour"),
            heat_map(&self.heat_map.hours),
            heading("Joins and leaves by week"),
            self.weeks(),
        ]
        .concat()
    }

    fn totals(&self) -> String {
        let sessions = self.voice.entries.iter().filter_map(|entry| entry.voice).map(|voice| voice.sessions).sum();
        facts(&[
            ("messages", number(self.messages.total)),
            ("words", number(self.words.values().sum())),
            ("characters", number(self.characters)),
            ("members who wrote", number(self.channels.user_count)),
            ("time in voice", duration(Duration::from_millis(self.voice.total))),
            ("voice sessions ended", number(sessions)),
            (
                "in voice at the end",
                self.voice.voice.and_then(|voice| voice.open_sessions).map_or_else(|| "unknown".to_owned(), number),
            ),
            ("joined", number(self.growth.joins)),
            ("left", number(self.growth.leaves)),
        ])
    }

    fn writers(&self) -> String {
        let row = |entry: &mocha_discord::stats::Rank| Row {
            bar: entry.value,
            label: format!("{:>2}  {}", entry.rank, self.names.user_or_id(entry.user_id)),
            values: vec![number(entry.value), number(self.words.get(&entry.user_id).copied().unwrap_or_default())],
        };
        table(
            " #  member",
            &["messages", "words"],
            &self.messages.entries.iter().take(TOP).map(row).collect::<Vec<_>>(),
        )
    }

    fn talkers(&self) -> String {
        let row = |entry: &mocha_discord::stats::Rank| Row {
            bar: entry.value,
            label: format!("{:>2}  {}", entry.rank, self.names.user_or_id(entry.user_id)),
            values: vec![
                duration(Duration::from_millis(entry.value)),
                number(entry.voice.map_or(0, |voice| voice.sessions)),
            ],
        };
        table(" #  member", &["time", "sessions"], &self.voice.entries.iter().take(TOP).map(row).collect::<Vec<_>>())
    }

    fn rooms(&self) -> String {
        let row = |channel: &mocha_discord::stats::ChannelMessages| Row {
            bar: channel.messages,
            label: self.names.channel_or_id(channel.channel_id),
            values: vec![number(channel.messages), number(channel.user_count)],
        };
        table(
            "channel",
            &["messages", "members"],
            &self.channels.channels.iter().take(TOP).map(row).collect::<Vec<_>>(),
        )
    }

    fn voice_rooms(&self) -> String {
        let row = |channel: &mocha_discord::stats::ChannelVoice| Row {
            bar: channel.voice_time.as_secs(),
            label: channel
                .channel_id
                .map_or_else(|| "unknown".to_owned(), |channel_id| self.names.channel_or_id(channel_id)),
            values: vec![duration(channel.voice_time)],
        };
        table("channel", &["time"], &self.voice_channels.channels.iter().take(TOP).map(row).collect::<Vec<_>>())
    }

    fn weeks(&self) -> String {
        let row = |week: &GrowthPeriod| Row {
            bar: week.joins,
            label: week.start.date_naive().to_string(),
            values: vec![number(week.joins), number(week.leaves), format!("{:+}", week.net)],
        };
        table("from", &["joined", "left", "net"], &self.growth.periods.iter().map(row).collect::<Vec<_>>())
    }
}
