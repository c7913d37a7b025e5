//! A fake of Discord's gateway for tests, with real connections over the loopback interface.
//!
//! It manages sessions as Discord does. A client that identifies receives READY and the guilds of its
//! shard. A client that resumes receives every frame since its sequence number, then RESUMED. Tests
//! add events with [`FakeDiscord::push`] and end connections in every way that occurs in practice.
#![expect(clippy::indexing_slicing, reason = "indexing a JSON value never panics here: a missing field is null")]

mod connection;
pub mod frames;
mod history;
mod rest;
mod session;
mod world;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use self::world::World;
pub use self::{
    history::FakeHistory,
    rest::{FakeRest, Requested},
    world::Counts,
};

/// The id of the bot's user, for every client.
pub const BOT_ID: u64 = 80_000_000_000_000_001;

/// The way a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// With a close frame that has this code.
    Close(u16),
    /// With the end of the TCP stream, without a close frame.
    Fin,
    /// With a TCP reset.
    Reset,
}

/// A running gateway. Dropping it ends every connection.
#[derive(Debug)]
pub struct FakeDiscord {
    accepting: JoinHandle<()>,
    address: SocketAddr,
    counts: watch::Receiver<Counts>,
    world: Arc<Mutex<World>>,
}

impl FakeDiscord {
    /// Starts a gateway with these guilds. Each is the data of a `GUILD_CREATE`.
    ///
    /// # Errors
    ///
    /// Returns an error if no port of the loopback interface can be opened.
    pub async fn start(guilds: Vec<Value>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (sender, counts) = watch::channel(Counts::default());
        let world = Arc::new(Mutex::new(World::new(guilds, format!("ws://{address}"), sender)));
        let accepting = tokio::spawn(connection::accept(listener, Arc::clone(&world)));
        Ok(Self { accepting, address, counts, world })
    }

    /// Returns the URL that a client connects to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Sends an event to the shards that it belongs to, now or when they resume.
    pub fn push(&self, name: &str, data: &Value) {
        self.lock().push(name, data);
    }

    /// Ends every connection.
    pub fn end(&self, how: End) {
        self.lock().end(how);
    }

    /// Asks every client to connect again, with opcode 7.
    pub fn ask_to_reconnect(&self) {
        self.lock().send_to_all(&serde_json::json!({ "op": 7, "d": null }));
    }

    /// Tells every client that its session is invalid, with opcode 9.
    pub fn invalidate(&self, resumable: bool) {
        let mut world = self.lock();
        if !resumable {
            world.forget_sessions();
        }
        world.send_to_all(&serde_json::json!({ "op": 9, "d": resumable }));
    }

    /// Forgets all sessions, so that the next resume is refused.
    pub fn forget_sessions(&self) {
        self.lock().forget_sessions();
    }

    /// Forgets the frames of all sessions so far. A resume from before then delivers only the later ones.
    pub fn forget_frames(&self) {
        self.lock().forget_frames();
    }

    /// Closes the connection with this code when a client resumes. `None` allows resumes again.
    pub fn refuse_resumes(&self, code: Option<u16>) {
        self.lock().refuses_resumes = code;
    }

    /// Refuses new connections from now on, or accepts them again.
    pub fn refuse(&self, refuse: bool) {
        self.lock().refuses = refuse;
    }

    /// Sends nothing from now on, not even answers to heartbeats. `false` sends everything that was held back.
    pub fn freeze(&self, frozen: bool) {
        self.lock().freeze(frozen);
    }

    /// Makes the next resume deliver this many frames again that the client already has.
    pub fn rewind(&self, frames: u64) {
        self.lock().rewind = frames;
    }

    /// Waits until `wanted` returns `true` for the counts.
    ///
    /// # Errors
    ///
    /// Returns an error with the counts if that takes longer than 30 seconds.
    pub async fn wait(&self, mut wanted: impl FnMut(&Counts) -> bool) -> io::Result<()> {
        let mut counts = self.counts.clone();
        let waited = tokio::time::timeout(std::time::Duration::from_secs(30), counts.wait_for(|counts| wanted(counts)));
        match waited.await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(io::Error::new(io::ErrorKind::TimedOut, format!("{:?}", *self.counts.borrow()))),
        }
    }

    /// Returns the counts so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.borrow().clone()
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FakeDiscord {
    fn drop(&mut self) {
        self.accepting.abort();
        self.lock().end(End::Reset);
    }
}
