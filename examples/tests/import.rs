//! The example `import`, as a user starts it.

use std::{
    error::Error,
    fs,
    path::Path,
    process::{Command, Output},
};

type TestResult = Result<(), Box<dyn Error>>;

/// Runs the program with a folder as the path, and with a new file.
fn import(folder: &Path, options: &[&str]) -> Result<Output, Box<dyn Error>> {
    let test = std::env::current_exe()?;
    let program = test.parent().and_then(Path::parent).ok_or("no folder")?.join("examples").join("import");
    if !program.exists() {
        return Err("build it first: cargo build -p mocha-examples --example import".into());
    }
    let files = tempfile::tempdir()?;
    Ok(Command::new(program).arg(folder).arg("--db").arg(files.path().join("stats.db")).args(options).output()?)
}

#[test]
fn a_folder_without_exports_is_a_failure() -> TestResult {
    let folder = tempfile::tempdir()?;
    let output = import(folder.path(), &[])?;
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr)?.contains("there is no `.json` file to import"));
    Ok(())
}

#[test]
fn a_file_that_cannot_be_read_is_named_in_json_mode_too() -> TestResult {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("general.json"), "<!DOCTYPE html>")?;
    let output = import(folder.path(), &["--json"])?;
    assert!(!output.status.success());
    assert_eq!(String::from_utf8(output.stdout)?, "");
    let stderr = String::from_utf8(output.stderr)?;
    assert!(stderr.contains("general.json: the file is not a JSON export"), "{stderr}");
    assert!(stderr.contains("1 of 1 files were not imported completely"), "{stderr}");
    Ok(())
}
