//! Reactions to messages.

mod support;

use mocha_schema::{Emoji, MessageId};
use mocha_store::{
    Event, Keep, RetentionPolicy, Store,
    event::{ReactionAdded, ReactionRemoved, ReactionsCleared},
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use support::*;

const PERSON: u64 = 987_654_321_098_765_432;

fn thumb() -> Emoji {
    Emoji::Unicode("\u{1f44d}".to_owned())
}

fn party(name: &str) -> Emoji {
    Emoji::Custom { id: id(7), name: Some(name.to_owned()) }
}

fn reacted(ms: i64, number: u64, user: u64, author: Option<u64>, emoji: Emoji) -> Event {
    ReactionAdded {
        at: at(ms),
        author_id: author.map(id),
        channel_id: id(20),
        emoji,
        guild_id: id(GUILD),
        message_id: id(number),
        user_id: id(user),
    }
    .into()
}

fn took_back(ms: i64, number: u64, user: u64, emoji: Emoji) -> Event {
    ReactionRemoved { at: at(ms), emoji, guild_id: id(GUILD), message_id: id(number), user_id: id(user) }.into()
}

fn cleared(ms: i64, number: u64, emoji: Option<Emoji>) -> Event {
    ReactionsCleared { at: at(ms), emoji, guild_id: id(GUILD), message_id: id(number) }.into()
}

/// Message, user, emoji and author of each reaction.
fn reactions(store: &Store) -> TestResult<Vec<String>> {
    let row = "message_id || ' ' || user_id || ' ' || emoji || ' ' || ifnull(author_id, '?')";
    Ok(lines(store, &format!("SELECT {row} AS line FROM reactions ORDER BY message_id, user_id, emoji"))?)
}

#[test]
fn a_reaction_counts_once_until_it_is_taken_back() -> TestResult {
    let store = store()?;
    let first = reacted(0, 1, 40, Some(50), party("party"));
    record(&store, [first.clone(), reacted(1_000, 1, 40, Some(50), thumb()), first.clone()])?;
    record(&store, [first])?;
    assert_eq!(reactions(&store)?, ["1 40 7 50", "1 40 \u{1f44d} 50"]);
    let seconds = "SELECT created_at - ? || '' AS line FROM reactions WHERE emoji = '7'";
    assert_eq!(lines(&store, &seconds.replace('?', &at(0).timestamp().to_string()))?, ["0"]);
    // A custom emoji is known by its id. The second removal, and one of another user, find nothing.
    let removal = took_back(2_000, 1, 40, party("renamed"));
    record(&store, [removal.clone(), removal, took_back(2_000, 1, 41, thumb())])?;
    assert_eq!(reactions(&store)?, ["1 40 \u{1f44d} 50"]);
    record(&store, [reacted(3_000, 1, 40, Some(50), party("renamed"))])?;
    assert_eq!(reactions(&store)?.len(), 2);
    Ok(())
}

#[test]
fn a_moderator_removes_all_reactions_or_those_with_one_emoji() -> TestResult {
    let store = store()?;
    let all = |number| {
        [(40, thumb()), (41, thumb()), (41, party("party"))]
            .map(|(user, emoji)| reacted(0, number, user, Some(50), emoji))
    };
    record(&store, all(1).into_iter().chain(all(2)))?;
    record(&store, [cleared(1_000, 1, Some(thumb()))])?;
    assert_eq!(reactions(&store)?, ["1 41 7 50", "2 40 \u{1f44d} 50", "2 41 7 50", "2 41 \u{1f44d} 50"]);
    record(&store, [cleared(2_000, 2, None), cleared(2_000, 2, None)])?;
    assert_eq!(reactions(&store)?, ["1 41 7 50"]);
    Ok(())
}

#[test]
fn an_unknown_author_is_that_of_the_message_and_a_known_one_stays() -> TestResult {
    let store = store()?;
    let answer = |event| match event {
        Event::MessageSent(event) => Event::MessageSent(mocha_store::event::MessageSent { kind: 20, ..event }),
        event => event,
    };
    record(&store, [message(0, 1, 20, 50), answer(message(0, 2, 20, 50))])?;
    record(
        &store,
        [
            // A message of an earlier transaction, one of this transaction, an answer to a command, and an unknown message.
            reacted(1_000, 1, 40, None, thumb()),
            message(1_000, 3, 20, 51),
            reacted(1_000, 3, 40, None, thumb()),
            reacted(1_000, 2, 40, None, thumb()),
            reacted(1_000, 9, 40, None, thumb()),
        ],
    )?;
    let thumbs = |authors: [&str; 4]| {
        let authors = [1, 2, 3, 9].into_iter().zip(authors);
        authors.map(|(number, author)| format!("{number} 40 \u{1f44d} {author}")).collect::<Vec<_>>()
    };
    assert_eq!(reactions(&store)?, thumbs(["50", "?", "51", "?"]));
    record(&store, [reacted(2_000, 9, 40, Some(52), thumb()), reacted(2_000, 9, 40, None, thumb())])?;
    assert_eq!(reactions(&store)?, thumbs(["50", "?", "51", "52"]));
    Ok(())
}

#[test]
fn an_emoji_that_the_file_cannot_hold_is_refused() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    for text in ["", "\0", "12", "12:a", &"x".repeat(257)] {
        let emoji = Emoji::Unicode(text.to_owned());
        for event in [
            reacted(0, 1, 40, None, emoji.clone()),
            took_back(0, 1, 40, emoji.clone()),
            cleared(0, 1, Some(emoji.clone())),
        ] {
            let error = recorder.record(event).unwrap_err();
            assert!(error.is_invalid_input() && error.to_string().contains("emoji"), "{text:?}: {error}");
        }
    }
    for name in ["", &"x".repeat(257)] {
        assert!(recorder.record(reacted(0, 1, 40, None, party(name))).is_err());
    }
    recorder.record(reacted(0, 1, 40, None, Emoji::Unicode("x".repeat(256))))?;
    recorder.record(reacted(0, 1, 41, None, Emoji::Unicode("1\u{fe0f}\u{20e3}".to_owned())))?;
    recorder.record(reacted(0, 1, 42, None, party(&"x".repeat(256))))?;
    recorder.flush()?;
    assert_eq!(reactions(&store)?.len(), 3);
    Ok(())
}

