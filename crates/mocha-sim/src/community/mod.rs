//! Many guilds at once, one of them large.

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

/// When every community begins: the first of January 2024.
pub(crate) const START_MS: i64 = 1_704_067_200_000;

/// The large guild, and the one that [`messages`](crate::messages) are of.
pub(crate) const LARGE: Size = Size { members: 5_000, readers_percent: 75, text_channels: 40, voice_channels: 12 };

/// So many octaves lie between the smallest and the largest of the small guilds, in thousandths: it is 200 times as large.
const OCTAVES: u64 = 7_600;

/// One large guild and many small ones that a bot is in, told as one stream: for measuring.
///
/// The large guild has four of five messages, the small ones the rest: of 500 with a million messages between them the smallest has
/// about 50 and the largest about ten thousand. People talk in conversations: a few who are at home in a channel, for some
/// minutes, the most active most often, as Zipf found; mornings are quiet and evenings are not, and a small guild
/// lives some weeks or months. Bots write one message of twenty. To 1,000 messages there are 40 voice sessions, and 6 joins and
/// leaves.
///
/// As on real servers, about 20 messages share their UTC day, user and channel, about 15 their quarter hour and channel, and
/// about 100 their 30 days, user and channel: roll-ups have so many times fewer rows.
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
    /// How many messages it has.
    pub messages: u32,
}

impl Community {
    /// A community of 365 days from the first of January 2024, with 5 million messages and 500 small guilds.
    pub const fn new(seed: u64) -> Self {
        Self { days: 365, messages: 5_000_000, seed, small_guilds: 500 }
    }

    /// How many days are told.
    pub const fn days(mut self, days: u32) -> Self {
        self.days = days;
        self
    }

    /// How many messages there are in all.
    pub const fn messages(mut self, messages: u32) -> Self {
        self.messages = messages;
        self
    }

    /// How many guilds there are beside the large one; up to a thousand, no two messages share an id.
    pub const fn small_guilds(mut self, guilds: u16) -> Self {
        self.small_guilds = guilds;
        self
    }

    /// The first instant of what is told.
    #[must_use]
    pub fn start(&self) -> DateTime<Utc> {
        crate::traffic::time(START_MS)
    }

    /// The first instant after what is told.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        self.start() + TimeDelta::days(i64::from(self.days))
    }

    /// The guilds, the large one first, then the small ones, the smallest first.
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

    /// What happens, in order of time, from the [`start`](Self::start) to before the [`end`](Self::end).
    ///
    /// It begins as a connection to Discord does, with each guild's channels and members. It is made as it is read: memory
    /// holds the people, and when conversations and voice sessions begin.
    #[must_use]
    pub fn events(&self) -> CommunityTraffic {
        CommunityTraffic::new(self)
    }
}

/// How large a small guild is beside the others: sizes grow evenly by octaves.
fn weight(index: u16, of: u16) -> u64 {
    let place = u64::from(index) * OCTAVES / u64::from(of.saturating_sub(1).max(1));
    (1_000 + place % 1_000) << (place / 1_000)
}
