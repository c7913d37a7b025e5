//! Where people wrote.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Text},
};
use mocha_schema::{ChannelId, GuildId, UserId};

use crate::{
    Bots, Error, Window,
    scan::{self, Unsigned},
};

/// The question how much was written in each channel of a guild, and by how many.
///
/// Counted are messages, replies and commands ([`COUNTED_MESSAGE_TYPES`](mocha_schema::COUNTED_MESSAGE_TYPES)). A thread
/// is a channel of its own. A channel without messages in the window is not listed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct Channels {
    bots: Bots,
    guild: GuildId,
    window: Window,
}

/// Where people wrote.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ChannelsAnswer {
    /// By messages, most first; equals by channel id as a number.
    pub channels: Vec<ChannelMessages>,
    /// Messages in all channels.
    pub messages: u64,
    /// Who wrote in any channel, each once: less than the sum over the channels if somebody wrote in two.
    pub unique_users: u64,
    /// The window that was asked about.
    pub window: Window,
}

/// A channel of a [`ChannelsAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ChannelMessages {
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// How many messages.
    pub messages: u64,
    /// Who wrote them, each once.
    pub unique_users: u64,
}

impl Channels {
    /// Asks about this guild; of all time and without bots, until told otherwise.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, window: Window::all() }
    }

    /// Counts only what lies in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Whether bots count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Asks the file.
    ///
    /// Reads the guild's messages of the window through an index, in one statement; memory grows with people times the
    /// channels they wrote in.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): SQLite refused, or a row holds what is no id.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::Channels;
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = Channels::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// let [first, second] = answer.channels[..] else { return Err("two channels were used".into()) };
    /// assert_eq!((first.channel_id.get(), first.messages, first.unique_users), (1000, 4, 2));
    /// assert_eq!((second.channel_id.get(), second.messages, second.unique_users), (2000, 2, 2));
    /// // Somebody wrote in both.
    /// assert_eq!(answer.unique_users, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut SqliteConnection) -> Result<ChannelsAnswer, Error> {
        let rows = scan::counted_messages(SQL, self.guild, self.window).load(conn).map_err(Error::database)?;
        Ok(self.fold(rows))
    }

    fn fold(self, rows: Vec<Row>) -> ChannelsAnswer {
        let (mut messages, mut users, mut channels) = (0, HashSet::new(), HashMap::new());
        for row in rows.into_iter().filter(|row| self.bots.counts(row.bot)) {
            messages += row.messages;
            users.insert(row.user_id);
            let new = ChannelMessages { channel_id: row.channel_id, messages: 0, unique_users: 0 };
            let channel = channels.entry(row.channel_id).or_insert(new);
            channel.messages += row.messages;
            // A row is all that one user wrote in one channel.
            channel.unique_users += 1;
        }
        let mut channels: Vec<ChannelMessages> = channels.into_values().collect();
        channels.sort_unstable_by_key(|channel| (Reverse(channel.messages), channel.channel_id));
        let unique_users = u64::try_from(users.len()).unwrap_or(u64::MAX);
        ChannelsAnswer { channels, messages, unique_users, window: self.window }
    }
}

const SQL: &str = "\
    SELECT channel_id, user_id, user_id IN (SELECT id FROM users WHERE bot = 1) AS bot, COUNT(*) AS messages \
    FROM message_events INDEXED BY idx_message_events_guild_time \
    WHERE guild_id = ?1 AND created_at >= ?2 AND created_at < ?3 AND message_type IN (?4, ?5, ?6, ?7) \
    GROUP BY channel_id, user_id";

#[derive(Clone, Copy, Debug, QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    channel_id: ChannelId,
    #[diesel(sql_type = Text)]
    user_id: UserId,
    #[diesel(sql_type = Bool)]
    bot: bool,
    #[diesel(sql_type = BigInt, deserialize_as = Unsigned)]
    messages: u64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::{Message, TestResult, empty},
        random,
    };

    /// The same in plain Rust, over all messages there are.
    fn expected(question: Channels, messages: &[Message]) -> TestResult<ChannelsAnswer> {
        let counted: Vec<&Message> = messages
            .iter()
            .filter(|message| message.guild == random::GUILD && random::counts(question.bots, message.user))
            .filter(|message| matches!(message.kind, Some(0 | 19 | 20 | 23)))
            .filter(|message| random::holds(question.window, message.second * 1000))
            .collect();
        let users = |channel: Option<u64>| -> TestResult<u64> {
            let own = counted.iter().filter(|message| channel.is_none_or(|channel| message.channel == channel));
            Ok(own.map(|message| message.user).collect::<HashSet<u64>>().len().try_into()?)
        };
        let mut channels = Vec::new();
        for channel in counted.iter().map(|message| message.channel).collect::<HashSet<u64>>() {
            channels.push(ChannelMessages {
                channel_id: channel.try_into()?,
                messages: counted.iter().filter(|message| message.channel == channel).count().try_into()?,
                unique_users: users(Some(channel))?,
            });
        }
        channels.sort_by_key(|channel| channel.channel_id.get());
        channels.sort_by_key(|channel| u64::MAX - channel.messages);
        let (messages, unique_users) = (counted.len().try_into()?, users(None)?);
        Ok(ChannelsAnswer { channels, messages, unique_users, window: question.window })
    }

    proptest! {
        #[test]
        fn it_is_what_plain_rust_counts(
            messages in random::messages(20), window in random::window(20), bots in random::bots()
        ) {
            let mut conn = empty().unwrap();
            random::insert_messages(&mut conn, &messages).unwrap();
            let question = Channels::of(random::GUILD.try_into().unwrap()).within(window).bots(bots);
            prop_assert_eq!(question.load(&mut conn).unwrap(), expected(question, &messages).unwrap());
        }
    }
}
