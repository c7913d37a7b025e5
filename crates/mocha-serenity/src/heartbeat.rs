//! Looks at the shards' connections, because serenity tells no hook about heartbeats and ended connections.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use chrono::{DateTime, Utc};
use mocha_recorder::{Error, event::ShardStatus};
use serenity::{
    gateway::{ConnectionStage, ShardManager},
    model::id::ShardId,
};
use tokio::{task::JoinHandle, time::MissedTickBehavior};

use crate::{
    Adapter,
    client::{Followed, Follower},
};

/// The time between two looks.
const PERIOD: Duration = Duration::from_secs(1);

/// The findings of the last check of a shard.
#[derive(Debug)]
struct Look {
    at: DateTime<Utc>,
    /// Asks the recorder whether this program may still record the shard. The answer may wait for the file.
    lease: Option<JoinHandle<Result<bool, Error>>>,
    /// The number of events of the shard when its connection was recorded as lost.
    lost_after: Option<u64>,
    latency: Option<Duration>,
    shard: Arc<Followed>,
}

/// Records acknowledged heartbeats and lost connections while the client exists. Shuts the client down if another program takes
/// over one of its shards.
pub(crate) async fn watch(manager: Weak<ShardManager>, follower: Weak<Follower>) {
    let mut looks: HashMap<u32, Look> = HashMap::new();
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (Some(manager), Some(follower)) = (manager.upgrade(), follower.upgrade()) else { return };
        let shards = follower.shards();
        looks.retain(|id, look| shards.iter().any(|(other, shard)| other == id && Arc::ptr_eq(shard, &look.shard)));
        for (id, shard) in shards {
            let now = follower.now();
            let look = looks.entry(id).or_insert_with(|| Look::new(now, shard));
            if look.is_taken_over().await {
                tracing::error!(shard_id = id, "another program has taken over the shard, so the client shuts down");
                manager.shutdown_all().await;
                return;
            }
            let events = look.shard.events();
            let runner = manager.runners.lock().await.get(&ShardId(id)).map(|runner| (runner.stage, runner.latency));
            look.compare(id, events, runner, now);
        }
    }
}

impl Look {
    const fn new(at: DateTime<Utc>, shard: Arc<Followed>) -> Self {
        Self { at, lease: None, lost_after: None, latency: None, shard }
    }

    /// Returns `true` if the answer has arrived that another program records the shard now.
    async fn is_taken_over(&mut self) -> bool {
        match self.lease.take_if(|lease| lease.is_finished()) {
            Some(answered) => matches!(answered.await, Ok(Ok(false))),
            None => false,
        }
    }

    /// Records what changed since the last look. `events` is how many the shard had before `runner` was read.
    fn compare(
        &mut self,
        id: u32,
        events: u64,
        runner: Option<(ConnectionStage, Option<Duration>)>,
        now: DateTime<Utc>,
    ) {
        let (stage, latency) = runner.unwrap_or((ConnectionStage::Disconnected, None));
        // serenity measures the latency when a heartbeat is acknowledged. If it changed, that was after the last look, so the
        // connection was alive then.
        if latency.is_some() && latency != self.latency {
            let heard = self.at;
            self.shard.record_after(id, events, |adapter| adapter.connection(ShardStatus::Heard, heard));
            let adapter = self.shard.adapter();
            self.lease.get_or_insert_with(|| tokio::spawn(async move { adapter.holds().await }));
        }
        // An event after the last look means that the connection is alive again.
        if stage != ConnectionStage::Connected && self.lost_after != Some(events) {
            self.shard.record_after(id, events, Adapter::lost);
            self.lost_after = Some(events);
        }
        (self.at, self.latency) = (now, latency);
    }
}

#[cfg(test)]
mod tests {
    use mocha_adapter::Shard;
    use mocha_store::Store;
    use serenity::model::gateway::GatewayIntents;

    use super::*;

    #[tokio::test]
    async fn each_acknowledged_heartbeat_and_each_end_is_recorded_once() -> Result<(), mocha_recorder::Error> {
        let store = Store::builder().open_in_memory()?;
        let recorder = store.recorder()?;
        let adapter = Adapter::new(recorder.clone(), GatewayIntents::GUILDS).for_shard(Shard::ONE);
        let shard = Arc::new(Followed::new(adapter));
        let mut look = Look::new(recorder.now(), shard);
        let [first, second] = [50, 60].map(|ms| Some(Duration::from_millis(ms)));
        for (runner, recorded) in [
            // No heartbeat was acknowledged yet.
            (Some((ConnectionStage::Connected, None)), 0),
            (Some((ConnectionStage::Connected, first)), 1),
            (Some((ConnectionStage::Connected, first)), 1),
            (Some((ConnectionStage::Connected, second)), 2),
            (Some((ConnectionStage::Resuming, None)), 3),
            (Some((ConnectionStage::Resuming, None)), 3),
            // serenity replaces the shard.
            (None, 3),
        ] {
            look.compare(0, 0, runner, recorder.now());
            recorder.flush()?;
            assert_eq!(recorder.stats().written, recorded, "{runner:?}");
        }
        Ok(())
    }

    /// The event shows that the connection is alive, or that another one is.
    #[test]
    fn a_look_that_an_event_overtook_records_nothing() -> Result<(), mocha_recorder::Error> {
        let store = Store::builder().open_in_memory()?;
        let recorder = store.recorder()?;
        let adapter = Adapter::new(recorder.clone(), GatewayIntents::GUILDS).for_shard(Shard::ONE);
        let shard = Arc::new(Followed::new(adapter));
        let resumed = serde_json::from_str(r#"{ "t": "RESUMED", "d": {} }"#).expect("an event");
        assert!(shard.receive(0, &resumed));
        let mut look = Look::new(recorder.now(), shard);
        look.compare(0, 0, Some((ConnectionStage::Resuming, None)), recorder.now());
        recorder.flush()?;
        assert_eq!(recorder.stats().written, 1);
        Ok(())
    }
}
