//! Leaderboards of members with a role, and the activity of each role.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{DateTime, Utc};
use mocha_schema::RoleId;

use super::{Leaderboard, Measure, total::Totals};
use crate::{
    Database, Error, Window,
    database::{Source, snapshot},
    per_user::value_of,
    statement::Statement,
};

impl Leaderboard {
    /// Ranks only current members with at least one of these roles.
    ///
    /// The roles of a member are those of now, not of then: a member who got a role today is on the
    /// board with everything in the window. Mocha knows roles only if the bot records them. The role
    /// that everybody has is none of them.
    ///
    /// ```
    /// use mocha_schema::{GuildId, RoleId};
    /// use mocha_stats::Leaderboard;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let (board, role) = (Leaderboard::messages(GuildId::try_from(1)?), RoleId::try_from(71)?);
    /// assert_eq!(board.clone().only_roles(&[role]).load(&mut conn)?.user_count, 1);
    /// assert_eq!(board.exclude_roles(&[role]).load(&mut conn)?.user_count, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn only_roles(mut self, roles: &[RoleId]) -> Self {
        self.roles.only.get_or_insert_default().extend(roles);
        self
    }

    /// Excludes current members with at least one of these roles, as they are now. Former members
    /// have no roles, see [`current_members`](Self::current_members).
    pub fn exclude_roles(mut self, roles: &[RoleId]) -> Self {
        self.roles.without.extend(roles);
        self
    }
}

/// A question about what the members with each role did together, by the [`Measure`] of a
/// [`Leaderboard`].
///
/// The roles of a member are those of now, not of then. A member who got a role today counts for
/// it with everything in the window. A member with several roles counts for each, so the values of
/// all roles add up to more than the guild has. Former members have no roles. Mocha knows roles
/// only if the bot records them.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct RoleActivity {
    board: Leaderboard,
}

/// The answer to a [`RoleActivity`] question.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RoleActivityAnswer {
    /// The roles by value, greatest first. Ties are ordered by role id as a number. Roles whose
    /// members did nothing are listed too.
    pub roles: Vec<ActiveRole>,
    /// The measure of the values.
    pub measure: Measure,
    /// The window that was asked about.
    pub window: Window,
    /// Where the data starts, if the window begins before it.
    pub data_since: Option<DateTime<Utc>>,
    /// `true` if a day at the edge of the window was counted whole because its events have been
    /// deleted.
    pub rounded_to_days: bool,
}

/// A role in a [`RoleActivityAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ActiveRole {
    /// The role.
    pub role_id: RoleId,
    /// The sum of the values of its members, in the unit of the [`Measure`].
    pub value: u64,
    /// How many of its members are on the leaderboard.
    pub active_members: u64,
    /// How many members have the role, as far as the leaderboard does not exclude them.
    pub members: u64,
}

impl RoleActivity {
    /// Asks about the users on this leaderboard. Its place in the list, limits and
    /// [`compare`](Leaderboard::compare) do not matter.
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{Leaderboard, RoleActivity};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = RoleActivity::of(Leaderboard::messages(GuildId::try_from(1)?)).load(&mut conn)?;
    /// let first = answer.roles.first().ok_or("no role")?;
    /// assert_eq!((first.role_id.get(), first.value, first.active_members, first.members), (70, 5, 2, 2));
    /// # Ok(())
    /// # }
    /// ```
    pub const fn of(board: Leaderboard) -> Self {
        Self { board }
    }

    /// Runs the query.
    ///
    /// Reads what the leaderboard reads, and all roles of the guild's members through an index.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed.
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<RoleActivityAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(&self, conn: &mut dyn Source) -> Result<RoleActivityAnswer, Error> {
        let board = &self.board;
        let Totals { values, data_since, rounded_to_days, .. } = Totals::load(conn, board, board.window)?;
        let filter = board.roles.resolve(conn, board.guild)?;
        let mut statement = Statement::new(conn.dialect());
        statement.select(["role_id", "user_id"]).push(" FROM member_roles WHERE guild_id = ?");
        statement.bind_id(board.guild.get()).of_bots(board.bots);
        let mut roles = BTreeMap::<RoleId, ActiveRole>::new();
        conn.rows(&statement, &mut |row| {
            let (role_id, user_id) = (row.id(0)?, row.id(1)?);
            if !board.counts_user(user_id) || !filter.counts(user_id) {
                return Ok(());
            }
            let role = roles.entry(role_id).or_insert(ActiveRole { role_id, value: 0, active_members: 0, members: 0 });
            role.members += 1;
            if let Some(value) = value_of(&values, user_id) {
                role.active_members += 1;
                role.value = role.value.saturating_add(value);
            }
            Ok(())
        })?;
        let mut roles: Vec<ActiveRole> = roles.into_values().collect();
        roles.sort_unstable_by_key(|role| (Reverse(role.value), role.role_id));
        let Leaderboard { measure, window, .. } = *board;
        Ok(RoleActivityAnswer { roles, measure, window, data_since, rounded_to_days })
    }
}
