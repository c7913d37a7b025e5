//! Roles of members.

use std::collections::BTreeSet;

use diesel::prelude::*;
use mocha_recorder::{Error, Person, backend::RoleTable};
use mocha_schema::{GuildId, RoleId, schema::member_roles};

use super::{Executed as _, SqliteTables};

impl RoleTable for SqliteTables<'_> {
    fn member_roles(&mut self, person: Person) -> Result<BTreeSet<RoleId>, Error> {
        let roles: Vec<RoleId> = member_roles::table
            .filter(member_roles::guild_id.eq(person.guild_id))
            .filter(member_roles::user_id.eq(person.user_id))
            .select(member_roles::role_id)
            .load(self.conn)
            .executed()?;
        Ok(roles.into_iter().collect())
    }

    fn put_member_roles(&mut self, person: Person, roles: &BTreeSet<RoleId>) -> Result<(), Error> {
        let known = self.member_roles(person)?;
        for role_id in known.difference(roles) {
            diesel::delete(member_roles::table.find((person.guild_id, *role_id, person.user_id)))
                .execute(self.conn)
                .executed()?;
        }
        for role_id in roles.difference(&known) {
            diesel::insert_or_ignore_into(member_roles::table)
                .values((
                    member_roles::guild_id.eq(person.guild_id),
                    member_roles::role_id.eq(*role_id),
                    member_roles::user_id.eq(person.user_id),
                ))
                .execute(self.conn)
                .executed()?;
        }
        Ok(())
    }

    fn roles(&mut self, guild_id: GuildId) -> Result<Vec<RoleId>, Error> {
        member_roles::table
            .filter(member_roles::guild_id.eq(guild_id))
            .select(member_roles::role_id)
            .distinct()
            .order(member_roles::role_id)
            .load(self.conn)
            .executed()
    }

    fn delete_role(&mut self, guild_id: GuildId, role_id: RoleId) -> Result<bool, Error> {
        let rows =
            member_roles::table.filter(member_roles::guild_id.eq(guild_id)).filter(member_roles::role_id.eq(role_id));
        Ok(diesel::delete(rows).execute(self.conn).executed()? > 0)
    }
}
