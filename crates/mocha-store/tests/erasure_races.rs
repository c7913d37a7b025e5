//! Users who are active during their erasure. Their events are erased too, or count as those of a new user.

mod support;

use std::ops::ControlFlow;

use diesel::connection::SimpleConnection;
use mocha_schema::{PresenceStatus, VoiceState};
use mocha_store::{Error, Event, Rollup, Store, privacy::ErasureProgress};
use proptest::prelude::*;
use support::{TestResult, dump, id, joined, later, left, lines, message, presence, record, user, voice, voice_state};

const PERSON: u64 = 987_654_321_098_765_432;
const MESSAGES: u64 = 1_200;
const DAY: i64 = 86_400_000;

/// Returns events from before the erasure: those of the user if wanted, and those of another user.
fn life(of_person: bool) -> Vec<Event> {
    let mut events =
        vec![user(0, 50, "somebody"), message(0, 1, 20, 50), voice(0, 50, Some(70)), voice(1_000, 50, None)];
    if of_person {
        let messages = (0..MESSAGES).map(|n| message(n.cast_signed() * 1_000_000, 1_000 + n, 20 + n % 3, PERSON));
        events.extend(messages);
        let end = MESSAGES.cast_signed() * 1_000_000;
        events.extend([joined(end, PERSON, end), presence(end, PERSON, PresenceStatus::Online, None)]);
        events.push(voice(end, PERSON, Some(70)));
    }
    // Both files get the same last time.
    events.push(user(20 * DAY, 60, "clock"));
    events
}

/// Returns the event of this kind. A returned user causes only the first six kinds.
fn action(kind: u8, ms: i64, number: u64) -> Event {
    match kind {
        0 | 1 => message(ms, number, 20 + number % 3, PERSON),
        2 => voice_state(ms, PERSON, Some(70), VoiceState { self_mute: true, ..VoiceState::default() }),
        3 => voice(ms, PERSON, Some(71)),
        4 => presence(ms, PERSON, PresenceStatus::Idle, Some("Go")),
        5 => voice(ms, PERSON, None),
        6 => joined(ms, PERSON, ms),
        7 => left(ms, PERSON),
        _ => user(ms, PERSON, "Anna"),
    }
}

fn rows(store: &Store) -> Result<Vec<String>, Error> {
    let skipped = ["channels ", "guilds ", "recorder_states ", "tombstone"];
    // The newest event of any user decides how far the roll-ups of months are filled.
    store.write(|conn| conn.batch_execute("UPDATE watermarks SET messages_to = 30000, voice_to = 30000"))?;
    Ok(dump(store)?.into_iter().filter(|row| !skipped.iter().any(|table| row.starts_with(table))).collect())
}

fn verify(store: &Store) -> Result<(), String> {
    for rollup in Rollup::ALL {
        let verification = store.verify(rollup).run().map_err(|error| error.to_string())?;
        if !verification.is_ok() {
            return Err(format!("{rollup}: {:?}", verification.differences));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The user acts after each step of the erasure. Only events after its last step count.
    #[test]
    fn an_event_during_the_erasure_is_erased_or_counted_as_a_whole(
        actions in prop::collection::vec(prop::collection::vec(0..9_u8, 0..4), 0..9),
        // A user who writes has returned.
        actions_after in prop::collection::vec(0..6_u8, 0..6).prop_map(|actions| [vec![0], actions].concat()),
        restarted in any::<bool>(),
    ) {
        let (with, without) = (support::store().unwrap(), support::store().unwrap());
        record(&with, life(true)).unwrap();
        record(&without, life(false)).unwrap();
        let _recorders = (!restarted).then(|| (with.recorder().unwrap(), without.recorder().unwrap()));
        let (mut number, base) = (5_000, later(0));
        let mut actions = actions.into_iter();
        let receipt = with.forget_user(id(PERSON)).skip_vacuum().on_progress(|ErasureProgress { removed, total, .. }| {
            let erased = removed == total;
            let kinds = if erased { actions_after.clone() } else { actions.next().unwrap_or_default() };
            for kind in kinds {
                number += 1;
                let ms = base + i64::try_from(number).unwrap() * 1_000;
                let event = action(kind, ms, number);
                record(&with, [user(ms, 60, "clock"), event.clone()]).unwrap();
                record(&without, [user(ms, 60, "clock")].into_iter().chain(erased.then_some(event))).unwrap();
            }
            verify(&with).unwrap();
            ControlFlow::Continue(())
        }).run().unwrap();
        prop_assert!(receipt.rows_gone);
        prop_assert!(receipt.removed.iter().any(|removed| removed.table == "message_events" && removed.rows >= MESSAGES));
        prop_assert_eq!(rows(&with).unwrap(), rows(&without).unwrap());
    }
}

#[test]
fn a_mute_during_the_erasure_does_not_continue_the_old_session() -> TestResult {
    let store = support::store()?;
    let _recorder = store.recorder()?;
    let now = chrono::Utc::now().timestamp_millis() - support::START;
    record(&store, [voice(now - 3_600_000, PERSON, Some(70)), message(now, 1, 20, PERSON)])?;
    let muted = VoiceState { self_mute: true, ..VoiceState::default() };
    let mut told = false;
    let receipt = store
        .forget_user(id(PERSON))
        .on_progress(|_| {
            if !std::mem::replace(&mut told, true) {
                record(&store, [voice_state(later(0), PERSON, Some(70), muted)]).expect("it is recorded");
            }
            ControlFlow::Continue(())
        })
        .run()?;
    assert!(told && receipt.is_complete());
    assert_eq!(store.export_user(id(PERSON)).write_to(std::io::sink())?, 0);
    record(&store, [voice(later(1_000), PERSON, Some(70)), voice(later(61_000), PERSON, None)])?;
    let ms = "SELECT (ended_at_ms - session_started_at_ms) / 1000 || '' AS line FROM voice_intervals";
    assert_eq!(lines(&store, ms)?, ["60"]);
    Ok(())
}

/// The receipt has the time until which everything is erased.
#[test]
fn the_receipt_has_the_end_of_the_erasure_if_the_user_was_active_during_it() -> TestResult {
    let store = support::store()?;
    let _recorder = store.recorder()?;
    record(&store, [message(0, 1, 20, PERSON)])?;
    let mut sent = None;
    let receipt = store
        .forget_user(id(PERSON))
        .on_progress(|_| {
            if sent.is_none() {
                let at = chrono::Utc::now();
                // Wait for a later millisecond than that of the beginning.
                while chrono::Utc::now().timestamp_millis() <= at.timestamp_millis() + 1 {}
                let event = message(chrono::Utc::now().timestamp_millis() - support::START, 2, 20, PERSON);
                record(&store, [event.clone()]).expect("it is recorded");
                sent = Some(event);
            }
            ControlFlow::Continue(())
        })
        .run()?;
    let sent = sent.ok_or("no progress")?;
    assert!(receipt.is_complete() && receipt.at >= sent.at(), "{receipt:?}");
    let removed = receipt.removed.iter().find(|removed| removed.table == "message_events");
    assert_eq!(removed.map(|removed| removed.rows), Some(2));
    record(&store, [sent])?;
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, [""; 0]);
    Ok(verify(&store)?)
}
