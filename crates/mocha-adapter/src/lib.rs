//! The common part of Mocha's adapters for gateway libraries.
//!
//! An adapter copies the parts of a payload that Mocha uses into the types of this crate, such as [`Message`]. A
//! [`Translation`] turns them into the events to record. All rules are here: which events a payload becomes, in which
//! order, what is unknown, and what is left out.
//!
//! Use this crate if you write an adapter for another library. Bots use `mocha-twilight` or `mocha-serenity`.

mod channel;
mod command;
mod guild;
mod intents;
mod inventory;
mod invite;
mod member;
mod message;
mod presence;
mod reaction;
mod resource;
mod role;
mod shard;
mod statistic;
mod translation;
mod user;
mod voice;

pub use self::{
    channel::Channel,
    command::CommandUse,
    guild::{Guild, GuildLists},
    intents::Intents,
    inventory::DataInventory,
    member::{Chunk, Member, Membership},
    message::{Interaction, Message, MessageEdit},
    presence::{Activity, Presence},
    reaction::Reaction,
    resource::ResourceType,
    role::RoleIds,
    shard::Shard,
    statistic::Statistic,
    translation::{Context, Translation},
    user::User,
    voice::Voice,
};

/// Tests the example in README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
