//! After an erasure, the file is as if the user had never been there, for any events.

mod support;

use diesel::connection::SimpleConnection;
use mocha_schema::PresenceStatus;
use mocha_store::{Error, Event, Rollup, Store};
use proptest::prelude::*;
use support::{dump, id, joined, left, message, presence, record, snapshot, user, voice};

/// Three users. The first one is erased.
const PEOPLE: [u64; 3] = [FORGOTTEN, 987_654_321_098_765_433, 50];
const FORGOTTEN: u64 = 987_654_321_098_765_432;

/// An action of one of the users, and the time since the previous action.
#[derive(Clone, Debug)]
struct Action {
    after_ms: i64,
    kind: u8,
    who: u64,
    place: u64,
}

fn action() -> impl Strategy<Value = Action> {
    let pause = prop_oneof![0..1_000_i64, 1_000..3_600_000_i64, 3_600_000..200_000_000_i64];
    (pause, 0..9_u8, prop::sample::select(PEOPLE.to_vec()), 1..4_u64).prop_map(|(after_ms, kind, who, place)| Action {
        after_ms,
        kind,
        who,
        place,
    })
}

/// Returns the events of the actions, without those of one user. A snapshot lists everybody in voice.
fn events(actions: &[Action], without: Option<u64>) -> Vec<Event> {
    let mut ms = 0;
    let mut events = Vec::new();
    for (number, action) in (1_000..).zip(actions) {
        ms += action.after_ms;
        let who = action.who;
        // Every event moves the clock, so another user causes one at the same time.
        events.push(user(ms, 60, "clock"));
        if action.kind == 8 {
            let there = PEOPLE.iter().filter(|who| (**who + action.place) % 2 == 0 && Some(**who) != without);
            let voices: Vec<_> = there.map(|who| (*who, 70)).collect();
            events.push(snapshot(ms, &voices));
        } else if Some(who) != without {
            events.push(match action.kind {
                0..=2 => message(ms, number, 20 + action.place, who),
                3 | 4 => voice(ms, who, Some(70 + action.place)),
                5 => voice(ms, who, None),
                6 => presence(ms, who, PresenceStatus::Online, (action.place == 1).then_some("Go")),
                _ if action.place == 1 => joined(ms, who, ms),
                _ if action.place == 2 => left(ms, who),
                _ => user(ms, who, "somebody"),
            });
        }
    }
    events
}

/// Returns all rows except member counts, channels that only the user was in, and tombstones.
fn rows(store: &Store) -> Result<Vec<String>, Error> {
    let skipped = ["channels ", "guilds ", "recorder_states ", "tombstone"];
    // The newest event decides how far the roll-ups of months are filled. It is the same in both
    // files from here on.
    store.write(|conn| conn.batch_execute("UPDATE watermarks SET messages_to = 30000, voice_to = 30000"))?;
    let rows = dump(store)?;
    Ok(rows.into_iter().filter(|row| !skipped.iter().any(|table| row.starts_with(table))).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_file_is_as_if_the_user_had_never_been_there(
        actions in prop::collection::vec(action(), 1..80),
        told_before in 0..80_usize,
        opt_out in any::<bool>(),
    ) {
        let (with, without) = (support::store().unwrap(), support::store().unwrap());
        for store in [&with, &without] {
            store.count_awards(id(10), std::time::Duration::from_mins(1)).unwrap();
        }
        // One recorder for the whole test. It has the users in voice in memory.
        let _recorder = with.recorder().unwrap();
        record(&without, events(&actions, Some(FORGOTTEN))).unwrap();

        let mut told = events(&actions, None);
        let rest = told.split_off(told_before.min(told.len()));
        record(&with, told).unwrap();
        let erasure = if opt_out { with.opt_out_user(id(FORGOTTEN)) } else { with.forget_user(id(FORGOTTEN)) };
        let receipt = erasure.run().unwrap();
        prop_assert!(receipt.is_complete());
        // Events from before the erasure are delivered again afterwards.
        record(&with, rest).unwrap();

        prop_assert_eq!(rows(&with).unwrap(), rows(&without).unwrap());
        for rollup in Rollup::ALL {
            let verification = with.verify(rollup).run().unwrap();
            prop_assert!(verification.is_ok(), "{}: {:?}", rollup, verification.differences);
        }
    }
}
