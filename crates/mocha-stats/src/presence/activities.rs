//! Activities of members.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};

use super::scope::{Activity, Read, Scope};
use crate::{Bots, Database, Error, Window};

/// Discord's activity type of a custom status.
const CUSTOM_STATUS: i32 = 4;

/// A question about what people in a guild played, heard, watched or streamed, and for how long.
///
/// Mocha knows one activity of a person at a time, and a custom status is not an activity. An
/// activity lasts as long as the status that came with it, see
/// [`PresenceTime`](crate::PresenceTime). Two people at it for an hour are two hours.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
#[doc(alias = "games")]
pub struct Activities {
    by_people: bool,
    limit: Option<usize>,
    scope: Scope,
}

/// Time by activity.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ActivitiesAnswer {
    /// By time, longest first, then by people, most first, then by name and kind; with
    /// [`Activities::by_people`] by people first.
    pub entries: Vec<ActivityTime>,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// An activity in an [`ActivitiesAnswer`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ActivityTime {
    /// The name of the game or the programme. The same name with another kind is another activity.
    pub name: String,
    /// Discord's activity type: 0 playing, 1 streaming, 2 listening, 3 watching, 5 competing;
    /// `None` if the file does not tell.
    pub kind: Option<i32>,
    /// The time of all users who did it.
    #[cfg_attr(feature = "serde", serde(rename = "time_ms", serialize_with = "crate::duration::milliseconds"))]
    pub time: Duration,
    /// How many users did it.
    pub user_count: u64,
}

impl Activities {
    /// Asks about this guild. Defaults: all time, humans only, no limit.
    pub const fn of(guild: GuildId) -> Self {
        Self { by_people: false, limit: None, scope: Scope::of(guild) }
    }

    /// Counts only this user. A bot counts if it is the user.
    ///
    /// It reads the user's rows through an index, in other guilds too.
    pub const fn user(mut self, user: UserId) -> Self {
        self.scope.user = Some(user);
        self
    }

    /// Counts only what lies in this window, to the millisecond. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.scope.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.scope.bots = bots;
        self
    }

    /// Orders activities by people first, then by time. The default is by time first.
    pub const fn by_people(mut self) -> Self {
        self.by_people = true;
        self
    }

    /// Lists only the first `n`. The default is all.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = Some(n);
        self
    }

    /// Runs the query.
    ///
    /// Reads what [`PresenceTime::load`](crate::PresenceTime::load) reads; memory grows with
    /// people, with joins and leaves, and with the activities of each.
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
    /// use mocha_schema::GuildId;
    /// use mocha_stats::Activities;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # mod presence { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/presence/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = presence::seeded()?;
    /// // One plays from nine on, as far as is known until eleven; another listens from ten to eleven.
    /// let activities = Activities::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// let [chess, spotify] = &activities.entries[..] else { return Err("two activities".into()) };
    /// assert_eq!((chess.name.as_str(), chess.kind, chess.user_count), ("Chess", Some(0), 1));
    /// assert_eq!((spotify.name.as_str(), spotify.kind), ("Spotify", Some(2)));
    /// assert_eq!((chess.time, spotify.time), (Duration::from_hours(2), Duration::from_hours(1)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<ActivitiesAnswer, Error> {
        let mut doings = HashMap::<Activity, Doing>::new();
        let Read { data_since, .. } = self.scope.scan(conn, |spell| {
            let Some(activity) = spell.activity.filter(|activity| activity.kind != Some(CUSTOM_STATUS)) else { return };
            if !doings.contains_key(activity) {
                doings.insert(activity.clone(), Doing::default());
            }
            if let Some(doing) = doings.get_mut(activity) {
                doing.time_ms = doing.time_ms.saturating_add(spell.ms());
                doing.users.insert(spell.user_id);
            }
        })?;
        let entries = doings.into_iter().map(|(Activity { kind, name }, Doing { time_ms, users })| ActivityTime {
            name,
            kind,
            time: Duration::from_millis(time_ms),
            user_count: u64::try_from(users.len()).unwrap_or(u64::MAX),
        });
        let mut entries: Vec<ActivityTime> = entries.collect();
        entries.sort_unstable_by(|a, b| {
            let (by_time, by_people) = (b.time.cmp(&a.time), b.user_count.cmp(&a.user_count));
            let order = if self.by_people { by_people.then(by_time) } else { by_time.then(by_people) };
            order.then_with(|| (&a.name, a.kind).cmp(&(&b.name, b.kind)))
        });
        entries.truncate(self.limit.unwrap_or(usize::MAX));
        Ok(ActivitiesAnswer { entries, data_since, window: self.scope.window })
    }
}

#[derive(Debug, Default)]
struct Doing {
    time_ms: u64,
    users: HashSet<UserId>,
}

#[cfg(test)]
mod tests {
    use std::{
        cmp::Reverse,
        collections::{BTreeMap, BTreeSet},
    };

    use proptest::prelude::*;

    use super::*;
    use crate::{
        presence::truth::{self, History},
        random,
    };

    /// The same in plain Rust.
    fn expected(question: Activities, history: &History) -> Vec<ActivityTime> {
        let mut doings = BTreeMap::<(&str, Option<i32>), (Duration, BTreeSet<u64>)>::new();
        for stretch in history.stretches(question.scope, []) {
            for doing in &stretch.doings {
                let Some((kind, name)) = doing.activity.filter(|activity| activity.0 != Some(4)) else { continue };
                let (time, users) = doings.entry((name, kind)).or_default();
                *time += Duration::from_millis(stretch.ms);
                users.insert(doing.user);
            }
        }
        let entries = doings.into_iter().map(|((name, kind), (time, users))| {
            let user_count = users.len().try_into().unwrap();
            ActivityTime { name: name.to_owned(), kind, time, user_count }
        });
        let mut entries: Vec<ActivityTime> = entries.collect();
        // By name and kind already; the sort is stable.
        if question.by_people {
            entries.sort_by_key(|entry| Reverse(entry.time));
            entries.sort_by_key(|entry| Reverse(entry.user_count));
        } else {
            entries.sort_by_key(|entry| Reverse(entry.user_count));
            entries.sort_by_key(|entry| Reverse(entry.time));
        }
        entries.truncate(question.limit.unwrap_or(usize::MAX));
        entries
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn the_answer_matches_plain_rust(
            // The times are so short that some are equal.
            history in truth::history(12), window in random::window(12), bots in random::bots(), limit in random::limit(),
            by_people in any::<bool>(), user in prop::option::of(random::any_user())
        ) {
            let question = Activities::of(random::GUILD.try_into().unwrap()).within(window).bots(bots);
            let question = limit.map_or(question, |limit| question.limit(limit));
            let question = user.map_or(question, |user| question.user(user.try_into().unwrap()));
            let question = if by_people { question.by_people() } else { question };
            let answer = question.load(&mut history.file().unwrap()).unwrap();
            prop_assert_eq!(answer.entries, expected(question, &history));
        }
    }
}
