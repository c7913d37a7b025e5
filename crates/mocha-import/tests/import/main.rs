//! Imports of whole exports.

mod export;
mod horizon;
mod killed;
mod order;
mod skipped;

use std::{fs, ops::ControlFlow};

use crate::export::{ANNA, GUILD, START_MS, TEXT, TestResult, export, id, message, rows, store, user, verified, write};
use diesel::prelude::*;
use mocha_import::{FileError, Import, ImportReport, SkipReason};
use mocha_schema::schema::{channels, guilds, message_days, user_names, users};
use mocha_store::{
    Store,
    event::{GlobalName, GuildSeen, MemberLeft, UserSeen},
};
use serde_json::{Value, json};

/// Imports documents, each from a file of its own.
fn import(store: &Store, documents: &[Value], raw_content: bool) -> TestResult<ImportReport> {
    let folder = tempfile::tempdir()?;
    for (number, document) in documents.iter().enumerate() {
        write(&folder.path().join(format!("general [part {number}].json")), document)?;
    }
    let recorder = store.recorder()?;
    let report = Import::new(recorder.clone()).raw_content(raw_content).run([folder.path()])?;
    recorder.flush()?;
    assert_eq!(recorder.stats().rejected, 0);
    Ok(report)
}

#[test]
fn messages_users_channels_and_the_guild_are_imported() -> TestResult {
    let store = store()?;
    let mut with_picture = message(60, ANNA, "two words");
    with_picture["attachments"] = json!([{ "id": "1", "url": "x", "fileName": "a.png", "fileSizeBytes": 1 }]);
    let report = import(&store, &[export(&[message(0, ANNA, "Grüße"), with_picture])], true)?;
    assert_eq!((report.taken(), report.skipped().len(), report.failed().count()), (2, 0, 0), "{report}");
    let second = i64::try_from(START_MS / 1_000)?;
    let row = |seconds: u64, characters, words, attachment, at| {
        let (text, anna) = (TEXT.to_string(), ANNA.to_string());
        (id(seconds).to_string(), text, anna, Some(0), Some(characters), Some(words), Some(attachment), Some(false), at)
    };
    assert_eq!(rows(&store)?, [row(0, 5, 1, false, second), row(60, 9, 2, true, second + 60)]);
    let (user, guild, channels) = store.read(|conn| {
        let user = users::table.select((users::username, users::avatar, users::bot, users::discriminator));
        let guild = guilds::table.select((guilds::name, guilds::icon));
        let channels = channels::table.select((channels::name, channels::kind)).order(channels::kind);
        QueryResult::Ok((
            user.get_result::<(Option<String>, Option<String>, Option<bool>, Option<String>)>(conn)?,
            guild.get_result::<(Option<String>, Option<String>)>(conn)?,
            channels.load::<(Option<String>, i32)>(conn)?,
        ))
    })?;
    assert_eq!(user, (Some(format!("user{ANNA}")), Some("a_0123".into()), Some(false), None));
    assert_eq!(guild, (Some("Mocha".into()), Some("fedc".into())));
    assert_eq!(channels, [(Some("general".into()), 0), (Some("Talk".into()), 4)]);
    Ok(())
}

#[test]
fn the_content_is_unknown_unless_the_caller_says_that_it_is_raw() -> TestResult {
    let store = store()?;
    import(&store, &[export(&[message(0, ANNA, "@Anna hello")])], false)?;
    let rows = rows(&store)?;
    assert!(matches!(rows.as_slice(), [(.., None, None, None, None, _)]), "{rows:?}");
    Ok(())
}

