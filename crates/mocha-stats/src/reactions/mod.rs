//! The reactions by user, message and emoji, out of `reactions`.

mod fold;

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, Emoji, GuildId, MessageId, UserId};

use self::fold::Fold;
use crate::{
    Bots, Database, Error, Window,
    channel_filter::ChannelFilter,
    database::{Source, snapshot},
    rollup::Horizon,
    statement::Statement,
};

/// A question about the reactions in a guild: who gave and received them, to which messages, and with which emoji.
///
/// It counts the reactions that are there now. A reaction that was taken back does not count. A reaction belongs to the time at
/// which the bot received it. The adapter has to record reactions, which is off by default.
///
/// A reaction to one's own message is given, but not received, unless [`include_self_reactions`](Self::include_self_reactions)
/// says so. A reaction to a message with an unknown author is received by nobody.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct Reactions {
    bots: Bots,
    channels: ChannelFilter,
    guild: GuildId,
    limit: Option<usize>,
    counts_own: bool,
    window: Window,
}

/// The reactions in a guild.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ReactionsAnswer {
    /// The users who reacted, by the number of reactions, most first. Ties are ordered by user id as a number.
    pub given: Vec<UserReactions>,
    /// The authors of messages with reactions, by the number of reactions, most first. Ties are ordered by user id as a number.
    pub received: Vec<UserReactions>,
    /// The messages by the number of reactions, most first. Ties are ordered by message id as a number, so the older message
    /// comes first.
    pub messages: Vec<MessageReactions>,
    /// The emoji by the number of reactions, most first. Ties are ordered: custom emoji by id, then the others as text.
    pub emoji: Vec<EmojiReactions>,
    /// How many reactions there are, with those beyond the limit of the lists.
    pub reactions: u64,
    /// Where the data starts, if the window begins before it. Earlier reactions are deleted and not counted.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// How many reactions a user gave or received.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct UserReactions {
    /// The user.
    pub user_id: UserId,
    /// How many reactions.
    pub reactions: u64,
}

/// How many reactions a message has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MessageReactions {
    /// The guild.
    pub guild_id: GuildId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The message. It may have been deleted since.
    pub message_id: MessageId,
    /// The author, if known.
    pub author_id: Option<UserId>,
    /// How many reactions.
    pub reactions: u64,
}

/// How many reactions have an emoji.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EmojiReactions {
    /// The emoji, with the newest name that is known.
    pub emoji: Emoji,
    /// How many reactions.
    pub reactions: u64,
}

impl MessageReactions {
    /// Returns the address of the message, which Discord's clients open.
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::Reactions;
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = Reactions::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// assert_eq!(answer.messages[0].link(), "https://discord.com/channels/1/1000/500");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn link(&self) -> String {
        let Self { guild_id, channel_id, message_id, .. } = self;
        format!("https://discord.com/channels/{guild_id}/{channel_id}/{message_id}")
    }
}

impl Reactions {
    /// Asks about this guild. Defaults: all time, humans only, all channels, no limit.
    pub const fn of(guild: GuildId) -> Self {
        Self {
            bots: Bots::Exclude,
            channels: ChannelFilter::new(),
            guild,
            limit: None,
            counts_own: false,
            window: Window::all(),
        }
    }

    /// Counts only reactions in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    ///
    /// A reaction counts if the account that reacted does. [`received`](ReactionsAnswer::received) lists only accounts that
    /// count, and [`messages`](ReactionsAnswer::messages) has messages of all accounts.
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Counts only reactions to messages in these channels, in their threads and, of a category, in what is in it now. Several
    /// calls add up.
    pub fn only_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.only.get_or_insert_default().extend(channels);
        self
    }

    /// Leaves out reactions to messages in these channels, in their threads and, of a category, in what is in it now.
    pub fn exclude_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.without.extend(channels);
        self
    }

    /// Lists at most `n` entries in each list. The default is no limit.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = Some(n);
        self
    }

    /// Counts reactions to one's own messages as received too. The default is not to.
    pub const fn include_self_reactions(mut self) -> Self {
        self.counts_own = true;
        self
    }

    /// Runs the query.
    ///
    /// Reads each reaction in the window, through an index of guild and time.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::Reactions;
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = Reactions::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// assert_eq!(answer.reactions, 4);
    /// let given: Vec<_> = answer.given.iter().map(|user| (user.user_id.get(), user.reactions)).collect();
    /// assert_eq!(given, [(20, 2), (30, 2)]);
    /// // The reaction of user 20 to an own message is not received.
    /// let received: Vec<_> = answer.received.iter().map(|user| (user.user_id.get(), user.reactions)).collect();
    /// assert_eq!(received, [(20, 2), (30, 1)]);
    /// assert_eq!((answer.emoji[0].emoji.to_string(), answer.emoji[0].reactions), ("<:party:70>".to_owned(), 3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<ReactionsAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(&self, conn: &mut dyn Source) -> Result<ReactionsAnswer, Error> {
        let from = Horizon::load(conn)?.messages_from;
        let kept = self.window.not_before(from);
        let mut channels = self.channels.resolve(conn, self.guild)?;
        let mut statement = Statement::new(conn.dialect());
        statement
            .select([
                "emoji || coalesce(':' || emoji_name, '')",
                "message_id",
                "channel_id",
                "user_id",
                "author_id",
                "author_id IN (SELECT id FROM bots)",
                "created_at",
            ])
            .push(" FROM reactions")
            .indexed_by("idx_reactions_guild_time")
            .push(" WHERE guild_id = ?")
            .bind_id(self.guild.get())
            .push(" AND created_at >= ? AND created_at < ?")
            .bind(kept.start_second())
            .bind(kept.end_second())
            .of_bots(self.bots);
        let mut fold = Fold::default();
        conn.named_rows(&statement, &mut |emoji, row| {
            let channel_id = row.id(1)?;
            if channels.counts(Some(channel_id)) {
                let emoji = emoji.ok_or_else(|| Error::row("an emoji is not a text".into()))?;
                fold.add(self, &emoji, channel_id, row)?;
            }
            Ok(())
        })?;
        Ok(fold.answer(self, Horizon::data_since(self.window, from)))
    }
}

#[cfg(test)]
mod tests;
