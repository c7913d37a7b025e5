//! A community of many guilds, one of them large.

mod guild;
mod talk;
mod traffic;

use chrono::{DateTime, TimeDelta, Utc};
use mocha_schema::GuildId;

pub use self::traffic::CommunityTraffic;
pub(crate) use self::{
    guild::{BOTS, Guild, Size},
    talk::{Talks, starts},
};
use crate::snowflake;

/// The start of every community: 2024-01-01.
pub(crate) const START_MS: i64 = 1_704_067_200_000;

/// The large guild. [`messages`](crate::messages) uses it too.
pub(crate) const LARGE: Size = Size { members: 5_000, readers_percent: 75, text_channels: 40, voice_channels: 12 };

/// The octaves between the smallest and the largest small guild, in thousandths. The largest has 200 times as many messages.
const OCTAVES: u64 = 7_600;

/// A bot's community of one large guild and many small ones, as one stream of events for benchmarks.
///
/// The large guild has four fifths of the messages. If 500 small guilds share a million messages, the smallest has about 50
/// and the largest about ten thousand. A small guild lives for some weeks or months.
///
/// Members talk in conversations of a few members who are at home in a channel, for some minutes. Their activity has a Zipf
/// distribution. Evenings are busier than mornings. Bots write one message in twenty. There are 40 voice sessions, and 6 joins
/// and leaves, for each 1,000 messages.
///
/// As on real servers, about 20 messages share their UTC day, user and channel, about 15 their quarter hour and channel, and
/// about 100 their 30 days, user and channel. Roll-ups have that many times fewer rows.
///
/// # Examples
///
/// ```
/// use mocha_sim::Community;
/// use mocha_store::Event;
///
/// let community = Community::new(1).messages(2_000).days(7).small_guilds(3);
/// let messages = community.events().filter(|event| matches!(event, Event::MessageSent(_)));
/// assert_eq!(messages.count(), 2_000);
/// assert_eq!(community.guilds().map(|guild| guild.messages).collect::<Vec<_>>(), [1_601, 1, 26, 372]);
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Community {
    days: u32,
    messages: u32,
    seed: u64,
    small_guilds: u16,
}

/// A guild of a [`Community`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CommunityGuild {
    /// The guild.
    pub guild_id: GuildId,
    /// The number of its messages.
    pub messages: u32,
}

impl Community {
    /// Creates a community of 365 days from 2024-01-01, with 5 million messages and 500 small guilds.
    pub const fn new(seed: u64) -> Self {
        Self { days: 365, messages: 5_000_000, seed, small_guilds: 500 }
    }

    /// Sets the number of days.
    pub const fn days(mut self, days: u32) -> Self {
        self.days = days;
        self
    }

    /// Sets the total number of messages.
    pub const fn messages(mut self, messages: u32) -> Self {
        self.messages = messages;
        self
    }

    /// Sets the number of small guilds. Up to a thousand, all messages have different ids.
    pub const fn small_guilds(mut self, guilds: u16) -> Self {
        self.small_guilds = guilds;
        self
    }

    /// Returns the start.
    #[must_use]
    pub fn start(&self) -> DateTime<Utc> {
        crate::traffic::time(START_MS)
    }

    /// Returns the first instant after the end.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        self.start() + TimeDelta::days(i64::from(self.days))
    }

    /// Returns the guilds: the large one, then the small ones from the smallest.
    pub fn guilds(&self) -> impl Iterator<Item = CommunityGuild> {
        let weights: Vec<u64> = (0..self.small_guilds).map(|index| weight(index, self.small_guilds)).collect();
        let (all, small) = (weights.iter().sum::<u64>().max(1), u64::from(self.messages / 5));
        let shares: Vec<u32> =
            weights.iter().map(|weight| u32::try_from(small * weight / all).unwrap_or(u32::MAX)).collect();
        let large = self.messages - shares.iter().sum::<u32>();
        (0..).zip([large].into_iter().chain(shares)).map(|(number, messages): (u64, u32)| CommunityGuild {
            guild_id: snowflake::id(snowflake::FIRST_GUILD + number * snowflake::STEP),
            messages,
        })
    }

    /// Returns the events in order of time, from the [`start`](Self::start) to before the [`end`](Self::end).
    ///
    /// The first events are those of a new connection to Discord, with the channels and members of each guild. The iterator
    /// makes events as it goes. It holds the members and the starts of conversations and voice sessions in memory.
    #[must_use]
    pub fn events(&self) -> CommunityTraffic {
        CommunityTraffic::new(self)
    }
}

/// Returns the size of a small guild relative to the others. Sizes grow evenly by octaves.
fn weight(index: u16, of: u16) -> u64 {
    let place = u64::from(index) * OCTAVES / u64::from(of.saturating_sub(1).max(1));
    (1_000 + place % 1_000) << (place / 1_000)
}
