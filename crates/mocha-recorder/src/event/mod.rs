//! The events that a bot gives to the recorder: plain data that needs no gateway library.

mod addressee;
mod channel;
mod command;
mod guild;
mod history;
mod invite;
mod member;
mod message;
mod presence;
mod reaction;
mod role;
mod shard;
mod user;
mod valid;
mod voice;

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};

pub(crate) use self::valid::{Field, Invalid};
pub use self::{
    addressee::{MessageAddressed, RepliedTo},
    channel::{ChannelRemoved, ChannelSeen},
    command::CommandUsed,
    guild::{GuildAvailable, GuildOutage, GuildRemoved, GuildSeen},
    history::HistoryRead,
    invite::{InviteCreated, InvitesListed, ListedInvite},
    member::{MemberLeft, MemberSeen, MembersListed},
    message::{MessageContent, MessageEmbedded, MessageSent},
    presence::{Activity, PresenceChanged, PresencesListed},
    reaction::{ReactionAdded, ReactionRemoved, ReactionsCleared},
    role::{RoleRemoved, RolesListed},
    shard::{ShardChanged, ShardStatus},
    user::{GlobalName, UserSeen},
    voice::{SnapshotVoice, VoiceSnapshot, VoiceStateChanged},
};

/// Describes something that happened and that the recorder stores.
///
/// Recording is idempotent: events may be delivered again, or late. An event about an unknown
/// guild, channel or user is not refused. Mocha adds a row for it and completes that row later.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A channel or thread was deleted.
    ChannelRemoved(ChannelRemoved),
    /// A channel or thread was seen, created or changed.
    ChannelSeen(ChannelSeen),
    /// A user used a command of the bot.
    CommandUsed(CommandUsed),
    /// The bot is in a guild.
    GuildAvailable(GuildAvailable),
    /// The bot left a guild, or the guild was deleted.
    GuildRemoved(GuildRemoved),
    /// A guild is unavailable for a while.
    GuildOutage(GuildOutage),
    /// A guild was seen or changed.
    GuildSeen(GuildSeen),
    /// A span of a channel's history was read.
    HistoryRead(HistoryRead),
    /// An invite was created.
    InviteCreated(InviteCreated),
    /// The invites of a guild were listed.
    InvitesListed(InvitesListed),
    /// A member joined a guild.
    MemberJoined(MemberSeen),
    /// A member left a guild.
    MemberLeft(MemberLeft),
    /// A member of a guild was seen or changed.
    MemberSeen(MemberSeen),
    /// Members of a guild were listed.
    MembersListed(MembersListed),
    /// A message addresses users.
    MessageAddressed(MessageAddressed),
    /// A message has embeds now.
    MessageEmbedded(MessageEmbedded),
    /// A message was sent.
    MessageSent(MessageSent),
    /// The status or activity of a member changed.
    PresenceChanged(PresenceChanged),
    /// The presences of a guild were listed.
    PresencesListed(PresencesListed),
    /// A user reacted to a message.
    ReactionAdded(ReactionAdded),
    /// A reaction was taken back.
    ReactionRemoved(ReactionRemoved),
    /// All reactions to a message were removed, or all with one emoji.
    ReactionsCleared(ReactionsCleared),
    /// A role was deleted.
    RoleRemoved(RoleRemoved),
    /// The roles of a guild were listed.
    RolesListed(RolesListed),
    /// The state of a connection to the gateway changed.
    ShardChanged(ShardChanged),
    /// A user was seen or changed.
    UserSeen(UserSeen),
    /// All members who are in the voice channels of a guild were listed.
    VoiceSnapshot(VoiceSnapshot),
    /// The voice state of a member changed.
    VoiceStateChanged(VoiceStateChanged),
}

impl Event {
    /// Returns when it happened, or when it was received if Discord does not say.
    #[must_use]
    pub const fn at(&self) -> DateTime<Utc> {
        match self {
            Self::ChannelRemoved(event) => event.at,
            Self::ChannelSeen(event) => event.at,
            Self::CommandUsed(event) => event.at,
            Self::GuildAvailable(event) => event.at,
            Self::GuildRemoved(event) => event.at,
            Self::GuildOutage(event) => event.at,
            Self::GuildSeen(event) => event.at,
            Self::HistoryRead(event) => event.at,
            Self::InviteCreated(event) => event.at,
            Self::InvitesListed(event) => event.at,
            Self::MemberJoined(event) | Self::MemberSeen(event) => event.at,
            Self::MemberLeft(event) => event.at,
            Self::MembersListed(event) => event.at,
            Self::MessageAddressed(event) => event.at,
            Self::MessageEmbedded(event) => event.at,
            Self::MessageSent(event) => event.at,
            Self::PresenceChanged(event) => event.at,
            Self::PresencesListed(event) => event.at,
            Self::ReactionAdded(event) => event.at,
            Self::ReactionRemoved(event) => event.at,
            Self::ReactionsCleared(event) => event.at,
            Self::RoleRemoved(event) => event.at,
            Self::RolesListed(event) => event.at,
            Self::ShardChanged(event) => event.at,
            Self::UserSeen(event) => event.at,
            Self::VoiceSnapshot(event) => event.at,
            Self::VoiceStateChanged(event) => event.at,
        }
    }

    /// Returns whether its time is that at which a message was sent, and not that of its arrival.
    pub(crate) const fn has_time_of_message(&self) -> bool {
        matches!(self, Self::MessageAddressed(_) | Self::MessageSent(_))
    }

