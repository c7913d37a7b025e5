//! Where people wrote.

mod group;

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use foldhash::{HashMap, HashMapExt, HashSet};
use mocha_schema::{ChannelId, GuildId, UserId};

pub use self::group::ChannelGroup;
use self::group::Places;
use crate::{
    Bots, Database, Error, Window,
    database::{Source, snapshot},
    message_scan::{Column, MessageScan},
    rollup::{Counted, Horizon, Sources},
    share::share,
};

/// A question about how much was written in each channel of a guild, and by how many.
///
/// It counts messages, replies and commands
/// ([`COUNTED_MESSAGE_TYPES`](mocha_schema::COUNTED_MESSAGE_TYPES)), also in channels that are
/// gone.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct Channels {
    bots: Bots,
    group: ChannelGroup,
    guild: GuildId,
    limit: Option<usize>,
    quiet: bool,
    window: Window,
}

/// Where people wrote.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ChannelsAnswer {
    /// By messages, most first; equals by channel id as a number.
    pub channels: Vec<ChannelMessages>,
    /// Messages in channels without a category. `None` if there are none, and unless the question
    /// groups by [`ChannelGroup::Category`].
    pub uncategorized: Option<UncategorizedMessages>,
    /// Messages in all channels, also in those that are not listed.
    pub messages: u64,
    /// How many users wrote. A user who wrote in two channels counts once.
    pub user_count: u64,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
    /// `true` if a day at the window's edge was counted whole because its events have been deleted.
    pub rounded_to_days: bool,
}

/// A channel of a [`ChannelsAnswer`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ChannelMessages {
    /// The thread, channel or category that [`ChannelGroup`] says.
    pub channel_id: ChannelId,
    /// How many messages.
    pub messages: u64,
    /// How many users wrote them.
    pub user_count: u64,
    /// Their part of all messages, from 0 to 1; 0 if there are none.
    pub share: f64,
}

/// The channels of a [`ChannelsAnswer`] that are in no category.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct UncategorizedMessages {
    /// How many messages.
    pub messages: u64,
    /// How many users wrote them.
    pub user_count: u64,
    /// Their part of all messages, from 0 to 1.
    pub share: f64,
}

impl Channels {
    /// Asks about this guild. Defaults: all time, humans only, each thread on its own, no channels
    /// without messages, no limit.
    pub const fn of(guild: GuildId) -> Self {
        let (bots, group, window) = (Bots::Exclude, ChannelGroup::Thread, Window::all());
        Self { bots, group, guild, limit: None, quiet: false, window }
    }

    /// Counts only what lies in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Sets which channels are grouped together, by the current parents of the channels. A user who
    /// wrote in several channels of a group counts once. The default is [`ChannelGroup::Thread`].
    ///
    /// A thread of which nobody knows the channel stays on its own.
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{ChannelGroup, Channels};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// # diesel::RunQueryDsl::execute(diesel::sql_query("UPDATE channels SET type = 11, parent_id = '1000' WHERE id = '2000'"), &mut conn)?;
    /// // 2000 is a thread in 1000.
    /// let channels = Channels::of(GuildId::try_from(1)?).by(ChannelGroup::Channel);
    /// let [only] = channels.load(&mut conn)?.channels[..] else { return Err("one channel was used".into()) };
    /// assert_eq!((only.channel_id.get(), only.messages, only.user_count), (1000, 6, 3));
    /// # Ok(())
    /// # }
    /// ```
    pub const fn by(mut self, group: ChannelGroup) -> Self {
        self.group = group;
        self
    }

