//! The answer of a leaderboard.

use std::time::Duration;

use chrono::{DateTime, Utc};
use mocha_schema::UserId;

use super::Measure;
use crate::{LevelProgress, Window};

/// Leaderboards of users.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LeaderboardAnswer {
    /// The listed users by value, greatest first. Ties are ordered by user id as a number.
    pub entries: Vec<Rank>,
    /// The sum of all values on the board, including users that are not listed.
    pub total: u64,
    /// How many users are on the board, including those that are not listed.
    pub user_count: u64,
    /// Sums of all users on a [`Leaderboard::voice`](crate::Leaderboard::voice) board; `None` for any other board.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub voice: Option<VoiceTotals>,
    /// The measure of the values.
    pub measure: Measure,
    /// The window before; `None` if [`compare`](crate::Leaderboard::compare) was not asked for, and if
    /// there is none ([`Window::previous`]).
    pub previous: Option<Window>,
    /// Where the data starts, if the window, or the one before, begins before it. Earlier events are
    /// deleted and not counted. `None` if the data covers both windows.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
    /// `true` if a day at the edge of the window, or of the one before, was counted whole because
    /// its events have been deleted.
    pub rounded_to_days: bool,
}

/// Somebody's place on a [`Leaderboard`](crate::Leaderboard).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Rank {
    /// `RANK()`: equal values share a rank, and the next rank skips as many.
    pub rank: u64,
    /// The user.
    pub user_id: UserId,
    /// The value, in the unit of the [`Measure`].
    pub value: u64,
    /// The place in the window before; `None` for who was not on that board, and if
    /// [`compare`](crate::Leaderboard::compare) was not asked for.
    pub previous: Option<PreviousRank>,
    /// The level; `None` unless [`levels`](crate::Leaderboard::levels) were asked for.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub level: Option<LevelProgress>,
    /// Voice time and sessions of the user; `None` unless the board is [`Leaderboard::voice`](crate::Leaderboard::voice).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub voice: Option<VoiceDetails>,
}

/// Voice time and sessions of a user on a [`Leaderboard::voice`](crate::Leaderboard::voice) board.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceDetails {
    /// Time that was observed.
    #[cfg_attr(feature = "serde", serde(rename = "observed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub observed: Duration,
    /// Time that is assumed: it bridges a gap, or follows the last confirmation of the
    /// connection.
    #[cfg_attr(feature = "serde", serde(rename = "assumed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub assumed: Duration,
    /// How many sessions ended in the window, by the voice log, which has whole seconds. The filter
    /// does not apply to them.
    pub sessions: u64,
}

/// Voice time of all users on a [`Leaderboard::voice`](crate::Leaderboard::voice) board, including those that are not listed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceTotals {
    /// Time that was observed.
    #[cfg_attr(feature = "serde", serde(rename = "observed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub observed: Duration,
    /// Time that is assumed: it bridges a gap, or follows the instant at which a user was
    /// last confirmed.
    #[cfg_attr(feature = "serde", serde(rename = "assumed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub assumed: Duration,
    /// How many sessions are open at the window's end, or now if the window has no end or goes on.
    /// Only [`Leaderboard::bots`](crate::Leaderboard::bots) applies to them. Sessions that were last confirmed
    /// [`ASSUMED_TAIL`](crate::ASSUMED_TAIL) or more before the window's end are not open.
    /// `None` if Mocha no longer keeps the events of that time.
    pub open_sessions: Option<u64>,
}

/// Somebody's place in the window before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PreviousRank {
    /// `RANK()` then.
    pub rank: u64,
    /// The value then.
    pub value: u64,
}
