//! Points in plain Rust, over all there is.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike};

use super::{Leaderboard, Weights};
use crate::{
    Window,
    fixture::{Message, TestResult},
    random,
    world::{AWARD, World},
};

/// The points of users, but for those that the bot set. Messages and stays are those that count, and a stay has a user, its
/// start and its milliseconds in the window.
pub(super) fn points(
    question: &Leaderboard,
    world: &World,
    window: Window,
    weights: Weights,
    messages: &[&Message],
    stays: &[(u64, i64, u64)],
) -> TestResult<BTreeMap<u64, u64>> {
    let of_channel = |channel: u64| {
        let mut last = question.factors.channels.iter().rev();
        let found = last.find(|(places, _)| random::counts_channel(places, channel));
        found.map_or(100, |(_, percent)| u64::from(*percent))
    };
    let of_day = |second: i64| {
        let date = DateTime::from_timestamp(second, 0).unwrap().date_naive();
        let place = usize::try_from(date.weekday().num_days_from_monday()).unwrap();
        question.factors.weekdays.map_or(100, |weekdays| u64::from(weekdays[place]))
    };
    // In hundredths of hundredths.
    let mut parts: BTreeMap<u64, u64> = BTreeMap::new();
    for (user, second, channel) in awards(world) {
        if random::holds(window, second * 1000) && random::counts_channel(&question.channels, channel) {
            *parts.entry(user).or_default() += u64::from(weights.awards) * of_channel(channel) * of_day(second);
        }
    }
    for message in messages {
        let (characters, words) = message.content.unwrap_or((0, 0));
        let points = u64::from(weights.messages)
            + u64::from(weights.characters) * u64::try_from(characters)?
            + u64::from(weights.words) * u64::try_from(words)?
            + u64::from(weights.attachments) * u64::from(message.has_attachment == Some(true));
        *parts.entry(message.user).or_default() += points * of_channel(message.channel) * of_day(message.second);
    }
    let mut ms: BTreeMap<u64, u64> = BTreeMap::new();
    for &(user, start, stay) in stays {
        *ms.entry(user).or_default() += stay * of_day(start / 1000);
    }
    for (user, ms) in ms {
        let minutes = if question.factors.weekdays.is_some() { ms / 60_000 } else { ms / 100 / 60_000 * 100 };
        *parts.entry(user).or_default() += minutes * 100 * u64::from(weights.voice_minutes);
    }
    let of_user = |user: u64| {
        let own = world.roles.iter().filter(|(_, member)| *member == user);
        let factors = own.filter_map(|(role, _)| {
            question.factors.roles.iter().find(|(id, _)| id.get() == *role).map(|(_, percent)| u64::from(*percent))
        });
        factors.max().unwrap_or(100)
    };
    Ok(parts.into_iter().map(|(user, parts)| (user, parts * of_user(user) / 1_000_000)).collect())
}

/// User, second and channel of the first message of each half day. Those of one second come in order of insertion.
fn awards(world: &World) -> impl Iterator<Item = (u64, i64, u64)> {
    let counted = world
        .messages
        .iter()
        .enumerate()
        .filter(|(_, message)| message.guild == random::GUILD && matches!(message.kind, Some(0 | 19 | 20 | 23)));
    let mut firsts: BTreeMap<(u64, i64), (i64, usize, u64)> = BTreeMap::new();
    for (place, message) in counted {
        let own = (message.second, place, message.channel);
        let first = firsts.entry((message.user, message.second / AWARD)).or_insert(own);
        *first = own.min(*first);
    }
    firsts.into_iter().map(|((user, _), (second, _, channel))| (user, second, channel))
}
