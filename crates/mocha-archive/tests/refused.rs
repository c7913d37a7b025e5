//! Files that are damaged, missing, foreign or of a newer Mocha are refused by name.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use mocha_archive::{Archive, ErrorKind};
use support::*;

const FILE: &str = "messages/guild_id=4194304/month=2024-02/part-0.parquet";
const OTHER: &str = "messages/guild_id=4194304/month=2024-01/part-0.parquet";

struct Case {
    archive: Archive,
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> TestResult<Self> {
        let folder = folder()?;
        let store = open(&folder.path().join("stats.db"))?;
        record(&store, server(1).guild(id(4_194_304)).events())?;
        let archive = Archive::open(folder.path().join("archive"))?;
        archive.add(&store)?;
        Ok(Self { archive, folder })
    }

    fn path(&self, file: &str) -> PathBuf {
        self.archive.folder().join(file)
    }

    /// Asserts that everything that reads the file refuses it and names it, and changes nothing.
    fn refuses(&self, file: &str, kind: ErrorKind, says: &str) -> TestResult {
        let before = files(self.archive.folder())?;
        let new = self.folder.path().join(format!("new-{}.db", before.len()));
        let store = open(&self.folder.path().join("stats.db"))?;
        execute(&store, "UPDATE message_events SET has_attachment = 1 - has_attachment")?;
        let user = "SELECT user_id AS line FROM message_events LIMIT 1";
        let user = lines(&store, user)?.first().ok_or("nobody wrote")?.parse()?;
        let erased = self.archive.forget_user(user, Some(id(99)))?;
        assert!(erased.is_complete(), "another guild's files are not read");
        for error in [
            self.archive.restore(&open(&new)?).run().expect_err("it is restored"),
            self.archive.add(&store).expect_err("it is written over"),
        ] {
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(file) && error.to_string().contains(says), "{error}");
        }
        let verified = self.archive.verify()?;
        let found: Vec<String> = verified.problems.iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|problem| problem.contains(file) && problem.contains(says)), "{found:?}");
        let after = files(self.archive.folder())?;
        let of_file = |files: &[(String, Vec<u8>)]| files.iter().find(|(name, _)| name == file).cloned();
        assert!(of_file(&before) == of_file(&after), "it was changed");
        Ok(())
    }
}

#[test]
fn a_file_with_a_changed_byte_is_refused() -> TestResult {
    let case = Case::new()?;
    let mut bytes = fs::read(case.path(FILE))?;
    let middle = bytes.len() / 2;
    *bytes.get_mut(middle).ok_or("it is empty")? ^= 1;
    fs::write(case.path(FILE), bytes)?;
    case.refuses(FILE, ErrorKind::Damaged, "other bytes")
}

#[test]
fn a_truncated_file_is_refused() -> TestResult {
    let case = Case::new()?;
    let bytes = fs::read(case.path(FILE))?;
    fs::write(case.path(FILE), bytes.get(..bytes.len() / 2).ok_or("it is empty")?)?;
    case.refuses(FILE, ErrorKind::Damaged, "the manifest of the archive says")
}

#[test]
fn a_missing_file_is_refused() -> TestResult {
    let case = Case::new()?;
    fs::remove_file(case.path(FILE))?;
    case.refuses(FILE, ErrorKind::Damaged, "no such file")
}

#[test]
fn a_file_of_another_month_is_refused() -> TestResult {
    let case = Case::new()?;
    fs::copy(case.path(OTHER), case.path(FILE))?;
    case.refuses(FILE, ErrorKind::Damaged, "the manifest of the archive says")?;
    // With an entry that says the same it is still in the wrong place.
    fs::copy(case.path(OTHER), case.path(FILE))?;
    let entry = |month: &str| case.path(&format!("manifest/messages/guild_id=4194304/month={month}.json"));
    let text = fs::read_to_string(entry("2024-01"))?;
    fs::write(entry("2024-02"), text.replace("2024-01", "2024-02"))?;
    case.refuses(FILE, ErrorKind::Foreign, "its place is that of `2024-02`")
}

#[test]
fn a_file_that_the_manifest_does_not_list_is_refused() -> TestResult {
    let case = Case::new()?;
    fs::remove_file(case.path("manifest/messages/guild_id=4194304/month=2024-02.json"))?;
    let store = open(&case.folder.path().join("stats.db"))?;
    let error = case.archive.add(&store).expect_err("it is written over");
    assert_eq!(error.kind(), ErrorKind::Foreign);
    assert!(error.to_string().contains(FILE), "{error}");
    let problems = case.archive.verify()?.problems;
    assert!(problems.len() == 1 && problems[0].to_string().contains(FILE), "{problems:?}");
    Ok(())
}

#[test]
fn a_manifest_that_is_newer_or_damaged_or_of_another_month_is_refused() -> TestResult {
    let case = Case::new()?;
    let name = "manifest/messages/guild_id=4194304/month=2024-02.json";
    let text = fs::read_to_string(case.path(name))?;
    for (text, kind) in [
        (text.replace("\"schema_version\": 1", "\"schema_version\": 2"), ErrorKind::SchemaTooNew),
        (text.replace("2024-02", "2024-03"), ErrorKind::Foreign),
        ("{}".to_owned(), ErrorKind::Damaged),
    ] {
        fs::write(case.path(name), text)?;
        let error = case.archive.manifest().expect_err("it is read");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    Ok(())
}

/// Writes the file again by other means, with an entry in the manifest that agrees.
fn forge(case: &Case, change: impl Fn(Vec<u8>) -> Vec<u8>) -> TestResult {
    let bytes = change(fs::read(case.path(FILE))?);
    fs::write(case.path(FILE), &bytes)?;
    let path = case.path("manifest/messages/guild_id=4194304/month=2024-02.json");
    let mut entry: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&fs::read(&path)?)?;
    entry.insert("bytes".to_owned(), bytes.len().into());
    entry.insert("sha256".to_owned(), checksum(&bytes).into());
    Ok(fs::write(path, serde_json::to_vec(&entry)?)?)
}

fn checksum(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let bytes = sha2::Sha256::digest(bytes);
    bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from).expect("the file has it");
    let (before, rest) = bytes.split_at(at);
    [before, to, rest.get(from.len()..).unwrap_or_default()].concat()
}

#[test]
fn a_file_of_another_program_or_a_newer_mocha_is_refused() -> TestResult {
    let case = Case::new()?;
    let original = fs::read(case.path(FILE))?;
    for (change, kind, says) in [
        (b"not Parquet at all, and long enough to be some".to_vec(), ErrorKind::Foreign, "no Parquet file"),
        (
            replace(&original, b"mocha.schema_version", b"other.schema_version"),
            ErrorKind::Foreign,
            "not written by Mocha",
        ),
        (
            replace(&original, b"mocha.schema_version\x18\x011", b"mocha.schema_version\x18\x017"),
            ErrorKind::SchemaTooNew,
            "version 7",
        ),
        (replace(&original, b"has_attachment", b"was_attachment"), ErrorKind::Foreign, "other columns"),
    ] {
        forge(&case, |_| change.clone())?;
        case.refuses(FILE, kind, says)?;
    }
    assert!(Path::new(&case.path(FILE)).exists());
    Ok(())
}
