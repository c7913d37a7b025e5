//! People who go on while they are erased: what they do is gone with the rest, or counted as a new user's.

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

/// What the person left before the erasure, beside what somebody else did.
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
    // Both files hear of the same last time.
    events.push(user(20 * DAY, 60, "clock"));
    events
}

/// The event of this kind, by its number; only the first six are told of somebody who came back.
fn deed(kind: u8, ms: i64, number: u64) -> Event {
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
    // The newest event decides how far sums of months are filled, whoever it is of.
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

    /// After each step of the erasure the person does something. Only what comes after its last step counts.
    #[test]
    fn what_is_done_meanwhile_is_wholly_gone_or_wholly_counted(
        deeds in prop::collection::vec(prop::collection::vec(0..9_u8, 0..4), 0..9),
        // A person who writes is back.
        deeds_after in prop::collection::vec(0..6_u8, 0..6).prop_map(|deeds| [vec![0], deeds].concat()),
        restarted in any::<bool>(),
    ) {
        let (with, without) = (support::store().unwrap(), support::store().unwrap());
        record(&with, life(true)).unwrap();
        record(&without, life(false)).unwrap();
        let _recorders = (!restarted).then(|| (with.recorder().unwrap(), without.recorder().unwrap()));
        let (mut number, base) = (5_000, later(0));
        let mut deeds = deeds.into_iter();
        let receipt = with.forget_user(id(PERSON)).skip_vacuum().on_progress(|ErasureProgress { removed, total, .. }| {
            let erased = removed == total;
            let kinds = if erased { deeds_after.clone() } else { deeds.next().unwrap_or_default() };
            for kind in kinds {
                number += 1;
                let ms = base + i64::try_from(number).unwrap() * 1_000;
                let event = deed(kind, ms, number);
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

/// The receipt names the time until which everything is gone.
#[test]
fn the_receipt_of_a_person_who_came_back_meanwhile_is_of_the_end() -> TestResult {
    let store = support::store()?;
    let _recorder = store.recorder()?;
    record(&store, [message(0, 1, 20, PERSON)])?;
    let mut sent = None;
    let receipt = store
        .forget_user(id(PERSON))
        .on_progress(|_| {
            if sent.is_none() {
                let at = chrono::Utc::now();
                // A later millisecond than that of the beginning.
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
