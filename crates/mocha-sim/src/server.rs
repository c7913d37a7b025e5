//! What a simulated server is like.

use chrono::{DateTime, TimeDelta, Utc};
use mocha_schema::GuildId;

use crate::{snowflake, traffic::Traffic};

/// A simulated server: a seed, and how large and how lively it is.
///
/// Everything that happens follows from these settings, on every machine: the same server has the same
/// [`events`](Self::events). Its people have Zipf's activity, a day and a week their rhythm (in UTC); threads open, members
/// come, go and return, and talk in voice through moves, mutes and midnights.
///
/// The n-th person is the same user in each server; ids of channels follow the guild's id. Guilds and users are as old as
/// Discord's time itself, so that nobody real has their ids.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Server {
    pub(crate) days: u32,
    pub(crate) guild_id: GuildId,
    pub(crate) members: u32,
    pub(crate) messages_per_day: u32,
    pub(crate) presences_per_day: u32,
    pub(crate) seed: u64,
    pub(crate) start: DateTime<Utc>,
    pub(crate) text_channels: u16,
    pub(crate) voice_channels: u16,
    pub(crate) voice_sessions_per_day: u32,
}

impl Server {
    /// A server of 30 days from the first of January 2024, with 300 members, 8 text and 4 voice channels, 1,000 messages
    /// and 80 voice sessions a day, without presences.
    pub fn new(seed: u64) -> Self {
        Self {
            days: 30,
            guild_id: snowflake::id(snowflake::FIRST_GUILD),
            members: 300,
            messages_per_day: 1_000,
            presences_per_day: 0,
            seed,
            start: DateTime::UNIX_EPOCH + TimeDelta::days(19_723),
            text_channels: 8,
            voice_channels: 4,
            voice_sessions_per_day: 80,
        }
    }

    /// How many days of it are told.
    pub const fn days(mut self, days: u32) -> Self {
        self.days = days;
        self
    }

    /// The guild's id; of several servers these should be at least 2^22 apart, so that no two share a channel or message.
    pub const fn guild(mut self, guild_id: GuildId) -> Self {
        self.guild_id = guild_id;
        self
    }

    /// How many members it has in the beginning, bots among them: one in fifty, and at least one.
    pub const fn members(mut self, members: u32) -> Self {
        self.members = members;
        self
    }

    /// How many messages are sent on an average day, while it has as many members as in the beginning.
    pub const fn messages_per_day(mut self, messages: u32) -> Self {
        self.messages_per_day = messages;
        self
    }

    /// How often somebody's status changes on an average day; never unless said here, for it floods.
    pub const fn presences_per_day(mut self, presences: u32) -> Self {
        self.presences_per_day = presences;
        self
    }

    /// When it begins; from 2015 on, message ids tell the time.
    pub const fn start(mut self, start: DateTime<Utc>) -> Self {
        self.start = start;
        self
    }

    /// How many text channels it has.
    pub const fn text_channels(mut self, channels: u16) -> Self {
        self.text_channels = channels;
        self
    }

    /// How many voice channels it has; the last of several is the one idle people are moved to.
    pub const fn voice_channels(mut self, channels: u16) -> Self {
        self.voice_channels = channels;
        self
    }

    /// How many people connect to voice on an average day, while it has as many members as in the beginning.
    pub const fn voice_sessions_per_day(mut self, sessions: u32) -> Self {
        self.voice_sessions_per_day = sessions;
        self
    }

    /// The guild's id.
    #[must_use]
    pub const fn guild_id(&self) -> GuildId {
        self.guild_id
    }

    /// The first instant after what is told.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        self.start + TimeDelta::days(i64::from(self.days))
    }

    /// What happens, in order of time, from the start to before the [`end`](Self::end).
    ///
    /// It begins as a connection to Discord does: the shard is ready, then the guild, its channels, members and who is in
    /// voice. It is made as it is read: memory holds the people and one hour, whatever the number of days.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_sim::Server;
    /// use mocha_store::Event;
    ///
    /// let server = Server::new(1).days(3).members(40);
    /// let mut events = server.events();
    /// assert!(matches!(events.next(), Some(Event::ShardChanged(ready)) if ready.at == server.end() - chrono::TimeDelta::days(3)));
    /// assert!(matches!(events.next(), Some(Event::GuildSeen(_))));
    /// let messages = events.filter(|event| matches!(event, Event::MessageSent(_))).count();
    /// assert!((2_000..4_000).contains(&messages), "{messages}");
    /// ```
    #[must_use]
    pub fn events(&self) -> Traffic {
        Traffic::new(self)
    }
}
