//! Where Citus keeps the rows of each table.

use super::{Guild, Table};

/// The servers that have the rows of a [`Table`] after [`distribute_postgres`](crate::distribute_postgres).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Placement {
    /// The coordinator, which is the server that programs connect to. Triggers on other servers cannot read the table.
    Coordinator,
    /// Every server has all rows. Triggers of events read the table.
    Everywhere,
    /// The server of the row's guild.
    OfGuild {
        /// The column that has the guild.
        column: &'static str,
    },
}

impl Table {
    /// Returns where Citus keeps the rows. `None` if this is not decided yet, which a test prevents.
    ///
    /// ```
    /// use mocha_schema::catalogue::{Placement, Table};
    ///
    /// let placement = |name| Table::find(name).and_then(Table::placement);
    /// assert_eq!(placement("message_days"), Some(Placement::OfGuild { column: "guild_id" }));
    /// assert_eq!(placement("users"), Some(Placement::Everywhere));
    /// ```
    #[must_use]
    pub fn placement(&self) -> Option<Placement> {
        match (self.guild, self.name) {
            (Some(Guild::Own), _) => Some(Placement::OfGuild { column: "id" }),
            (Some(Guild::Number | Guild::Text), _) => Some(Placement::OfGuild { column: "guild_id" }),
            (None, "bots" | "horizons" | "user_names" | "users" | "watermarks") => Some(Placement::Everywhere),
            (
                None,
                "gateway_sessions" | "generations" | "mocha_migrations" | "recorder_batches" | "recorder_states"
                | "tombstone_keys" | "tombstones",
            ) => Some(Placement::Coordinator),
            (None, _) => None,
        }
    }
}
