//! Invites, and which of them joins used.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use mocha_store::{
    Event, Keep, RetentionPolicy, Store,
    event::{InviteCreated, InvitesListed, ListedInvite, UserSeen},
};
use proptest::prelude::*;
use support::*;

const PERSON: u64 = 987_654_321_098_765_432;

fn invite(code: &str, inviter: u64, uses: u64) -> ListedInvite {
    ListedInvite { code: code.to_owned(), inviter_id: Some(id(inviter)), is_vanity: false, max_uses: None, uses }
}

fn limited(code: &str, inviter: u64, uses: u64, max_uses: u64) -> ListedInvite {
    ListedInvite { max_uses: Some(max_uses), ..invite(code, inviter, uses) }
}

fn vanity(uses: u64) -> ListedInvite {
    ListedInvite { inviter_id: None, is_vanity: true, ..invite("mocha", 1, uses) }
}

fn listed(ms: i64, invites: &[ListedInvite]) -> Event {
    InvitesListed { at: at(ms), guild_id: id(GUILD), invites: invites.to_vec() }.into()
}

fn created(ms: i64, code: &str, inviter: u64, max_uses: Option<u64>) -> Event {
    let (code, inviter_id) = (code.to_owned(), Some(id(inviter)));
    InviteCreated { at: at(ms), code, guild_id: id(GUILD), inviter_id, max_uses }.into()
}

/// User, code and inviter of each join with a row.
fn invited(store: &Store) -> TestResult<Vec<String>> {
    let row = "user_id || ' ' || ifnull(code, '?') || ' ' || ifnull(inviter_id, '-') || iif(is_vanity, ' vanity', '')";
    Ok(lines(store, &format!("SELECT {row} AS line FROM invited_members ORDER BY joined_at_ms, user_id"))?)
}

/// Code, creator and uses of each invite.
fn invites(store: &Store) -> TestResult<Vec<String>> {
    let row = "code || ' ' || ifnull(user_id, '-') || ' ' || uses || '/' || ifnull(max_uses, '-')";
    Ok(lines(store, &format!("SELECT {row} AS line FROM invites ORDER BY code"))?)
}

#[test]
fn a_join_used_the_one_invite_whose_uses_rose() -> TestResult {
    let store = store()?;
    record(
        &store,
        [
            // Before the first list there is nothing to compare with.
            joined(0, 39, 0),
            created(1, "early", 50, None),
            listed(10, &[invite("a", 50, 3), vanity(7)]),
            joined(20, 40, 20),
            listed(21, &[invite("a", 50, 4), vanity(7)]),
            joined(30, 41, 30),
            listed(31, &[invite("a", 50, 4), vanity(8)]),
            // Two joins by one invite.
            joined(40, 42, 40),
            joined(41, 43, 41),
            listed(42, &[invite("a", 50, 6), vanity(8)]),
            // Two joins by two invites.
            joined(50, 44, 50),
            joined(51, 45, 51),
            listed(52, &[invite("a", 50, 7), vanity(9)]),
            // A join without an invite.
            joined(60, 46, 60),
            listed(61, &[invite("a", 50, 7), vanity(9)]),
            // A join that was missed.
            joined(70, 47, 70),
            listed(71, &[invite("a", 50, 9), vanity(9)]),
        ],
    )?;
    let expected = ["40 a 50", "41 mocha - vanity", "42 a 50", "43 a 50", "44 ? -", "45 ? -", "46 ? -", "47 ? -"];
    assert_eq!(invited(&store)?, expected);
    assert_eq!(invites(&store)?, ["a 50 9/-", "mocha - 9/-"]);
    Ok(())
}

#[test]
fn a_join_after_the_request_of_a_list_counts_for_the_next_one() -> TestResult {
    let store = store()?;
    record(
        &store,
        [
            listed(10, &[invite("a", 50, 0)]),
            joined(20, 40, 20),
            joined(22, 41, 22),
            // The answer arrives after the second join, which it does not have.
            listed(21, &[invite("a", 50, 1)]),
            listed(23, &[invite("a", 50, 2)]),
        ],
    )?;
    assert_eq!(invited(&store)?, ["40 a 50", "41 a 50"]);
    Ok(())
}