#[test]
fn types_are_numbers_and_system_messages_have_no_text_of_their_authors() -> TestResult {
    let store = store()?;
    let kinds = [
        ("Default", 0, Some(9)),
        ("Reply", 19, Some(9)),
        ("GuildMemberJoin", 7, None),
        ("ThreadCreated", 18, None),
        ("ChannelPinnedMessage", 6, None),
        ("8", 8, None),
        ("20", 20, Some(9)),
        ("46", 46, Some(9)),
    ];
    let messages = (0..).zip(kinds).map(|(seconds, (name, ..))| {
        let mut message = message(seconds, ANNA, "some text");
        message["type"] = name.into();
        message
    });
    import(&store, &[export(&messages.collect::<Vec<_>>())], true)?;
    let found: Vec<_> = rows(&store)?.into_iter().map(|row| (row.3, row.4)).collect();
    assert_eq!(found, kinds.map(|(_, number, characters)| (Some(number), characters)));
    Ok(())
}

#[test]
fn an_answer_to_a_command_is_a_message_of_the_user_who_used_it() -> TestResult {
    let store = store()?;
    let mut answer = message(0, ANNA, "rolled a 6");
    answer["type"] = "20".into();
    answer["author"]["isBot"] = true.into();
    answer["interaction"] = json!({ "id": "5", "name": "roll", "user": user(7) });
    import(&store, &[export(&[answer])], true)?;
    let rows = rows(&store)?;
    assert!(matches!(rows.as_slice(), [(_, _, user, Some(20), None, ..)] if user == "7"), "{rows:?}");
    let bots: i64 = store.read(|conn| users::table.filter(users::bot.eq(true)).count().get_result(conn))?;
    assert_eq!(bots, 1);
    Ok(())
}

#[test]
fn a_thread_is_a_channel_below_its_channel() -> TestResult {
    let store = store()?;
    let mut thread = export(&[message(0, ANNA, "")]);
    thread["channel"] = json!({
        "id": "70000000000000003", "type": "GuildPublicThread", "categoryId": TEXT.to_string(), "category": "general",
        "name": "help", "topic": null,
    });
    import(&store, &[thread], false)?;
    let rows: Vec<(String, Option<String>, i32)> = store.read(|conn| {
        let id = diesel::dsl::sql::<diesel::sql_types::Text>("id");
        channels::table.select((id, channels::parent_id, channels::kind)).order(channels::id).load(conn)
    })?;
    // The channel of the thread is not named, because the export does not say of what type it is.
    assert_eq!(rows, [("70000000000000003".to_owned(), Some(TEXT.to_string()), 11)]);
    Ok(())
}

#[test]
fn parts_in_any_order_and_repeated_imports_count_once() -> TestResult {
    let messages: Vec<Value> = (0..40).map(|seconds| message(seconds * 3_600, ANNA + seconds % 3, "x")).collect();
    let (first, second) = messages.split_at(25);
    let mut newest_first = second.to_vec();
    newest_first.reverse();
    // The parts overlap, as exports of different days do.
    newest_first.extend_from_slice(first.get(20..).ok_or("a part")?);
    let (once, again) = (store()?, store()?);
    import(&once, &[export(&messages)], true)?;
    for _ in 0..2 {
        import(&again, &[export(&newest_first), export(first)], true)?;
    }
    assert_eq!(rows(&again)?, rows(&once)?);
    let days = |store: &Store| -> Result<i64, mocha_store::Error> {
        store.read(|conn| message_days::table.count().get_result(conn))
    };
    assert_eq!(days(&again)?, days(&once)?);
    assert!(verified(&again)?);
    Ok(())
}

/// Returns the name of the user, the user's name for all servers, and the name of the guild.
fn names(store: &Store) -> Result<[Option<String>; 3], mocha_store::Error> {
    store.read(|conn| {
        let user = users::table.select(users::username).get_result(conn)?;
        let global: Option<Option<String>> =
            user_names::table.select(user_names::global_name).get_result(conn).optional()?;
        QueryResult::Ok([user, global.flatten(), guilds::table.select(guilds::name).get_result(conn)?])
    })
}

