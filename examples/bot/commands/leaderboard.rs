//! `/leaderboard`: the most active users, as a picture or as text, with buttons to turn its pages.

use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use mocha_discord::{
    charts::Chart,
    stats::{Leaderboard, LeaderboardAnswer, Measure, Names, Window, chrono_tz::Tz},
};
use twilight_model::application::command::Command;
use twilight_util::builder::command::{BooleanBuilder, StringBuilder};

use super::{Asked, Bot, duration};
use crate::reply::Reply;

/// How many people a page has.
const PAGE: usize = 10;

const BOARDS: [(&str, &str); 4] =
    [("Messages", "messages"), ("Words", "words"), ("Voice time", "voice"), ("Active days", "days")];
const WINDOWS: [(&str, &str); 4] =
    [("7 days", "week"), ("30 days", "month"), ("365 days", "year"), ("All time", "all")];

/// A page of a leaderboard. A button's id has it as text.
#[derive(Clone, Copy, Debug)]
struct Page {
    board: &'static str,
    number: usize,
    picture: bool,
    window: &'static str,
}

impl Page {
    fn parse(id: &str) -> Option<Self> {
        let mut parts = id.strip_prefix("leaderboard:")?.split(':');
        let (board, window, picture, number) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            board: choice(&BOARDS, board)?,
            number: number.parse().ok()?,
            picture: picture.parse().ok()?,
            window: choice(&WINDOWS, window)?,
        })
    }

    fn id(self) -> String {
        format!("leaderboard:{}:{}:{}:{}", self.board, self.window, self.picture, self.number)
    }

    fn window(self, now: DateTime<Utc>) -> anyhow::Result<Window> {
        let days = match self.window {
            "week" => 7,
            "month" => 30,
            "year" => 365,
            _ => return Ok(Window::all()),
        };
        Ok(Window::last_days(days, Tz::UTC, now)?)
    }

    fn measure(self) -> Measure {
        match self.board {
            "words" => Measure::Words,
            "voice" => Measure::VoiceTime,
            "days" => Measure::ActiveDays,
            _ => Measure::Messages,
        }
    }

    fn title(self) -> String {
        let name = |choices: &[(&'static str, &str)], value| {
            choices.iter().find(|(_, choice)| *choice == value).map_or("", |(name, _)| *name)
        };
        format!("{}, {}", name(&BOARDS, self.board), name(&WINDOWS, self.window).to_lowercase())
    }
}

/// Returns the value if it is one of the choices.
fn choice(choices: &[(&str, &'static str)], value: &str) -> Option<&'static str> {
    choices.iter().map(|(_, choice)| *choice).find(|choice| *choice == value)
}

pub(super) fn command() -> Command {
    let board = StringBuilder::new("board", "What to compare (default: messages)").choices(BOARDS);
    let window = StringBuilder::new("window", "Which time (default: 30 days)").choices(WINDOWS);
    let picture = BooleanBuilder::new("picture", "Whether to draw a picture (default: yes)");
    super::command("leaderboard", "Shows who did most").option(board).option(window).option(picture).build()
}

pub(super) async fn reply(bot: &Bot, asked: &Asked) -> anyhow::Result<Reply> {
    let board = choice(&BOARDS, asked.text("board").unwrap_or("messages")).context("no such board")?;
    let window = choice(&WINDOWS, asked.text("window").unwrap_or("month")).context("no such window")?;
    let picture = asked.flag("picture").unwrap_or(true);
    show(bot, asked, Page { board, number: 0, picture, window }).await
}

/// Answers a button under a leaderboard; `None` for the button of something else.
pub(super) async fn page(bot: &Bot, asked: &Asked, id: &str) -> anyhow::Result<Option<Reply>> {
    match Page::parse(id) {
        Some(page) => Ok(Some(show(bot, asked, page).await?)),
        None => Ok(None),
    }
}

async fn show(bot: &Bot, asked: &Asked, page: Page) -> anyhow::Result<Reply> {
    let (guild, window) = (asked.guild, page.window(Utc::now())?);
    let offset = page.number.saturating_mul(PAGE);
    let board = Leaderboard::by(page.measure(), guild).within(window).compare().offset(offset).limit(PAGE);
    // One call reads both, so they agree with each other.
    let (answer, names) = bot
        .store
        .read_async(move |conn| {
            let answer = board.load(conn)?;
            let names = Names::of(guild).users(answer.entries.iter().map(|entry| entry.user_id)).load(conn)?;
            Ok::<_, mocha_discord::stats::Error>((answer, names))
        })
        .await?;
    if answer.entries.is_empty() {
        return Ok(Reply::public(format!("**{}**\nThere is nothing to show yet.", page.title())));
    }
    let has_more = usize::try_from(answer.user_count)? > offset + answer.entries.len();
    let mut reply = Reply::public(text(page, &answer));
    if page.picture {
        let picture =
            tokio::task::spawn_blocking(move || Chart::leaderboard(&answer, &names).title(page.title()).png());
        reply = reply.file("leaderboard.png", picture.await??);
    }
    if let Some(number) = page.number.checked_sub(1) {
        reply = reply.button(Page { number, ..page }.id(), "Previous");
    }
    if has_more {
        reply = reply.button(Page { number: page.number + 1, ..page }.id(), "Next");
    }
    Ok(reply)
}

fn text(page: Page, answer: &LeaderboardAnswer) -> String {
    let mut lines = vec![format!("**{}**", page.title())];
    lines.extend(answer.entries.iter().map(|entry| {
        let value = match answer.measure {
            Measure::VoiceTime => duration(Duration::from_millis(entry.value)),
            _ => entry.value.to_string(),
        };
        format!("{}. <@{}> {value}", entry.rank, entry.user_id)
    }));
    lines.join("\n")
}
