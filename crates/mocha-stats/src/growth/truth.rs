//! People coming and going, and what is true of it, in plain Rust.

use proptest::prelude::*;

use crate::{
    Bots, Window,
    fixture::{MONDAY, TestResult, insert_member_event},
    random,
    test_file::{File, empty},
};

/// Somebody who came or went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) guild: u64,
    pub(crate) user: u64,
    pub(crate) join: bool,
    pub(crate) count: Option<i32>,
    pub(crate) second: i64,
}

/// Comings and goings within so many seconds from [`MONDAY`] on, some of them at once; not all of
/// them can be.
pub(crate) fn events(seconds: i64) -> impl Strategy<Value = Vec<Event>> {
    let second = prop_oneof![2 => 0..seconds, 1 => (0..6_i64).prop_map(move |part| part * seconds / 6)];
    let count = prop::option::weighted(0.3, 0..50_i32);
    let event = (random::guild(), random::any_user(), any::<bool>(), count, second)
        .prop_map(|(guild, user, join, count, second)| Event { guild, user, join, count, second: MONDAY + second });
    prop::collection::vec(event, 0..30)
}

/// Comings and goings and a window of so many seconds, or of so few that they meet.
pub(crate) fn events_and_window(seconds: i64) -> impl Strategy<Value = (Vec<Event>, Window)> {
    prop_oneof![Just(seconds), Just(20)].prop_flat_map(|seconds| (events(seconds), random::window(seconds)))
}

/// A file with users and these.
pub(crate) fn file(events: &[Event]) -> TestResult<File> {
    let mut conn = empty()?;
    random::insert_users(&mut conn)?;
    insert(&mut conn, events)?;
    Ok(conn)
}

pub(crate) fn insert(conn: &mut File, events: &[Event]) -> TestResult {
    for (number, event) in events.iter().enumerate() {
        let (id, event_type) = (format!("event {number}"), if event.join { "join" } else { "leave" });
        insert_member_event(conn, &id, event.guild, event.user, event_type, event.count, event.second)?;
    }
    Ok(())
}

/// Those of the guild before a second, in order of time; those of a second as they were written.
pub(crate) fn log(events: &[Event], end: i64) -> Vec<Event> {
    let mut log: Vec<Event> =
        events.iter().filter(|event| event.guild == random::GUILD && event.second < end).copied().collect();
    log.sort_by_key(|event| event.second);
    log
}

/// A join, and the second of what ended the membership, told by looking for it from the join on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay {
    pub(crate) user: u64,
    pub(crate) joined: i64,
    pub(crate) ended: Option<i64>,
}

impl Stay {
    /// Whether the membership went on for so long.
    pub(crate) fn lasted(self, seconds: i64) -> bool {
        self.ended.is_none_or(|ended| ended >= self.joined + seconds)
    }
}

/// Everybody who counts and joined.
pub(crate) fn stays(bots: Bots, log: &[Event]) -> Vec<Stay> {
    let joins = log.iter().enumerate().filter(|(_, event)| event.join && random::counts(bots, event.user));
    let stays = joins.map(|(index, join)| {
        let next = log[index + 1..].iter().find(|event| event.user == join.user);
        Stay { user: join.user, joined: join.second, ended: next.map(|event| event.second) }
    });
    stays.collect()
}
