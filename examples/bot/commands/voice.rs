//! `/voice`: who is in voice now.

use chrono::Utc;
use mocha_discord::stats::VoiceNow;
use twilight_model::application::command::Command;

use super::{Asked, Bot};
use crate::reply::Reply;

/// How many people one message lists.
const LISTED: usize = 25;

pub(super) fn command() -> Command {
    super::command("voice", "Shows who is in voice now").build()
}

pub(super) async fn reply(bot: &Bot, asked: &Asked) -> anyhow::Result<Reply> {
    let guild = asked.guild;
    let answer = bot.store.read_async(move |conn| VoiceNow::of(guild).load(conn)).await?;
    if answer.users.is_empty() {
        return Ok(Reply::public("Nobody is in voice."));
    }
    let now = Utc::now();
    let mut lines = vec![format!("**In voice now: {}**", answer.users.len())];
    lines.extend(answer.users.iter().take(LISTED).map(|person| {
        let minutes = (now - person.session_started_at).num_minutes().max(0);
        let channel = person.channel_id.map_or_else(String::new, |channel| format!(" in <#{channel}>"));
        format!("<@{}>{channel}, for {minutes} min", person.user_id)
    }));
    if let Some(more) = answer.users.len().checked_sub(LISTED).filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    Ok(Reply::public(lines.join("\n")))
}
