//! Records the events of [twilight]'s gateway in Mocha, storage and statistics for Discord servers.
//!
//! Pass each event to the [`Adapter`], as you pass it to twilight's own cache.
//!
//! ```
//! use mocha_store::Store;
//! use mocha_twilight::Adapter;
//! use twilight_model::gateway::{Intents, event::Event, payload::incoming::GuildDelete};
//! use twilight_model::id::Id;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Store::builder().open_in_memory()?;
//! let recorder = store.recorder()?;
//! let adapter = Adapter::new(recorder.clone(), Intents::GUILDS | Intents::GUILD_VOICE_STATES);
//!
//! // In a bot do this for each event of the shard, in order. If it returns an error, log it and go on.
//! adapter.update(&Event::GuildDelete(GuildDelete { id: Id::new(1), unavailable: Some(true) }))?;
//! recorder.flush()?;
//! assert_eq!(recorder.stats().written, 1);
//! # Ok(())
//! # }
//! ```
//!
//! [`Statistic`] lists the intents that each statistic needs. [`DataInventory`] describes the data that a bot with these
//! intents stores.
//!
//! [twilight]: https://twilight.rs

mod adapter;
#[cfg(feature = "backfill")]
pub mod backfill;
mod builder;
mod channel;
mod claim;
mod command;
mod convert;
mod delivery;
#[cfg(feature = "gateway")]
pub mod gateway;
mod guild;
mod inventory;
mod invite;
mod member;
mod message;
mod presence;
mod reaction;
mod shard;
mod statistic;
mod translate;
mod user;
mod voice;

#[cfg(test)]
mod frames;

pub use mocha_adapter::ResourceType;

pub use self::{
    adapter::Adapter, builder::AdapterBuilder, delivery::Delivery, inventory::DataInventory, statistic::Statistic,
};

/// Tests the example in README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
