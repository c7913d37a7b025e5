//! The settings with which a store connects.

use std::{sync::Arc, time::Duration};

use mocha_recorder::{Clock, Error, ErrorKind, RecorderSettings, SteadyClock, TimeSource};

use crate::{
    PgStore,
    link::{Link, Settings},
};

/// Configures a store and connects it. Made by [`PgStore::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `connect`"]
pub struct PgStoreBuilder {
    settings: Settings,
}

impl Default for PgStoreBuilder {
    fn default() -> Self {
        Self {
            settings: Settings {
                connections: 4,
                recorder: RecorderSettings::default(),
                schema: None,
                statement_timeout: Duration::from_secs(30),
            },
        }
    }
}

impl PgStoreBuilder {
    /// Sets how many events one transaction commits at most. Default: 4,096.
    pub fn batch_len(mut self, events: usize) -> Self {
        self.settings.recorder.batch_len = events;
        self
    }

    /// Sets the bridge limit: the longest gap without news, such as a restart, after which a member who is in voice before
    /// and after it is assumed to have stayed. After a longer gap a new session begins. Default: 5 minutes.
    pub fn bridge_limit(mut self, limit: Duration) -> Self {
        self.settings.recorder.bridge_limit = limit;
        self
    }

    /// Sets what advances the recorder's time. Default: [`Clock::System`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.recorder.clock = clock;
        self
    }

    /// Sets how many connections run closures of [`read`](PgStore::read) and [`write`](PgStore::write) at once. The
    /// recorder has one more. Default: 4.
    pub fn connections(mut self, connections: u32) -> Self {
        self.settings.connections = connections;
        self
    }

    /// Sets how long an event waits for others before it is committed, at most. Default: 250 milliseconds.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.settings.recorder.flush_interval = interval;
        self
    }

    /// Sets how many events may wait to be committed before the recorder refuses more. Default: 65,536.
    ///
    /// Events also wait there while the server is away. 65,536 events are about 10 minutes of a bot that hears 100 events
    /// a second, and about 20 MB.
    pub fn queue_len(mut self, events: usize) -> Self {
        self.settings.recorder.queue_len = events;
        self
    }

    /// Sets the schema that has Mocha's tables, and creates it if it is missing. Default: the first schema in the
    /// connection's `search_path`, which is `public` unless the server says otherwise.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.settings.schema = Some(name.into());
        self
    }

    /// Sets how long a statement may take, including the time that it waits for a lock. Default: 30 seconds.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.settings.statement_timeout = timeout;
        self
    }

    /// Sets where the time comes from, for tests. Default: the system's clocks.
    pub fn time_source(mut self, source: Arc<dyn TimeSource>) -> Self {
        self.settings.recorder.time = Arc::new(SteadyClock::new(source));
        self
    }

    /// Connects. See [`PgStore::connect`].
    ///
    /// # Errors
    ///
    /// As [`PgStore::connect`], and [`ErrorKind::InvalidSetting`] for a setting that is out of range.
    pub fn connect(self, url: impl Into<String>) -> Result<PgStore, Error> {
        let Settings { connections, statement_timeout, schema, .. } = &self.settings;
        for (name, holds) in [
            ("connections", *connections > 0),
            // PostgreSQL takes the milliseconds as 32 bits, and 0 as no limit.
            ("statement_timeout", (1..=i32::MAX.unsigned_abs().into()).contains(&(statement_timeout.as_millis() * 2))),
            ("schema", schema.as_ref().is_none_or(|name| !name.is_empty() && name.len() < 64)),
        ] {
            if !holds {
                return Err(Error::new(ErrorKind::InvalidSetting { name }, format!("`{name}` is out of range")));
            }
        }
        self.settings.recorder.check()?;
        PgStore::new(Link { url: url.into(), settings: self.settings })
    }
}
