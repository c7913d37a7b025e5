//! Damage is found and reported, and never causes a panic.

mod support;

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use diesel::connection::SimpleConnection;
use mocha_store::{CheckDepth, CheckPhase, Clock, ErrorKind, Rollup, Store, Verdict};
use proptest::prelude::*;
use support::*;

type Answer = Result<Vec<String>, ErrorKind>;
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Creates a file of some pages, without a write-ahead log.
fn filled(folder: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join("stats.db");
    let store = Store::builder().clock(Clock::Events).open(&path)?;
    record(&store, [guild(0, 9), channel(0, 20, Some("general")), user(0, 40, "ferris"), joined(0, 40, 0)])?;
    record(&store, (0..300).map(|n| message(n * 600_000, 1000 + n.unsigned_abs(), 20, 40 + n.unsigned_abs() % 7)))?;
    record(&store, (0..100).map(|n| voice(n * 600_000, 40 + n.unsigned_abs() % 3, Some(20).filter(|_| n % 2 == 0))))?;
    store.checkpoint()?;
    Ok(path)
}

#[test]
fn a_sound_file_has_the_verdict_sound() -> TestResult {
    let folder = tempfile::tempdir()?;
    for store in [Store::open(filled(folder.path())?)?, store()?] {
        let mut phases = Vec::new();
        let report = store
            .check()
            .on_progress(|so_far| {
                if phases.last() != Some(&so_far.phase) {
                    phases.push(so_far.phase);
                }
                ControlFlow::Continue(())
            })
            .run()?;
        assert_eq!((report.verdict(), report.to_string().as_str()), (Verdict::Sound, "the file is sound"));
        assert_eq!(report.rollups.len(), Rollup::ALL.len());
        let quick = store.check().depth(CheckDepth::Quick).run()?;
        assert!(quick.is_ok() && quick.rollups.is_empty());
        // Even the check of a small file can be ended early.
        let stopped = store.check().on_progress(|_| ControlFlow::Break(())).run()?;
        assert!(!phases.is_empty() || stopped.is_ok());
    }
    Ok(())
}

#[test]
fn each_kind_of_fault_has_its_verdict() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = Store::open(filled(folder.path())?)?;
    let check = || store.check().run();
    store.write(|conn| conn.batch_execute("PRAGMA foreign_keys"))?;
    let mut other = <diesel::SqliteConnection as diesel::Connection>::establish(
        folder.path().join("stats.db").to_str().ok_or("path")?,
    )?;
    other.batch_execute("PRAGMA foreign_keys = OFF; DELETE FROM channels WHERE id = '20'")?;
    let report = check()?;
    assert_eq!(report.verdict(), Verdict::Orphaned);
    assert_eq!((report.orphans[0].rows, report.orphans[0].table.as_str()), (300, "message_events"));
    assert!(report.to_string().contains("300 rows of message_events have no row in channels"), "{report}");
    store.write(|conn| conn.batch_execute("UPDATE message_days SET words = words + 1"))?;
    let report = check()?;
    assert_eq!(report.verdict(), Verdict::RollupsDiffer);
    assert!(report.to_string().contains("message_days"), "{report}");
    assert_eq!(store.check().depth(CheckDepth::Quick).run()?.verdict(), Verdict::Orphaned);
    // The index's definition names another column than its entries have. Only a full check compares them with the table.
    other.batch_execute(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'ON users (bot)', 'ON users (username)') WHERE name = 'idx_users_bot';
         PRAGMA writable_schema = RESET",
    )?;
    drop(other);
    let store = Store::open(folder.path().join("stats.db"))?;
    assert_eq!(store.check().depth(CheckDepth::Quick).run()?.verdict(), Verdict::Orphaned);
    let report = store.check().run()?;
    assert_eq!(report.verdict(), Verdict::Damaged);
    assert!(report.rollups.is_empty() && report.to_string().contains("salvage"), "{report}");
    Ok(())
}

#[test]
fn a_check_can_be_ended_in_any_phase() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = Store::open(filled(folder.path())?)?;
    for phase in [CheckPhase::Pages, CheckPhase::Rollup(Rollup::MessageDays), CheckPhase::Rollup(Rollup::VoiceTotals)] {
        let mut asked = 0;
        let report = store
            .check()
            .on_progress(|so_far| {
                asked += u32::from(so_far.phase == phase);
                if so_far.phase == phase { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .run()?;
        // A roll-up with a single slice is complete after it.
        assert!(asked == 1 && (!report.complete || report.rollups.iter().all(|rollup| rollup.complete)), "{phase:?}");
        assert!(report.complete || report.verdict() == Verdict::Incomplete);
    }
    Ok(())
}

#[test]
fn a_damaged_file_is_refused_with_advice() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = filled(folder.path())?;
    let mut bytes = fs::read(&path)?;
    // The list of tables is in the first page, after its header of a hundred bytes.
    bytes[100..4096].fill(0xa5);
    fs::write(&path, &bytes)?;
    let error = Store::open(&path).expect_err("it is damaged");
    assert!(error.is_corrupt(), "{:?}", error.kind());
    assert!(error.to_string().contains("restore a backup, or salvage"), "{error}");
    assert!(fs::read(&path)? == bytes, "it was written to");
    Ok(())
}

#[test]
fn a_truncated_file_is_reported() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = filled(folder.path())?;
    let bytes = fs::read(&path)?;
    // Cuts in the first page, between pages, and in the middle of a page. SQLite treats a file of one byte as empty.
    for len in [2, 50, 100, 2000, 4096, 4097, bytes.len() / 2, bytes.len() - 4096, bytes.len() - 1] {
        fs::write(&path, &bytes[..len])?;
        match Store::open(&path) {
            Err(error) => {
                assert!([ErrorKind::Corrupt, ErrorKind::NotMocha].contains(error.kind()), "{len}: {error}");
            }
            Ok(store) => {
                let report = store.check().run()?;
                assert_eq!(report.verdict(), Verdict::Damaged, "{len} of {}", bytes.len());
            }
        }
        for end in ["-wal", "-shm"] {
            drop(fs::remove_file(format!("{}{end}", path.display())));
        }
    }
    Ok(())
}

