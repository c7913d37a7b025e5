//! The report of a retention policy.

use mocha_schema::catalogue::Table;

/// Reports how many rows a retention policy deleted; while it runs, how many so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Retained {
    /// Whether everything that is too old is deleted. `false` if the callback ended the run.
    pub complete: bool,
    /// Guilds that were deleted completely.
    pub guilds: u64,
    /// Rows about these guilds, in all tables.
    pub guild_rows: u64,
    /// Rows of `member_events`.
    pub member_events: u64,
    /// Rows of `message_events`.
    pub message_events: u64,
    /// Rows of `presence_events`.
    pub presence_events: u64,
    /// Rows of all roll-ups together.
    pub rollups: u64,
    /// Rows of `voice_events`.
    pub voice_events: u64,
    /// Rows of `voice_intervals`.
    pub voice_intervals: u64,
}

/// Reports what deleting a guild has deleted so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Purged {
    /// Whether the guild is deleted completely. `false` if the callback ended it early.
    pub complete: bool,
    /// The number of deleted rows in all tables.
    pub rows: u64,
}

impl Retained {
    /// Returns how many rows were deleted in all.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let Self { complete: _, guilds: _, guild_rows, member_events, message_events, presence_events, .. } = self;
        let Self { rollups, voice_events, voice_intervals, .. } = self;
        guild_rows + member_events + message_events + presence_events + rollups + voice_events + voice_intervals
    }

    /// Returns the counter for the rows of a table.
    pub(super) fn of(&mut self, table: &Table) -> &mut u64 {
        match table.name {
            "member_events" => &mut self.member_events,
            "message_events" => &mut self.message_events,
            "presence_events" => &mut self.presence_events,
            "voice_events" => &mut self.voice_events,
            "voice_intervals" => &mut self.voice_intervals,
            _ => &mut self.rollups,
        }
    }
}
