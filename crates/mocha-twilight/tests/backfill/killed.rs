//! A process that is killed while it reads.

use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    io::{BufRead as _, BufReader, Write as _, stderr},
    ops::ControlFlow,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use mocha_fake_discord::FakeHistory;
use mocha_store::Store;

use crate::history::{Bot, TestResult, backfill, check_spans, client, expected, history, rows};

/// Name the work of the process that is killed: its file, and the address of the API.
const FILE: &str = "MOCHA_TEST_FILE";
const HOST: &str = "MOCHA_TEST_HOST";

/// The most kills, should a run never get further.
const MOST_KILLS: u64 = 100;

/// The process that is killed. It writes a line after each page, and the test kills it some time after one of these lines.
#[tokio::test]
async fn child() -> TestResult {
    let (Some(path), Ok(host)) = (std::env::var_os(FILE), std::env::var(HOST)) else { return Ok(()) };
    let store = Store::builder().flush_interval(Duration::from_millis(5)).open(path)?;
    let run = backfill(client(host), &store)?.on_progress(|_| {
        // The test reads until it kills this process.
        drop(writeln!(stderr(), "further"));
        ControlFlow::Continue(())
    });
    run.run().await?;
    store.recorder()?.shutdown()?;
    Ok(())
}

fn spawn(path: &Path, host: String) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["killed::child", "--exact", "--nocapture"])
        .env(FILE, path)
        .env(HOST, host)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
}

/// Returns a number that looks random, less than `below`.
fn random(number: u64, below: u64) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(number) % below
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_continues_where_it_stopped() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("killed.db");
    let bot = Bot::start(FakeHistory { page: 5, ..history() }).await?;
    let (mut known, mut kills) = (0, 0);
    loop {
        let mut child = spawn(&path, bot.rest.host())?;
        let stderr = child.stderr.take().ok_or("no stderr")?;
        let further = BufReader::new(stderr).lines().map_while(Result::ok).filter(|line| line == "further");
        let pages = 1 + random(kills, 12);
        let heard = further.take(usize::try_from(pages)?).count();
        std::thread::sleep(Duration::from_millis(random(kills + 1_000, 15)));
        child.kill()?;
        let is_done = child.wait()?.success();
        let store = Store::open(&path)?;
        let report = store.check().run()?;
        assert!(report.is_ok(), "{report}");
        check_spans(&path)?;
        let found = rows(&store)?.len();
        assert!(found >= known, "{known} messages were in the file, and now {found}");
        known = found;
        if is_done || u64::try_from(heard)? < pages {
            break;
        }
        kills += 1;
        assert!(kills < MOST_KILLS, "no run gets further");
    }
    assert!(kills >= 3, "{kills}");

    let (killed, whole) = (Store::open(&path)?, Store::builder().open_in_memory()?);
    bot.reads(&killed).await?;
    bot.reads(&whole).await?;
    assert_eq!(rows(&killed)?, rows(&whole)?);
    assert_eq!(rows(&whole)?.len(), expected(&history()).len());
    let report = killed.check().run()?;
    assert!(report.is_ok(), "{report}");
    Ok(())
}