#[test]
fn names_that_the_bot_saw_stay() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    let at = chrono::DateTime::from_timestamp_millis(i64::try_from(START_MS)?).ok_or("a time")?;
    let (avatar, discriminator, user_id) = (None, None, ANNA.try_into()?);
    recorder.record(UserSeen {
        at,
        avatar,
        bot: false,
        discriminator,
        global_name: GlobalName::Named("Anna".into()),
        name: "anna".into(),
        user_id,
    })?;
    let (guild_id, name) = (GUILD.try_into()?, "Espresso".into());
    recorder.record(GuildSeen { afk_channel_id: None, at, guild_id, icon: None, member_count: Some(5), name })?;
    import(&store, &[export(&[message(0, ANNA, "")])], false)?;
    assert_eq!(names(&store)?, ["anna", "Anna", "Espresso"].map(|name| Some(name.into())));
    Ok(())
}

#[test]
fn a_user_and_a_guild_without_names_get_those_of_the_export() -> TestResult {
    let store = store()?;
    let at = chrono::DateTime::from_timestamp_millis(i64::try_from(START_MS)?).ok_or("a time")?;
    store.recorder()?.record(MemberLeft { at, guild_id: GUILD.try_into()?, user_id: ANNA.try_into()? })?;
    import(&store, &[export(&[message(0, ANNA, "")])], false)?;
    let user = format!("user{ANNA}");
    assert_eq!(names(&store)?, [user.as_str(), "Nick", "Mocha"].map(|name| Some(name.into())));
    Ok(())
}

#[test]
fn erased_users_are_not_imported() -> TestResult {
    let store = store()?;
    let documents = [export(&[message(0, ANNA, ""), message(1, ANNA + 1, "")])];
    import(&store, &documents, false)?;
    let receipt = store.opt_out_user(ANNA.try_into()?).run()?;
    assert!(!receipt.removed.is_empty());
    import(&store, &documents, false)?;
    let authors: Vec<_> = rows(&store)?.into_iter().map(|row| row.2).collect();
    assert_eq!(authors, [(ANNA + 1).to_string()]);
    Ok(())
}

#[test]
fn a_bad_message_is_skipped_with_its_place_and_the_rest_is_imported() -> TestResult {
    let store = store()?;
    let change = |seconds, field: &str, value: Value| {
        let mut message = message(seconds, ANNA, "");
        message[field] = value;
        message
    };
    let messages = [
        message(0, ANNA, ""),
        change(1, "id", "007".into()),
        change(2, "type", "Nonsense".into()),
        change(3, "author", json!({ "id": "0", "name": "nobody" })),
        change(4, "timestamp", "2020-01-01T00:00:00+00:00".into()),
        json!("no message"),
        change(6, "author", Value::Null),
        message(7, ANNA, ""),
    ];
    let report = import(&store, &[export(&messages)], false)?;
    let skips: Vec<_> =
        report.files.iter().flat_map(|file| &file.skips).map(|skip| (skip.position, skip.reason)).collect();
    let expected = [
        (1, SkipReason::InvalidId),
        (2, SkipReason::UnknownType),
        (3, SkipReason::InvalidId),
        (4, SkipReason::TimeMismatch),
        (5, SkipReason::Unreadable),
        (6, SkipReason::Unreadable),
    ];
    assert_eq!(skips, expected, "{report}");
    assert!(report.to_string().contains("message 1: invalid id: `id` is \"007\""), "{report}");
    assert_eq!((report.taken(), rows(&store)?.len()), (2, 2));
    Ok(())
}

