//! Servers end with the process that used them.

use std::{
    env,
    io::{Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use mocha_test_postgres::{Cluster, Database, Programs, skipped};

/// The variable that is set in the process that a test lets die.
const DYING: &str = "MOCHA_TEST_DYING";

fn programs() -> Option<Programs> {
    let found = Programs::find();
    if found.is_none() {
        skipped("PostgreSQL's server programs are missing");
    }
    found
}

#[test]
fn each_test_has_a_database_of_its_own() {
    let (Some(one), Some(other)) = (Database::create(), Database::create()) else { return };
    one.execute("CREATE TABLE fish (name TEXT); INSERT INTO fish VALUES ('a'), ('b')");
    assert_eq!(one.execute("SELECT name, length(name) FROM fish ORDER BY 1"), "a|1\nb|1");
    assert_eq!(other.execute("SELECT to_regclass('fish') IS NULL"), "t");
}

#[test]
fn a_server_ends_when_it_is_dropped_after_a_panic() {
    let Some(programs) = programs() else { return };
    let cluster = Cluster::start(&programs, &[]);
    let folder = cluster.folder().to_owned();
    assert!(folder.join("data/postmaster.pid").is_file());
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _ends = cluster;
        panic!("on purpose");
    }));
    assert!(panic.is_err());
    assert!(!folder.exists(), "{} is left", folder.display());
}

#[test]
fn a_server_ends_when_its_process_is_aborted() {
    if env::var_os(DYING).is_some() {
        let cluster = Cluster::start(&Programs::find().unwrap(), &[]);
        let mut out = std::io::stdout();
        write!(out, "{}", cluster.folder().display()).and_then(|()| out.flush()).unwrap();
        std::process::abort();
    }
    if programs().is_none() {
        return;
    }
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["a_server_ends_when_its_process_is_aborted", "--exact", "--nocapture"])
        .env(DYING, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!child.wait().unwrap().success());
    // The script that supervises the server has the other end of this pipe, so the pipe ends after the script.
    child.stderr.take().unwrap().read_to_string(&mut String::new()).unwrap();
    let folder = said.get(said.find('/').unwrap()..).unwrap();
    assert!(folder.starts_with(env::temp_dir().to_str().unwrap()), "{folder}");
    assert!(!Path::new(folder).exists(), "{folder} is left");
}

#[test]
fn a_killed_server_starts_again_with_its_data() {
    let Some(programs) = programs() else { return };
    let cluster = Cluster::start(&programs, &[]);
    let database = Database::create_on(&cluster.url("postgres"));
    database.execute("CREATE TABLE fish (name TEXT); INSERT INTO fish VALUES ('a')");
    cluster.kill();
    cluster.start_again();
    assert_eq!(database.execute("SELECT name FROM fish"), "a");
    cluster.stop();
    cluster.start_again();
    assert_eq!(database.execute("SELECT name FROM fish"), "a");
}