    /// Returns the guild that it is about. `None` if it is about a user or a connection.
    #[must_use]
    pub const fn guild_id(&self) -> Option<GuildId> {
        Some(match self {
            Self::ChannelRemoved(event) => event.guild_id,
            Self::ChannelSeen(event) => event.guild_id,
            Self::CommandUsed(event) => event.guild_id,
            Self::GuildAvailable(event) => event.guild_id,
            Self::GuildRemoved(event) => event.guild_id,
            Self::GuildOutage(event) => event.guild_id,
            Self::GuildSeen(event) => event.guild_id,
            Self::HistoryRead(event) => event.guild_id,
            Self::InviteCreated(event) => event.guild_id,
            Self::InvitesListed(event) => event.guild_id,
            Self::MemberJoined(event) | Self::MemberSeen(event) => event.guild_id,
            Self::MemberLeft(event) => event.guild_id,
            Self::MembersListed(event) => event.guild_id,
            Self::MessageAddressed(event) => event.guild_id,
            Self::MessageEmbedded(event) => event.guild_id,
            Self::MessageSent(event) => event.guild_id,
            Self::PresenceChanged(event) => event.guild_id,
            Self::PresencesListed(event) => event.guild_id,
            Self::ReactionAdded(event) => event.guild_id,
            Self::ReactionRemoved(event) => event.guild_id,
            Self::ReactionsCleared(event) => event.guild_id,
            Self::RoleRemoved(event) => event.guild_id,
            Self::RolesListed(event) => event.guild_id,
            Self::VoiceSnapshot(event) => event.guild_id,
            Self::VoiceStateChanged(event) => event.guild_id,
            Self::ShardChanged(_) | Self::UserSeen(_) => return None,
        })
    }

    /// Returns the members whose voice session it may end. If the event is never stored, Mocha must
    /// not assume that they are still connected.
    pub(crate) fn voice_scope(&self) -> Option<VoiceScope> {
        match self {
            Self::ChannelRemoved(event) => Some(VoiceScope::Guild(event.guild_id)),
            Self::GuildRemoved(event) => Some(VoiceScope::Guild(event.guild_id)),
            Self::GuildOutage(event) => Some(VoiceScope::Guild(event.guild_id)),
            Self::MemberLeft(event) => Some(VoiceScope::User(event.guild_id, event.user_id)),
            Self::ShardChanged(_) => Some(VoiceScope::Everybody),
            Self::VoiceSnapshot(event) => Some(VoiceScope::Guild(event.guild_id)),
            Self::VoiceStateChanged(event) => Some(VoiceScope::User(event.guild_id, event.user_id)),
            Self::ChannelSeen(_)
            | Self::CommandUsed(_)
            | Self::GuildAvailable(_)
            | Self::GuildSeen(_)
            | Self::HistoryRead(_)
            | Self::InviteCreated(_)
            | Self::InvitesListed(_)
            | Self::MemberJoined(_)
            | Self::MemberSeen(_)
            | Self::MembersListed(_)
            | Self::MessageAddressed(_)
            | Self::MessageEmbedded(_)
            | Self::MessageSent(_)
            | Self::PresenceChanged(_)
            | Self::PresencesListed(_)
            | Self::ReactionAdded(_)
            | Self::ReactionRemoved(_)
            | Self::ReactionsCleared(_)
            | Self::RoleRemoved(_)
            | Self::RolesListed(_)
            | Self::UserSeen(_) => None,
        }
    }

    /// Checks for values that the file cannot hold. The types of ids guarantee that ids are valid.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        valid::time(Field("at"), self.at())?;
        match self {
            Self::ChannelSeen(event) => event.check(),
            Self::CommandUsed(event) => event.check(),
            Self::GuildSeen(event) => event.check(),
            Self::HistoryRead(event) => event.check(),
            Self::InviteCreated(event) => event.check(),
            Self::InvitesListed(event) => event.check(),
            Self::MemberJoined(event) | Self::MemberSeen(event) => event.check(),
            Self::MembersListed(event) => event.check(),
            Self::MessageSent(event) => event.check(),
            Self::PresenceChanged(event) => event.check(),
            Self::ReactionAdded(event) => event.check(),
            Self::ReactionRemoved(event) => event.check(),
            Self::ReactionsCleared(event) => event.check(),
            Self::ShardChanged(event) => event.check(),
            Self::UserSeen(event) => event.check(),
            Self::ChannelRemoved(_)
            | Self::GuildAvailable(_)
            | Self::GuildRemoved(_)
            | Self::GuildOutage(_)
            | Self::MemberLeft(_)
            | Self::MessageAddressed(_)
            | Self::MessageEmbedded(_)
            | Self::PresencesListed(_)
            | Self::RoleRemoved(_)
            | Self::RolesListed(_)
            | Self::VoiceSnapshot(_)
            | Self::VoiceStateChanged(_) => Ok(()),
        }
    }
}

/// The members whose voice session an event may end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum VoiceScope {
    Everybody,
    Guild(GuildId),
    User(GuildId, UserId),
}

impl VoiceScope {
    /// Returns whether it includes this user of this guild.
    pub(crate) fn includes(self, guild_id: GuildId, user_id: UserId) -> bool {
        match self {
            Self::Everybody => true,
            Self::Guild(guild) => guild == guild_id,
            Self::User(guild, user) => (guild, user) == (guild_id, user_id),
        }
    }
}
