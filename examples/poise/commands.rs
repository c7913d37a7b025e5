//! The commands.

use std::num::NonZeroU64;

use anyhow::Context as _;
use chrono::Utc;
use mocha_discord::{
    GuildId, Store, UserId,
    charts::Chart,
    stats::{DurationText, Leaderboard, Measure, MemberStatistics, Names, Window, chrono_tz::Tz},
};
use poise::serenity_prelude as serenity;

/// The data that every command needs.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) store: Store,
}

type Context<'a> = poise::Context<'a, Data, anyhow::Error>;

/// Returns all commands.
pub(crate) fn all() -> Vec<poise::Command<Data, anyhow::Error>> {
    vec![leaderboard(), rank(), forgetme()]
}

#[derive(Clone, Copy, Debug, poise::ChoiceParameter)]
enum Board {
    Messages,
    #[name = "Voice time"]
    Voice,
    #[name = "Active days"]
    Days,
}

/// Shows who did most in 30 days.
#[poise::command(slash_command, guild_only)]
async fn leaderboard(ctx: Context<'_>, #[description = "What to compare"] board: Option<Board>) -> anyhow::Result<()> {
    let (measure, title) = match board.unwrap_or(Board::Messages) {
        Board::Messages => (Measure::Messages, "Messages, 30 days"),
        Board::Voice => (Measure::VoiceTime, "Voice time, 30 days"),
        Board::Days => (Measure::ActiveDays, "Active days, 30 days"),
    };
    let month = Window::last_days(30, Tz::UTC, Utc::now())?;
    let guild = guild(ctx)?;
    let question = Leaderboard::by(measure, guild).within(month).limit(10);
    // One closure reads the names along with the answer.
    let (answer, names) = ctx
        .data()
        .store
        .read_async(move |conn| {
            let answer = question.load(conn)?;
            let names = Names::of(guild).users(answer.entries.iter().map(|entry| entry.user_id));
            Ok::<_, mocha_discord::stats::Error>((answer, names.load(conn)?))
        })
        .await?;
    if answer.entries.is_empty() {
        ctx.say("There is nothing to show yet.").await?;
        return Ok(());
    }
    // A picture takes tens of milliseconds of one core.
    let picture = tokio::task::spawn_blocking(move || Chart::leaderboard(&answer, &names).title(title).png());
    let picture = serenity::CreateAttachment::bytes(picture.await??, "leaderboard.png");
    ctx.send(poise::CreateReply::default().attachment(picture)).await?;
    Ok(())
}

/// Shows the last 30 days of a member.
#[poise::command(slash_command, guild_only)]
async fn rank(
    ctx: Context<'_>,
    #[description = "Whose numbers to show (default: yours)"] member: Option<serenity::User>,
) -> anyhow::Result<()> {
    let (guild, user, now) = (guild(ctx)?, user(member.as_ref().unwrap_or(ctx.author())), Utc::now());
    let question = MemberStatistics::of(guild, user).now(now).within(Window::last_days(30, Tz::UTC, now)?);
    let member = ctx.data().store.read_async(move |conn| question.load(conn)).await?;
    let text = format!(
        "**<@{user}>, 30 days**\nMessages: {}\nVoice: {}\nActive days: {}",
        member.written.messages,
        DurationText(member.voice.voice_time),
        member.active_days
    );
    ctx.say(text).await?;
    Ok(())
}

/// Deletes everything this bot has recorded about you, and records nothing more.
#[poise::command(slash_command, guild_only, ephemeral)]
async fn forgetme(ctx: Context<'_>) -> anyhow::Result<()> {
    // Discord waits for three seconds, and this may take longer.
    ctx.defer_ephemeral().await?;
    let (store, user) = (ctx.data().store.clone(), user(ctx.author()));
    let receipt = tokio::task::spawn_blocking(move || store.opt_out_user(user).run()).await??;
    let rows: u64 = receipt.removed.iter().map(|removed| removed.rows).sum();
    ctx.say(format!("{rows} rows about you were deleted. Receipt: {}", receipt.id)).await?;
    Ok(())
}

/// Returns Mocha's id of the guild.
fn guild(ctx: Context<'_>) -> anyhow::Result<GuildId> {
    let guild: NonZeroU64 = ctx.guild_id().context("this command works on a server only")?.into();
    Ok(guild.into())
}

/// Returns Mocha's id of the user.
fn user(user: &serenity::User) -> UserId {
    NonZeroU64::from(user.id).into()
}
