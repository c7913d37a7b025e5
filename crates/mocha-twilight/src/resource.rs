//! What is recorded and what is left out.

use bitflags::bitflags;

bitflags! {
    /// What an [`Adapter`](crate::Adapter) records; everything but [`PRESENCE`](Self::PRESENCE) by default.
    ///
    /// That a guild cannot be reached, that the bot left it or came back and that a connection began anew is recorded always: without
    /// it nobody could tell silence from not having heard.
    ///
    /// ```
    /// use mocha_twilight::ResourceType;
    ///
    /// assert!(!ResourceType::default().contains(ResourceType::PRESENCE));
    /// assert_eq!(ResourceType::default() | ResourceType::PRESENCE, ResourceType::all());
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    pub struct ResourceType: u64 {
        /// Channels and threads.
        const CHANNEL = 1;
        /// Guilds: name, icon, number of members.
        const GUILD = 1 << 1;
        /// Members: who is one, who came, who left.
        const MEMBER = 1 << 2;
        /// Messages; never their text.
        const MESSAGE = 1 << 3;
        /// Status and activities. Discord sends very many of them, a hundred for each message in a large guild.
        const PRESENCE = 1 << 4;
        /// Users: name, picture, and whether they are bots. Without it leaderboards cannot leave bots out.
        const USER = 1 << 5;
        /// Who is in which voice channel.
        const VOICE_STATE = 1 << 6;
    }
}

impl Default for ResourceType {
    /// All but [`PRESENCE`](Self::PRESENCE).
    fn default() -> Self {
        Self::all().difference(Self::PRESENCE)
    }
}
