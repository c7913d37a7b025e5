//! Finds PostgreSQL's programs and runs them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// PostgreSQL's server programs, and the user who may run them.
#[derive(Clone, Debug)]
pub struct Programs {
    folder: PathBuf,
    user: Option<User>,
}

/// The user who runs the server when the tests run as root, because PostgreSQL refuses root.
#[derive(Clone, Debug)]
struct User {
    group: u32,
    id: u32,
}

impl Programs {
    /// Finds the programs in `PATH` and in `/usr/lib/postgresql/*/bin`, the newest version first.
    ///
    /// Returns `None` if `initdb`, `pg_ctl` or `postgres` is missing, or if the tests run as root and the machine has neither
    /// a user `postgres` nor a user `nobody`.
    #[must_use]
    pub fn find() -> Option<Self> {
        let folder = candidates().into_iter().find(|folder| {
            ["initdb", "pg_ctl", "postgres"].into_iter().all(|program| folder.join(program).is_file())
        })?;
        // The program may be a link to the folder that has the other programs too.
        let folder = fs::canonicalize(folder.join("postgres")).ok()?.parent()?.to_owned();
        let user = if id(&["-u"]) == Some(0) { Some(User::unprivileged()?) } else { None };
        Some(Self { folder, user })
    }

    /// Gives a folder to the user who runs the server.
    pub(crate) fn hand_over(&self, folder: &Path) {
        if let Some(user) = &self.user {
            std::os::unix::fs::chown(folder, Some(user.id), Some(user.group)).unwrap();
        }
    }

    /// Returns a command that runs a shell script as the user who runs the server. The programs are in `$bin`.
    pub(crate) fn script(&self, script: &str) -> Command {
        let mut command = if let Some(User { group, id }) = &self.user {
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={id}")).arg(format!("--regid={group}")).args(["--clear-groups", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        // The user may not be allowed to enter the folder of the tests.
        command.args(["-c", script]).env("bin", &self.folder).current_dir("/");
        command
    }
}

impl User {
    fn unprivileged() -> Option<Self> {
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Some(Self { group: id(&["-g", name])?, id: id(&["-u", name])? }))
    }
}

/// Returns the folders that may have the programs, in order of preference.
fn candidates() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    env::split_paths(&path).chain(versions.into_iter().map(|(_, folder)| folder)).collect()
}

/// Runs the program `id` and returns the number that it prints.
fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
