//! The messages, joins and leaves that were delivered.

use std::collections::{BTreeMap, BTreeSet};

use mocha_schema::{MessageId, UserId};
use mocha_store::{Event, event::MessageSent};

use super::{Found, case::Case};
use crate::MessageTotals;

/// The delivered events, each once.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    messages: BTreeMap<MessageId, MessageSent>,
    /// Joins (`true`) and leaves, in order.
    moves: BTreeMap<UserId, Vec<bool>>,
    /// The members whom Discord sent with the guild.
    seen: BTreeSet<UserId>,
}

impl Delivered {
    pub(super) fn of(case: &Case) -> Self {
        let mut delivered = Self::default();
        let mut known = BTreeSet::new();
        for event in case.heard() {
            match event {
                Event::MessageSent(event) => {
                    delivered.messages.insert(event.message_id, *event);
                }
                Event::MemberJoined(event) if known.insert((event.user_id, event.joined_at, true)) => {
                    delivered.moves.entry(event.user_id).or_default().push(true);
                }
                Event::MemberLeft(event) if known.insert((event.user_id, Some(event.at), false)) => {
                    delivered.moves.entry(event.user_id).or_default().push(false);
                }
                Event::MemberSeen(event) => {
                    delivered.seen.insert(event.user_id);
                }
                _ => {}
            }
        }
        delivered
    }

    pub(super) fn message_contradictions(&self, found: &Found) -> Vec<String> {
        let mut messages = BTreeMap::<UserId, MessageTotals>::new();
        for message in self.messages.values() {
            let content = message.content.unwrap_or_default();
            let totals = messages.entry(message.user_id).or_default();
            totals.characters += u64::from(content.characters);
            totals.messages += 1;
            totals.words += u64::from(content.words);
        }
        let users: BTreeSet<&UserId> = messages.keys().chain(found.messages.keys()).collect();
        let differ = users.into_iter().filter(|user_id| messages.get(user_id) != found.messages.get(user_id));
        differ
            .map(|user| {
                format!("messages of {user}: {:?} instead of {:?}", found.messages.get(user), messages.get(user))
            })
            .collect()
    }

    pub(super) fn member_contradictions(&self, truth: &[Event], found: &Found) -> Vec<String> {
        let mut contradictions = Vec::new();
        let mut true_moves = BTreeMap::<UserId, Vec<bool>>::new();
        let mut members = BTreeSet::new();
        for event in truth {
            match event {
                Event::MemberJoined(event) => {
                    true_moves.entry(event.user_id).or_default().push(true);
                    members.insert(event.user_id);
                }
                Event::MemberLeft(event) => {
                    true_moves.entry(event.user_id).or_default().push(false);
                    members.remove(&event.user_id);
                }
                Event::MemberSeen(event) => {
                    members.insert(event.user_id);
                }
                _ => {}
            }
        }
        let none = Vec::new();
        let users: BTreeSet<&UserId> = true_moves.keys().chain(found.joins.keys()).chain(found.leaves.keys()).collect();
        for user_id in users {
            let moves = self.moves.get(user_id).unwrap_or(&none);
            let missed = true_moves.get(user_id) != Some(moves);
            let slack = true_moves.get(user_id).map_or(0, Vec::len).saturating_sub(moves.len()) + usize::from(missed);
            let number = |moves: Option<&Vec<bool>>, joined| {
                moves.map_or(0, |moves| moves.iter().filter(|move_| **move_ == joined).count())
            };
            let inferred =
                found.inferred_leaves.get(user_id).map_or(0, |got| usize::try_from(*got).unwrap_or(usize::MAX));
            for (kind, joined, got) in [("joins", true, &found.joins), ("leaves", false, &found.leaves)] {
                let most = number(Some(moves), joined);
                // A join of a member, and a leave of somebody else, are taken for repetitions.
                let least = if missed { most.saturating_sub(slack) } else { most };
                // A later list may show that somebody left and joined again unheard.
                let unheard = number(true_moves.get(user_id), joined).saturating_sub(most);
                let most = if joined { most + unheard.min(inferred) } else { most };
                let got = got.get(user_id).map_or(0, |got| usize::try_from(*got).unwrap_or(usize::MAX));
                if !(least..=most).contains(&got) {
                    contradictions.push(format!("{kind} of {user_id}: {got} instead of {least} to {most}"));
                }
            }
            let told = !moves.is_empty() || self.seen.contains(user_id);
            if !missed && told && members.contains(user_id) != found.members.contains(user_id) {
                contradictions.push(format!("{user_id} is a member: {}", found.members.contains(user_id)));
            }
        }
        contradictions
    }
}
