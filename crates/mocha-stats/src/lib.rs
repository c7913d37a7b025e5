//! Questions about what a Discord server did, asked of Mocha's SQLite file through any migrated `SqliteConnection`.
//!
//! A question is a value: it is made for a guild, narrowed by a [`Window`] of time and a policy for [`Bots`], about voice by
//! a [`VoiceFilter`], and answered by `load`. Answers are plain structs in a total order, so that the same file always gives the same answer.
//!
//! | question | answers |
//! |---|---|
//! | [`Leaderboard::messages`] | who wrote most |
//! | [`Leaderboard::voice`] | who was in voice longest |
//! | [`Channels`] | where people wrote, and how many |
//! | [`VoiceChannels`] | where people were in voice |
//! | [`GuildVoice`], [`UserVoice`] | how long all or one were in voice, and in how many sessions |
//! | [`VoiceNow`] | who is in voice, and since when |
//! | [`VoiceOccupancy`] | how many were in voice at once, and when most were |
//! | [`VoiceSeries`] | voice time by hour, day, week or month |
//! | [`Growth`] | who came and went, by day |
//! | [`HeatMap`] | when people wrote, by weekday and hour |
//! | [`UserStatistics`], [`GuildLeaderboard`], [`VoiceActivity`] | plain sums over the event log as it stands |
//!
//! ```
//! use mocha_schema::GuildId;
//! use mocha_stats::{Leaderboard, Window};
//!
//! # mod fixture { include!("fixture.rs"); }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut conn = fixture::seeded()?;
//! # let monday = chrono::DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
//! let week = Window::between(monday, monday + chrono::TimeDelta::days(7))?;
//! let board = Leaderboard::messages(GuildId::try_from(1)?).within(week).limit(10).load(&mut conn)?;
//! for entry in &board.entries {
//!     let line = format!("#{} <@{}> {} of {} messages", entry.rank, entry.user_id, entry.messages, board.messages);
//!     assert!(line.ends_with("of 6 messages"));
//! }
//! assert_eq!(board.entries.len(), 3);
//! # Ok(())
//! # }
//! ```

mod bots;
mod channels;
mod error;
#[cfg(test)]
mod fixture;
mod growth;
mod heat_map;
mod leaderboard;
mod log;
mod message_leaderboard;
mod period;
#[cfg(test)]
mod plan;
mod quarter;
#[cfg(test)]
mod random;
mod scan;
mod voice;
mod window;

pub use self::{
    bots::Bots,
    channels::{ChannelMessages, Channels, ChannelsAnswer},
    error::{Error, ErrorKind},
    growth::{Growth, GrowthAnswer, GrowthDay},
    heat_map::{HeatMap, HeatMapAnswer},
    leaderboard::Leaderboard,
    log::{
        GuildLeaderboard, GuildLeaderboardAnswer, GuildRank, UserStatistics, UserStatisticsAnswer, UserVoiceActivity,
        VoiceActivity, VoiceActivityAnswer,
    },
    message_leaderboard::{MessageLeaderboard, MessageLeaderboardAnswer, MessageRank},
    period::Period,
    voice::{
        ASSUMED_TAIL_MS, Assumed, ChannelVoice, GuildVoice, GuildVoiceAnswer, InVoice, OccupancyStep, UserVoice,
        UserVoiceAnswer, VoiceChannels, VoiceChannelsAnswer, VoiceFilter, VoiceLeaderboard, VoiceLeaderboardAnswer,
        VoiceNow, VoiceNowAnswer, VoiceOccupancy, VoiceOccupancyAnswer, VoicePeak, VoicePeriod, VoiceRank, VoiceSeries,
        VoiceSeriesAnswer, VoiceSessions, VoiceStateFilter,
    },
    window::Window,
};
