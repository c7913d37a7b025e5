//! The statistics, and the intents and events that each one needs.

use mocha_adapter::Statistic as SharedStatistic;
use twilight_model::gateway::{Intents, event::EventType};

#[doc = include_str!("statistic.md")]
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
    /// use mocha_twilight::Statistic;
    /// use twilight_model::gateway::Intents;
    ///
    /// let intents = Statistic::Messages.intents() | Statistic::Voice.intents();
    /// assert_eq!(intents, Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::GUILD_VOICE_STATES);
    /// ```
    #[must_use]
    pub const fn intents(self) -> Intents {
        Intents::from_bits_truncate(self.shared().intents().bits())
    }

    const fn shared(self) -> SharedStatistic {
        match self {
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
        }
    }

    /// Returns the types of the events that the statistic is made of.
    ///
    /// Every statistic also needs `READY`, and the events of guilds, channels and threads that `GUILDS` brings.
    ///
    /// ```
    /// use mocha_twilight::Statistic;
    /// use twilight_model::gateway::event::EventType;
    ///
    /// assert_eq!(Statistic::Voice.event_types(), [EventType::GuildCreate, EventType::VoiceStateUpdate]);
    /// ```
    #[must_use]
    pub const fn event_types(self) -> &'static [EventType] {
        match self {
            Self::Commands => &[EventType::InteractionCreate],
            Self::Growth => &[EventType::MemberAdd, EventType::MemberRemove],
            Self::Invites => &[EventType::MemberAdd, EventType::MemberRemove, EventType::InviteCreate],
            Self::Members => &[
                EventType::GuildCreate,
                EventType::MemberAdd,
                EventType::MemberChunk,
                EventType::MemberRemove,
                EventType::MemberUpdate,
            ],
            Self::Conversations | Self::MessageContent | Self::Messages => &[EventType::MessageCreate],
            Self::Presence => &[EventType::GuildCreate, EventType::MemberChunk, EventType::PresenceUpdate],
            Self::Reactions => &[
                EventType::ReactionAdd,
                EventType::ReactionRemove,
                EventType::ReactionRemoveAll,
                EventType::ReactionRemoveEmoji,
            ],
            Self::Roles => &[
                EventType::GuildCreate,
                EventType::MemberAdd,
                EventType::MemberChunk,
                EventType::MemberRemove,
                EventType::MemberUpdate,
                EventType::RoleDelete,
            ],
            Self::Voice => &[EventType::GuildCreate, EventType::VoiceStateUpdate],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Adapter;

    /// Returns the row of the table for a statistic.
    fn row(statistic: Statistic) -> String {
        let intents: Vec<_> = statistic.intents().iter_names().map(|(name, _)| format!("`{name}`")).collect();
        let events: Vec<_> =
            statistic.event_types().iter().filter_map(|kind| kind.name()).map(|name| format!("`{name}`")).collect();
        let privileged = Intents::GUILD_MEMBERS | Intents::GUILD_PRESENCES | Intents::MESSAGE_CONTENT;
        let leave = if statistic.intents().intersects(privileged) { "yes" } else { "no" };
        format!("| [`{statistic:?}`](Self::{statistic:?}) | {} | {leave} | {} |", intents.join(", "), events.join(", "))
    }

    #[test]
    fn the_table_matches_the_code() {
        let table: Vec<_> =
            include_str!("statistic.md").lines().filter(|line| line.starts_with("| [")).map(String::from).collect();
        assert_eq!(table, Statistic::ALL.map(row));
    }

    #[test]
    fn the_event_types_are_those_of_every_adapter() {
        for statistic in Statistic::ALL {
            let names: Vec<_> = statistic.event_types().iter().filter_map(|kind| kind.name()).collect();
            assert_eq!(names, statistic.shared().event_names(), "{statistic:?}");
        }
    }

    #[test]
    fn the_adapter_reads_the_events_of_every_statistic() {
        for statistic in Statistic::ALL {
            for kind in statistic.event_types() {
                assert!(Adapter::EVENT_TYPES.contains(kind), "{statistic:?}: {kind:?}");
            }
        }
    }
}
