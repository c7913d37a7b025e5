//! A proxy between a store and the server that breaks connections on purpose.

use std::{
    io::{Read as _, Write as _},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

/// Where a connection breaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Break {
    /// The next COMMIT does not reach the server.
    BeforeCommit,
    /// The server's answer to the next COMMIT does not reach the store.
    AfterCommit,
}

/// Passes everything on, until it breaks one connection.
#[derive(Debug)]
pub(crate) struct Proxy {
    armed: Arc<Mutex<Option<Break>>>,
    folder: tempfile::TempDir,
}

impl Proxy {
    /// Listens in a folder of its own, and passes on to the server whose socket is in `server`.
    pub(crate) fn start(server: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("mocha-proxy-").tempdir().expect("the proxy works");
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("the proxy works");
        let armed = Arc::new(Mutex::new(None));
        let (socket, breaks) = (server.join(".s.PGSQL.5432"), Arc::clone(&armed));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                serve(client, &socket, &breaks);
            }
        });
        Self { armed, folder }
    }

    /// Breaks the next connection that commits.
    pub(crate) fn arm(&self, at: Break) {
        *self.armed.lock().expect("the proxy works") = Some(at);
    }

    /// Returns whether no connection broke since it was armed.
    pub(crate) fn is_armed(&self) -> bool {
        self.armed.lock().expect("the proxy works").is_some()
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://mocha@/{database}?host={}", self.folder.path().display())
    }
}

fn serve(client: UnixStream, socket: &Path, armed: &Arc<Mutex<Option<Break>>>) {
    let Ok(server) = UnixStream::connect(socket) else { return };
    let (mut from_client, mut to_client) = (client.try_clone().expect("the proxy works"), client);
    let (mut from_server, mut to_server) = (server.try_clone().expect("the proxy works"), server);
    let armed = Arc::clone(armed);
    let silent = Arc::new(Mutex::new(false));
    let is_silent = Arc::clone(&silent);
    thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(len @ 1..) = from_client.read(&mut bytes) {
            let is_commit = bytes.get(..len).unwrap_or_default().windows(6).any(|part| part == b"COMMIT");
            match if is_commit { armed.lock().expect("the proxy works").take() } else { None } {
                Some(Break::BeforeCommit) => break,
                Some(Break::AfterCommit) => *silent.lock().expect("the proxy works") = true,
                None => {}
            }
            if to_server.write_all(bytes.get(..len).unwrap_or_default()).is_err() {
                break;
            }
        }
        drop(to_server.shutdown(Shutdown::Both));
        drop(from_client.shutdown(Shutdown::Both));
    });
    thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(len @ 1..) = from_server.read(&mut bytes) {
            // The server has committed when it answers.
            if *is_silent.lock().expect("the proxy works")
                || to_client.write_all(bytes.get(..len).unwrap_or_default()).is_err()
            {
                break;
            }
        }
        drop(to_client.shutdown(Shutdown::Both));
        drop(from_server.shutdown(Shutdown::Both));
    });
}
