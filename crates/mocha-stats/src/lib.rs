//! Queries for statistics of Discord servers, on Mocha's SQLite file or PostgreSQL database.
//!
//! A question is a value. You make it for a guild with `of`, narrow it with `within` (a [`Window`]
//! of time), `bots` (which accounts count) and, for voice, `filter` (a [`VoiceFilter`]), and run it
//! with `load`, on a [`Database`]: an `SqliteConnection` or, with the feature `postgres`, a
//! `PgConnection`. Answers are plain structs. Every list has a total order, so the same rows always
//! give the same answer, in both databases.
//!
//! | question | answers |
//! |---|---|
//! | [`Leaderboard`] | who wrote most, was active on most days, has the highest score |
//! | [`Leaderboard::voice`] | who was in voice longest |
//! | [`Channels`] | where people wrote, and how many |
//! | [`ActiveMembers`] | how many took part, by day, week and month |
//! | [`VoiceChannels`] | where people were in voice |
//! | [`GuildVoice`] | how long all members or one were in voice, where, and in how many sessions |
//! | [`VoiceNow`] | who is in voice, and since when |
//! | [`VoiceOccupancy`] | how many were in voice at once, and when most were |
//! | [`VoiceSeries`] | voice time by hour, day, week or month |
//! | [`Growth`] | who came and went, and how many there were, by hour, day, week or month |
//! | [`MemberRetention`] | who stayed, in the first week and by the week of joining |
//! | [`MemberReturn`] | who came back on the first, seventh and thirtieth day, and by the week of joining |
//! | [`MembersSince`] | when the present members joined: growth from before Mocha recorded it, as a lower bound |
//! | [`Boosters`] | how many members boosted the guild, by hour, day, week or month |
//! | [`MemberSegments`] | how many members are new, active, at risk of leaving, or dormant |
//! | [`Activation`] | who took part in the first week |
//! | [`Tenure`] | how long members who left had stayed |
//! | [`PresenceTime`] | how long people were online, idle or offline |
//! | [`OnlineSeries`] | how many were online, by hour, day, week or month |
//! | [`Activities`] | what people played and heard |
//! | [`MemberStatistics`] | everything about one member: places, channels, streaks, first and last seen |
//! | [`GuildOverview`] | one guild at a glance, with the window before |
//! | [`MemberCard`] | what `/rank` shows: the last days of one member, day by day, and the streak |
//! | [`GuildReport`] | the week of a guild in one answer, for a bot to post on Monday |
//! | [`LevelCurve`] | the level of a score, and what is missing to the next one |
//! | [`MessageSeries`] | messages, characters and words by hour, day, week or month |
//! | [`RoleActivity`] | what the members with each role did together |
//! | [`RoleMembers`] | how many members have each role |
//! | [`HeatMap`] | when people wrote, by weekday and hour |
//! | [`Commands`] | which of the bot's commands were used most, and by whom |
//! | [`CommandSeries`] | how often commands were used, by hour, day, week or month |
//! | [`Conversations`] | who replied to whom, and who mentioned whom |
//! | [`FirstReplies`] | how long messages waited for their first reply, and who gave it |
//! | [`ThreadAnswers`] | how long threads waited for their first answer, and who gave it |
//! | [`Invites`] | who invited how many users, how many of them stayed, and which invite a user used |
//! | [`Reactions`] | who gave and received reactions, to which messages, with which emoji |
//! | [`Names`] | how users, channels and the guild are called |
//! | [`VoiceHeatMap`] | when people were in voice, by weekday and hour |
//! | [`documented`] | the three documented statements of the TypeScript original, word for word |
//!
//! Triggers maintain roll-ups of messages and voice. A query reads roll-ups for whole days, and
//! single events only for the days that an edge of the window cuts. So every answer is exact, and
//! its cost grows with users and days, not with messages.
//!
//! A retention policy deletes single events and keeps roll-ups. For the time before, answers count
//! whole days in UTC and set `rounded_to_days`. Queries that need single events report in
//! `data_since` where their data starts. Among the questions about voice these are [`GuildVoice`],
//! [`VoiceSeries`], [`VoiceOccupancy`], [`VoiceHeatMap`] and all with [`exclude_alone`](VoiceFilter::exclude_alone).
//!
//! ```
//! use mocha_schema::GuildId;
//! use mocha_stats::{Leaderboard, Window};
//!
//! # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
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
#[cfg(all(test, feature = "postgres"))]
mod agreement;
mod awards;
mod bots;
mod channel_filter;
mod channels;
mod commands;
mod conversations;
mod daily_activity;
mod database;
pub mod documented;
#[cfg(feature = "serde")]
mod duration;
mod duration_text;
mod error;
#[cfg(test)]
mod fixture;
mod growth;
mod guild_report;
mod heat_map;
mod invites;
#[cfg(test)]
mod known;
mod leaderboard;
mod level;
mod member;
mod member_card;
mod member_segments;
mod message_counts;
mod message_scan;
mod message_series;
mod message_times;
mod names;
#[cfg(test)]
mod odd_rows;
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
mod reactions;
mod role_filter;
mod role_members;
mod rollup;
mod share;
mod statement;
#[cfg(test)]
mod test_file;
mod thread_answers;
mod time_zones;
mod voice;
mod waiting;
mod window;
#[cfg(test)]
mod world;

