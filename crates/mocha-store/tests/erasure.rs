//! An erased user is in no row and no byte of the file, and is not recorded again.

mod support;

use std::{fs, ops::ControlFlow, path::Path, time::Duration};

use diesel::{RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query, sql_types::Text};
use mocha_schema::{PresenceStatus, UserId};
use mocha_store::{
    BackupMethod, Clock, Error, ErrorKind, Event, Rollup, Store,
    event::{GlobalName, UserSeen},
    privacy::{Erasure, LEDGER, Receipt},
};
use support::{
    GUILD, TestResult, at, guild, id, joined, later, left, lines, message, presence, record, snapshot, user, voice,
};

/// As large as today's ids, so it has eight bytes wherever it is a number.
const PERSON: u64 = 987_654_321_098_765_432;
const NAME: &str = "Quetzalcoatlus";
const GAME: &str = "Sid Meier's Zyzzyva";
const OTHER_GUILD: u64 = 11;
const DAY: i64 = 86_400_000;

fn open(path: &Path) -> Result<Store, Error> {
    Store::builder().clock(Clock::Events).readers(2).open(path)
}

fn run(erasure: Erasure) -> Result<Receipt, Error> {
    erasure.run()
}

/// Writes the rows of an active user, including an open voice session.
fn life() -> Vec<Event> {
    let mut events = vec![
        Event::UserSeen(UserSeen {
            at: at(0),
            avatar: Some("a_0123456789abcdef0123456789abcdef".into()),
            bot: false,
            discriminator: None,
            global_name: GlobalName::Named(format!("{NAME} the Great")),
            name: NAME.into(),
            user_id: id(PERSON),
        }),
        joined(1_000, PERSON, 1_000),
        left(2_000, PERSON),
        joined(100_000, PERSON, 100_000),
        presence(101_000, PERSON, PresenceStatus::Online, Some(GAME)),
        presence(102_000, PERSON, PresenceStatus::Idle, None),
        voice(200_000, PERSON, Some(70)),
        voice(260_000, PERSON, None),
    ];
    events
        .extend((0..400).map(|n| {
            message(300_000 + n * DAY / 7, 1_000_000 + n.cast_unsigned(), 20 + n.cast_unsigned() % 3, PERSON)
        }));
    events.push(voice(60 * DAY, PERSON, Some(70)));
    events.push(message(60 * DAY + 60_000, 3_000_000, 20, PERSON));
    events
}

/// Writes rows of other users, between and around them.
fn others() -> Vec<Event> {
    let mut events = vec![guild(0, 30)];
    for n in 0..6_000_u64 {
        let ms = i64::try_from(n).unwrap_or(0) * 60 * DAY / 6_000;
        let user_id = 900_000_000_000_000_000 + n * n % 97;
        if n < 97 {
            events.push(user(ms, user_id, "somebody"));
        }
        events.push(message(ms, 2_000_000 + n, 20 + n % 5, user_id));
        if n % 50 == 0 {
            events.push(voice(ms, user_id, (n % 100 == 0).then_some(70)));
            events.push(presence(ms, user_id, PresenceStatus::Online, None));
        }
    }
    events
}

/// Returns all events in order of time.
fn everything() -> Vec<Event> {
    let mut events = others();
    events.extend(life());
    events.sort_by_key(Event::at);
    events
}

fn of_person(conn: &mut SqliteConnection) -> diesel::QueryResult<Vec<String>> {
    let mut rows = Vec::new();
    for table in LEDGER {
        for column in table.columns {
            let (table, column) = (table.name, column.name);
            let sql =
                format!("SELECT '{table}.{column}' AS line FROM {table} WHERE instr({column}, '{PERSON}') LIMIT 1");
            rows.extend(support::read_lines(conn, &sql)?);
        }
    }
    Ok(rows)
}

fn is_nowhere(store: &Store) -> TestResult {
    assert_eq!(store.read(of_person)?, [""; 0]);
    Ok(())
}

fn verify(store: &Store) -> TestResult {
    for rollup in Rollup::ALL {
        let verification = store.verify(rollup).run()?;
        assert!(verification.is_ok(), "{rollup}: {:?}", verification.differences);
    }
    Ok(())
}

