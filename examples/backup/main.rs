//! Backs up a store while its recorder writes, deletes all rows, and restores the backup.
//!
//! `cargo run --release --example backup`. It uses a temporary folder.

use std::{
    io::{self, Write as _},
    ops::ControlFlow,
    thread,
};

use diesel::connection::SimpleConnection as _;
use indicatif::{ProgressBar, ProgressStyle};
use mocha_discord::{Clock, Event, Recorder, Store};
use mocha_sim::Server;

/// The number of events that are recorded before the backup.
const BEFORE: usize = 15_000;

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (file, backups) = (folder.path().join("stats.db"), folder.path().join("backups"));
    let mut out = io::stdout().lock();

    // The events set the clock, because they are not from now.
    let store = Store::builder().clock(Clock::Events).open(&file)?;
    let recorder = store.recorder()?;
    let server = Server::new(2024).days(30);
    record(&recorder, server.events().take(BEFORE))?;

    // The rest is recorded during the backup, which has the rows from its start.
    let made = thread::scope(|scope| {
        let other = scope.spawn(|| record(&recorder, server.events().skip(BEFORE)));
        let bar = progress_bar("backing up")?;
        let made = store
            .backup(&backups)
            .keep(7)
            .on_progress(|progress| {
                bar.set_length(progress.total_bytes);
                bar.set_position(progress.done_bytes);
                ControlFlow::Continue(())
            })
            .run()?;
        bar.finish_and_clear();
        other.join().map_err(|_| anyhow::anyhow!("the recording thread panicked"))??;
        anyhow::Ok(made)
    })?;
    let name = made.path.file_name().unwrap_or_default();
    writeln!(out, "{} has {} KiB, checked, with these rows:", name.display(), made.bytes / 1024)?;
    for (table, rows) in made.rows.iter().filter(|(_, rows)| **rows > 0) {
        writeln!(out, "  {rows:>8}  {table}")?;
    }

    // The bot is stopped, and an administrator makes a mistake.
    recorder.shutdown()?;
    store.write(|conn| conn.batch_execute("DELETE FROM guilds"))?;
    writeln!(out, "{} messages are left after DELETE FROM guilds", messages(&store)?)?;

    // An open file cannot be replaced, so the recorder and the store are closed first.
    drop((recorder, store));
    let bar = progress_bar("restoring")?;
    let restored = Store::restore(&made.path, &file)
        .on_progress(|progress| {
            bar.set_length(progress.total_bytes);
            bar.set_position(progress.done_bytes);
            ControlFlow::Continue(())
        })
        .run()?;
    bar.finish_and_clear();
    writeln!(out, "{} messages are back", messages(&Store::open(&file)?)?)?;
    if let Some(kept) = restored.kept.as_deref().and_then(|kept| kept.file_name()) {
        writeln!(out, "The replaced file is {}", kept.display())?;
    }
    Ok(())
}

fn record(recorder: &Recorder, events: impl Iterator<Item = Event>) -> anyhow::Result<()> {
    for event in events {
        // A live bot uses `record`, which never waits. A simulation is faster than any disk, so it waits for room in the queue.
        recorder.record_blocking(event)?;
    }
    Ok(recorder.flush()?)
}

fn messages(store: &Store) -> anyhow::Result<i64> {
    use diesel::{QueryDsl as _, RunQueryDsl as _};
    use mocha_discord::schema::message_events;
    Ok(store.read(|conn| message_events::table.count().get_result(conn))?)
}

fn progress_bar(what: &str) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template(&format!("{what} {{bar:40}} {{bytes}} of {{total_bytes}}"))?;
    Ok(ProgressBar::new(0).with_style(style))
}
