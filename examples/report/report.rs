//! What is asked, and how the answers are laid out.

use anyhow::Context as _;
use chrono::{Datelike as _, NaiveDate};
use diesel::prelude::*;
use mocha_discord::stats::{
    Channels, ChannelsAnswer, Growth, GrowthAnswer, HeatMap, HeatMapAnswer, Leaderboard, MessageLeaderboardAnswer,
    VoiceChannels, VoiceChannelsAnswer, VoiceLeaderboardAnswer, Window,
};
use mocha_discord::{GuildId, models::Guild, schema::guilds};
use mocha_examples::{
    names::Names,
    render::{Row, duration, facts, heading, heat_map, number, table},
};

/// So many rows a table has.
const TOP: usize = 10;

/// The answers about one guild.
pub(crate) struct Report {
    channels: ChannelsAnswer,
    growth: GrowthAnswer,
    guild: Guild,
    heat_map: HeatMapAnswer,
    messages: MessageLeaderboardAnswer,
    names: Names,
    voice: VoiceLeaderboardAnswer,
    voice_channels: VoiceChannelsAnswer,
}

impl Report {
    /// Asks everything.
    pub(crate) fn load(conn: &mut SqliteConnection, guild_id: GuildId, window: Window) -> anyhow::Result<Self> {
        let messages = Leaderboard::messages(guild_id).within(window).load(conn)?;
        let voice = Leaderboard::voice(guild_id).within(window).load(conn)?;
        let channels = Channels::of(guild_id).within(window).load(conn)?;
        let voice_channels = VoiceChannels::of(guild_id).within(window).load(conn)?;
        let writers = messages.entries.iter().map(|entry| entry.user_id).take(TOP);
        let talkers = voice.entries.iter().map(|entry| entry.user_id).take(TOP);
        let rooms = channels.channels.iter().map(|channel| channel.channel_id).take(TOP);
        let voice_rooms = voice_channels.channels.iter().filter_map(|channel| channel.channel_id).take(TOP);
        Ok(Self {
            growth: Growth::of(guild_id).within(window).load(conn)?,
            guild: guilds::table
                .find(guild_id)
                .select(Guild::as_select())
                .get_result(conn)
                .context("the guild is not in the file")?,
            heat_map: HeatMap::of(guild_id).within(window).load(conn)?,
            names: Names::load(conn, writers.chain(talkers), rooms.chain(voice_rooms))?,
            channels,
            messages,
            voice,
            voice_channels,
        })
    }

    /// The whole report, as text of 80 columns. Bots are left out, but of who came and went.
    pub(crate) fn print(&self) -> String {
        let name = self.guild.name.as_deref().unwrap_or("A server");
        let days = self.growth.days.first().zip(self.growth.days.last());
        let span = days.map(|(first, last)| format!(", {} to {}", first.day, last.day)).unwrap_or_default();
        [
            heading(&format!("{name}{span} (UTC)")),
            self.totals(),
            heading("Who wrote most"),
            self.writers(),
            heading("Who talked longest"),
            self.talkers(),
            heading("Where people wrote"),
            self.rooms(),
            heading("Where people talked"),
            self.voice_rooms(),
            heading("When people wrote"),
            heat_map(&self.heat_map.hours),
            heading("Who came and went, by week"),
            self.weeks(),
        ]
        .concat()
    }

    fn totals(&self) -> String {
        let characters = self.messages.entries.iter().map(|entry| entry.characters).sum();
        let words = self.messages.entries.iter().map(|entry| entry.words).sum();
        let sessions = self.voice.entries.iter().map(|entry| entry.sessions).sum();
        facts(&[
            ("messages", number(self.messages.messages)),
            ("words", number(words)),
            ("characters", number(characters)),
            ("people who wrote", number(self.channels.unique_users)),
            ("time in voice", duration(self.voice.voice_ms)),
            ("voice sessions ended", number(sessions)),
            ("in voice at the end", number(self.voice.open_sessions)),
            ("joined", number(self.growth.joins)),
            ("left", number(self.growth.leaves)),
        ])
    }

    fn writers(&self) -> String {
        let row = |entry: &mocha_discord::stats::MessageRank| Row {
            bar: entry.messages,
            label: format!("{:>2}  {}", entry.rank, self.names.user(entry.user_id)),
            values: vec![number(entry.messages), number(entry.words)],
        };
        table(
            " #  member",
            &["messages", "words"],
            &self.messages.entries.iter().take(TOP).map(row).collect::<Vec<_>>(),
        )
    }

    fn talkers(&self) -> String {
        let row = |entry: &mocha_discord::stats::VoiceRank| Row {
            bar: entry.voice_ms,
            label: format!("{:>2}  {}", entry.rank, self.names.user(entry.user_id)),
            values: vec![duration(entry.voice_ms), number(entry.sessions)],
        };
        table(" #  member", &["time", "sessions"], &self.voice.entries.iter().take(TOP).map(row).collect::<Vec<_>>())
    }

    fn rooms(&self) -> String {
        let row = |channel: &mocha_discord::stats::ChannelMessages| Row {
            bar: channel.messages,
            label: self.names.channel(channel.channel_id),
            values: vec![number(channel.messages), number(channel.unique_users)],
        };
        table("channel", &["messages", "people"], &self.channels.channels.iter().take(TOP).map(row).collect::<Vec<_>>())
    }

    fn voice_rooms(&self) -> String {
        let row = |channel: &mocha_discord::stats::ChannelVoice| Row {
            bar: channel.voice_ms,
            label: channel.channel_id.map_or_else(|| "unknown".to_owned(), |channel_id| self.names.channel(channel_id)),
            values: vec![duration(channel.voice_ms)],
        };
        table("channel", &["time"], &self.voice_channels.channels.iter().take(TOP).map(row).collect::<Vec<_>>())
    }

    fn weeks(&self) -> String {
        let mut weeks: Vec<(NaiveDate, u64, u64)> = Vec::new();
        for days in self.growth.days.chunk_by(|a, b| a.day.iso_week() == b.day.iso_week()) {
            let first = days.first().map(|day| day.day).unwrap_or_default();
            weeks.push((first, days.iter().map(|day| day.joins).sum(), days.iter().map(|day| day.leaves).sum()));
        }
        let row = |(first, joins, leaves): &(NaiveDate, u64, u64)| Row {
            bar: *joins,
            label: first.to_string(),
            values: vec![number(*joins), number(*leaves), format!("{:+}", joins.cast_signed() - leaves.cast_signed())],
        };
        table("from", &["joined", "left", "net"], &weeks.iter().map(row).collect::<Vec<_>>())
    }
}
