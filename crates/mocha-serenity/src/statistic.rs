//! The statistics, and the intents that each one needs.

use mocha_adapter::Statistic as SharedStatistic;
use serenity::model::gateway::GatewayIntents;

/// A statistic that Mocha can compute, with the intents that it needs.
///
/// Discord has to approve the intents of growth, invites, members, message content, presence and roles.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Statistic {
    /// Uses of the bot's commands.
    Commands,
    /// Replies and mentions between users.
    Conversations,
    /// Joins, leaves and the number of members by day.
    Growth,
    /// The invites that joins used, and who created them.
    Invites,
    /// The current members, their nicknames and the start of their memberships.
    Members,
    /// Characters, words, attachments and embeds of messages.
    MessageContent,
    /// Messages by user, channel and time.
    Messages,
    /// Status and activities over time.
    Presence,
    /// Reactions to messages, by user, message and emoji.
    Reactions,
    /// The roles of current members.
    Roles,
    /// Time in voice by user, channel and state.
    Voice,
}

impl Statistic {
    /// All statistics.
    pub const ALL: [Self; 11] = [
        Self::Commands,
        Self::Conversations,
        Self::Growth,
        Self::Invites,
        Self::Members,
        Self::MessageContent,
        Self::Messages,
        Self::Presence,
        Self::Reactions,
        Self::Roles,
        Self::Voice,
    ];

    /// Returns the intents that the statistic needs.
    ///
    /// `GUILDS` is always one of them: Discord sends `GUILD_CREATE` only with it. For several statistics use the union.
    ///
    /// ```
    /// use mocha_serenity::Statistic;
    /// use serenity::model::gateway::GatewayIntents as Intents;
    ///
    /// let intents = Statistic::Messages.intents() | Statistic::Voice.intents();
    /// assert_eq!(intents, Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::GUILD_VOICE_STATES);
    /// ```
    #[must_use]
    pub const fn intents(self) -> GatewayIntents {
        let shared = match self {
            Self::Commands => SharedStatistic::Commands,
            Self::Conversations => SharedStatistic::Conversations,
            Self::Growth => SharedStatistic::Growth,
            Self::Invites => SharedStatistic::Invites,
            Self::Members => SharedStatistic::Members,
            Self::MessageContent => SharedStatistic::MessageContent,
            Self::Messages => SharedStatistic::Messages,
            Self::Presence => SharedStatistic::Presence,
            Self::Reactions => SharedStatistic::Reactions,
            Self::Roles => SharedStatistic::Roles,
            Self::Voice => SharedStatistic::Voice,
        };
        GatewayIntents::from_bits_truncate(shared.intents().bits())
    }
}