/// Finds traces of the user in the bytes of the files in the folder.
fn traces(folder: &Path) -> Result<Vec<String>, std::io::Error> {
    let text = PERSON.to_string();
    let needles: [&[u8]; 4] = [text.as_bytes(), &PERSON.to_be_bytes(), NAME.as_bytes(), GAME.as_bytes()];
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let bytes = fs::read(&path)?;
        for (which, needle) in needles.iter().enumerate() {
            let count = bytes.windows(needle.len()).filter(|window| window == needle).count();
            if count > 0 {
                found.push(format!("{}: {which} {count} times", path.display()));
            }
        }
    }
    Ok(found)
}

fn backup(store: &Store, path: &Path) -> TestResult {
    store.read(|_| Ok::<_, Error>(()))?;
    let mut conn =
        <SqliteConnection as diesel::Connection>::establish(&path.with_file_name("stats.db").display().to_string())?;
    sql_query("VACUUM INTO ?").bind::<Text, _>(path.display().to_string()).execute(&mut conn)?;
    Ok(())
}

/// Finds traces of the user in the bytes of a backup by each method.
fn traces_in_backups(store: &Store, into: &Path) -> Result<Vec<(BackupMethod, Vec<String>)>, Error> {
    let paced = BackupMethod::Paced { pages: 100, pause: Duration::ZERO };
    let found = [("compact", BackupMethod::Compact), ("paced", paced)].map(|(name, method)| {
        let folder = into.join(name);
        store.backup(&folder).method(method).run()?;
        Ok((method, traces(&folder).expect("the backup can be read")))
    });
    found.into_iter().collect()
}

#[test]
fn no_byte_of_an_erased_user_remains() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = open(&folder.path().join("stats.db"))?;
    // One recorder for the whole test. It has the users in voice in memory.
    let recorder = store.recorder()?;
    record(&store, everything())?;
    // SQLite's statistics have samples of keys.
    let mut conn =
        <SqliteConnection as diesel::Connection>::establish(&folder.path().join("stats.db").display().to_string())?;
    conn.batch_execute("ANALYZE")?;
    drop(conn);
    let sampled = format!("SELECT tbl AS line FROM sqlite_stat4 WHERE instr(sample, CAST('{PERSON}' AS BLOB))");
    assert!(!lines(&store, &sampled)?.is_empty());
    assert!(traces(folder.path())?.len() >= 4);
    let backups = tempfile::tempdir()?;
    for (method, found) in traces_in_backups(&store, &backups.path().join("before"))? {
        assert_ne!(found, [""; 0], "{method:?}: the earlier backup has the user");
    }

    let receipt = run(store.forget_user(id(PERSON)))?;
    assert!(receipt.is_complete(), "{receipt:?}");
    assert!(!format!("{receipt:?}").contains(&PERSON.to_string()));
    backup(&store, &folder.path().join("backup.db"))?;
    assert_eq!(traces(folder.path())?, [""; 0]);
    for (method, found) in traces_in_backups(&store, &backups.path().join("after"))? {
        assert_eq!(found, [""; 0], "{method:?}");
    }

    // The recorder continues, and so would the open voice session.
    record(&store, everything())?;
    record(&store, [message(61 * DAY, 4_000_000, 20, 50)])?;
    recorder.shutdown()?;
    assert_eq!(traces(folder.path())?, [""; 0]);
    is_nowhere(&store)?;
    verify(&store)
}

#[test]
fn the_receipt_counts_every_row() -> TestResult {
    let store = support::store()?;
    record(&store, everything())?;
    let receipt = run(store.forget_user(id(PERSON)))?;
    let removed: Vec<_> = receipt.removed.iter().map(|removed| (removed.table, removed.rows)).collect();
    let expected = [
        ("member_events", 3),
        ("members", 1),
        ("message_events", 401),
        ("presence_events", 2),
        ("users", 1),
        ("voice_events", 3),
    ];
    for row in expected {
        assert!(removed.contains(&row), "{row:?}: {removed:?}");
    }
    for table in [
        "message_days",
        "message_thirds",
        "message_months",
        "active_months",
        "voice_days",
        "voice_months",
        "voice_intervals",
    ] {
        assert!(removed.iter().any(|(name, rows)| *name == table && *rows > 0), "{table}: {removed:?}");
    }
    assert_eq!(receipt.id.len(), 32);
    // No row is left to delete.
    assert_eq!(run(store.forget_user(id(PERSON)))?.removed, []);
    Ok(())
}

