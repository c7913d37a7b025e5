//! Replies and mentions between users, out of `message_addressees`.

mod first_replies;

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{DateTime, Utc};
use foldhash::HashMap;
use mocha_schema::{ChannelId, GuildId, UserId};

pub use self::first_replies::{ChannelFirstReplies, FirstReplies, FirstRepliesAnswer, UserFirstReplies};
use crate::{
    Bots, Database, Error, Window,
    channel_filter::ChannelFilter,
    database::{Source, snapshot},
    rollup::Horizon,
    statement::Statement,
};

/// A question about who replied to whom in a guild, and who mentioned whom.
///
/// A reply counts for the author of the message that it answers. That author is not mentioned by it, although Discord notifies the
/// author. Each message counts once for each user whom it addresses. Users who address themselves, mentions of roles and of
/// everyone, and replies to deleted messages are not counted. The adapter has to record conversations, which is off by default.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct Conversations {
    bots: Bots,
    channels: ChannelFilter,
    guild: GuildId,
    limit: Option<usize>,
    user: Option<UserId>,
    window: Window,
}

/// The replies and mentions between users.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ConversationsAnswer {
    /// Each author with each user whom the author addressed, by replies, most first, then by mentions, most first. Ties are
    /// ordered by the author's id and then by the other id, as numbers.
    pub pairs: Vec<ConversationPair>,
    /// The users by all of their replies and mentions, given and received, most first. Ties are ordered by user id as a number.
    pub users: Vec<UserConversations>,
    /// How many replies there are, with those beyond the limit of the lists.
    pub replies: u64,
    /// How many mentions there are, with those beyond the limit of the lists.
    pub mentions: u64,
    /// Where the data starts, if the window begins before it. Earlier messages are deleted and not counted.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// How often a user addressed another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ConversationPair {
    /// The author.
    pub user_id: UserId,
    /// The user whom the author addressed.
    pub addressee_id: UserId,
    /// How many messages of the author reply to this user.
    pub replies: u64,
    /// How many messages of the author mention this user without being replies to the user.
    pub mentions: u64,
}

/// How often a user addressed others and was addressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct UserConversations {
    /// The user.
    pub user_id: UserId,
    /// How many replies the user wrote.
    pub replies_given: u64,
    /// How many replies the user got.
    pub replies_received: u64,
    /// How often the user mentioned others.
    pub mentions_given: u64,
    /// How often the user was mentioned.
    pub mentions_received: u64,
}

impl UserConversations {
    const fn new(user_id: UserId) -> Self {
        Self { user_id, replies_given: 0, replies_received: 0, mentions_given: 0, mentions_received: 0 }
    }

    const fn total(&self) -> u64 {
        self.replies_given + self.replies_received + self.mentions_given + self.mentions_received
    }
}

impl Conversations {
    /// Asks about this guild. Defaults: all time, humans only, all channels, all users, no limit.
    pub const fn of(guild: GuildId) -> Self {
        Self {
            bots: Bots::Exclude,
            channels: ChannelFilter::new(),
            guild,
            limit: None,
            user: None,
            window: Window::all(),
        }
    }

    /// Counts only messages in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. Both the author and the user whom the author addressed have to be such accounts. The default
    /// is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Counts only messages in these channels, in their threads and, of a category, in what is in it now. Several calls add up.
    pub fn only_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.only.get_or_insert_default().extend(channels);
        self
    }

    /// Leaves out messages in these channels, in their threads and, of a category, in what is in it now.
    pub fn exclude_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.without.extend(channels);
        self
    }

    /// Counts only messages with which this user addresses others, or is addressed.
    pub const fn user(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// Lists at most `n` entries in each list. The default is no limit.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = Some(n);
        self
    }

    /// Runs the query.
    ///
    /// Reads each reply and mention in the window, through an index of guild and time.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::Conversations;
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = Conversations::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// let pair = answer.pairs[0];
    /// assert_eq!((pair.user_id.get(), pair.addressee_id.get(), pair.replies, pair.mentions), (30, 20, 2, 1));
    /// assert_eq!((answer.replies, answer.mentions), (3, 1));
    /// let user = answer.users[0];
    /// assert_eq!((user.user_id.get(), user.replies_given, user.replies_received), (20, 1, 2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<ConversationsAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(&self, conn: &mut dyn Source) -> Result<ConversationsAnswer, Error> {
        let from = Horizon::load(conn)?.messages_from;
        let kept = self.window.not_before(from);
        let mut channels = self.channels.resolve(conn, self.guild)?;
        let mut statement = Statement::new(conn.dialect());
        statement
            .select([
                "user_id",
                "addressee_id",
                "channel_id",
                "addressee_id IN (SELECT id FROM bots)",
                "count(replied_message_id)",
                "count(*)",
            ])
            .push(" FROM message_addressees")
            .indexed_by("idx_message_addressees_guild_time")
            .push(" WHERE guild_id = ?")
            .bind_id(self.guild.get())
            .push(" AND created_at >= ? AND created_at < ?")
            .bind(kept.start_second())
            .bind(kept.end_second())
            .of_bots(self.bots);
        if let Some(user) = self.user {
            statement.push(" AND (user_id = ? OR addressee_id = ?)").bind_id(user.get()).bind_id(user.get());
        }
        statement.push(" GROUP BY user_id, addressee_id, channel_id");
        let mut pairs = HashMap::<(UserId, UserId), (u64, u64)>::default();
        conn.rows(&statement, &mut |row| {
            if self.bots.counts(row.flag(3)?) && channels.counts(Some(row.id(2)?)) {
                let (replies, all) = (row.count(4)?, row.count(5)?);
                let pair = pairs.entry((row.id(0)?, row.id(1)?)).or_default();
                pair.0 += replies;
                pair.1 += all.saturating_sub(replies);
            }
            Ok(())
        })?;
        Ok(self.answer(pairs, Horizon::data_since(self.window, from)))
    }

    fn answer(
        &self,
        pairs: HashMap<(UserId, UserId), (u64, u64)>,
        data_since: Option<DateTime<Utc>>,
    ) -> ConversationsAnswer {
        let mut users = BTreeMap::<UserId, UserConversations>::new();
        let (mut all_replies, mut all_mentions) = (0, 0);
        let mut listed = Vec::with_capacity(pairs.len());
        for ((user_id, addressee_id), (replies, mentions)) in pairs {
            let author = users.entry(user_id).or_insert(UserConversations::new(user_id));
            author.replies_given += replies;
            author.mentions_given += mentions;
            let addressee = users.entry(addressee_id).or_insert(UserConversations::new(addressee_id));
            addressee.replies_received += replies;
            addressee.mentions_received += mentions;
            all_replies += replies;
            all_mentions += mentions;
            listed.push(ConversationPair { user_id, addressee_id, replies, mentions });
        }
        listed.sort_unstable_by_key(|pair| {
            (Reverse(pair.replies), Reverse(pair.mentions), pair.user_id, pair.addressee_id)
        });
        let mut users: Vec<UserConversations> = users.into_values().collect();
        // Stable: equals stay in order of user id.
        users.sort_by_key(|user| Reverse(user.total()));
        let limit = self.limit.unwrap_or(usize::MAX);
        listed.truncate(limit);
        users.truncate(limit);
        ConversationsAnswer {
            pairs: listed,
            users,
            replies: all_replies,
            mentions: all_mentions,
            data_since,
            window: self.window,
        }
    }
}

#[cfg(test)]
mod tests;
