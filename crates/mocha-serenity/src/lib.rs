//! Records the events of [serenity]'s gateway in Mocha, storage and statistics for Discord servers.
//!
//! [`Adapter::client`] builds serenity's client so that the adapter receives every event. It works with poise and songbird
//! too.
//!
//! ```no_run
//! use mocha_serenity::{Adapter, Statistic};
//! use mocha_store::Store;
//! use serenity::Client;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Store::open("data/stats.db")?;
//! let recorder = store.recorder()?;
//! let intents = Statistic::Messages.intents() | Statistic::Voice.intents();
//!
//! let builder = Client::builder(std::env::var("DISCORD_TOKEN")?, intents);
//! let mut client = Adapter::new(recorder.clone(), intents).client(builder).await?;
//! client.start().await?;
//! recorder.shutdown()?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is exact
//!
//! * serenity runs event handlers on tasks of their own, in any order. The adapter does not use them. serenity calls it for
//!   each event before it starts a handler, in the order in which Discord sent the events.
//! * serenity tells no hook the sequence number of an event. When it resumes a connection, it asks Discord for the events after
//!   the last one that the adapter received, so nothing arrives twice unless Discord itself sends more. Then messages, joins and
//!   leaves of members count once all the same. A change of voice that is sent again adds a session or a move to the log. All such
//!   events arrive at once, so the time in voice changes by milliseconds at most.
//! * serenity cannot resume the session of an earlier run of the program. A restart is a gap.
//! * If several programs record a shard into one database, only the one that started it last goes on. Events of the others are
//!   dropped, and their clients shut down.
//! * serenity tells no hook when a heartbeat is acknowledged or a connection ends. The adapter looks at each shard once
//!   a second. So the time until which members in voice are confirmed may be up to a second too early.
//! * An event that serenity cannot read is not recorded, and the adapter logs a warning. twilight requires fewer fields.
//! * A hook cannot wait. If the recorder's queue is full, the event is lost and logged. Give a bot with large guilds a longer
//!   queue.
//!
//! [serenity]: https://docs.rs/serenity

mod adapter;
mod channel;
mod client;
mod command;
mod convert;
mod guild;
mod heartbeat;
mod inventory;
mod invite;
mod member;
mod message;
mod presence;
mod reaction;
mod statistic;
mod translate;
mod user;
mod voice;

pub use mocha_adapter::{ResourceType, Shard};

pub use self::{
    adapter::{Adapter, AdapterBuilder},
    inventory::DataInventory,
    statistic::Statistic,
};

/// Tests the example in README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
