//! The next run completes or undoes the work of a writer that was killed, in each state that it can leave.

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use mocha_archive::Archive;
use support::*;

const FILE: &str = "messages/guild_id=10/month=2024-01/part-0.parquet";
const ENTRY: &str = "manifest/messages/guild_id=10/month=2024-01.json";
const PARTIAL: &str = ".writing/part.parquet";
const INTENT: &str = ".writing/intent.json";
const TEMPORARY: &str = ".writing/entry.json";

/// A file and its entry.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Month {
    entry: Vec<u8>,
    file: Vec<u8>,
}

impl Month {
    fn read(folder: &Path) -> TestResult<Self> {
        Ok(Self { entry: fs::read(folder.join(ENTRY))?, file: fs::read(folder.join(FILE))? })
    }
}

/// The same month before and after another message.
fn months(folder: &Path) -> TestResult<[Month; 2]> {
    let store = open(&folder.join("stats.db"))?;
    execute(
        &store,
        "INSERT INTO guilds (id, created_at, updated_at) VALUES ('10', 0, 0);
         INSERT INTO users (id, created_at, updated_at) VALUES ('40', 0, 0);
         INSERT INTO channels (id, guild_id, type, created_at, updated_at) VALUES ('20', '10', 0, 0, 0)",
    )?;
    let archive = Archive::open(folder.join("archive"))?;
    let add = |number: u64| {
        let insert = "INSERT INTO message_events (id, guild_id, channel_id, user_id, created_at) VALUES";
        execute(&store, &format!("{insert} ('{number}', '10', '20', '40', 1704070000)"))?;
        archive.add(&store)?;
        Month::read(archive.folder())
    };
    Ok([add(30)?, add(31)?])
}

/// A path in the archive, and the bytes that are there.
type Part<'a> = (&'a str, &'a [u8]);

/// Puts files into a new archive, lets a reader or a writer find them, and returns what is there.
fn left(parts: &[Part<'_>], is_reader: bool) -> TestResult<BTreeMap<PathBuf, Vec<u8>>> {
    let folder = folder()?;
    let archive = Archive::open(folder.path().join("archive"))?;
    for (path, bytes) in parts {
        let path = archive.folder().join(path);
        fs::create_dir_all(path.parent().ok_or("a file is in a folder")?)?;
        fs::write(path, bytes)?;
    }
    if is_reader {
        sound(&archive)?;
    } else {
        // It finds no row, and locks the folder for writing all the same.
        assert_eq!(archive.forget_user(id(99), None)?.files, []);
        sound(&archive)?;
        assert_eq!(fs::read_dir(archive.folder().join(".writing"))?.count(), 1, "only the lock is left");
    }
    Ok(files(archive.folder())?.into_iter().map(|(path, bytes)| (path.into(), bytes)).collect())
}

#[test]
fn each_state_of_a_write_becomes_the_month_before_or_after() -> TestResult {
    let folder = folder()?;
    let [before, after] = months(folder.path())?;
    let half = |bytes: &[u8]| bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec();
    let (half_file, half_entry) = (half(&after.file), half(&after.entry));
    let old = [(FILE, before.file.as_slice()), (ENTRY, before.entry.as_slice())];
    let (file, entry) = (after.file.as_slice(), after.entry.as_slice());
    let states: [(&[Part<'_>], &Month); 6] = [
        (&[(PARTIAL, &half_file)], &before),
        (&[(PARTIAL, file)], &before),
        (&[(PARTIAL, file), (TEMPORARY, &half_entry)], &before),
        (&[(PARTIAL, file), (INTENT, entry)], &after),
        (&[(FILE, file), (INTENT, entry)], &after),
        (&[(FILE, file), (ENTRY, entry)], &after),
    ];
    for (number, (state, expected)) in states.into_iter().enumerate() {
        for is_reader in [true, false] {
            let found = left(&[&old, state].concat(), is_reader)?;
            let expected = [(FILE, &expected.file), (ENTRY, &expected.entry)];
            let expected = expected.map(|(path, bytes)| (PathBuf::from(path), bytes.clone()));
            assert!(found == BTreeMap::from(expected), "state {number}, read first: {is_reader}");
        }
    }
    Ok(())
}

#[test]
fn each_state_of_a_deletion_ends_in_no_month() -> TestResult {
    let folder = folder()?;
    let [month, _] = months(folder.path())?;
    let mut note: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&month.entry)?;
    note.insert("rows".to_owned(), 0.into());
    let note = serde_json::to_vec(&note)?;
    let states: [&[Part<'_>]; 3] = [
        &[(FILE, &month.file), (ENTRY, &month.entry), (INTENT, &note)],
        &[(ENTRY, &month.entry), (INTENT, &note)],
        &[(INTENT, &note)],
    ];
    for state in states {
        for is_reader in [true, false] {
            assert_eq!(left(state, is_reader)?, BTreeMap::new());
        }
    }
    Ok(())
}
