//! Selects members by their roles.

use std::collections::BTreeSet;

use foldhash::{HashSet, HashSetExt};
use mocha_schema::{GuildId, RoleId, UserId};

use crate::{Error, database::Source, statement::Statement};

/// Selects the members who have one of some roles, and none of others.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct RoleFilter {
    pub(crate) only: Option<BTreeSet<RoleId>>,
    pub(crate) without: BTreeSet<RoleId>,
}

/// The users in one guild that have the roles of a [`RoleFilter`].
#[derive(Debug)]
pub(crate) struct ResolvedRoles {
    only: Option<HashSet<UserId>>,
    without: HashSet<UserId>,
}

impl RoleFilter {
    pub(crate) const fn new() -> Self {
        Self { only: None, without: BTreeSet::new() }
    }

    /// Reads which users have the roles now.
    pub(crate) fn resolve(&self, conn: &mut dyn Source, guild: GuildId) -> Result<ResolvedRoles, Error> {
        let only = self.only.as_ref().map(|roles| users(conn, guild, roles)).transpose()?;
        Ok(ResolvedRoles { only, without: users(conn, guild, &self.without)? })
    }
}

impl ResolvedRoles {
    pub(crate) fn counts(&self, user: UserId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&user)) && !self.without.contains(&user)
    }
}

/// The users with at least one of the roles.
fn users(conn: &mut dyn Source, guild: GuildId, roles: &BTreeSet<RoleId>) -> Result<HashSet<UserId>, Error> {
    let mut users = HashSet::new();
    if !roles.is_empty() {
        each_member(conn, guild, roles, |_, user| {
            users.insert(user);
        })?;
    }
    Ok(users)
}

/// Reads the members with each of some roles, at least one.
pub(crate) fn each_member<'r>(
    conn: &mut dyn Source,
    guild: GuildId,
    roles: impl IntoIterator<Item = &'r RoleId>,
    mut f: impl FnMut(RoleId, UserId),
) -> Result<(), Error> {
    let mut statement = Statement::new(conn.dialect());
    statement.select(["role_id", "user_id"]).push(" FROM member_roles WHERE guild_id = ?").bind_id(guild.get());
    for (place, role) in roles.into_iter().enumerate() {
        statement.push(if place == 0 { " AND role_id IN (?" } else { ", ?" }).bind_id(role.get());
    }
    statement.push(")");
    conn.rows(&statement, &mut |row| {
        f(row.id(0)?, row.id(1)?);
        Ok(())
    })
}