#[test]
fn an_invite_that_is_used_up_is_missing_from_the_list() -> TestResult {
    let store = store()?;
    let kept = || invite("kept", 51, 1);
    record(
        &store,
        [
            listed(10, &[kept(), limited("once", 50, 0, 1), limited("a", 50, 0, 1), limited("b", 50, 0, 1)]),
            joined(20, 40, 20),
            listed(21, &[kept(), limited("a", 50, 0, 1), limited("b", 50, 0, 1)]),
            // One of two that are gone.
            joined(30, 41, 30),
            listed(31, &[kept()]),
            // An invite that was created and used up between two lists. Discord's 0 is no limit.
            created(40, "new", 52, Some(1)),
            created(40, "many", 52, Some(0)),
            joined(41, 42, 41),
            listed(42, &[kept(), invite("many", 52, 0)]),
            // It ended before its limit.
            created(50, "twice", 52, Some(2)),
            joined(51, 43, 51),
            listed(52, &[kept(), invite("many", 52, 0)]),
            // An invite that the bot was not told of.
            joined(60, 44, 60),
            listed(61, &[kept(), invite("many", 52, 0), invite("unheard", 53, 1)]),
        ],
    )?;
    assert_eq!(invited(&store)?, ["40 once 50", "41 ? -", "42 new 52", "43 ? -", "44 ? -"]);
    assert_eq!(invites(&store)?, ["kept 51 1/-", "many 52 0/-", "unheard 53 1/-"]);
    Ok(())
}

#[test]
fn old_and_repeated_events_change_nothing() -> TestResult {
    let store = store()?;
    let all = [
        listed(10, &[invite("a", 50, 0), invite("b", 51, 0)]),
        created(15, "c", 52, Some(1)),
        joined(20, 40, 20),
        listed(21, &[invite("a", 50, 1), invite("b", 51, 0), limited("c", 52, 0, 1)]),
        joined(30, 41, 30),
        listed(31, &[invite("a", 50, 1), invite("b", 51, 1)]),
    ];
    record(&store, all.clone())?;
    // The last list has no "c" any more, but a use of "b" too.
    let expected = ["40 a 50", "41 b 51"];
    assert_eq!(invited(&store)?, expected);
    record(&store, all)?;
    assert_eq!(invited(&store)?, expected);
    assert_eq!(invites(&store)?, ["a 50 1/-", "b 51 1/-"]);
    Ok(())
}

#[test]
fn bots_join_without_an_invite() -> TestResult {
    let store = store()?;
    let bot = match user(20, 60, "helper") {
        Event::UserSeen(event) => Event::from(UserSeen { bot: true, ..event }),
        event => event,
    };
    record(
        &store,
        [
            listed(10, &[invite("a", 50, 0)]),
            bot,
            joined(20, 60, 20),
            joined(21, 40, 21),
            listed(22, &[invite("a", 50, 1)]),
        ],
    )?;
    assert_eq!(invited(&store)?, ["60 ? -", "40 a 50"]);
    Ok(())
}

#[test]
fn an_invite_that_the_file_cannot_hold_is_refused() -> TestResult {
    let recorder = store()?.recorder()?;
    for code in ["", "\0", &"x".repeat(257)] {
        for event in [created(0, code, 50, None), listed(0, &[invite(code, 50, 0)])] {
            let error = recorder.record(event).unwrap_err();
            assert!(error.is_invalid_input() && error.to_string().contains("code"), "{code:?}: {error}");
        }
    }
    assert!(recorder.record(listed(0, &[invite("a", 50, 1 << 31)])).is_err());
    assert!(recorder.record(created(0, "a", 50, Some(1 << 31))).is_err());
    recorder.record(listed(0, &[invite(&"x".repeat(256), 50, (1 << 31) - 1)]))?;
    Ok(())
}

#[test]
fn an_erasure_deletes_joins_and_invites_of_the_user() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::open(&path)?;
    let events = || {
        [
            listed(10, &[invite("a", PERSON, 0), invite("b", 51, 0)]),
            joined(20, 40, 20),
            listed(21, &[invite("a", PERSON, 1), invite("b", 51, 0)]),
            joined(30, PERSON, 30),
            listed(31, &[invite("a", PERSON, 1), invite("b", 51, 1)]),
            joined(40, 41, 40),
            listed(41, &[invite("a", PERSON, 1), invite("b", 51, 2)]),
        ]
    };
    record(&store, events())?;
    assert_eq!(invited(&store)?, [format!("40 a {PERSON}"), format!("{PERSON} b 51"), "41 b 51".to_owned()]);
    assert!(is_in_the_file(&path, PERSON)?);
    let mut export = Vec::new();
    store.export_user(id(PERSON)).write_to(&mut export)?;
    let export: serde_json::Value = serde_json::from_slice(&export)?;
    assert_eq!(export["tables"]["invited_members"].as_array().map(Vec::len), Some(2));
    assert_eq!(export["tables"]["invites"].as_array().map(Vec::len), Some(1));
    let receipt = store.forget_user(id(PERSON)).run()?;
    assert!(receipt.is_complete());
    assert_eq!(invited(&store)?, ["41 b 51"]);
    assert_eq!(invites(&store)?, ["b 51 2/-"]);
    // Events from before the erasure, and a list that still has the user's invite.
    record(&store, events())?;
    let later = later(0);
    record(
        &store,
        [
            // The uses of "a" at the last list are not known any more.
            joined(later, 42, later),
            listed(later + 1, &[invite("a", PERSON, 2), invite("b", 51, 2)]),
            joined(later + 10, 43, later + 10),
            listed(later + 11, &[invite("a", PERSON, 3), invite("b", 51, 2)]),
        ],
    )?;
    assert_eq!(invited(&store)?, ["41 b 51", "42 ? -", "43 a -"]);
    assert_eq!(invites(&store)?, ["a - 3/-", "b 51 2/-"]);
    store.checkpoint()?;
    assert!(!is_in_the_file(&path, PERSON)?);
    Ok(())
}

