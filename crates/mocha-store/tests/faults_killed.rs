//! A process that is killed while it writes, adopts a file or rewrites it.

mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Write, stderr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{Clock, Store};
use support::*;

/// The variable that names the process's work. [`FILE`] names its file.
const WORK: &str = "MOCHA_TEST_WORK";
const FILE: &str = "MOCHA_TEST_FILE";

/// The process that is killed.
#[test]
fn child() -> TestResult {
    let (Ok(work), Some(path)) = (std::env::var(WORK), std::env::var_os(FILE)) else { return Ok(()) };
    let builder = Store::builder().clock(Clock::Events).batch_len(20);
    match work.as_str() {
        "record" => {
            let recorder = builder.open(path)?.recorder()?;
            for n in 0.. {
                recorder.record(message(n, 1000 + n.unsigned_abs(), 20, 40))?;
                if n % 50 == 49 {
                    recorder.flush()?;
                    writeln!(stderr(), "confirmed {}", n + 1)?;
                }
            }
        }
        "vacuum" => {
            for _ in 0..20 {
                builder.clone().open(&path)?.vacuum().run()?;
            }
        }
        _ => drop(builder.open(path)?),
    }
    Ok(())
}

fn spawn(work: &str, path: &Path) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["child", "--exact", "--nocapture"])
        .env(WORK, work)
        .env(FILE, path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
}

fn len(path: &Path, end: &str) -> u64 {
    fs::metadata(format!("{}{end}", path.display())).map_or(0, |metadata| metadata.len())
}

/// Kills the process once the file has this size, in the middle of its work. Returns whether that was in time.
fn kill_when(mut child: Child, path: &Path, end: &str, bytes: u64) -> Result<bool, std::io::Error> {
    while len(path, end) < bytes && child.try_wait()?.is_none() {
        thread::yield_now();
    }
    child.kill()?;
    Ok(!child.wait()?.success())
}

fn assert_sound(store: &Store) -> TestResult {
    let report = store.check().run()?;
    assert!(report.is_ok(), "{report}");
    Ok(())
}

#[test]
fn after_a_kill_all_flushed_events_and_their_roll_ups_are_read_from_the_log() -> TestResult {
    let folder = tempfile::tempdir()?;
    let mut all = 0;
    for confirmations in [1, 7, 30] {
        let path = folder.path().join(format!("{confirmations}.db"));
        let mut child = spawn("record", &path)?;
        let told = BufReader::new(child.stderr.take().ok_or("its output is piped")?).lines().map_while(Result::ok);
        let told = told.filter_map(|line| line.strip_prefix("confirmed ").map(str::to_owned)).nth(confirmations);
        let confirmed: u64 = told.ok_or("nothing was confirmed")?.parse()?;
        child.kill()?;
        assert!(!child.wait()?.success());
        // The events are in the write-ahead log only.
        assert!(len(&path, "-wal") > 0);
        let store = Store::open(&path)?;
        let found: u64 = lines(&store, "SELECT count(*) || '' AS line FROM message_events")?[0].parse()?;
        assert!(found >= confirmed, "{found} of {confirmed}");
        // Whole transactions, in order, without a gap.
        let first =
            format!("SELECT count(*) || '' AS line FROM message_events WHERE CAST(id AS INTEGER) < {}", 1000 + found);
        assert_eq!(lines(&store, &first)?, [found.to_string()]);
        assert_eq!(lines(&store, "SELECT sum(messages) || '' AS line FROM message_days")?, [found.to_string()]);
        assert_sound(&store)?;
        all += found;
    }
    assert!(all > 0);
    Ok(())
}

/// Creates a file of the original with some megabytes.
fn original(path: &Path, messages: u32) -> TestResult {
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    conn.batch_execute(include_str!("original.sql"))?;
    conn.batch_execute(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {messages})
         INSERT INTO message_events (id, guild_id, channel_id, user_id, word_count, created_at)
         SELECT 1000 + i, '10', 20 + i % 5, 40 + i % 100, 3, 1700000000 + i * 60 FROM n"
    ))?;
    Ok(())
}

#[test]
fn a_killed_adoption_leaves_the_original_unchanged_and_the_next_opening_adopts_it() -> TestResult {
    const MESSAGES: u32 = 40_000;
    let folder = tempfile::tempdir()?;
    let mut in_time = 0;
    for more in [1, 400_000, 4_000_000] {
        let path = folder.path().join(format!("{more}.db"));
        original(&path, MESSAGES)?;
        let before = len(&path, "");
        in_time += u32::from(kill_when(spawn("adopt", &path)?, &path, "", before + more)?);
        if len(&path, "-journal") > 0 {
            // Reads the file as the next program would, for example the original.
            let copy = folder.path().join("copy.db");
            for end in ["", "-journal"] {
                fs::copy(format!("{}{end}", path.display()), format!("{}{end}", copy.display()))?;
            }
            let mut conn = SqliteConnection::establish(copy.to_str().ok_or("path")?)?;
            let tables =
                "SELECT count(*) || '' AS line FROM sqlite_schema WHERE name LIKE 'original_%' OR name = 'horizons'";
            assert_eq!(read_lines(&mut conn, tables)?, ["0"]);
            let rows = "SELECT count(*) || '' AS line FROM message_events";
            assert_eq!(read_lines(&mut conn, rows)?, [MESSAGES.to_string()]);
            drop(conn);
            fs::remove_file(copy)?;
        }
        let store = Store::open(&path)?;
        let sums = "SELECT count(*) || ' ' || (SELECT sum(words) FROM message_days) AS line FROM message_events";
        assert_eq!(lines(&store, sums)?, [format!("{MESSAGES} {}", 3 * MESSAGES)]);
        assert_sound(&store)?;
    }
    assert!(in_time > 1, "nothing was killed in the middle");
    Ok(())
}

#[test]
fn a_killed_vacuum_changes_nothing() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path: PathBuf = folder.path().join("stats.db");
    let store = Store::builder().clock(Clock::Events).open(&path)?;
    record(&store, (0..5000).map(|n| message(n * 60_000, 1000 + n.unsigned_abs(), 20, 40 + n.unsigned_abs() % 9)))?;
    store.checkpoint()?;
    let before = dump(&store)?;
    drop(store);
    let mut in_time = 0;
    let whole = len(&path, "");
    for bytes in [1, whole / 10, whole / 2] {
        in_time += u32::from(kill_when(spawn("vacuum", &path)?, &path, "-wal", bytes)?);
        let store = Store::open(&path)?;
        assert!(dump(&store)? == before);
        assert_sound(&store)?;
    }
    assert_eq!(in_time, 3);
    Ok(())
}
