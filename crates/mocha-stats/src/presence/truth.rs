//! Random presence, and the correct answers in plain Rust, computed from one change to the next.

use std::collections::BTreeSet;

use mocha_schema::PresenceStatus;
use proptest::prelude::*;

use super::scope::Scope;
use crate::{
    fixture::{MONDAY, TestResult, insert_guild, insert_member, value},
    growth::truth::{self, Event},
    random,
    test_file::File,
};

/// A row of `presence_events`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) guild: u64,
    pub(super) user: u64,
    pub(super) status: Option<&'static str>,
    pub(super) activity: Option<(Option<i32>, &'static str)>,
    pub(super) second: i64,
}

/// The recorded events.
#[derive(Clone, Debug)]
pub(super) struct History {
    pub(super) told: Vec<Told>,
    pub(super) log: Vec<Event>,
    /// When the recorder last noted that it runs.
    pub(super) seen_at_ms: Option<i64>,
    /// Whether other programs wrote some of the rows; then `members` has everybody.
    pub(super) foreign: bool,
}

pub(super) fn history(seconds: i64) -> impl Strategy<Value = History> {
    let status = [Some("online"), Some("online"), Some("idle"), Some("dnd"), Some("offline"), Some("lost"), None];
    let kind = prop::sample::select([Some(0), Some(2), Some(4), None].as_slice());
    let activity = prop::option::of((kind, prop::sample::select(["Chess", "Go", "Set"].as_slice())));
    let second = prop_oneof![2 => 0..seconds, 1 => (0..6_i64).prop_map(move |part| part * seconds / 6)];
    let told = (random::guild(), random::any_user(), prop::sample::select(status.to_vec()), activity, second).prop_map(
        |(guild, user, status, activity, second)| Told { guild, user, status, activity, second: MONDAY + second },
    );
    let seen_at_ms = prop::option::of((-1000..2 * seconds * 1000).prop_map(|ms| MONDAY * 1000 + ms));
    let log = truth::events(seconds).prop_map(|mut log| {
        log.truncate(8);
        log
    });
    (prop::collection::vec(told, 0..30), log, seen_at_ms, any::<bool>())
        .prop_map(|(told, log, seen_at_ms, foreign)| History { told, log, seen_at_ms, foreign })
}

/// The status of a counted user from one instant to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doing {
    pub(super) user: u64,
    pub(super) status: Option<PresenceStatus>,
    pub(super) activity: Option<(Option<i32>, &'static str)>,
}

/// A stretch of the window in which nothing changes.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) from_ms: i64,
    pub(super) ms: u64,
    pub(super) doings: Vec<Doing>,
}

impl History {
    pub(super) fn file(&self) -> TestResult<File> {
        let mut conn = truth::file(&self.log)?;
        if self.foreign {
            add_members(&mut conn)?;
        }
        for (number, told) in (0..).zip(&self.told) {
            let Told { guild, user, status, activity, second } = *told;
            // Every member has a row in `users`.
            let foreign = self.foreign && number % 2 == 0 && user != random::UNKNOWN_USER;
            let ms = second * 1000 + number;
            let id = if foreign { format!("{number:08x}") } else { format!("presence:{guild}:{user}:{ms}") };
            let quoted = |text: Option<&str>| value(text.map(|text| format!("'{text}'")));
            let (status, name) = (quoted(status), quoted(activity.map(|activity| activity.1)));
            let kind = value(activity.and_then(|activity| activity.0));
            conn.execute(format!(
                "INSERT INTO presence_events (id, guild_id, user_id, status, activity_type, activity_name, created_at) \
                VALUES ('{id}', '{guild}', '{user}', {status}, {kind}, {name}, {second})"
            ))?;
        }
        if let Some(seen_at_ms) = self.seen_at_ms {
            conn.execute(format!("INSERT INTO recorder_states VALUES (1, 0, 0, {seen_at_ms}, NULL)"))?;
        }
        Ok(conn)
    }

    /// The rows of the guild before the window's end, in order of time; those of a second as they
    /// were written.
    fn rows(&self, scope: Scope) -> Vec<Told> {
        let end = scope.window.end_second();
        let rows = self.told.iter().filter(|told| told.guild == random::GUILD && told.second < end);
        let mut rows: Vec<Told> = rows.copied().collect();
        rows.sort_by_key(|told| told.second);
        rows
    }

    /// The start and the end of the known time.
    pub(super) fn known(&self, scope: Scope) -> (Option<i64>, i64) {
        let rows = self.rows(scope);
        let in_window = rows.iter().find(|told| random::holds(scope.window, told.second * 1000));
        let from_ms = scope.window.start().map(|_| scope.window.start_ms());
        let all = self.told.iter().filter(|told| told.guild == random::GUILD);
        let last = all.map(|told| told.second * 1000).chain(self.seen_at_ms).max().unwrap_or(0);
        let to_ms = scope.window.end_ms().map_or(last, |end| end.min(last));
        (from_ms.or(in_window.map(|told| told.second * 1000)), to_ms)
    }

    /// Returns the parts of the window up to the end of the known time, cut at these instants too.
    pub(super) fn stretches(&self, scope: Scope, cuts: impl IntoIterator<Item = i64>) -> Vec<Stretch> {
        let (Some(from_ms), to_ms) = self.known(scope) else { return Vec::new() };
        let (rows, log) = (self.rows(scope), truth::log(&self.log, i64::MAX));
        let mut edges: BTreeSet<i64> = rows.iter().map(|told| told.second * 1000).collect();
        edges.extend(log.iter().map(|event| event.second * 1000).chain(cuts).chain([from_ms, to_ms]));
        let edges: Vec<i64> =
            edges.range(from_ms..=to_ms.max(from_ms)).copied().filter(|edge| *edge <= to_ms).collect();
        let stretches = edges.windows(2).map(|edge| Stretch {
            from_ms: edge[0],
            ms: u64::try_from(edge[1] - edge[0]).unwrap(),
            doings: doings(scope, &rows, &log, edge[0]),
        });
        stretches.collect()
    }
}

/// Returns the counted users who have a status and are members.
fn doings(scope: Scope, rows: &[Told], log: &[Event], at_ms: i64) -> Vec<Doing> {
    let told = rows.iter().filter(|told| told.second * 1000 <= at_ms);
    let users: BTreeSet<u64> = told.clone().map(|told| told.user).collect();
    let doings = users
        .into_iter()
        .filter(|user| scope.user.map_or(random::counts(scope.bots, *user), |only| only.get() == *user))
        .filter_map(|user| {
            let last = told.clone().rfind(|told| told.user == user)?;
            let event = log.iter().rfind(|event| event.user == user && event.second * 1000 <= at_ms);
            // A user with an event after leaving is a member again.
            let there = event.is_none_or(|event| event.join || last.second > event.second);
            there.then_some(Doing { user, status: last.status.and_then(status), activity: last.activity })
        });
    doings.collect()
}

fn status(word: &str) -> Option<PresenceStatus> {
    match word {
        "dnd" => Some(PresenceStatus::Dnd),
        "idle" => Some(PresenceStatus::Idle),
        "offline" => Some(PresenceStatus::Offline),
        "online" => Some(PresenceStatus::Online),
        _ => None,
    }
}

fn add_members(conn: &mut File) -> TestResult {
    insert_guild(conn, random::GUILD)?;
    for (user, _) in random::USERS {
        insert_member(conn, random::GUILD, user)?;
    }
    Ok(())
}