#[test]
fn nothing_about_a_user_who_opted_out_is_recorded() -> TestResult {
    let store = store()?;
    assert!(store.opt_out_user(id(PERSON)).run()?.rows_gone);
    let later = later(0);
    record(
        &store,
        [
            listed(later, &[invite("b", 51, 0)]),
            created(later + 1, "a", PERSON, None),
            joined(later + 10, 40, later + 10),
            listed(later + 11, &[invite("a", PERSON, 1), invite("b", 51, 0)]),
            joined(later + 20, PERSON, later + 20),
            joined(later + 21, 41, later + 21),
            listed(later + 22, &[invite("a", PERSON, 1), invite("b", 51, 2)]),
        ],
    )?;
    // One of the two joins by "b" is not recorded.
    assert_eq!(invited(&store)?, ["40 a -", "41 ? -"]);
    assert_eq!(invites(&store)?, ["a - 1/-", "b 51 2/-"]);
    Ok(())
}

#[test]
fn retention_deletes_old_joins_and_keeps_invites() -> TestResult {
    let store = store()?;
    record(&store, [listed(10, &[invite("a", 50, 0)]), joined(20, 40, 20), listed(21, &[invite("a", 50, 1)])])?;
    let retention = RetentionPolicy::default().members(Keep::Days(1));
    assert!(store.apply_retention_at(&retention, at(9_000)).run()?.complete);
    assert_eq!(invited(&store)?.len(), 1);
    assert!(store.apply_retention_at(&retention, at(9_000 + 3 * 86_400_000)).run()?.complete);
    assert_eq!(invited(&store)?, [""; 0]);
    assert_eq!(invites(&store)?, ["a 50 1/-"]);
    Ok(())
}

/// One thing that happens in a simulated server. Invites are known by their place.
#[derive(Clone, Debug)]
enum Act {
    /// Somebody creates an invite, with a limit if it is not 0. The bot may not be told.
    Create { max_uses: u64, is_told: bool },
    /// A moderator deletes an invite.
    Delete(prop::sample::Index),
    /// Somebody joins, by an invite or without one. The bot may miss it.
    Join { by: Option<prop::sample::Index>, is_missed: bool },
    /// The bot lists the invites.
    List,
}

/// A server in which one kind of thing goes wrong. Two of them at once may explain the same numbers.
fn acts() -> impl Strategy<Value = Vec<Act>> {
    (0..3).prop_flat_map(|trouble| {
        let max_uses = if trouble == 2 { 0..1_u64 } else { 0..4 };
        let create = (max_uses, any::<bool>()).prop_map(move |(max_uses, is_told)| {
            // An invite that the bot never sees is like a join without one.
            Act::Create { max_uses, is_told: is_told || trouble == 0 }
        });
        let delete = any::<prop::sample::Index>().prop_map(Act::Delete);
        let by = any::<prop::sample::Index>();
        let join = by.prop_map(|by| Act::Join { by: Some(by), is_missed: false });
        let trouble = match trouble {
            0 => delete.boxed(),
            1 => Just(Act::Join { by: None, is_missed: false }).boxed(),
            _ => by_missed().boxed(),
        };
        let act = prop_oneof![2 => create, 4 => join, 1 => trouble, 5 => Just(Act::List)];
        prop::collection::vec(act, 0..60)
    })
}

fn by_missed() -> impl Strategy<Value = Act> {
    any::<prop::sample::Index>().prop_map(|by| Act::Join { by: Some(by), is_missed: true })
}

/// Discord's side, and what the bot can know.
#[derive(Debug, Default)]
struct World {
    /// Uses and limit of the invites that exist.
    invites: BTreeMap<String, (u64, u64)>,
    /// The invites of the last list, and those that the bot was told of since, with the uses that are left. `None` without a limit.
    known: BTreeMap<String, Option<u64>>,
    /// The joins since the last list: the user, the code, and whether the bot missed it.
    since: Vec<(u64, Option<String>, bool)>,
    /// Code of each recorded join that has a row.
    expected: BTreeMap<u64, Option<String>>,
    events: Vec<Event>,
    last_list: Option<Event>,
    number: u64,
    ms: i64,
}

