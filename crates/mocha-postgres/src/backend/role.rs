//! Roles of members.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diesel::{PgConnection, QueryResult, QueryableByName, prelude::*, sql_query, sql_types::Array, sql_types::BigInt};
use mocha_recorder::{Error, Person, backend::RoleTable};
use mocha_schema::{GuildId, RoleId, UserId, schema::member_roles};

use super::{Executed as _, PgTables};

/// The roles of members that changed, until the flush.
#[derive(Debug, Default)]
pub(super) struct HeldRoles(BTreeMap<(GuildId, UserId), BTreeSet<RoleId>>);

impl RoleTable for PgTables<'_> {
    fn member_roles(&mut self, person: Person) -> Result<BTreeSet<RoleId>, Error> {
        if let Some(roles) = self.roles.0.get(&(person.guild_id, person.user_id)) {
            return Ok(roles.clone());
        }
        if !self.ahead.roles.contains_key(&person) {
            let mut people = std::mem::take(&mut self.ahead.named_in_roles);
            people.insert(person);
            self.ahead.roles.extend(load(self.conn, people).executed()?);
        }
        Ok(self.ahead.roles.get(&person).cloned().unwrap_or_default())
    }

    fn put_member_roles(&mut self, person: Person, roles: &BTreeSet<RoleId>) -> Result<(), Error> {
        self.roles.0.insert((person.guild_id, person.user_id), roles.clone());
        Ok(())
    }

    fn roles(&mut self, guild_id: GuildId) -> Result<Vec<RoleId>, Error> {
        self.flush_roles()?;
        member_roles::table
            .filter(member_roles::guild_id.eq(guild_id))
            .select(member_roles::role_id)
            .distinct()
            .order(member_roles::role_id)
            .load(self.conn)
            .executed()
    }

    fn delete_role(&mut self, guild_id: GuildId, role_id: RoleId) -> Result<bool, Error> {
        self.flush_roles()?;
        let rows =
            member_roles::table.filter(member_roles::guild_id.eq(guild_id)).filter(member_roles::role_id.eq(role_id));
        Ok(diesel::delete(rows).execute(self.conn).executed()? > 0)
    }
}

impl PgTables<'_> {
    /// Writes the roles that changed, and forgets those that were looked up.
    pub(super) fn flush_roles(&mut self) -> Result<(), Error> {
        self.roles.flush(self.conn).executed()?;
        self.ahead.roles.clear();
        Ok(())
    }
}

/// Looks up the roles of people.
fn load(conn: &mut PgConnection, people: HashSet<Person>) -> QueryResult<HashMap<Person, BTreeSet<RoleId>>> {
    #[expect(clippy::struct_field_names, reason = "the columns have these names")]
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        guild_id: GuildId,
        #[diesel(sql_type = BigInt)]
        role_id: RoleId,
        #[diesel(sql_type = BigInt)]
        user_id: UserId,
    }
    let (guilds, users): (Vec<GuildId>, Vec<UserId>) =
        people.iter().map(|person| (person.guild_id, person.user_id)).unzip();
    let rows: Vec<Row> = sql_query(
        "SELECT member_roles.* FROM unnest($1, $2) AS person (guild_id, user_id) JOIN member_roles USING (guild_id, user_id)",
    )
    .bind::<Array<BigInt>, _>(guilds)
    .bind::<Array<BigInt>, _>(users)
    .load(conn)?;
    let mut found: HashMap<Person, BTreeSet<RoleId>> =
        people.into_iter().map(|person| (person, BTreeSet::new())).collect();
    for Row { guild_id, role_id, user_id } in rows {
        found.entry(Person { guild_id, user_id }).or_default().insert(role_id);
    }
    Ok(found)
}

impl HeldRoles {
    /// Deletes the roles that members no longer have, and adds new ones.
    fn flush(&mut self, conn: &mut PgConnection) -> QueryResult<()> {
        let held = std::mem::take(&mut self.0);
        if held.is_empty() {
            return Ok(());
        }
        let (guilds, users): (Vec<GuildId>, Vec<UserId>) = held.keys().copied().unzip();
        let mut rows: [Vec<i64>; 3] = Default::default();
        for ((guild_id, user_id), roles) in &held {
            for role_id in roles {
                for (column, id) in rows.iter_mut().zip([guild_id.get(), role_id.get(), user_id.get()]) {
                    column.push(i64::try_from(id).unwrap_or(i64::MAX));
                }
            }
        }
        let [role_guilds, roles, role_users] = rows;
        sql_query(
            "DELETE FROM member_roles USING unnest($1, $2) AS held (guild_id, user_id)
             WHERE member_roles.guild_id = held.guild_id AND member_roles.user_id = held.user_id
                 AND (member_roles.guild_id, member_roles.role_id, member_roles.user_id)
                     NOT IN (SELECT * FROM unnest($3, $4, $5))",
        )
        .bind::<Array<BigInt>, _>(guilds)
        .bind::<Array<BigInt>, _>(users)
        .bind::<Array<BigInt>, _>(&role_guilds)
        .bind::<Array<BigInt>, _>(&roles)
        .bind::<Array<BigInt>, _>(&role_users)
        .execute(conn)?;
        sql_query(
            "INSERT INTO member_roles (guild_id, role_id, user_id)
             SELECT * FROM unnest($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind::<Array<BigInt>, _>(&role_guilds)
        .bind::<Array<BigInt>, _>(&roles)
        .bind::<Array<BigInt>, _>(&role_users)
        .execute(conn)?;
        Ok(())
    }
}
