#![doc = include_str!("../README.md")]

#[cfg(feature = "charts")]
pub use mocha_charts as charts;
pub use mocha_schema as models;
pub use mocha_schema::{ChannelId, GuildId, MessageId, UserId, schema};
pub use mocha_stats as stats;
pub use mocha_store::*;
#[cfg(feature = "twilight")]
pub use mocha_twilight as twilight;

/// The pages of `docs`, so that their code is tested.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../docs/bot-authors.md")]
    mod bot_authors {}

    #[doc = include_str!("../docs/from-the-original.md")]
    mod from_the_original {}
}
