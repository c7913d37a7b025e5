//! How long messages wait for their first reply.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use foldhash::HashMap;
use mocha_schema::{ChannelId, GuildId, MessageId, UserId};

use crate::{
    Bots, Database, Error, Window,
    channel_filter::ChannelFilter,
    database::{Source, snapshot},
    rollup::Horizon,
    statement::Statement,
    waiting::{sent_ms, waited_ms, within},
};

/// A question about how long messages waited for their first reply, and who gave it.
///
/// The first reply to a message is the earliest message that answers it with Discord's reply, by another user than its author. The
/// time runs from the moment at which the message was sent to the moment at which the reply was sent, in milliseconds, as the ids
/// of both say. Messages in the same channel that are not replies do not count, and a message without a reply is not listed: Mocha
/// cannot know whether it asked for one. The adapter has to record conversations, which is off by default.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct FirstReplies {
    bots: Bots,
    channels: ChannelFilter,
    guild: GuildId,
    limit: Option<usize>,
    window: Window,
}

/// How long messages waited for their first reply.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FirstRepliesAnswer {
    /// How many messages got a reply.
    pub answered: u64,
    /// The time within which half of them got it: the shortest for which that is true. `None` without messages.
    pub median: Option<Duration>,
    /// The time within which nine of ten got it: the shortest for which that is true. `None` without messages.
    pub ninetieth_percentile: Option<Duration>,
    /// The channels and threads by the number of messages that got a reply, most first. Ties are ordered by channel id as a
    /// number.
    pub channels: Vec<ChannelFirstReplies>,
    /// The users by the number of first replies that they gave, most first. Ties are ordered by user id as a number.
    pub users: Vec<UserFirstReplies>,
    /// Where the data starts, if the window begins before it. Earlier messages are not counted.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// How long messages in a channel waited for their first reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ChannelFirstReplies {
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// How many messages got a reply.
    pub answered: u64,
    /// The shortest time within which half of them got it.
    pub median: Duration,
}

/// How long messages waited whose first reply a user gave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct UserFirstReplies {
    /// The user.
    pub user_id: UserId,
    /// How many first replies the user gave.
    pub first_replies: u64,
    /// The shortest time within which half of them were given.
    pub median: Duration,
}

/// The first reply to a message, as far as it is read.
#[derive(Clone, Copy, Debug)]
struct First {
    channel: ChannelId,
    reply: MessageId,
    user: UserId,
}

impl FirstReplies {
    /// Asks about this guild. Defaults: all time, humans only, all channels, no limit.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, channels: ChannelFilter::new(), guild, limit: None, window: Window::all() }
    }

    /// Counts only messages that were sent in this window, whenever the reply came. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. Both the author and the user who replies have to be such accounts, so with
    /// [`Bots::Exclude`], the default, a bot's reply is not the first one.
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Counts only messages in these channels, in their threads and, of a category or a forum, in what is in it now. Several calls
    /// add up.
    pub fn only_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.only.get_or_insert_default().extend(channels);
        self
    }

    /// Leaves out messages in these channels, in their threads and, of a category or a forum, in what is in it now.
    pub fn exclude_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.without.extend(channels);
        self
    }

    /// Lists at most `n` entries in each list. The default is no limit.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = Some(n);
        self
    }

    #[cfg(test)]
    pub(super) fn with(self, channels: ChannelFilter, limit: Option<usize>) -> Self {
        Self { channels, limit, ..self }
    }

    /// Runs the query.
    ///
    /// Reads each reply since the beginning of the window, through an index of guild and time.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mocha_schema::GuildId;
    /// use mocha_stats::FirstReplies;
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = FirstReplies::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// assert_eq!((answer.answered, answer.median), (2, Some(Duration::from_mins(1))));
    /// assert_eq!((answer.users[0].user_id.get(), answer.users[0].first_replies), (20, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<FirstRepliesAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(&self, conn: &mut dyn Source) -> Result<FirstRepliesAnswer, Error> {
        let from = Horizon::load(conn)?.messages_from;
        let kept = self.window.not_before(from);
        let mut channels = self.channels.resolve(conn, self.guild)?;
        let mut statement = Statement::new(conn.dialect());
        statement
            .select([
                "replied_message_id",
                "message_id",
                "channel_id",
                "user_id",
                "addressee_id IN (SELECT id FROM bots)",
            ])
            .push(" FROM message_addressees")
            .indexed_by("idx_message_addressees_guild_time")
            .push(" WHERE guild_id = ?")
            .bind_id(self.guild.get())
            // Rows have whole seconds, and a reply is not older than its message.
            .push(" AND created_at >= ?")
            .bind(kept.start_second().saturating_sub(1))
            .push(" AND replied_message_id IS NOT NULL")
            .of_bots(self.bots);
        let is_in = |ms: i64| kept.start_ms() <= ms && kept.end_ms().is_none_or(|end| ms < end);
        let mut firsts = HashMap::<MessageId, First>::default();
        conn.rows(&statement, &mut |row| {
            let (replied, channel): (MessageId, ChannelId) = (row.id(0)?, row.id(2)?);
            if !self.bots.counts(row.flag(4)?) || !is_in(sent_ms(replied.get())) || !channels.counts(Some(channel)) {
                return Ok(());
            }
            let next = First { channel, reply: row.id(1)?, user: row.id(3)? };
            let first = firsts.entry(replied).or_insert(next);
            if next.reply < first.reply {
                *first = next;
            }
            Ok(())
        })?;
        Ok(self.answer(firsts, Horizon::data_since(self.window, from)))
    }

    fn answer(&self, firsts: HashMap<MessageId, First>, data_since: Option<DateTime<Utc>>) -> FirstRepliesAnswer {
        let mut all = Vec::with_capacity(firsts.len());
        let (mut channels, mut users) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (replied, First { channel, reply, user }) in firsts {
            let waited = waited_ms(replied.get(), reply.get());
            all.push(waited);
            channels.entry(channel).or_default().push(waited);
            users.entry(user).or_default().push(waited);
        }
        let channels = channels.into_iter().filter_map(|(channel_id, mut times)| {
            Some(ChannelFirstReplies { channel_id, answered: count(&times), median: within(&mut times, 50)? })
        });
        let users = users.into_iter().filter_map(|(user_id, mut times)| {
            Some(UserFirstReplies { user_id, first_replies: count(&times), median: within(&mut times, 50)? })
        });
        // Stable: equals stay in order of their ids.
        let mut channels: Vec<ChannelFirstReplies> = channels.collect();
        channels.sort_by_key(|channel| Reverse(channel.answered));
        let mut users: Vec<UserFirstReplies> = users.collect();
        users.sort_by_key(|user| Reverse(user.first_replies));
        let limit = self.limit.unwrap_or(usize::MAX);
        channels.truncate(limit);
        users.truncate(limit);
        FirstRepliesAnswer {
            answered: count(&all),
            median: within(&mut all, 50),
            ninetieth_percentile: within(&mut all, 90),
            channels,
            users,
            data_since,
            window: self.window,
        }
    }
}

fn count(times: &[u64]) -> u64 {
    u64::try_from(times.len()).unwrap_or(u64::MAX)
}