    /// Lists channels without messages in the window too, as the guild is now: those that are not
    /// gone and that can be written in, which voice channels and stages can; forums only by
    /// [`ChannelGroup::Channel`], for it is their posts that are written in. Threads, asleep or
    /// not, are listed by [`ChannelGroup::Thread`], and empty categories by
    /// [`ChannelGroup::Category`].
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{Bots, Channels};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // Bots write in 2000 only.
    /// let bots = Channels::of(GuildId::try_from(1)?).bots(Bots::Only);
    /// assert_eq!(bots.load(&mut conn)?.channels.len(), 1);
    /// let [_, quiet, ..] = bots.include_inactive().load(&mut conn)?.channels[..] else { return Err("two channels".into()) };
    /// assert_eq!((quiet.channel_id.get(), quiet.messages), (1000, 0));
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "inactive")]
    pub const fn include_inactive(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Lists only the first `n`. Totals and shares stay what they are without it. The default is
    /// all.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = Some(n);
        self
    }

    /// Runs the query.
    ///
    /// Reads roll-ups of months and days, single messages of at most a day at each edge of the
    /// window, and the guild's channels if they are needed, through their keys and indexes, in one
    /// transaction; memory grows with people times the channels they wrote in.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id or count.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::Channels;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = Channels::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// let [first, second] = answer.channels[..] else { return Err("two channels were used".into()) };
    /// assert_eq!((first.channel_id.get(), first.messages, first.user_count), (1000, 4, 2));
    /// assert_eq!((second.channel_id.get(), second.messages, second.user_count), (2000, 2, 2));
    /// assert!((0.66..0.67).contains(&first.share));
    /// // Somebody wrote in both.
    /// assert_eq!((answer.messages, answer.user_count), (6, 3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<ChannelsAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(self, conn: &mut dyn Source) -> Result<ChannelsAnswer, Error> {
        let Self { bots, group, guild, window, .. } = self;
        let horizon = Horizon::load(conn)?;
        let Counted { data_since, span, rounded_to_days } = horizon.messages(window);
        let scan = MessageScan { bots, guild, user: None };
        let columns = [Column::Channel, Column::User, Column::Messages];
        let sources = Sources::summed(span, horizon.messages_to);
        let statement = scan.read(conn.dialect(), &columns, &sources);
        let mut channels: HashMap<ChannelId, Writing> = HashMap::new();
        conn.rows(&statement, &mut |row| {
            let writing = channels.entry(row.id(0)?).or_default();
            writing.users.insert(row.id(1)?);
            writing.messages = writing.messages.saturating_add(row.count(2)?);
            Ok(())
        })?;
        let needed = self.quiet || group != ChannelGroup::Thread;
        let places = if needed { Places::load(conn, guild, group)? } else { Places::none() };
        let mut groups: HashMap<Option<ChannelId>, Writing> = HashMap::new();
        for (channel, writing) in channels {
            groups.entry(places.group_of(channel)).or_default().add(writing);
        }
        if self.quiet {
            for channel in places.all(conn, guild)? {
                groups.entry(Some(channel)).or_default();
            }
        }
        Ok(ChannelsAnswer { data_since, rounded_to_days, ..self.answer(groups) })
    }

    fn answer(self, groups: HashMap<Option<ChannelId>, Writing>) -> ChannelsAnswer {
        let users: HashSet<UserId> = groups.values().flat_map(|group| &group.users).copied().collect();
        let total = groups.values().fold(0, |sum: u64, group| sum.saturating_add(group.messages));
        let (mut channels, mut uncategorized) = (Vec::new(), None);
        for (channel, Writing { messages, users }) in groups {
            let (user_count, share) = (count(&users), share(messages, total));
            match channel {
                Some(channel_id) => channels.push(ChannelMessages { channel_id, messages, user_count, share }),
                None => uncategorized = Some(UncategorizedMessages { messages, user_count, share }),
            }
        }
        channels.sort_unstable_by_key(|channel| (Reverse(channel.messages), channel.channel_id));
        channels.truncate(self.limit.unwrap_or(usize::MAX));
        let (messages, user_count) = (total, count(&users));
        ChannelsAnswer {
            channels,
            uncategorized,
            messages,
            user_count,
            data_since: None,
            window: self.window,
            rounded_to_days: false,
        }
    }
}

fn count(users: &HashSet<UserId>) -> u64 {
    u64::try_from(users.len()).unwrap_or(u64::MAX)
}

/// Messages of one group of channels.
#[derive(Debug, Default)]
struct Writing {
    messages: u64,
    users: HashSet<UserId>,
}

impl Writing {
    // Saturating: a file that somebody else wrote into must not be able to make it panic.
    fn add(&mut self, other: Self) {
        self.messages = self.messages.saturating_add(other.messages);
        if self.users.is_empty() {
            self.users = other.users;
        } else {
            self.users.extend(other.users);
        }
    }
}

#[cfg(test)]
mod tests;
