//! `/rank`: one member at a glance.

use chrono::Utc;
use mocha_discord::stats::{MemberStatistics, Place, Window, chrono_tz::Tz};
use twilight_model::application::command::Command;
use twilight_util::builder::command::UserBuilder;

use super::{Asked, Bot, duration};
use crate::reply::Reply;

pub(super) fn command() -> Command {
    let member = UserBuilder::new("member", "Whose numbers to show (default: yours)");
    super::command("rank", "Shows the last 30 days of a member").option(member).build()
}

pub(super) async fn reply(bot: &Bot, asked: &Asked) -> anyhow::Result<Reply> {
    let (guild, user, now) = (asked.guild, asked.user("member").unwrap_or(asked.user), Utc::now());
    let month = Window::last_days(30, Tz::UTC, now)?;
    let question = MemberStatistics::of(guild, user).now(now).within(month);
    let member = bot.store.read_async(move |conn| question.load(conn)).await?;
    let streak = member.current_streak.map_or(0, |streak| streak.days);
    Ok(Reply::public(format!(
        "**<@{user}>, 30 days**\nMessages: {}{}\nVoice: {}{}\nActive days: {}\nCurrent streak: {streak} days",
        member.written.messages,
        place(member.messages_place),
        duration(member.voice.voice_time),
        place(member.voice.place),
        member.active_days,
    )))
}

fn place(place: Option<Place>) -> String {
    place.map_or_else(String::new, |place| format!(" (rank {} of {})", place.rank, place.total))
}
