//! Records what [twilight]'s gateway says into Mocha: the [`Adapter`] takes events as twilight's own cache does.
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
//! // In a bot for each event that the shard gives, in their order. An error is no reason to stop: log it.
//! adapter.update(&Event::GuildDelete(GuildDelete { id: Id::new(1), unavailable: Some(true) }))?;
//! recorder.flush()?;
//! assert_eq!(recorder.stats().written, 1);
//! # Ok(())
//! # }
//! ```
//!
//! What the bot has to ask Discord for depends on what it wants to know: see [`Statistic`]; and what it then stores, see
//! [`DataInventory`].
//!
//! [twilight]: https://twilight.rs

mod adapter;
mod channel;
mod convert;
mod delivery;
#[cfg(feature = "gateway")]
pub mod gateway;
mod guild;
mod inventory;
mod member;
mod message;
mod presence;
mod resource;
mod shard;
mod statistic;
mod translate;
mod user;
mod voice;

#[cfg(test)]
mod frames;

pub use self::{
    adapter::{Adapter, AdapterBuilder},
    delivery::Delivery,
    inventory::DataInventory,
    resource::ResourceType,
    statistic::Statistic,
};
