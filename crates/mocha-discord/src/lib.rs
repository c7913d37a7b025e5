#![cfg_attr(all(feature = "charts", feature = "gateway"), doc = include_str!("../README.md"))]
#![cfg_attr(
    not(all(feature = "charts", feature = "gateway")),
    doc = "Storage and statistics for Discord servers, embedded in your bot. This documentation covers all features."
)]

mod any_store;
#[cfg(feature = "postgres")]
mod mover;

pub use self::any_store::{AnyStore, AnyStoreBuilder, OptedOut};
#[cfg(feature = "postgres")]
pub use self::mover::{MoveDifference, Moved, Mover, OddRows};
#[cfg(feature = "archive")]
pub use mocha_archive as archive;
#[cfg(feature = "charts")]
pub use mocha_charts as charts;
#[cfg(feature = "postgres")]
pub use mocha_postgres::{self as postgres, PgStore, PgStoreBuilder};
pub use mocha_schema as models;
pub use mocha_schema::{ChannelId, GuildId, MessageId, RoleId, UserId, schema};
#[cfg(feature = "serenity")]
pub use mocha_serenity as serenity;
pub use mocha_stats as stats;
pub use mocha_store::*;
#[cfg(feature = "twilight")]
pub use mocha_twilight as twilight;

/// Guides by task.
pub mod guide {
    #[cfg_attr(all(feature = "charts", feature = "gateway"), doc = include_str!("../docs/quick-start.md"))]
    #[cfg_attr(
        not(all(feature = "charts", feature = "gateway")),
        doc = "This guide needs the features `charts` and `gateway`."
    )]
    pub mod quick_start {}

    #[cfg_attr(all(feature = "charts", feature = "gateway"), doc = include_str!("../docs/cookbook.md"))]
    #[cfg_attr(
        not(all(feature = "charts", feature = "gateway")),
        doc = "This guide needs the features `charts` and `gateway`."
    )]
    pub mod cookbook {}

    #[cfg_attr(all(feature = "serenity", feature = "tokio"), doc = include_str!("../docs/serenity-and-poise.md"))]
    #[cfg_attr(
        not(all(feature = "serenity", feature = "tokio")),
        doc = "This guide needs the features `serenity` and `tokio`."
    )]
    pub mod serenity_and_poise {}

    #[doc = include_str!("../docs/other-libraries.md")]
    pub mod other_libraries {}

    #[cfg_attr(feature = "archive", doc = include_str!("../docs/archive.md"))]
    #[cfg_attr(not(feature = "archive"), doc = "This guide needs the feature `archive`.")]
    pub mod archive {}

    #[doc = include_str!("../docs/operations.md")]
    pub mod operations {}

    #[doc = include_str!("../docs/postgresql.md")]
    pub mod postgresql {}

    #[doc = include_str!("../docs/privacy.md")]
    pub mod privacy {}

    #[doc = include_str!("../docs/schema.md")]
    pub mod schema {}

    #[doc = include_str!("../docs/glossary.md")]
    pub mod glossary {}

    #[doc = include_str!("../docs/from-the-original.md")]
    pub mod from_the_original {}
}