#[test]
fn being_seen_does_not_end_an_erasure_but_writing_does() -> TestResult {
    let store = support::store()?;
    let _recorder = store.recorder()?;
    record(&store, everything())?;
    assert!(run(store.forget_user(id(PERSON)))?.rows_gone);
    let seen = |ms| {
        [
            user(later(ms), PERSON, NAME),
            support::member(later(ms), PERSON, 100_000).into(),
            presence(later(ms), PERSON, PresenceStatus::Online, None),
            snapshot(later(ms), &[(PERSON, 70), (50, 70)]),
            left(later(ms), PERSON),
            voice(later(ms), PERSON, None),
        ]
    };
    record(&store, everything())?;
    record(&store, seen(0))?;
    is_nowhere(&store)?;
    assert_eq!(
        lines(&store, "SELECT user_id AS line FROM voice_intervals WHERE ended_at_ms IS NULL AND user_id = '50'")?,
        ["50"]
    );

    record(&store, [message(later(1_000), 5_000_000, 20, PERSON)])?;
    record(&store, seen(2_000))?;
    record(&store, everything())?;
    let of_person = |table: &str, column: &str| {
        lines(&store, &format!("SELECT {column} AS line FROM {table} WHERE user_id = '{PERSON}'"))
    };
    assert_eq!(of_person("message_events", "id")?, ["5000000"]);
    assert_eq!(lines(&store, &format!("SELECT username AS line FROM users WHERE id = '{PERSON}'"))?, [NAME]);
    assert_eq!(of_person("presence_events", "status")?, ["online"]);

    // Erase the user again, after the recorder saw the user return.
    assert!(run(store.forget_user(id(PERSON)))?.rows_gone);
    is_nowhere(&store)?;
    record(&store, everything())?;
    is_nowhere(&store)?;
    verify(&store)
}

#[test]
fn an_opted_out_user_is_not_recorded_until_opting_in() -> TestResult {
    let store = support::store()?;
    let user_id = id(PERSON);
    let _recorder = store.recorder()?;
    record(&store, everything())?;
    let receipt = run(store.opt_out_user(user_id))?;
    assert!(receipt.rows_gone && receipt.opted_out);
    let acts = |ms, number| {
        [
            message(later(ms), number, 20, PERSON),
            voice(later(ms), PERSON, Some(70)),
            joined(later(ms), PERSON, later(ms)),
        ]
    };
    record(&store, acts(0, 5_000_001))?;
    is_nowhere(&store)?;
    assert!(store.is_opted_out(user_id, Some(id(GUILD)))?);
    // A second erasure does not end an opt-out.
    assert!(run(store.forget_user(user_id))?.opted_out);

    assert!(store.opt_in_user(user_id, None)?);
    assert!(!store.is_opted_out(user_id, None)?);
    record(&store, everything())?;
    is_nowhere(&store)?;
    record(&store, acts(10_000, 5_000_002))?;
    assert_eq!(
        lines(&store, &format!("SELECT id AS line FROM message_events WHERE user_id = '{PERSON}'"))?,
        ["5000002"]
    );
    Ok(())
}

