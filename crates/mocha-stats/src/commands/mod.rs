//! Counts uses of the bot's commands from `command_uses`.

mod series;
mod uses;

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};

pub use self::{
    series::{CommandPeriod, CommandSeries, CommandSeriesAnswer},
    uses::{CommandUser, CommandUses, Commands, CommandsAnswer},
};
use crate::{Error, Window, database::Source, rollup::Horizon, statement::Statement};

/// The uses that a question counts.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Scope {
    command: Option<String>,
    guild: GuildId,
    user: Option<UserId>,
    window: Window,
}

impl Scope {
    const fn of(guild: GuildId) -> Self {
        Self { command: None, guild, user: None, window: Window::all() }
    }

    /// Adds the table and the condition to a statement that has its columns already. Returns where the data starts, if the
    /// window begins before it. Retention deletes uses of commands with messages.
    fn read(&self, conn: &mut dyn Source, statement: &mut Statement) -> Result<Option<DateTime<Utc>>, Error> {
        let from = Horizon::load(conn)?.messages_from;
        let kept = self.window.not_before(from);
        statement
            .push(" FROM command_uses")
            .indexed_by("idx_command_uses_guild_time")
            .push(" WHERE guild_id = ?")
            .bind_id(self.guild.get())
            .push(" AND created_at >= ? AND created_at < ?")
            .bind(kept.start_second())
            .bind(kept.end_second());
        if let Some(user) = self.user {
            statement.push(" AND user_id = ?").bind_id(user.get());
        }
        if let Some(command) = &self.command {
            statement.push(" AND name = ?").bind_text(command.clone());
        }
        Ok(Horizon::data_since(self.window, from))
    }
}

#[cfg(test)]
mod tests;
