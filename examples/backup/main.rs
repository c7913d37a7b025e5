//! A store is backed up while its recorder writes, loses all it has, and is restored.
//!
//! `cargo run --release --example backup`. All of it happens in a temporary folder.

use std::{
    io::{self, Write as _},
    ops::ControlFlow,
    thread,
};

use diesel::connection::SimpleConnection as _;
use indicatif::{ProgressBar, ProgressStyle};
use mocha_discord::{Clock, Event, Recorder, Store};
use mocha_sim::Server;

/// So many are recorded before the backup.
const BEFORE: usize = 15_000;

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (file, backups) = (folder.path().join("stats.db"), folder.path().join("backups"));
    let mut out = io::stdout().lock();

    // The server lives by the clock of its events, not by the wall's.
    let store = Store::builder().clock(Clock::Events).open(&file)?;
    let recorder = store.recorder()?;
    let server = Server::new(2024).days(30);
    record(&recorder, server.events().take(BEFORE))?;

    // The rest is recorded while the backup is made, which has what was there when it began.
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
        other.join().map_err(|_| anyhow::anyhow!("the recording panicked"))??;
        anyhow::Ok(made)
    })?;
    let name = made.path.file_name().unwrap_or_default();
    writeln!(out, "{} has {} KiB, checked, with these rows:", name.display(), made.bytes / 1024)?;
    for (table, rows) in made.rows.iter().filter(|(_, rows)| **rows > 0) {
        writeln!(out, "  {rows:>8}  {table}")?;
    }

    // The bot is stopped, and somebody makes a mistake.
    recorder.shutdown()?;
    store.write(|conn| conn.batch_execute("DELETE FROM guilds"))?;
    writeln!(out, "{} messages are left of that after DELETE FROM guilds", messages(&store)?)?;

    // A file in use is not replaced: first the recorder and the store go.
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
        writeln!(out, "and what was there instead is {}", kept.display())?;
    }
    Ok(())
}

fn record(recorder: &Recorder, events: impl Iterator<Item = Event>) -> anyhow::Result<()> {
    for event in events {
        // A live bot uses `record`, which never waits. A simulation is faster than any disk, and waits for room in the queue.
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
