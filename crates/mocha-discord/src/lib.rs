#![doc = include_str!("../README.md")]

pub use mocha_schema as models;
pub use mocha_schema::{ChannelId, GuildId, MessageId, UserId, schema};
pub use mocha_stats as stats;
pub use mocha_store::{
    Clock, Counted, Difference, Durability, Error, ErrorKind, Event, MessageSums, Progress, Rebuilt, Recorder,
    RecorderStats, Rollup, Store, StoreBuilder, Sums, Verification, VoiceSums, event,
};
#[cfg(feature = "twilight")]
pub use mocha_twilight as twilight;
