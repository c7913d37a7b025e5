//! A document for Discord's review: which data is stored because of which intents.

use std::fmt;

use mocha_adapter::Intents;
use serenity::model::gateway::GatewayIntents;

/// Describes which data a bot with these intents stores, why, and for how long.
///
/// [`Display`](fmt::Display) writes a Markdown document that you can submit for Discord's review of privileged intents. It
/// does not know your settings: add your retention policy, how you protect the machine, and what the bot does with the data
/// outside of Mocha.
///
/// ```
/// use mocha_serenity::DataInventory;
/// use serenity::model::gateway::GatewayIntents as Intents;
///
/// let text = DataInventory::new(Intents::GUILDS | Intents::GUILD_MESSAGES).to_string();
/// assert!(text.contains("`message_events`"));
/// assert!(!text.contains("`presence_events`"));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DataInventory {
    intents: GatewayIntents,
}

impl DataInventory {
    /// Creates the inventory of a bot that connects with these intents.
    #[must_use]
    pub const fn new(intents: GatewayIntents) -> Self {
        Self { intents }
    }
}

impl fmt::Display for DataInventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        mocha_adapter::DataInventory::new(Intents::from_bits_truncate(self.intents.bits())).fmt(f)
    }
}
