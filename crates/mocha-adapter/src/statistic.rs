//! The statistics, and the intents and events that each one needs.

use crate::Intents;

/// A statistic that Mocha can compute.
///
/// The adapters have a type of the same name, which returns the intents as their library's type.
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
    /// use mocha_adapter::{Intents, Statistic};
    ///
    /// assert_eq!(Statistic::Voice.intents(), Intents::GUILDS | Intents::GUILD_VOICE_STATES);
    /// ```
    #[must_use]
    pub const fn intents(self) -> Intents {
        let own = match self {
            // Discord sends them without any intent.
            Self::Commands => Intents::empty(),
            Self::Growth | Self::Members | Self::Roles => Intents::GUILD_MEMBERS,
            Self::Invites => Intents::GUILD_MEMBERS.union(Intents::GUILD_INVITES),
            Self::MessageContent => Intents::GUILD_MESSAGES.union(Intents::MESSAGE_CONTENT),
            Self::Conversations | Self::Messages => Intents::GUILD_MESSAGES,
            Self::Presence => Intents::GUILD_PRESENCES,
            Self::Reactions => Intents::GUILD_MESSAGE_REACTIONS,
            Self::Voice => Intents::GUILD_VOICE_STATES,
        };
        Intents::GUILDS.union(own)
    }

    /// Returns the names of the gateway events that the statistic is made of.
    ///
    /// Every statistic also needs `READY`, and the events of guilds, channels and threads that `GUILDS` brings.
    ///
    /// ```
    /// use mocha_adapter::Statistic;
    ///
    /// assert_eq!(Statistic::Voice.event_names(), ["GUILD_CREATE", "VOICE_STATE_UPDATE"]);
    /// ```
    #[must_use]
    pub const fn event_names(self) -> &'static [&'static str] {
        match self {
            Self::Commands => &["INTERACTION_CREATE"],
            Self::Growth => &["GUILD_MEMBER_ADD", "GUILD_MEMBER_REMOVE"],
            Self::Invites => &["GUILD_MEMBER_ADD", "GUILD_MEMBER_REMOVE", "INVITE_CREATE"],
            Self::Members => &[
                "GUILD_CREATE",
                "GUILD_MEMBER_ADD",
                "GUILD_MEMBERS_CHUNK",
                "GUILD_MEMBER_REMOVE",
                "GUILD_MEMBER_UPDATE",
            ],
            Self::Conversations | Self::MessageContent | Self::Messages => &["MESSAGE_CREATE"],
            Self::Presence => &["GUILD_CREATE", "GUILD_MEMBERS_CHUNK", "PRESENCE_UPDATE"],
            Self::Reactions => &[
                "MESSAGE_REACTION_ADD",
                "MESSAGE_REACTION_REMOVE",
                "MESSAGE_REACTION_REMOVE_ALL",
                "MESSAGE_REACTION_REMOVE_EMOJI",
            ],
            Self::Roles => &[
                "GUILD_CREATE",
                "GUILD_MEMBER_ADD",
                "GUILD_MEMBERS_CHUNK",
                "GUILD_MEMBER_REMOVE",
                "GUILD_MEMBER_UPDATE",
                "GUILD_ROLE_DELETE",
            ],
            Self::Voice => &["GUILD_CREATE", "VOICE_STATE_UPDATE"],
        }
    }
}
