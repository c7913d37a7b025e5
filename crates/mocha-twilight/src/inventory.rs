//! A document for Discord's review: which data is stored because of which intents.

use std::fmt;

use twilight_model::gateway::Intents;

use crate::Statistic;

/// Describes which data a bot with these intents stores, why, and for how long.
///
/// Discord's review of privileged intents asks for it.
///
/// [`Display`](fmt::Display) writes a Markdown document that you can submit. It has the purpose and the intents of each
/// statistic, each table and column with personal data, retention, security, and what users can request. It is made from
/// [the catalogue of tables](mocha_schema::catalogue::TABLES). It does not know your settings: add your retention policy,
/// how you protect the machine, and what the bot does with the data outside of Mocha.
///
/// ```
/// use mocha_twilight::DataInventory;
/// use twilight_model::gateway::Intents;
///
/// let inventory = DataInventory::new(Intents::GUILDS | Intents::GUILD_MESSAGES);
/// let text = inventory.to_string();
/// assert!(text.contains("`message_events`"));
/// assert!(!text.contains("`presence_events`"));
/// // Without the privileged intent Mocha does not know how long messages are.
/// assert!(!text.contains("`character_count`"));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DataInventory {
    intents: Intents,
}

impl DataInventory {
    /// Creates the inventory of a bot that connects with these intents.
    #[must_use]
    pub const fn new(intents: Intents) -> Self {
        Self { intents }
    }

    /// Returns the statistics that the intents allow, in the order of [`Statistic::ALL`].
    pub fn statistics(self) -> impl Iterator<Item = Statistic> {
        Statistic::ALL.into_iter().filter(move |statistic| self.intents.contains(statistic.intents()))
    }
}

impl fmt::Display for DataInventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let intents = mocha_adapter::Intents::from_bits_truncate(self.intents.bits());
        mocha_adapter::DataInventory::new(intents).fmt(f)
    }
}
