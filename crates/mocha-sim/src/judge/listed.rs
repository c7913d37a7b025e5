//! Lists of members and presences. After a list the file is right, whatever was missed before it.

use std::collections::{BTreeMap, BTreeSet};

use mocha_schema::{PresenceStatus, UserId};
use mocha_store::{
    Event,
    event::{MembersListed, PresenceChanged, PresencesListed},
};

use super::{Found, case::Case};
use crate::World;

/// Joins (`true`) and leaves by user, in order.
type Moves = BTreeMap<UserId, Vec<bool>>;

/// The events that were delivered since the last list of each kind, each once.
#[derive(Debug, Default)]
struct Since<'a> {
    counted_ms: Option<i64>,
    counted_moves: Moves,
    listed_ms: Option<i64>,
    moves: Moves,
    presences: BTreeMap<UserId, Vec<&'a PresenceChanged>>,
    presences_ms: Option<i64>,
    /// The members whom Discord sent.
    seen: BTreeSet<UserId>,
}

impl<'a> Since<'a> {
    fn of(case: &'a Case) -> Self {
        let mut since = Self::default();
        let (mut moved, mut changed) = (BTreeSet::new(), BTreeSet::new());
        for event in case.heard() {
            match event {
                Event::GuildSeen(event) if event.member_count.is_some() => {
                    since.counted_ms = Some(event.at.timestamp_millis());
                    since.counted_moves.clear();
                }
                Event::MemberJoined(event) if moved.insert((event.user_id, event.joined_at, true)) => {
                    since.moved(event.user_id, true);
                }
                Event::MemberLeft(event) if moved.insert((event.user_id, Some(event.at), false)) => {
                    since.moved(event.user_id, false);
                }
                Event::MemberSeen(event) => {
                    since.seen.insert(event.user_id);
                }
                Event::MembersListed(MembersListed { at, .. }) => {
                    since.listed_ms = Some(at.timestamp_millis());
                    since.moves.clear();
                    since.seen.clear();
                }
                Event::PresenceChanged(event) if changed.insert((event.user_id, event.at)) => {
                    since.presences.entry(event.user_id).or_default().push(event);
                }
                Event::PresencesListed(PresencesListed { at, .. }) => {
                    since.presences_ms = Some(at.timestamp_millis());
                    since.presences.clear();
                }
                _ => {}
            }
        }
        since
    }

    fn moved(&mut self, user_id: UserId, joined: bool) {
        self.moves.entry(user_id).or_default().push(joined);
        self.counted_moves.entry(user_id).or_default().push(joined);
    }
}

/// Returns the true joins and leaves from a time on.
fn moves(truth: &[Event], from_ms: i64) -> Moves {
    let mut moves = Moves::new();
    for event in truth.iter().filter(|event| event.at().timestamp_millis() >= from_ms) {
        match event {
            Event::MemberJoined(event) => moves.entry(event.user_id).or_default().push(true),
            Event::MemberLeft(event) => moves.entry(event.user_id).or_default().push(false),
            _ => {}
        }
    }
    moves
}

pub(super) fn contradictions(case: &Case, found: &Found) -> Vec<String> {
    let (since, world, truth) = (Since::of(case), world(&case.truth), &case.truth);
    let mut wrong = members(truth, &since, &world, found);
    wrong.extend(inferred(truth, found));
    wrong.extend(presences(truth, &since, &world, found));
    wrong
}

fn world(truth: &[Event]) -> World {
    let mut world = World::default();
    for event in truth {
        world.observe(event);
    }
    world
}

/// Returns a contradiction about the member count. It is known if every join and leave since the last count was delivered.
pub(super) fn count(case: &Case, found: &Found) -> Option<String> {
    let since = Since::of(case);
    let is_told = moves(&case.truth, since.counted_ms?) == since.counted_moves;
    let expected = u64::try_from(world(&case.truth).member_count()).ok();
    (is_told && found.member_count != expected)
        .then(|| format!("{:?} members instead of {expected:?}", found.member_count))
}

/// Returns contradictions about members. A membership is known if all joins and leaves of the user since the list were
/// delivered. A guild begins without members, and Discord then sends each of them, which may be missed too.
fn members(truth: &[Event], since: &Since<'_>, world: &World, found: &Found) -> Vec<String> {
    let Some(listed_ms) = since.listed_ms else { return Vec::new() };
    let moves = moves(truth, listed_ms);
    let users: BTreeSet<UserId> = truth.iter().filter_map(member_of).chain(found.members.iter().copied()).collect();
    let sent: BTreeSet<UserId> = truth
        .iter()
        .filter(|event| event.at().timestamp_millis() >= listed_ms)
        .filter_map(|event| if let Event::MemberSeen(event) = event { Some(event.user_id) } else { None })
        .collect();
    let told = |user_id: &UserId| {
        moves.get(user_id) == since.moves.get(user_id) && (!sent.contains(user_id) || since.seen.contains(user_id))
    };
    let wrong = |user_id: &UserId| found.members.contains(user_id) != world.is_member(*user_id);
    let users = users.into_iter().filter(|user_id| told(user_id) && wrong(user_id));
    users.map(|user_id| format!("{user_id} is a member after a list: {}", found.members.contains(&user_id))).collect()
}

/// Returns inferred leaves that did not take place.
fn inferred(truth: &[Event], found: &Found) -> Vec<String> {
    let left = moves(truth, i64::MIN);
    let leaves =
        |user_id: &UserId| left.get(user_id).map_or(0, |moves| moves.iter().filter(|joined| !**joined).count());
    let wrong = found.inferred_leaves.iter().filter(|(user_id, got)| u64::try_from(leaves(user_id)).ok() < Some(**got));
    wrong
        .map(|(user_id, got)| format!("{user_id} has {got} inferred leaves and really left {} times", leaves(user_id)))
        .collect()
}

/// Returns contradictions about presences. A status is known if every change since the list was delivered.
fn presences(truth: &[Event], since: &Since<'_>, world: &World, found: &Found) -> Vec<String> {
    let Some(listed_ms) = since.presences_ms else { return Vec::new() };
    let moves = moves(truth, listed_ms);
    let mut changes = BTreeMap::<UserId, Vec<(PresenceStatus, bool)>>::new();
    for event in truth.iter().filter(|event| event.at().timestamp_millis() >= listed_ms) {
        if let Event::PresenceChanged(event) = event {
            changes.entry(event.user_id).or_default().push((event.status, event.activity.is_some()));
        }
    }
    let users = truth.iter().filter_map(member_of).collect::<BTreeSet<_>>().into_iter();
    let users = users.filter(|user_id| world.is_member(*user_id) && !moves.contains_key(user_id)).filter(|user_id| {
        let delivered = since.presences.get(user_id).into_iter().flatten();
        let delivered: Vec<_> = delivered.map(|event| (event.status, event.activity.is_some())).collect();
        delivered == changes.get(user_id).cloned().unwrap_or_default()
    });
    let wrong = users.filter_map(|user_id| {
        // A user without a presence is offline.
        let got = found.presences.get(&user_id).copied().unwrap_or(Some(PresenceStatus::Offline));
        let expected = world.status_of(user_id);
        (got != Some(expected)).then(|| format!("{user_id} is {got:?} instead of {expected:?}"))
    });
    wrong.collect()
}

fn member_of(event: &Event) -> Option<UserId> {
    match event {
        Event::MemberJoined(event) | Event::MemberSeen(event) => Some(event.user_id),
        _ => None,
    }
}
