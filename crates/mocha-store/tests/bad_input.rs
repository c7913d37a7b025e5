//! An invalid value is refused with the name of its field, and does not affect other events.

mod support;

use chrono::DateTime;
use mocha_schema::{GuildId, IdError, MAX_SECONDS};
use mocha_store::{
    ErrorKind, Event,
    event::{GlobalName, MessageContent, MessageSent, ShardChanged, ShardStatus, UserSeen},
};
use support::*;

#[test]
fn the_error_names_the_field() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    let Event::MessageSent(fine) = message(0, 30, 20, 40) else { return Err("no message".into()) };
    let Event::UserSeen(user) = user(0, 40, "ferris") else { return Err("no user".into()) };
    let seconds = |seconds: i64| DateTime::from_timestamp(seconds, 0).ok_or("no such time");
    let content = |characters, words| Some(MessageContent { characters, words, ..MessageContent::default() });
    let cases: Vec<(&str, Event)> = vec![
        ("at", MessageSent { at: seconds(-1)?, ..fine }.into()),
        ("at", MessageSent { at: seconds(MAX_SECONDS + 1)?, ..fine }.into()),
        ("characters", MessageSent { content: content(u32::MAX, 0), ..fine }.into()),
        ("words", MessageSent { content: content(0, u32::MAX), ..fine }.into()),
        ("name", UserSeen { name: "a\0b".into(), ..user.clone() }.into()),
        ("name", UserSeen { name: "x".repeat(1 << 20), ..user.clone() }.into()),
        ("global_name", UserSeen { global_name: GlobalName::Named("\0".into()), ..user.clone() }.into()),
        ("avatar", UserSeen { avatar: Some("\0".into()), ..user }.into()),
        ("joined_at", Event::MemberJoined(member(0, 40, -START - 1))),
        ("shard_id", ShardChanged { at: at(0), shard_count: 0, shard_id: 0, status: ShardStatus::Ready }.into()),
    ];
    for (field, event) in cases {
        let error = recorder.record(event).expect_err(field);
        assert_eq!(error.kind(), &ErrorKind::InvalidEvent { field }, "{error}");
        assert!(error.is_invalid_input());
        assert!(error.to_string().contains(field), "{error}");
    }
    recorder.record(fine)?;
    recorder.flush()?;
    let stats = recorder.stats();
    assert_eq!((stats.refused, stats.queued, stats.written), (10, 1, 1));
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, ["30"]);
    assert_eq!(lines(&store, "SELECT id AS line FROM users")?, ["40"]);
    Ok(())
}

#[test]
fn an_invalid_event_does_not_affect_the_others_of_the_same_call() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    let events = vec![message(0, 30, 20, 40), user(0, 40, "\0"), message(0, 31, 20, 41)];
    let error = recorder.record_all(events).expect_err("a NUL");
    assert_eq!(error.kind(), &ErrorKind::InvalidEvent { field: "name" });
    recorder.flush()?;
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events ORDER BY id")?, ["30", "31"]);
    assert_eq!((recorder.stats().queued, recorder.stats().refused), (2, 1));
    Ok(())
}

#[test]
fn there_is_no_zero_id() {
    assert_eq!(GuildId::try_from(0), Err(IdError::Zero));
    assert_eq!("18446744073709551616".parse::<GuildId>(), Err(IdError::OutOfRange));
}

#[test]
fn settings_out_of_range_are_refused() {
    let builder = mocha_store::Store::builder;
    for (name, builder) in [
        ("queue_len", builder().queue_len(0)),
        ("batch_len", builder().batch_len(0)),
        ("readers", builder().readers(0)),
        ("busy_timeout", builder().busy_timeout(std::time::Duration::MAX)),
    ] {
        let error = builder.open_in_memory().expect_err(name);
        assert_eq!(error.kind(), &ErrorKind::InvalidSetting { name });
    }
}