#[test]
fn an_erasure_deletes_reactions_that_the_user_gave_or_received() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::open(&path)?;
    let events = || {
        [
            reacted(0, 1, PERSON, Some(50), thumb()),
            reacted(0, 2, 40, Some(PERSON), thumb()),
            reacted(0, 3, 40, Some(50), thumb()),
        ]
    };
    record(&store, events())?;
    assert!(is_in_the_file(&path, PERSON)?);
    let mut export = Vec::new();
    store.export_user(id(PERSON)).write_to(&mut export)?;
    let export: serde_json::Value = serde_json::from_slice(&export)?;
    assert_eq!(export["tables"]["reactions"].as_array().map(Vec::len), Some(2));
    let receipt = store.forget_user(id(PERSON)).run()?;
    assert!(receipt.is_complete());
    let removed = receipt.removed.iter().find(|removed| removed.table == "reactions").map(|removed| removed.rows);
    assert_eq!(removed, Some(2));
    assert_eq!(reactions(&store)?, ["3 40 \u{1f44d} 50"]);
    // Events from before the erasure.
    record(&store, events())?;
    assert_eq!(reactions(&store)?, ["3 40 \u{1f44d} 50"]);
    store.checkpoint()?;
    assert!(!is_in_the_file(&path, PERSON)?);
    Ok(())
}

