//! `/server`: the server at a glance, with a picture of its messages.

use chrono::Utc;
use mocha_discord::{
    charts::Chart,
    stats::{Compared, GuildOverview, MessageSeries, Window, chrono_tz::Tz},
};
use twilight_model::application::command::Command;

use super::{Asked, Bot, duration};
use crate::reply::Reply;

pub(super) fn command() -> Command {
    super::command("server", "Shows the last 30 days of this server").build()
}

pub(super) async fn reply(bot: &Bot, asked: &Asked) -> anyhow::Result<Reply> {
    let guild = asked.guild;
    let month = Window::last_days(30, Tz::UTC, Utc::now())?;
    let asked = bot.store.read_async(move |conn| {
        // Both in one call: they agree with each other.
        Ok::<_, mocha_discord::stats::Error>((
            GuildOverview::of(guild).within(month).load(conn)?,
            MessageSeries::of(guild).within(month).load(conn)?,
        ))
    });
    let (overview, messages) = asked.await?;
    let picture = tokio::task::spawn_blocking(move || Chart::messages(&messages).png());

    let number = |value: u64| value.to_string();
    let mut lines = vec![
        "**This server, 30 days**".to_owned(),
        line("Messages", overview.messages, number),
        line("Voice", overview.voice_time, duration),
        line("Active members", overview.active_members, number),
        line("Joins", overview.joins, number),
        line("Leaves", overview.leaves, number),
    ];
    lines.extend(overview.members.map(|members| line("Members", members, number)));
    Ok(Reply::public(lines.join("\n")).file("messages.png", picture.await??))
}

fn line<T>(what: &str, Compared { value, previous, .. }: Compared<T>, write: impl Fn(T) -> String) -> String {
    let before = previous.map_or_else(String::new, |previous| format!(" (before: {})", write(previous)));
    format!("{what}: {}{before}", write(value))
}
