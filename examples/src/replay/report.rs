//! The answer as a readable report.

use std::time::Duration;

use mocha_discord::stats::{AnyConnection, Names, NamesAnswer};

use super::{
    Answer, Played,
    answer::{GrowthDay, Talker, TextChannel, VoiceChannel, Writer},
};
use crate::render::{Row, duration, facts, heading, heat_map, number, table};

/// The number of rows of a table.
const TOP: usize = 10;

/// Returns the report as text of 80 columns: the totals and the first entries of each list, with the names in the file.
///
/// # Errors
///
/// Returns an error if the file cannot be read.
pub fn report(conn: &mut AnyConnection<'_>, played: &Played, answer: &Answer) -> anyhow::Result<String> {
    let writers = answer.messages.leaderboard.iter().take(TOP).map(|writer| writer.user_id);
    let talkers = answer.voice.leaderboard.iter().take(TOP).map(|talker| talker.user_id);
    let channels = answer.channels.iter().take(TOP).map(|channel| channel.channel_id);
    let voice_channels = answer.voice.channels.iter().take(TOP).filter_map(|channel| channel.channel_id);
    let names = Names::of(answer.guild_id).users(writers.chain(talkers)).channels(channels.chain(voice_channels));
    let names = names.load(conn)?;
    let span = played.span.map(|(first, last)| format!(", {} to {}", first.date_naive(), last.date_naive()));
    let title = format!("{}{} (UTC)", names.guild.as_deref().unwrap_or("A server"), span.unwrap_or_default());
    Ok([
        heading(&title),
        totals(played, answer),
        heading("Most messages"),
        top(" #  member", &["messages", "words"], &answer.messages.leaderboard, |entry| writer(entry, &names)),
        heading("Most time in voice"),
        top(" #  member", &["time", "sessions"], &answer.voice.leaderboard, |entry| talker(entry, &names)),
        heading("Busiest channels"),
        top("channel", &["messages", "members"], &answer.channels, |entry| channel(entry, &names)),
        heading("Busiest voice channels, bots included"),
        top("channel", &["time"], &answer.voice.channels, |entry| voice_channel(entry, &names)),
        heading("Messages by hour"),
        heat_map(&answer.heatmap_utc),
        heading("Joins and leaves"),
        table("day", &["joined", "left"], &answer.growth.days.iter().map(day).collect::<Vec<_>>()),
    ]
    .concat())
}

fn totals(played: &Played, answer: &Answer) -> String {
    let Played { broken, delivered_again, frames, guild_id: _, kills: _, span: _ } = *played;
    let count = |count: usize| number(u64::try_from(count).unwrap_or(u64::MAX));
    facts(&[
        ("messages", number(answer.messages.total)),
        ("members who wrote", count(answer.messages.leaderboard.len())),
        ("time in voice", duration(Duration::from_millis(answer.voice.total_ms))),
        ("members in voice", count(answer.voice.leaderboard.len())),
        ("in voice at the end, with bots", answer.voice.open_sessions.map_or_else(|| "unknown".to_owned(), number)),
        ("joined", number(answer.growth.joins)),
        ("left", number(answer.growth.leaves)),
        ("frames", number(frames)),
        ("delivered again", number(delivered_again)),
        ("broken lines", number(broken)),
    ])
}

fn top<T>(label: &str, columns: &[&str], entries: &[T], row: impl Fn(&T) -> Row) -> String {
    table(label, columns, &entries.iter().take(TOP).map(row).collect::<Vec<_>>())
}

fn writer(writer: &Writer, names: &NamesAnswer) -> Row {
    Row {
        bar: writer.messages,
        label: format!("{:>2}  {}", writer.rank, names.user_or_id(writer.user_id)),
        values: vec![number(writer.messages), number(writer.words)],
    }
}

fn talker(talker: &Talker, names: &NamesAnswer) -> Row {
    Row {
        bar: talker.voice_ms,
        label: format!("{:>2}  {}", talker.rank, names.user_or_id(talker.user_id)),
        values: vec![duration(Duration::from_millis(talker.voice_ms)), number(talker.sessions)],
    }
}

fn channel(channel: &TextChannel, names: &NamesAnswer) -> Row {
    Row {
        bar: channel.messages,
        label: names.channel_or_id(channel.channel_id),
        values: vec![number(channel.messages), number(channel.unique_users)],
    }
}

fn voice_channel(channel: &VoiceChannel, names: &NamesAnswer) -> Row {
    Row {
        bar: channel.voice_ms,
        label: channel.channel_id.map_or_else(|| "unknown".to_owned(), |channel_id| names.channel_or_id(channel_id)),
        values: vec![duration(Duration::from_millis(channel.voice_ms))],
    }
}

fn day(day: &GrowthDay) -> Row {
    Row { bar: day.joins, label: day.day.to_string(), values: vec![number(day.joins), number(day.leaves)] }
}
