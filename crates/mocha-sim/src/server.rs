//! The settings of a simulated server.

use chrono::{DateTime, TimeDelta, Utc};
use mocha_schema::GuildId;

use crate::{snowflake, traffic::Traffic};

/// A simulated server, with a seed and settings for its size and activity.
///
/// The settings determine all [`events`](Self::events), on every machine. The activity of members has a Zipf distribution, and
/// days and weeks have a rhythm in UTC. Threads open. Members join, leave and return. Their voice sessions contain moves, mutes
/// and midnights.
///
/// The n-th member is the same user in each server. The ids of channels follow the guild's id. Guilds and users have ids from
/// the start of Discord's time, which no real user has.
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
    /// Creates a server of 30 days from 2024-01-01, with 300 members, 8 text and 4 voice channels, 1,000 messages
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

    /// Sets the number of days.
    pub const fn days(mut self, days: u32) -> Self {
        self.days = days;
        self
    }

    /// Sets the guild's id. The ids of several servers should be at least 2^22 apart, so that no two share a channel or
    /// message.
    pub const fn guild(mut self, guild_id: GuildId) -> Self {
        self.guild_id = guild_id;
        self
    }

    /// Sets the initial number of members, bots included. One in fifty is a bot, and at least one.
    pub const fn members(mut self, members: u32) -> Self {
        self.members = members;
        self
    }

    /// Sets the number of messages on an average day, for the initial number of members.
    pub const fn messages_per_day(mut self, messages: u32) -> Self {
        self.messages_per_day = messages;
        self
    }

    /// Sets the number of status changes on an average day. Default: none, because there would be very many.
    pub const fn presences_per_day(mut self, presences: u32) -> Self {
        self.presences_per_day = presences;
        self
    }

    /// Sets the start. From 2015 on, message ids contain the time.
    pub const fn start(mut self, start: DateTime<Utc>) -> Self {
        self.start = start;
        self
    }

    /// Sets the number of text channels.
    pub const fn text_channels(mut self, channels: u16) -> Self {
        self.text_channels = channels;
        self
    }

    /// Sets the number of voice channels. The last of several is the AFK channel.
    pub const fn voice_channels(mut self, channels: u16) -> Self {
        self.voice_channels = channels;
        self
    }

    /// Sets the number of voice sessions on an average day, for the initial number of members.
    pub const fn voice_sessions_per_day(mut self, sessions: u32) -> Self {
        self.voice_sessions_per_day = sessions;
        self
    }

    /// Returns the guild's id.
    #[must_use]
    pub const fn guild_id(&self) -> GuildId {
        self.guild_id
    }

    /// Returns the first instant after the end.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        self.start + TimeDelta::days(i64::from(self.days))
    }

    /// Returns the events in order of time, from the start to before the [`end`](Self::end).
    ///
    /// The first events are those of a new connection to Discord: the shard, the guild, its channels, its members, and the
    /// voice snapshot. The iterator makes events as it goes. It holds the members and one hour in memory.
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
