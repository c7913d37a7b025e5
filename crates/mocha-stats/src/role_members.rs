//! How many members have each role.

use std::cmp::Reverse;

use mocha_schema::{GuildId, RoleId};

use crate::{
    Bots, Database, Error,
    database::{Source, snapshot},
    statement::Statement,
};

/// A question about how many members have each role of a guild.
///
/// Mocha knows roles only if the bot records them, with `ResourceType::ROLE` of its adapter. It
/// keeps the roles that current members have now, and none of former members. A member whose roles
/// Mocha has not seen does not count for any role.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct RoleMembers {
    bots: Bots,
    guild: GuildId,
}

/// How many members have each role.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RoleMembersAnswer {
    /// The roles that any member has, by the number of members, greatest first. Ties are ordered by
    /// role id as a number. The role `@everyone` is not listed.
    pub roles: Vec<RoleMemberCount>,
}

/// The number of members with a role.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RoleMemberCount {
    /// The role.
    pub role_id: RoleId,
    /// How many members have it.
    pub members: u64,
}

impl RoleMembers {
    /// Asks about this guild. The default is humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild }
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's roles of members through an index.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::RoleMembers;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = RoleMembers::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// let roles: Vec<_> = answer.roles.iter().map(|role| (role.role_id.get(), role.members)).collect();
    /// assert_eq!(roles, [(70, 2), (71, 1)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<RoleMembersAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(self, conn: &mut dyn Source) -> Result<RoleMembersAnswer, Error> {
        let mut statement = Statement::new(conn.dialect());
        statement.select(["role_id", "count(*)"]).push(" FROM member_roles WHERE guild_id = ?");
        statement.bind_id(self.guild.get()).of_bots(self.bots).push(" GROUP BY role_id");
        let mut roles = Vec::new();
        conn.rows(&statement, &mut |row| {
            roles.push(RoleMemberCount { role_id: row.id(0)?, members: row.count(1)? });
            Ok(())
        })?;
        roles.sort_unstable_by_key(|role| (Reverse(role.members), role.role_id));
        Ok(RoleMembersAnswer { roles })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        random, test_file,
        world::{insert, world},
    };

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_answer_is_what_plain_rust_counts(world in world(), bots in random::bots()) {
            let mut conn = test_file::empty().unwrap();
            insert(&mut conn, &world).unwrap();
            let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
            for (role, _) in world.roles.iter().filter(|(_, user)| random::counts(bots, *user)) {
                *counts.entry(*role).or_default() += 1;
            }
            let mut expected: Vec<(u64, u64)> = counts.into_iter().collect();
            // The sort is stable, so roles with the same number of members stay in the order of their ids.
            expected.sort_by_key(|role| Reverse(role.1));
            let answer = RoleMembers::of(random::GUILD.try_into().unwrap()).bots(bots).load(&mut conn).unwrap();
            let found: Vec<_> = answer.roles.iter().map(|role| (role.role_id.get(), role.members)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