impl World {
    fn act(&mut self, act: &Act) {
        self.number += 1;
        self.ms += 10;
        let (ms, number) = (self.ms, self.number);
        let codes: Vec<String> = self.invites.keys().cloned().collect();
        match act {
            Act::Create { max_uses, is_told } => {
                // The order of codes is not that of their creation.
                let code = format!("{}-{number}", number * 7 % 10);
                self.invites.insert(code.clone(), (0, *max_uses));
                if *is_told {
                    self.events.push(created(ms, &code, 50 + number % 3, Some(*max_uses)));
                    if !self.known.is_empty() {
                        self.known.insert(code, Some(*max_uses).filter(|max_uses| *max_uses > 0));
                    }
                }
            }
            Act::Delete(place) if !codes.is_empty() => {
                self.invites.remove(place.get(&codes));
            }
            Act::Join { by: Some(_), .. } | Act::Delete(_) if codes.is_empty() => {}
            Act::Join { by, is_missed } => {
                let user = 1_000 + number;
                let by = by.map(|place| place.get(&codes).clone());
                if let Some(code) = &by
                    && let Some((uses, max_uses)) = self.invites.get_mut(code)
                {
                    *uses += 1;
                    if uses == max_uses {
                        self.invites.remove(code);
                    }
                }
                if !is_missed {
                    self.events.push(joined(ms, user, ms));
                    if !self.known.is_empty() {
                        self.expected.insert(user, None);
                    }
                }
                self.since.push((user, by, *is_missed));
            }
            Act::List => self.list(),
            Act::Delete(_) => {}
        }
    }

    fn list(&mut self) {
        if let Some(code) = self.concluded() {
            for (user, ..) in &self.since {
                self.expected.insert(*user, Some(code.clone()));
            }
        }
        let all = self.invites.iter();
        let all = all.map(|(code, (uses, max_uses))| ListedInvite {
            max_uses: Some(*max_uses),
            ..invite(code, inviter_of(code), *uses)
        });
        let list = listed(self.ms, &all.collect::<Vec<_>>());
        self.events.push(list.clone());
        let late = self.last_list.replace(list);
        // A list that is delivered again. Without invites Mocha does not know when the last list was.
        self.events.extend(late.filter(|_| !self.invites.is_empty()));
        let left = |(uses, max_uses): &(u64, u64)| (*max_uses > 0).then(|| max_uses - uses);
        self.known = self.invites.iter().map(|(code, invite)| (code.clone(), left(invite))).collect();
        self.since.clear();
    }

    /// The invite of all joins since the last list, if somebody who sees only both lists and the joins can know it.
    fn concluded(&self) -> Option<String> {
        let used: BTreeSet<&Option<String>> = self.since.iter().map(|(_, by, _)| by).collect();
        let [Some(code)] = used.into_iter().collect::<Vec<_>>()[..] else { return None };
        let is_unknown_used = self.invites.iter().any(|(code, (uses, _))| *uses > 0 && !self.known.contains_key(code));
        if self.since.iter().any(|(.., is_missed)| *is_missed) || is_unknown_used || !self.known.contains_key(code) {
            return None;
        }
        let gone: Vec<&String> = self.known.keys().filter(|code| !self.invites.contains_key(*code)).collect();
        let left = self.known.get(code).copied().flatten();
        let joins = u64::try_from(self.since.len()).unwrap_or(u64::MAX);
        let can_tell = self.invites.contains_key(code) || (gone == [code] && left == Some(joins));
        can_tell.then(|| code.clone())
    }
}

fn inviter_of(code: &str) -> u64 {
    let number: u64 = code.split('-').nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    50 + number % 3
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// No conclusion is wrong, and each is drawn that the numbers allow. Twice is once.
    #[test]
    fn joins_have_the_invite_that_was_used_or_none(acts in acts(), is_twice in any::<bool>()) {
        let mut world = World::default();
        for act in &acts {
            world.act(act);
        }
        let store = store().unwrap();
        let times = 1 + usize::from(is_twice);
        record(&store, world.events.iter().flat_map(|event| vec![event.clone(); times])).unwrap();
        let expected: Vec<String> = world.expected.iter().map(|(user, code)| match code {
            Some(code) => format!("{user} {code} {}", inviter_of(code)),
            None => format!("{user} ? -"),
        }).collect();
        prop_assert_eq!(invited(&store).unwrap(), expected);
    }
}
