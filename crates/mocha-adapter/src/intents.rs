//! The intents that matter to Mocha.

use bitflags::bitflags;

bitflags! {
    /// The gateway intents that matter to Mocha, with Discord's bits.
    ///
    /// Gateway libraries have types of their own for intents. Convert them with [`from_bits_truncate`](Self::from_bits_truncate).
    ///
    /// ```
    /// use mocha_adapter::Intents;
    ///
    /// let guilds_and_bans = 1 | 1 << 2;
    /// assert_eq!(Intents::from_bits_truncate(guilds_and_bans), Intents::GUILDS);
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    pub struct Intents: u64 {
        /// Guilds, channels and threads.
        const GUILDS = 1;
        /// Joins, leaves and changes of members. Privileged.
        const GUILD_MEMBERS = 1 << 1;
        /// New and deleted invites of guilds.
        const GUILD_INVITES = 1 << 6;
        /// Voice states.
        const GUILD_VOICE_STATES = 1 << 7;
        /// Status and activities. Privileged.
        const GUILD_PRESENCES = 1 << 8;
        /// Messages in guilds.
        const GUILD_MESSAGES = 1 << 9;
        /// Reactions to messages in guilds.
        const GUILD_MESSAGE_REACTIONS = 1 << 10;
        /// The content of messages. Privileged.
        const MESSAGE_CONTENT = 1 << 15;
    }
}

impl Intents {
    /// The intents that Discord has to approve.
    pub(crate) const PRIVILEGED: Self = Self::GUILD_MEMBERS.union(Self::GUILD_PRESENCES).union(Self::MESSAGE_CONTENT);
}