#[test]
fn an_erasure_in_one_guild_leaves_the_other_alone() -> TestResult {
    let store = support::store()?;
    let elsewhere = |event: Event| match event {
        Event::MessageSent(message) => {
            let message_id = id(message.message_id.get() + 10_000_000);
            let channel_id = id(message.channel_id.get() + 500);
            mocha_store::event::MessageSent { channel_id, guild_id: id(OTHER_GUILD), message_id, ..message }.into()
        }
        other => other,
    };
    record(&store, everything())?;
    record(&store, everything().into_iter().map(elsewhere))?;
    assert!(run(store.forget_user(id(PERSON)).in_guild(id(GUILD)))?.rows_gone);
    let count = |guild: u64| {
        lines(
            &store,
            &format!(
                "SELECT count(*) || '' AS line FROM message_events WHERE user_id = '{PERSON}' AND guild_id = '{guild}'"
            ),
        )
    };
    assert_eq!((count(GUILD)?, count(OTHER_GUILD)?), (vec!["0".into()], vec!["401".into()]));
    let named = lines(&store, &format!("SELECT username AS line FROM users WHERE id = '{PERSON}'"))?;
    assert_eq!(named, [NAME]);
    record(&store, everything())?;
    assert_eq!(count(GUILD)?, ["0"]);

    // The user's own row goes with the last guild.
    assert!(run(store.forget_user(id(PERSON)).in_guild(id(OTHER_GUILD)))?.rows_gone);
    is_nowhere(&store)?;
    record(&store, [user(later(0), PERSON, NAME)])?;
    is_nowhere(&store)?;
    verify(&store)
}

#[test]
fn roll_ups_of_deleted_events_are_erased_too() -> TestResult {
    let store = support::store()?;
    record(&store, everything())?;
    let horizon = (support::START + 30 * DAY) / DAY * 86_400;
    store.write(|conn| {
        conn.batch_execute(&format!(
            "UPDATE horizons SET messages_from = {horizon}, voice_from = {horizon};
             DELETE FROM message_events WHERE created_at < {horizon};
             DELETE FROM voice_events WHERE created_at < {horizon};
             DELETE FROM voice_intervals WHERE ended_at_ms IS NOT NULL AND started_at_ms < {horizon} * 1000;"
        ))
    })?;
    let old =
        format!("SELECT day || '' AS line FROM message_days WHERE user_id = {PERSON} AND day < {horizon} / 86400");
    assert!(!lines(&store, &old)?.is_empty());
    assert!(run(store.forget_user(id(PERSON)))?.rows_gone);
    is_nowhere(&store)?;
    verify(&store)
}

#[test]
fn the_recorder_of_another_store_notices_an_erasure() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let (one, other) = (open(&path)?, open(&path)?);
    let recorder = one.recorder()?;
    record(&one, everything())?;
    assert!(run(other.forget_user(id(PERSON)))?.rows_gone);
    record(&one, everything())?;
    // That recorder had the user in voice. Without notice, the next midnight or a shutdown would write the user again.
    record(&one, [message(later(0), 4_000_000, 20, 50)])?;
    recorder.shutdown()?;
    is_nowhere(&other)
}

#[test]
fn a_restored_backup_brings_nobody_back() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, restored) = (folder.path().join("stats.db"), folder.path().join("restored.db"));
    let store = open(&path)?;
    record(&store, everything())?;
    backup(&store, &restored)?;
    assert!(run(store.forget_user(id(PERSON)))?.is_complete());

    let store = open(&restored)?;
    assert_eq!(store.reapply_erasures_from(&path).run()?, 1);
    is_nowhere(&store)?;
    record(&store, everything())?;
    is_nowhere(&store)?;
    // A second run finds nothing new, and a user who returned stays.
    assert_eq!(store.reapply_erasures_from(&path).run()?, 0);
    let back = id::<UserId>(PERSON + 1);
    assert!(run(store.forget_user(back))?.is_complete());
    record(&store, [message(later(0), 4_000_000, 20, back.get())])?;
    assert_eq!(store.reapply_erasures_from(&path).run()?, 0);
    assert!(store.export_user(back).write_to(std::io::sink())? > 1);
    drop(store);
    assert_eq!(traces(folder.path())?, [""; 0]);
    Ok(())
}

