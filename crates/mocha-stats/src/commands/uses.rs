//! Commands and users by the number of uses.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};

use super::Scope;
use crate::{
    Database, Error, Window,
    database::{Source, snapshot},
    per_user::PerUser,
    statement::Statement,
};

/// A question about which of the bot's commands were used most in a guild, and by whom.
///
/// The name of a command is followed by those of its group and subcommand: `stats voice`. Uses in
/// direct messages, and of components such as buttons, are not counted.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct Commands {
    scope: Scope,
}

/// Commands and users by the number of uses.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CommandsAnswer {
    /// The commands by uses, most first. Ties are ordered by name.
    pub commands: Vec<CommandUses>,
    /// The users by uses, most first. Ties are ordered by user id as a number.
    pub users: Vec<CommandUser>,
    /// How often commands were used.
    pub uses: u64,
    /// Where the data starts, if the window begins before it. Earlier uses are deleted and not
    /// counted.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// How often a command was used.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CommandUses {
    /// The name of the command, followed by those of its group and subcommand.
    pub name: String,
    /// How often it was used.
    pub uses: u64,
    /// How many users used it.
    pub user_count: u64,
}

/// How often a user used commands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CommandUser {
    /// The user.
    pub user_id: UserId,
    /// How often the user used commands.
    pub uses: u64,
}

impl Commands {
    /// Asks about this guild. Defaults: all time, all commands, all users.
    pub const fn of(guild: GuildId) -> Self {
        Self { scope: Scope::of(guild) }
    }

    /// Counts only uses of this command.
    pub fn command(mut self, name: impl Into<String>) -> Self {
        self.scope.command = Some(name.into());
        self
    }

    /// Counts only uses by this user.
    pub const fn user(mut self, user: UserId) -> Self {
        self.scope.user = Some(user);
        self
    }

    /// Counts only uses in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.scope.window = window;
        self
    }

    /// Runs the query.
    ///
    /// Reads each use in the window, through an index of guild and time.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::Commands;
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let guild = GuildId::try_from(1)?;
    /// let answer = Commands::of(guild).load(&mut conn)?;
    /// let uses: Vec<_> = answer.commands.iter().map(|command| (command.name.as_str(), command.uses)).collect();
    /// assert_eq!(uses, [("rank", 2), ("stats voice", 1)]);
    /// assert_eq!((answer.users[0].user_id.get(), answer.users[0].uses), (20, 2));
    /// assert_eq!(Commands::of(guild).command("rank").load(&mut conn)?.uses, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<CommandsAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(&self, conn: &mut dyn Source) -> Result<CommandsAnswer, Error> {
        let mut statement = Statement::new(conn.dialect());
        statement.select(["name", "user_id", "count(*)"]);
        let data_since = self.scope.read(conn, &mut statement)?;
        statement.push(" GROUP BY name, user_id");
        // Each command has a row for each of its users.
        let mut commands = BTreeMap::<String, (u64, u64)>::new();
        let mut users = PerUser::of_numbers();
        let mut all = 0;
        conn.named_rows(&statement, &mut |name, row| {
            let (user_id, uses) = (row.id(0)?, row.count(1)?);
            let command = commands.entry(name.unwrap_or_default()).or_default();
            command.0 += uses;
            command.1 += 1;
            users.add(user_id, uses);
            all += uses;
            Ok(())
        })?;
        let commands = commands.into_iter().map(|(name, (uses, user_count))| CommandUses { name, uses, user_count });
        let mut commands: Vec<CommandUses> = commands.collect();
        let users = users.finish().into_iter().map(|(user_id, uses)| CommandUser { user_id, uses });
        let mut users: Vec<CommandUser> = users.collect();
        // The sort is stable, so ties stay in the order of name and user id.
        commands.sort_by_key(|command| Reverse(command.uses));
        users.sort_by_key(|user| Reverse(user.uses));
        Ok(CommandsAnswer { commands, users, uses: all, data_since, window: self.scope.window })
    }
}
