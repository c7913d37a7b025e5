//! How long people had which status.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, PresenceStatus, UserId};

use super::scope::{Read, Scope};
use crate::{Bots, Database, Error, Window, share::share};

/// A question about how long people in a guild were online, idle, not to be disturbed or offline.
///
/// Each person's time counts from their first known status on: two people online for an hour are
/// two hours. A status holds until the next one, or until the user leaves. A user who comes back
/// has the last status until the next one. A status ends at the latest when the guild's shard was
/// last heard, or with the guild's last row if it is later, and when the guild removed the bot.
///
/// Mocha does not know changes that happened while the bot was down. A status from before such a
/// gap holds through it. After a retention policy has deleted a user's last status, the user counts
/// from the next change on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
#[doc(alias = "status")]
pub struct PresenceTime(Scope);

/// How long people had which status.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PresenceTimeAnswer {
    /// Do not disturb.
    pub dnd: StatusTime,
    /// Idle.
    pub idle: StatusTime,
    /// Offline or invisible.
    pub offline: StatusTime,
    /// Online.
    pub online: StatusTime,
    /// The time of all four.
    #[cfg_attr(feature = "serde", serde(rename = "known_ms", serialize_with = "crate::duration::milliseconds"))]
    pub known_time: Duration,
    /// How many users they belong to.
    pub user_count: u64,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// How long people had a status.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct StatusTime {
    /// The time of all users who had it.
    #[cfg_attr(feature = "serde", serde(rename = "time_ms", serialize_with = "crate::duration::milliseconds"))]
    pub time: Duration,
    /// Its part of the time of all four, from 0 to 1; 0 if there is none.
    pub share: f64,
}

impl PresenceTime {
    /// Asks about this guild. Defaults: all time, humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self(Scope::of(guild))
    }

    /// Counts only this user. A bot counts if it is the user.
    ///
    /// It reads the user's rows through an index, in other guilds too.
    pub const fn user(mut self, user: UserId) -> Self {
        self.0.user = Some(user);
        self
    }

    /// Counts only what lies in this window, to the millisecond. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.0.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.0.bots = bots;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's rows of the window, the last one before it of each who was a member, and
    /// the guild's joins and leaves before the window's end, through indexes, in one transaction;
    /// memory grows with people and with joins and leaves.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{PresenceTime, Window};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # mod presence { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/presence/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = presence::seeded()?;
    /// let monday = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// // One is online from eight on; another from nine on, idle from ten on, and offline from eleven on.
    /// let hours = Window::between(monday + TimeDelta::hours(9), monday + TimeDelta::hours(11))?;
    /// let time = PresenceTime::of(GuildId::try_from(1)?).within(hours).load(&mut conn)?;
    /// assert_eq!((time.online.time, time.idle.time), (Duration::from_hours(3), Duration::from_hours(1)));
    /// assert_eq!((time.online.share, time.idle.share, time.dnd.share), (0.75, 0.25, 0.0));
    /// assert_eq!((time.known_time, time.user_count), (Duration::from_hours(4), 2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<PresenceTimeAnswer, Error> {
        let (mut times, mut users) = ([0_u64; 4], HashSet::new());
        let [dnd, idle, offline, online] = &mut times;
        let Read { data_since, .. } = self.0.scan(conn, |spell| {
            let time = match spell.status {
                None => return,
                Some(PresenceStatus::Dnd) => &mut *dnd,
                Some(PresenceStatus::Idle) => idle,
                Some(PresenceStatus::Offline) => offline,
                Some(PresenceStatus::Online) => online,
            };
            *time = time.saturating_add(spell.ms());
            users.insert(spell.user_id);
        })?;
        let known_ms = times.iter().fold(0, |sum: u64, time| sum.saturating_add(*time));
        let [dnd, idle, offline, online] = times.map(|time_ms| status_time(time_ms, known_ms));
        let user_count = u64::try_from(users.len()).unwrap_or(u64::MAX);
        let (known_time, window) = (Duration::from_millis(known_ms), self.0.window);
        Ok(PresenceTimeAnswer { dnd, idle, offline, online, known_time, user_count, data_since, window })
    }
}

fn status_time(time_ms: u64, known_ms: u64) -> StatusTime {
    StatusTime { time: Duration::from_millis(time_ms), share: share(time_ms, known_ms) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        presence::truth::{self, History},
        random,
    };

    /// The same in plain Rust.
    fn expected(question: PresenceTime, history: &History) -> PresenceTimeAnswer {
        let stretches = history.stretches(question.0, []);
        let time_ms = |status: Option<PresenceStatus>| -> u64 {
            let of = |doing: &&truth::Doing| {
                if status.is_some() { doing.status == status } else { doing.status.is_some() }
            };
            let times = stretches
                .iter()
                .map(|stretch| stretch.ms * u64::try_from(stretch.doings.iter().filter(of).count()).unwrap());
            times.sum()
        };
        let known_ms = time_ms(None);
        let time = |status| {
            let time_ms = time_ms(Some(status));
            StatusTime { time: Duration::from_millis(time_ms), share: share(time_ms, known_ms) }
        };
        let doings = stretches.iter().flat_map(|stretch| &stretch.doings).filter(|doing| doing.status.is_some());
        PresenceTimeAnswer {
            dnd: time(PresenceStatus::Dnd),
            idle: time(PresenceStatus::Idle),
            offline: time(PresenceStatus::Offline),
            online: time(PresenceStatus::Online),
            known_time: Duration::from_millis(known_ms),
            user_count: doings.map(|doing| doing.user).collect::<BTreeSet<u64>>().len().try_into().unwrap(),
            data_since: None,
            window: question.0.window,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn the_answer_matches_plain_rust(
            history in truth::history(60), window in random::window(60), bots in random::bots(),
            user in prop::option::of(random::any_user())
        ) {
            let question = PresenceTime::of(random::GUILD.try_into().unwrap()).within(window).bots(bots);
            let question = user.map_or(question, |user| question.user(user.try_into().unwrap()));
            let answer = question.load(&mut history.file().unwrap()).unwrap();
            prop_assert_eq!(answer, expected(question, &history));
        }
    }
}