/// A backup may have reactions to messages of a user of whom it has nothing else.
#[test]
fn a_restored_backup_names_no_erased_author() -> TestResult {
    let folder = tempfile::tempdir()?;
    let replaced = folder.path().join("replaced.db");
    assert!(Store::open(&replaced)?.forget_user(id(PERSON)).run()?.rows_gone);
    let restored = Store::builder().clock(mocha_store::Clock::Events).open(folder.path().join("stats.db"))?;
    record(&restored, [reacted(0, 1, 40, Some(PERSON), thumb()), reacted(0, 2, 40, Some(50), thumb())])?;
    assert_eq!(restored.reapply_erasures_from(&replaced).run()?, 1);
    assert_eq!(reactions(&restored)?, ["2 40 \u{1f44d} 50"]);
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
            reacted(later, 1, PERSON, Some(50), thumb()),
            reacted(later, 2, 40, Some(PERSON), thumb()),
            reacted(later, 3, 40, Some(50), thumb()),
            reacted(later, 4, PERSON, Some(PERSON), thumb()),
        ],
    )?;
    assert_eq!(reactions(&store)?, ["3 40 \u{1f44d} 50"]);
    Ok(())
}

#[test]
fn an_erased_user_who_reacts_again_counts_again() -> TestResult {
    let store = store()?;
    assert!(store.forget_user(id(PERSON)).run()?.rows_gone);
    let later = later(0);
    // Someone else's reaction does not bring the user back. The user's own reaction does, also to an own message.
    record(&store, [reacted(later, 1, 40, Some(PERSON), thumb())])?;
    assert_eq!(reactions(&store)?, [""; 0]);
    record(&store, [reacted(later, 2, PERSON, Some(PERSON), thumb()), reacted(later, 3, 40, Some(PERSON), thumb())])?;
    assert_eq!(reactions(&store)?.len(), 2);
    Ok(())
}

#[test]
fn retention_deletes_old_reactions() -> TestResult {
    let store = store()?;
    record(&store, [reacted(0, 1, 40, Some(50), thumb())])?;
    let retention = RetentionPolicy::default().messages(Keep::Days(1));
    assert!(store.apply_retention_at(&retention, at(9_000)).run()?.complete);
    assert_eq!(reactions(&store)?.len(), 1);
    assert!(store.apply_retention_at(&retention, at(9_000 + 3 * 86_400_000)).run()?.complete);
    assert_eq!(reactions(&store)?, [""; 0]);
    Ok(())
}

/// An event about two messages, two users and two emoji.
fn any_event() -> impl Strategy<Value = Event> {
    let emoji = prop::bool::ANY.prop_map(|custom| if custom { party("party") } else { thumb() });
    (0..6, 0..5_000_i64, 1..3_u64, 40..42_u64, emoji).prop_map(|(kind, ms, number, user, emoji)| match kind {
        0..3 => reacted(ms, number, user, Some(50 + number), emoji),
        3 => took_back(ms, number, user, emoji),
        4 => cleared(ms, number, Some(emoji)),
        _ => cleared(ms, number, None),
    })
}

/// Applies the events to a map, one by one.
fn model(events: &[Event]) -> Vec<String> {
    let mut there: BTreeMap<(MessageId, u64, String), String> = BTreeMap::new();
    for event in events {
        match event {
            Event::ReactionAdded(event) => {
                let key = (event.message_id, event.user_id.get(), event.emoji.column());
                let author = event.author_id.map_or_else(|| "?".to_owned(), |author| author.to_string());
                there.entry(key).or_insert(author);
            }
            Event::ReactionRemoved(event) => {
                there.remove(&(event.message_id, event.user_id.get(), event.emoji.column()));
            }
            Event::ReactionsCleared(event) => there.retain(|(message_id, _, emoji), _| {
                *message_id != event.message_id || event.emoji.as_ref().is_some_and(|gone| gone.column() != *emoji)
            }),
            _ => {}
        }
    }
    there.into_iter().map(|((message, user, emoji), author)| format!("{message} {user} {emoji} {author}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Twice is once: each event of a batch may be delivered twice in a row.
    #[test]
    fn the_table_has_what_a_map_of_the_events_has(events in prop::collection::vec((any_event(), any::<bool>()), 0..20)) {
        let store = store().unwrap();
        let once: Vec<Event> = events.iter().map(|(event, _)| event.clone()).collect();
        let twice = events.into_iter().flat_map(|(event, again)| vec![event; 1 + usize::from(again)]);
        record(&store, twice).unwrap();
        prop_assert_eq!(reactions(&store).unwrap(), model(&once));
    }
}
