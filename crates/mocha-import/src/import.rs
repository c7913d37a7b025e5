//! Imports files and folders.

use std::{
    fmt, fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use mocha_recorder::{Error, Recorder};

use crate::{
    FileError, FileReport, ImportReport, document,
    file::{File, Settings, Stop},
    paths,
};

/// Says how far an import is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The file that is read.
    pub file: &'a Path,
    /// How many files there are.
    pub file_count: usize,
    /// How many files were read before.
    pub files_read: usize,
    /// How many messages of the file were taken.
    pub taken: u64,
}

/// Imports exports of Discord channels.
///
/// Messages go to the recorder in the order of the files, and wait for room in its queue. The recorder of a live bot will do:
/// the import leaves room in the queue, and a live event is committed after about two transactions of the import.
///
/// # Examples
///
/// ```
/// use mocha_import::Import;
/// use mocha_store::{Clock, Store};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("general.json");
/// std::fs::write(&path, r#"{
///     "guild": { "id": "81384788765712384", "name": "Café" },
///     "channel": { "id": "81384788895735808", "type": "GuildTextChat", "name": "general" },
///     "messages": [{ "id": "418000000000000000", "type": "Default", "author": { "id": "90205037443759657", "name": "anna" } }]
/// }"#)?;
///
/// let store = Store::builder().clock(Clock::Events).open_in_memory()?;
/// let recorder = store.recorder()?;
/// let report = Import::new(recorder.clone()).run([&path])?;
/// recorder.flush()?;
/// assert_eq!((report.taken(), report.failed().count()), (1, 0));
/// # Ok(())
/// # }
/// ```
#[must_use = "it does nothing until `run` is called"]
pub struct Import<'a> {
    on_progress: Option<OnProgress<'a>>,
    settings: Settings,
}

type OnProgress<'a> = Box<dyn FnMut(Progress<'_>) -> ControlFlow<()> + 'a>;

impl<'a> Import<'a> {
    /// Prepares an import that records with this recorder.
    pub const fn new(recorder: Recorder) -> Self {
        Self { on_progress: None, settings: Settings { raw_content: false, recorder, since: None } }
    }

    /// Says that the text of messages was exported without changes. Default: `false`.
    ///
    /// Then characters, words, attachments and embeds are recorded. Otherwise they are unknown, because by default the exporter
    /// replaces mentions, emoji and markup, and the file does not say whether it did. Run the exporter with `--markdown false`.
    pub const fn raw_content(mut self, is_raw: bool) -> Self {
        self.settings.raw_content = is_raw;
        self
    }

    /// Skips messages from before this time, such as those that your retention policy would delete.
    pub const fn since(mut self, since: DateTime<Utc>) -> Self {
        self.settings.since = Some(since);
        self
    }

    /// Calls a function at the start of each file and after every 1,000 messages. [`ControlFlow::Break`] ends the import.
    pub fn on_progress(mut self, on_progress: impl FnMut(Progress<'_>) -> ControlFlow<()> + 'a) -> Self {
        self.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Imports files, and all `.json` files in folders and their folders. Blocks until the recorder has taken everything.
    ///
    /// Files and messages that cannot be read are in the report, and the rest is imported. Messages that the recorder has taken
    /// may still be in its queue: [flush](Recorder::flush) it, or shut it down.
    ///
    /// If retention deleted old messages before, messages of that time are skipped and
    /// [reported](crate::SkipReason::BeforeHorizon). To count them, import before retention runs: it keeps their roll-ups.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Recorder::message_horizon`] and [`Recorder::record_all_blocking`], except for values that do not
    /// fit, which are in the report.
    pub fn run(self, paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Result<ImportReport, Error> {
        let Self { mut on_progress, settings } = self;
        let files = paths::files(paths.into_iter().map(|path| path.as_ref().to_owned()));
        let (file_count, horizon) = (files.len(), horizon(&settings.recorder)?);
        let mut report = ImportReport::default();
        for (files_read, (path, readable)) in files.into_iter().enumerate() {
            let mut progress = |file: &FileReport| {
                let progress = Progress { file: &file.path, file_count, files_read, taken: file.taken };
                on_progress.as_mut().map_or(ControlFlow::Continue(()), |call| call(progress))
            };
            let (mut file, stop) = match readable {
                Ok(()) => import(path, &settings, horizon, &mut progress),
                Err(error) => (FileReport::new(path), Some(Stop::File(error.into()))),
            };
            match stop {
                None => {}
                Some(Stop::File(error)) => file.error = Some(error),
                Some(Stop::Recorder(error)) => return Err(error),
                Some(Stop::Requested) => report.stopped = true,
            }
            report.files.push(file);
            if report.stopped {
                break;
            }
        }
        Ok(report)
    }
}

/// Returns the horizon of messages. Like the recording of messages, it waits as long as another program holds the lock.
fn horizon(recorder: &Recorder) -> Result<DateTime<Utc>, Error> {
    loop {
        match recorder.message_horizon() {
            Err(error) if error.is_busy() => {}
            found => return found,
        }
    }
}

/// Imports one file, and returns why its reading ended early.
fn import(
    path: PathBuf,
    settings: &Settings,
    horizon: DateTime<Utc>,
    on_progress: &mut dyn FnMut(&FileReport) -> ControlFlow<()>,
) -> (FileReport, Option<Stop>) {
    if on_progress(&FileReport::new(path.clone())).is_break() {
        return (FileReport::new(path), Some(Stop::Requested));
    }
    let opened: io::Result<fs::File> = fs::File::open(&path);
    let mut file = File::new(path, settings, horizon, on_progress);
    let stop = match opened {
        Ok(opened) => document::read(opened, &mut file).err(),
        Err(error) => Some(Stop::File(FileError::Io(error))),
    };
    (file.into_report(), stop)
}

impl fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import").field("settings", &self.settings).finish_non_exhaustive()
    }
}
