//! The kinds of data that an adapter records.

use bitflags::bitflags;

bitflags! {
    /// The kinds of data that an adapter records. Default: all except
    /// [`CONVERSATION`](Self::CONVERSATION), [`INVITE`](Self::INVITE), [`PRESENCE`](Self::PRESENCE),
    /// [`REACTION`](Self::REACTION) and [`ROLE`](Self::ROLE).
    ///
    /// The adapter always records connections, outages of guilds, and when the bot joins or leaves a guild. Without them Mocha
    /// could not distinguish a quiet server from lost events.
    ///
    /// ```
    /// use mocha_adapter::ResourceType;
    ///
    /// let roles_and_presences = ResourceType::PRESENCE | ResourceType::ROLE;
    /// let messages = ResourceType::CONVERSATION | ResourceType::REACTION;
    /// let optional = roles_and_presences | messages | ResourceType::INVITE;
    /// assert!(!ResourceType::default().intersects(optional));
    /// assert_eq!(ResourceType::default() | optional, ResourceType::all());
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    pub struct ResourceType: u64 {
        /// Channels and threads.
        const CHANNEL = 1;
        /// Uses of the bot's commands.
        const COMMAND = 1 << 8;
        /// Replies and mentions: whom a message addresses.
        const CONVERSATION = 1 << 10;
        /// Guilds: name, icon and number of members.
        const GUILD = 1 << 1;
        /// New invites. They need the intent `GUILD_INVITES`. The bot lists the invites of a guild itself, as
        /// [`InvitesListed`](mocha_recorder::event::InvitesListed) describes.
        const INVITE = 1 << 11;
        /// Current members, joins and leaves.
        const MEMBER = 1 << 2;
        /// Messages. Their text is never stored.
        const MESSAGE = 1 << 3;
        /// Status and activities. In a large guild Discord sends about a hundred of them for each message.
        const PRESENCE = 1 << 4;
        /// Reactions to messages. They need the intent `GUILD_MESSAGE_REACTIONS`.
        const REACTION = 1 << 9;
        /// Roles of current members. They need [`MEMBER`](Self::MEMBER) too.
        const ROLE = 1 << 7;
        /// Users: name, avatar, and whether they are bots. Without them leaderboards cannot exclude bots.
        const USER = 1 << 5;
        /// Voice states: the channel and state of each member in voice.
        const VOICE_STATE = 1 << 6;
    }
}

impl Default for ResourceType {
    /// Returns all kinds except [`CONVERSATION`](Self::CONVERSATION), [`INVITE`](Self::INVITE),
    /// [`PRESENCE`](Self::PRESENCE), [`REACTION`](Self::REACTION) and [`ROLE`](Self::ROLE).
    fn default() -> Self {
        let of_messages = Self::CONVERSATION.union(Self::REACTION);
        Self::all().difference(of_messages.union(Self::INVITE).union(Self::PRESENCE).union(Self::ROLE))
    }
}