pub use self::{
    active_members::{ActiveDay, ActiveMembers, ActiveMembersAnswer, ActiveWeek, COMMUNICATOR_MESSAGES},
    bots::Bots,
    channels::{ChannelGroup, ChannelMessages, Channels, ChannelsAnswer, UncategorizedMessages},
    commands::{CommandPeriod, CommandSeries, CommandSeriesAnswer, CommandUser, CommandUses, Commands, CommandsAnswer},
    conversations::{
        ChannelFirstReplies, ConversationPair, Conversations, ConversationsAnswer, FirstReplies, FirstRepliesAnswer,
        UserConversations, UserFirstReplies,
    },
    database::{AnyConnection, Database},
    duration_text::DurationText,
    error::{Error, ErrorKind},
    growth::{
        Activation, ActivationAnswer, Boosters, BoostersAnswer, BoostersPeriod, Cohort, FirstWeek, Growth,
        GrowthAnswer, GrowthPeriod, MemberRetention, MemberRetentionAnswer, MemberReturn, MemberReturnAnswer,
        MembersSince, MembersSinceAnswer, MembersSincePeriod, ReturnCohort, ReturnDay, Tenure, TenureAnswer,
        TenureCounts,
    },
    guild_report::{GuildReport, GuildReportAnswer},
    heat_map::{HeatMap, HeatMapAnswer},
    invites::{CodeJoins, InvitedJoins, InviterJoins, Invites, InvitesAnswer},
    leaderboard::{
        ActiveRole, Leaderboard, LeaderboardAnswer, LevelUp, LevelUps, Measure, PreviousRank, Rank, RoleActivity,
        RoleActivityAnswer, VoiceDetails, VoiceTotals, Weights,
    },
    level::{LevelCurve, LevelProgress},
    member::{FavouriteChannel, MemberStatistics, MemberStatisticsAnswer, MemberVoice, Place, Seen, Streak},
    member_card::{MemberCard, MemberCardAnswer},
    member_segments::{MemberSegments, MemberSegmentsAnswer, SilentMember},
    message_counts::MessageCounts,
    message_series::{MessagePeriod, MessageSeries, MessageSeriesAnswer},
    names::{Names, NamesAnswer},
    overview::{Compared, ComparedChannel, GuildOverview, GuildOverviewAnswer},
    period::Period,
    presence::{
        Activities, ActivitiesAnswer, ActivityTime, OnlinePeriod, OnlineSeries, OnlineSeriesAnswer, PresenceTime,
        PresenceTimeAnswer, StatusTime,
    },
    reactions::{EmojiReactions, MessageReactions, Reactions, ReactionsAnswer, UserReactions},
    role_members::{RoleMemberCount, RoleMembers, RoleMembersAnswer},
    thread_answers::{ThreadAnswerer, ThreadAnswers, ThreadAnswersAnswer},
    time_zones::find_time_zones,
    voice::{
        ASSUMED_TAIL, Assumed, ChannelVoice, GuildVoice, GuildVoiceAnswer, InVoice, OccupancyStep, VoiceChannels,
        VoiceChannelsAnswer, VoiceFilter, VoiceHeatMap, VoiceHeatMapAnswer, VoiceNow, VoiceNowAnswer, VoiceOccupancy,
        VoiceOccupancyAnswer, VoicePeak, VoicePeriod, VoiceSeries, VoiceSeriesAnswer, VoiceSessions, VoiceStateFilter,
    },
    window::Window,
};
pub use chrono_tz;

/// Tests the example in README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
