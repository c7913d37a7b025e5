//! Requests to stop a runner.

use std::sync::Arc;

use tokio::sync::watch;

/// Stops a [`Runner`](super::Runner). Clones stop the same runner.
#[derive(Clone, Debug)]
pub struct Stopper {
    requests: Arc<watch::Sender<u32>>,
}

impl Default for Stopper {
    fn default() -> Self {
        Self { requests: Arc::new(watch::Sender::new(0)) }
    }
}

impl Stopper {
    /// Asks the runner to stop. The first call lets it close its connections and write what it
    /// received; a second call ends it at once.
    pub fn stop(&self) {
        self.requests.send_modify(|requests| *requests = requests.saturating_add(1));
    }

    /// Waits until a stop was requested.
    pub(super) async fn requested(&self) {
        self.wait_for(1).await;
    }

    /// Waits until a stop was requested twice.
    pub(super) async fn hurried(&self) {
        self.wait_for(2).await;
    }

    async fn wait_for(&self, count: u32) {
        let mut requests = self.requests.subscribe();
        // The channel stays open while this handle holds the sender.
        if requests.wait_for(|requests| *requests >= count).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Requests a stop for each signal that asks the program to end.
pub(super) async fn on_signals(stopper: Stopper) {
    loop {
        signal().await;
        stopper.stop();
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                () = ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "cannot listen for SIGTERM");
            ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn signal() {
    ctrl_c().await;
}

async fn ctrl_c() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "cannot listen for Ctrl-C");
        std::future::pending::<()>().await;
    }
}
