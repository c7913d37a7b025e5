//! A database for one test.

use std::{
    env,
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{Cluster, Programs, skipped};

/// An empty database for one test. Dropping this drops the database.
#[derive(Debug)]
pub struct Database {
    name: String,
    server: String,
    url: String,
    /// The databases of the same name on the workers of a Citus cluster. Dropped after this one.
    workers: Vec<Self>,
}

impl Database {
    /// Creates a database. Without a server, reports that the test is skipped and returns `None`.
    ///
    /// # Panics
    ///
    /// If `MOCHA_POSTGRES_REQUIRED` is 1 and there is no server, or if the server does not start or refuses.
    #[must_use]
    pub fn create() -> Option<Self> {
        match citus() {
            Some(servers) => Some(Self::create_on_citus(servers)),
            None => Self::create_without_citus(),
        }
    }

    /// Creates a database as [`create`](Self::create) does, but never on a Citus cluster.
    ///
    /// # Panics
    ///
    /// As [`create`](Self::create).
    #[must_use]
    pub fn create_without_citus() -> Option<Self> {
        Some(Self::create_on(&server()?))
    }

    /// Creates a database on each server of a Citus cluster, the coordinator first.
    fn create_on_citus(servers: Vec<String>) -> Self {
        let mut servers = servers.into_iter();
        let mut database = Self::create_on(&servers.next().unwrap());
        let place = "SELECT host(inet_server_addr()) || ''', ' || inet_server_port()";
        let workers: Vec<Self> = servers.map(|url| Self::create_named(&url, database.name.clone())).collect();
        for server in std::iter::once(&database).chain(&workers) {
            server.execute("CREATE EXTENSION citus");
        }
        let coordinator = database.execute(place);
        database.execute(&format!("SELECT citus_set_coordinator_host('{coordinator})"));
        for worker in &workers {
            let place = worker.execute(place);
            database.execute(&format!("SELECT citus_add_node('{place})"));
        }
        database.workers = workers;
        database
    }

    /// Creates a database on a server. `url` names any database on it.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    #[must_use]
    pub fn create_on(url: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        let name = format!("mocha_{}_{now}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self::create_named(url, name)
    }

    fn create_named(url: &str, name: String) -> Self {
        psql(url, &format!("CREATE DATABASE {name}"));
        Self { url: with_database(url, &name), name, server: url.to_owned(), workers: Vec::new() }
    }

    /// Returns the URL of the database.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs SQL statements and returns the rows of the last one, one in each line, with `|` between columns.
    ///
    /// # Panics
    ///
    /// If the server refuses one of them.
    #[expect(clippy::must_use_candidate, reason = "many statements have no values")]
    pub fn execute(&self, statements: &str) -> String {
        psql(&self.url, statements)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // If the test broke its server, the database cannot be dropped. That is no problem.
        drop(run(&self.server, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)));
    }
}

/// Returns the URLs of the Citus cluster to use, the coordinator first.
fn citus() -> Option<Vec<String>> {
    let urls = env::var("MOCHA_CITUS_URLS").ok()?;
    Some(urls.split_whitespace().map(str::to_owned).collect())
}

/// Returns a URL of the server that tests share. Without `MOCHA_POSTGRES_URL` the first call starts a private one.
fn server() -> Option<String> {
    static PRIVATE: OnceLock<Option<Cluster>> = OnceLock::new();
    if let Ok(url) = env::var("MOCHA_POSTGRES_URL") {
        return Some(url);
    }
    let cluster = PRIVATE.get_or_init(|| Some(Cluster::start(&Programs::find()?, &["max_connections = 200"])));
    if cluster.is_none() {
        skipped("PostgreSQL's server programs are missing (Debian: `apt-get install postgresql`)");
    }
    cluster.as_ref().map(|cluster| cluster.url("postgres"))
}

fn psql(url: &str, statements: &str) -> String {
    run(url, statements).unwrap_or_else(|error| panic!("{statements}: {error}"))
}

fn run(url: &str, statements: &str) -> Result<String, String> {
    let arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statements];
    let output = Command::new("psql").args(arguments).output().map_err(|error| format!("psql: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Puts another database into a URL.
fn with_database(url: &str, name: &str) -> String {
    let (before, parameters) = url.split_once('?').map_or((url, None), |(before, after)| (before, Some(after)));
    let authority = before.find("://").map_or(0, |at| at + 3);
    let path = before.get(authority..).and_then(|rest| rest.find('/')).map_or(before.len(), |at| authority + at);
    let server = before.get(..path).unwrap_or(before);
    match parameters {
        Some(parameters) => format!("{server}/{name}?{parameters}"),
        None => format!("{server}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn a_url_keeps_all_but_its_database() {
        for (url, expected) in [
            ("postgres://", "postgres:///new"),
            ("postgres://me@host:5433", "postgres://me@host:5433/new"),
            ("postgres://me@host/old", "postgres://me@host/new"),
            ("postgresql://me@/old?host=/tmp/a", "postgresql://me@/new?host=/tmp/a"),
            ("postgres://host?sslmode=require", "postgres://host/new?sslmode=require"),
        ] {
            assert_eq!(with_database(url, "new"), expected, "{url}");
        }
    }
}
