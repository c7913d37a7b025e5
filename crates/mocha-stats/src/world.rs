//! Random activity of some weeks, for the property tests.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use mocha_schema::VoiceEventType;
use proptest::prelude::*;

use crate::{
    fixture::{
        MONDAY, Message, TestResult, insert_channel, insert_guild, insert_interval, insert_member, insert_role,
        interval,
    },
    random,
    test_file::File,
};

const HOUR: i64 = 3_600;

/// How many seconds it lasts.
pub(crate) const SPAN: i64 = 70 * 24 * HOUR;

/// An act of a user: a message, or a finished stay in voice.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The points of users that the bot set.
    pub(crate) balances: BTreeMap<u64, u64>,
    pub(crate) messages: Vec<Message>,
    pub(crate) members: BTreeSet<u64>,
    /// Role and member.
    pub(crate) roles: BTreeSet<(u64, u64)>,
    /// User, channel, start and length in milliseconds; within a day, and no two of a user at once.
    pub(crate) stays: Vec<(u64, u64, i64, i64)>,
    /// User and second.
    pub(crate) leaves: Vec<(u64, i64)>,
}

/// Ten weeks from [`MONDAY`] on.
pub(crate) fn world() -> impl Strategy<Value = World> {
    let stay = (
        random::user(),
        prop::sample::select(vec![1_002_u64, 1_010]),
        0..SPAN / HOUR / 24,
        0..80_000_i64,
        1..6_000_i64,
    )
        .prop_map(|(user, channel, day, second, seconds)| {
            (user, channel, (MONDAY + day * 24 * HOUR + second) * 1000 + 7, seconds * 1000 - 13)
        });
    let stays = prop::collection::vec(stay, 0..12).prop_map(|stays| {
        let mut free: BTreeMap<(u64, i64), (u64, u64, i64, i64)> = BTreeMap::new();
        // One a day at most.
        for stay in stays {
            free.insert((stay.0, stay.2 / 86_400_000), stay);
        }
        free.into_values().collect()
    });
    let leaves = prop::collection::vec((random::user(), MONDAY..MONDAY + SPAN), 0..12);
    let members = prop::collection::btree_set(random::user(), 0..5);
    let roles = prop::collection::btree_set((prop::sample::select(ROLES.as_slice()), random::user()), 0..8);
    let balances = prop::collection::btree_map(random::user(), 0..50_u64, 0..4);
    (random::messages(SPAN), stays, leaves, members, (roles, balances)).prop_map(
        |(messages, stays, leaves, members, (roles, balances))| {
            let roles = roles.into_iter().filter(|(_, user)| members.contains(user)).collect();
            World { balances, messages, members, roles, stays, leaves }
        },
    )
}

/// Roles that members may have.
pub(crate) const ROLES: [u64; 3] = [70, 71, 72];

/// A thread in a channel in a category.
pub(crate) const PLACES: [(u64, Option<u64>); 3] = [(1_002, None), (1_010, Some(5_000)), (1_100, Some(1_010))];

/// How many seconds are worth an award.
pub(crate) const AWARD: i64 = 12 * HOUR;

pub(crate) fn insert(conn: &mut File, world: &World) -> TestResult {
    conn.execute(format!("INSERT INTO award_spans VALUES ('{}', {AWARD})", random::GUILD))?;
    insert_guild(conn, random::GUILD)?;
    for (id, parent) in PLACES {
        insert_channel(conn, random::GUILD, id, 0, parent)?;
    }
    random::insert_messages(conn, &world.messages)?;
    for &(user, channel, start, length) in &world.stays {
        insert_interval(conn, interval(random::GUILD, user, Some(channel), start, Some(start + length))?)?;
    }
    let log = world.leaves.iter().map(|&(user, second)| random::LogEntry {
        guild: random::GUILD,
        user,
        kind: VoiceEventType::Leave,
        duration: None,
        second,
    });
    random::insert_voice_log(conn, &log.collect::<Vec<_>>())?;
    for &user in &world.members {
        insert_member(conn, random::GUILD, user)?;
    }
    for (&user, &points) in &world.balances {
        conn.execute(format!("INSERT INTO point_balances VALUES ({}, {user}, {points})", random::GUILD))?;
    }
    for &(role, user) in &world.roles {
        insert_role(conn, random::GUILD, role, user)?;
    }
    Ok(())
}

/// The category or channel that a channel is in.
pub(crate) fn parent(channel: u64) -> Option<u64> {
    PLACES.iter().find(|place| place.0 == channel).and_then(|place| place.1)
}

/// The first millisecond that begins at an instant or after it.
pub(crate) fn ceil_ms(edge: DateTime<Utc>) -> i64 {
    edge.timestamp_millis() + i64::from(!edge.timestamp_subsec_nanos().is_multiple_of(1_000_000))
}
