//! The place of a file in the archive: a table, a guild and a month.

use std::{fmt, path::PathBuf};

use mocha_schema::GuildId;

use crate::{Month, layout::Layout};

/// A table, a guild and a month, whose rows are in one file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "sources make it")]
pub struct Partition {
    /// The guild.
    pub guild_id: GuildId,
    /// The table.
    pub layout: &'static Layout,
    /// The month in UTC.
    pub month: Month,
}

impl Partition {
    /// Returns the path of the file in the archive's folder.
    pub(crate) fn file(&self) -> PathBuf {
        let Self { guild_id, layout, month } = self;
        PathBuf::from(format!("{}/guild_id={guild_id}/month={month}/part-0.parquet", layout.folder))
    }

    /// Returns the path of its entry in the manifest.
    pub(crate) fn entry(&self) -> PathBuf {
        let Self { guild_id, layout, month } = self;
        PathBuf::from(format!("manifest/{}/guild_id={guild_id}/month={month}.json", layout.folder))
    }

    /// Returns the sort key of partitions.
    pub(crate) fn order(&self) -> (Option<usize>, GuildId, Month) {
        let table = crate::LAYOUTS.iter().position(|layout| layout.folder == self.layout.folder);
        (table, self.guild_id, self.month)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of guild {} in {}", self.layout.folder, self.guild_id, self.month)
    }
}
