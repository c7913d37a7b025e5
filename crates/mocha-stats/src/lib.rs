//! Questions about what a Discord server did, asked of Mocha's SQLite file through any migrated `SqliteConnection`.
//!
//! A question is a value: it is made for a guild, narrowed by a [`Window`] of time and a policy for [`Bots`], about voice by
//! a [`VoiceFilter`], and answered by `load`. Answers are plain structs in a total order, so that the same file always gives the same answer.
//!
//! | question | answers |
//! |---|---|
//! | [`Leaderboard`] | who wrote most, was active on most days, has the highest score |
//! | [`Leaderboard::voice`] | who was in voice longest |
//! | [`Channels`] | where people wrote, and how many |
//! | [`ActiveMembers`] | how many took part, by day, week and month |
//! | [`VoiceChannels`] | where people were in voice |
//! | [`GuildVoice`], [`UserVoice`] | how long all or one were in voice, and in how many sessions |
//! | [`VoiceNow`] | who is in voice, and since when |
//! | [`VoiceOccupancy`] | how many were in voice at once, and when most were |
//! | [`VoiceSeries`] | voice time by hour, day, week or month |
//! | [`Growth`] | who came and went, and how many there were, by hour, day, week or month |
//! | [`Retention`] | who stayed, in the first week and by the week of joining |
//! | [`Activation`] | who took part in the first week |
//! | [`LengthOfStay`] | how long those who left had stayed |
//! | [`PresenceTime`] | how long people were online, idle or offline |
//! | [`OnlineSeries`] | how many were online, by hour, day, week or month |
//! | [`Activities`] | what people played and heard |
//! | [`MemberStatistics`] | everything about one member: places, channels, streaks, first and last seen |
//! | [`GuildOverview`] | one guild at a glance, with the window before |
//! | [`MessageSeries`] | messages, characters and words by hour, day, week or month |
//! | [`HeatMap`] | when people wrote, by weekday and hour |
//! | [`UserStatistics`], [`GuildLeaderboard`], [`VoiceActivity`] | plain sums over the event log as it stands |
//!
//! Messages and voice come from roll-ups that triggers in the file keep at each commit, and at the edges of a window from
//! single rows: an answer is exact for any window. What it costs is people and days, and the messages of a day that an edge of the
//! window cuts, not all messages. Where
//! single rows are gone, older than what is kept, whole days in UTC are counted, and `widened` says so; what needs single rows knows
//! nothing of that time: `known_from` of an answer says from when on it does, and of voice it is so for [`GuildVoice`],
//! [`UserVoice`], [`VoiceSeries`], [`VoiceOccupancy`] and [`fair`](VoiceFilter::fair) time.
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
//!     let line = format!("#{} <@{}> {} of {} messages", entry.rank, entry.user_id, entry.value, board.total);
//!     assert!(line.ends_with("of 6 messages"));
//! }
//! assert_eq!(board.entries.len(), 3);
//! # Ok(())
//! # }
//! ```

mod active_members;
mod active_months;
mod bots;
mod channel_filter;
mod channels;
mod error;
#[cfg(test)]
mod fixture;
mod growth;
mod heat_map;
#[cfg(test)]
mod known;
mod leaderboard;
mod log;
mod member;
mod message_scan;
mod message_series;
mod message_times;
mod overview;
mod packed_quarters;
mod per_user;
mod period;
mod periods;
#[cfg(test)]
mod plan;
mod presence;
mod quarter;
#[cfg(test)]
mod questions;
#[cfg(test)]
mod random;
mod rollup;
mod scan;
mod share;
mod snapshot;
mod statement;
mod voice;
mod window;
#[cfg(test)]
mod world;
mod written;

pub use self::{
    active_members::{ActiveDay, ActiveMembers, ActiveMembersAnswer, ActiveWeek, COMMUNICATOR_MESSAGES},
    bots::Bots,
    channels::{ChannelGroup, ChannelMessages, Channels, ChannelsAnswer, UncategorizedMessages},
    error::{Error, ErrorKind},
    growth::{
        Activation, ActivationAnswer, Cohort, FirstWeek, Growth, GrowthAnswer, GrowthPeriod, LengthOfStay,
        LengthOfStayAnswer, Retention, RetentionAnswer, Stays,
    },
    heat_map::{HeatMap, HeatMapAnswer},
    leaderboard::{Leaderboard, LeaderboardAnswer, Measure, PreviousRank, Rank, Weights},
    log::{
        GuildLeaderboard, GuildLeaderboardAnswer, GuildRank, UserStatistics, UserStatisticsAnswer, UserVoiceActivity,
        VoiceActivity, VoiceActivityAnswer,
    },
    member::{FavouriteChannel, MemberStatistics, MemberStatisticsAnswer, MemberVoice, Place, Seen, Streak},
    message_series::{MessagePeriod, MessageSeries, MessageSeriesAnswer},
    overview::{Compared, ComparedChannel, GuildOverview, GuildOverviewAnswer},
    period::Period,
    presence::{
        Activities, ActivitiesAnswer, ActivityTime, OnlinePeriod, OnlineSeries, OnlineSeriesAnswer, PresenceTime,
        PresenceTimeAnswer, StatusTime,
    },
    voice::{
        ASSUMED_TAIL_MS, Assumed, ChannelVoice, GuildVoice, GuildVoiceAnswer, InVoice, OccupancyStep, UserVoice,
        UserVoiceAnswer, VoiceChannels, VoiceChannelsAnswer, VoiceFilter, VoiceLeaderboard, VoiceLeaderboardAnswer,
        VoiceNow, VoiceNowAnswer, VoiceOccupancy, VoiceOccupancyAnswer, VoicePeak, VoicePeriod, VoiceRank, VoiceSeries,
        VoiceSeriesAnswer, VoiceSessions, VoiceStateFilter,
    },
    window::Window,
    written::Written,
};
pub use chrono_tz;

/// Tests the example in README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