/// Returns the answer of each table, or the kind of the error.
fn answers(store: &Store) -> Vec<Result<Vec<String>, ErrorKind>> {
    [
        "SELECT user_id || ' ' || sum(messages) AS line FROM message_days GROUP BY user_id ORDER BY 1",
        "SELECT count(*) || ' ' || sum(word_count) AS line FROM message_events NOT INDEXED",
        "SELECT guild_id || ' ' || user_id || ' ' || started_at_ms || ' ' || coalesce(ended_at_ms, '') AS line FROM voice_intervals",
        "SELECT id || username AS line FROM users ORDER BY id",
        "SELECT count(*) || '' AS line FROM message_events WHERE guild_id = '10' AND created_at > 0",
    ]
    .into_iter()
    .map(|sql| lines(store, sql).map_err(|error| error.kind().clone()))
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// A flipped bit never causes a panic. If the check finds no fault, counts, keys and order are unchanged, and at most a
    /// value that is stored only once differs.
    #[test]
    fn a_flipped_bit_is_an_error_or_found_or_harmless(place in 0.0..1.0_f64, bit in 0..8_u32, seed in 0..3_u8) {
        thread_local! {
            static SOUND: (tempfile::TempDir, Vec<u8>, Vec<Answer>) = {
                let folder = tempfile::tempdir().expect("a folder");
                let path = filled(folder.path()).expect("a file");
                let answers = answers(&Store::open(&path).expect("it opens"));
                (folder, fs::read(path).expect("it is there"), answers)
            };
        }
        SOUND.with(|(_, sound, expected)| {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("stats.db");
            let mut bytes = sound.clone();
            #[expect(clippy::as_conversions, clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "a place in a file")]
            let at = match seed {
                // The header and the list of tables, on which everything else depends.
                0 => (place * 4096.0) as usize,
                _ => (place * bytes.len() as f64) as usize,
            };
            bytes[at] ^= 1 << bit;
            fs::write(&path, &bytes)?;
            if let Ok(store) = Store::builder().readers(1).open(&path) {
                let found = answers(&store);
                let report = store.check().run().map_err(|error| TestCaseError::fail(format!("byte {at} bit {bit}: {error:?}")))?;
                if report.is_ok() && found != *expected {
                    // Values may differ, such as a letter of a name, but not their number.
                    for (found, expected) in found.iter().zip(expected) {
                        let lens = (found.as_ref().map(Vec::len), expected.as_ref().map(Vec::len));
                        prop_assert_eq!(lens.0, lens.1, "byte {} bit {}", at, bit);
                    }
                    prop_assert_eq!(&found[0], &expected[0], "roll-ups, byte {} bit {}", at, bit);
                }
            }
            // A salvage does not panic either, and its new file is sound.
            let new = folder.path().join("new.db");
            if Store::salvage(&path, &new).run().is_ok() {
                let report = Store::open(&new)?.check().run()?;
                prop_assert!(report.is_ok(), "byte {} bit {}: {}", at, bit, report);
            }
            Ok(())
        })?;
    }
}

#[test]
fn check_on_open_refuses_a_damaged_file() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = filled(folder.path())?;
    let open = |depth| Store::builder().check_on_open(depth).open(&path);
    let (quick, full) = (CheckDepth::Quick, CheckDepth::Full);
    drop((open(quick)?, open(full)?, Store::builder().check_on_open(full).open_in_memory()?));
    let root =
        lines(&Store::open(&path)?, "SELECT rootpage || '' AS line FROM sqlite_schema WHERE name = 'message_events'")?;
    let start = (root.concat().parse::<usize>()? - 1) * 4096;
    let sound = fs::read(&path)?;
    let mut damaged = sound.clone();
    damaged.get_mut(start..start + 4096).ok_or("page")?.fill(0xa5);
    fs::write(&path, &damaged)?;
    // Without the check, opening finds no damage.
    drop(Store::open(&path)?);
    let before = fs::read(&path)?;
    for depth in [quick, full] {
        let error = open(depth).expect_err("it is damaged");
        assert!(
            error.is_corrupt() && error.to_string().ends_with("restore a backup, or salvage what is readable"),
            "{error}"
        );
        assert!(error.to_string().contains("stats.db"), "{error}");
        assert!(std::error::Error::source(&error).is_some());
        assert!(fs::read(&path)? == before, "it was written to");
    }
    // The quick check does not find rows that are missing in an index.
    fs::write(&path, &sound)?;
    Store::open(&path)?.write(|conn| {
        conn.batch_execute(
            "CREATE TABLE jokes (x, y); CREATE INDEX by_x ON jokes (x); INSERT INTO jokes VALUES (1, 2);
             PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = 'CREATE INDEX by_x ON jokes (y)' WHERE name = 'by_x'",
        )
    })?;
    drop(open(quick)?);
    assert!(open(full).expect_err("an index is of another column").is_corrupt());
    Ok(())
}