#[test]
fn tombstones_are_read_from_mocha_files_only() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = support::store()?;
    let kind = |path: &Path| store.reapply_erasures_from(path).run().map_err(|error| error.kind().clone());
    assert_eq!(kind(&folder.path().join("missing.db")), Err(ErrorKind::Io));
    let foreign = folder.path().join("foreign.db");
    <SqliteConnection as diesel::Connection>::establish(&foreign.display().to_string())?
        .batch_execute("CREATE TABLE a (b)")?;
    assert_eq!(kind(&foreign), Err(ErrorKind::NotMocha));
    fs::write(&foreign, "not a database, but as long as one".repeat(100))?;
    assert_eq!(kind(&foreign), Err(ErrorKind::NotMocha));
    Ok(())
}

/// Two files that erased users independently have different keys.
#[test]
fn a_file_can_have_tombstones_under_several_keys() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, other) = (folder.path().join("stats.db"), folder.path().join("other.db"));
    let store = open(&path)?;
    record(&store, everything())?;
    assert!(run(store.opt_out_user(id(50)))?.is_complete());
    assert!(run(open(&other)?.opt_out_user(id(PERSON)))?.is_complete());
    assert_eq!(store.reapply_erasures_from(&other).run()?, 1);
    record(&store, everything())?;
    is_nowhere(&store)?;
    for user_id in [50, PERSON] {
        assert!(store.is_opted_out(id(user_id), None)?);
        assert!(run(store.forget_user(id(user_id)))?.opted_out);
        assert!(store.opt_in_user(id(user_id), None)?);
        assert!(!store.is_opted_out(id(user_id), None)?);
    }
    Ok(())
}

#[test]
fn an_interrupted_erasure_continues_where_it_stopped() -> TestResult {
    let store = support::store()?;
    record(&store, everything())?;
    record(&store, (0..2_000).map(|n| message(n, 6_000_000 + n.cast_unsigned(), 20, PERSON)))?;
    let mut last = None;
    let receipt = store
        .forget_user(id(PERSON))
        .on_progress(|progress| {
            last = Some(progress);
            ControlFlow::Break(())
        })
        .run()?;
    assert!(!receipt.rows_gone && !receipt.traces_gone && receipt.traces_left_by.is_none());
    let last = last.ok_or("no progress")?;
    assert!(last.removed > 0 && last.removed < last.total, "{last:?}");
    verify(&store)?;
    // The recorder writes nothing about the user in between.
    record(&store, everything())?;
    let mut told = 0;
    let receipt = store
        .forget_user(id(PERSON))
        .on_progress(|progress| {
            assert!(progress.removed >= told && progress.removed <= progress.total, "{progress:?}");
            told = progress.removed;
            ControlFlow::Continue(())
        })
        .run()?;
    assert!(receipt.rows_gone && told > 0);
    is_nowhere(&store)?;
    verify(&store)
}

#[test]
fn the_receipt_reports_traces_that_a_reader_keeps_in_the_log() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::builder().clock(Clock::Events).busy_timeout(std::time::Duration::from_millis(50)).open(&path)?;
    record(&store, everything())?;
    let mut reader = <SqliteConnection as diesel::Connection>::establish(&path.display().to_string())?;
    reader.batch_execute("BEGIN; SELECT * FROM users;")?;
    let receipt = run(store.forget_user(id(PERSON)))?;
    assert!(receipt.rows_gone && !receipt.traces_gone);
    assert!(receipt.traces_left_by.is_some_and(|error| error.is_busy()));
    reader.batch_execute("COMMIT")?;
    store.vacuum_erased().run()?;
    assert_eq!(traces(folder.path())?, [""; 0]);
    Ok(())
}

#[test]
fn a_compact_backup_has_no_traces_even_before_a_skipped_vacuum() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (store, into) = (open(&folder.path().join("stats.db"))?, folder.path().join("backups"));
    record(&store, everything())?;
    let receipt = run(store.forget_user(id(PERSON)).skip_vacuum())?;
    assert!(receipt.rows_gone && !receipt.traces_gone);
    let compact = &traces_in_backups(&store, &into)?[0];
    assert_eq!(compact, &(BackupMethod::Compact, Vec::new()));
    store.vacuum_erased().run()?;
    for (method, found) in traces_in_backups(&store, &into.join("later"))? {
        assert_eq!(found, [""; 0], "{method:?}");
    }
    Ok(())
}