#[test]
fn a_bad_file_is_an_error_and_the_rest_is_imported() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    write(&path("b-good.json"), &export(&[message(0, ANNA, ""), message(1, ANNA, "")]))?;
    let whole = fs::read_to_string(path("b-good.json"))?;
    let cut = whole.find("\"messageCount\"").ok_or("a field")?;
    fs::write(path("a-cut.json"), whole.get(..cut - 200).ok_or("a text")?)?;
    let mut direct = export(&[message(2, ANNA, "")]);
    direct["guild"]["id"] = "0".into();
    write(&path("c-direct.json"), &direct)?;
    let mut odd = export(&[message(3, ANNA, "")]);
    odd["channel"]["id"] = "x".into();
    write(&path("d-odd.json"), &odd)?;
    fs::write(path("e-other.json"), "{ \"name\": \"mocha\" }")?;
    fs::write(path("f-page.json"), "<html></html>")?;
    fs::write(path("g-messages-first.json"), format!("{{ \"messages\": [], {}", whole.get(1..).ok_or("a text")?))?;
    fs::write(path("h-empty.json"), "")?;
    fs::write(path("notes.txt"), "not read")?;
    fs::create_dir(path("inside"))?;
    write(&path("inside/i-good.json"), &export(&[message(4, ANNA, "")]))?;

    let store = store()?;
    let recorder = store.recorder()?;
    let missing = path("missing.json");
    let report = Import::new(recorder.clone()).run([folder.path(), &missing, &path("b-good.json")])?;
    recorder.flush()?;
    let failed: Vec<_> = report
        .failed()
        .map(|(file, error)| {
            let kind = match error {
                FileError::Damaged(_) => "damaged",
                FileError::DirectMessages => "direct",
                FileError::InvalidId { field: "channel.id", .. } => "id",
                FileError::Io(_) => "io",
                FileError::NotAnExport(_) => "other",
                _ => "unexpected",
            };
            (file.path.file_name().and_then(|name| name.to_str()).unwrap_or_default(), kind)
        })
        .collect();
    let expected = [
        ("a-cut.json", "damaged"),
        ("c-direct.json", "direct"),
        ("d-odd.json", "id"),
        ("e-other.json", "other"),
        ("f-page.json", "other"),
        ("g-messages-first.json", "other"),
        ("h-empty.json", "other"),
        ("missing.json", "io"),
    ];
    assert_eq!(failed, expected, "{report}");
    let ids: Vec<_> = rows(&store)?.into_iter().map(|row| row.0).collect();
    assert_eq!(ids, [0, 1, 4].map(|seconds| id(seconds).to_string()));
    assert_eq!(report.files.len(), 10);
    Ok(())
}

#[test]
fn messages_from_before_the_start_are_skipped_and_counted() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("general.json");
    write(&path, &export(&[message(0, ANNA, ""), message(60, ANNA, "")]))?;
    let store = store()?;
    let recorder = store.recorder()?;
    let start = chrono::DateTime::from_timestamp_millis(i64::try_from(START_MS)? + 30_000).ok_or("a time")?;
    let report = Import::new(recorder.clone()).since(start).run([&path])?;
    recorder.flush()?;
    assert_eq!(report.skipped().into_iter().collect::<Vec<_>>(), [(SkipReason::BeforeStart, 1)]);
    assert_eq!(rows(&store)?.len(), 1);
    Ok(())
}

#[test]
fn the_callback_receives_the_progress_and_can_end_the_import() -> TestResult {
    let folder = tempfile::tempdir()?;
    let messages: Vec<Value> = (0..2_500).map(|seconds| message(seconds, ANNA, "")).collect();
    for name in ["a.json", "b.json"] {
        write(&folder.path().join(name), &export(&messages))?;
    }
    let store = store()?;
    let recorder = store.recorder()?;
    let mut calls = Vec::new();
    let import = Import::new(recorder.clone()).on_progress(|progress| {
        calls.push((progress.files_read, progress.file_count, progress.taken));
        if progress.files_read == 1 && progress.taken == 1_000 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    let report = import.run([folder.path()])?;
    assert_eq!(calls, [(0, 2, 0), (0, 2, 1_000), (0, 2, 2_000), (1, 2, 0), (1, 2, 1_000)]);
    assert!(report.stopped);
    assert_eq!(
        (report.taken(), GUILD),
        (3_500, report.files.first().and_then(|file| file.guild_id).map_or(0, mocha_schema::GuildId::get))
    );
    Ok(())
}
