//! Users. They belong to no guild, so recorders share their rows.

use std::collections::BTreeMap;

use diesel::{
    PgConnection, QueryResult, RunQueryDsl,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool, Nullable, Text},
};
use mocha_recorder::{Error, backend::UserTable};
use mocha_schema::{
    NewUser, NewUserName, Snowflake, User, UserChange, UserId, UserName,
    schema::{user_names, users},
};

use super::{Executed as _, PgTables};

/// Users that were added or changed, until the flush. They are written in the order of their ids.
#[derive(Debug, Default)]
pub(super) struct HeldUsers {
    names: BTreeMap<UserId, UserName>,
    users: BTreeMap<UserId, User>,
}

impl UserTable for PgTables<'_> {
    fn user(&mut self, id: UserId) -> Result<Option<User>, Error> {
        if let Some(user) = self.users.users.get(&id) {
            return Ok(Some(user.clone()));
        }
        if let Some(user) = self.ahead.users.get(&id) {
            return Ok(user.clone());
        }
        let user = users::table.find(id).select(User::as_select()).get_result(self.conn).optional().executed()?;
        self.ahead.users.insert(id, user.clone());
        Ok(user)
    }

    fn insert_user(&mut self, user: &NewUser<'_>) -> Result<(), Error> {
        let is_there = match self.user(user.id)? {
            Some(known) => known.username.is_some() || user.username.is_none(),
            None => false,
        };
        if !is_there {
            let row = User {
                id: user.id,
                username: user.username.map(str::to_owned),
                discriminator: user.discriminator.map(str::to_owned),
                avatar: user.avatar.map(str::to_owned),
                bot: user.bot,
                created_at: user.created_at.into(),
                updated_at: user.updated_at.into(),
            };
            self.users.users.insert(user.id, row);
        }
        Ok(())
    }

    fn update_user(&mut self, id: UserId, change: &UserChange<'_>) -> Result<(), Error> {
        let Some(mut user) = self.user(id)? else { return Ok(()) };
        let UserChange { username, discriminator, avatar, bot, updated_at } = change;
        let text = |value: &Option<&str>| value.map(str::to_owned);
        if let Some(username) = username {
            user.username = text(username);
        }
        if let Some(discriminator) = discriminator {
            user.discriminator = text(discriminator);
        }
        if let Some(avatar) = avatar {
            user.avatar = text(avatar);
        }
        if let Some(bot) = bot {
            user.bot = *bot;
        }
        if let Some(updated_at) = updated_at {
            user.updated_at = (*updated_at).into();
        }
        self.users.users.insert(id, user);
        Ok(())
    }

    fn user_name(&mut self, id: UserId) -> Result<Option<UserName>, Error> {
        if let Some(name) = self.users.names.get(&id) {
            return Ok(Some(name.clone()));
        }
        if let Some(name) = self.ahead.names.get(&id) {
            return Ok(name.clone());
        }
        user_names::table.find(id).select(UserName::as_select()).get_result(self.conn).optional().executed()
    }

    fn put_user_name(&mut self, name: &NewUserName<'_>) -> Result<(), Error> {
        let NewUserName { id, global_name, updated_at } = *name;
        let row = UserName { id, global_name: global_name.map(str::to_owned), updated_at: updated_at.into() };
        self.users.names.insert(id, row);
        Ok(())
    }
}

impl HeldUsers {
    /// Writes the users. Newer values that another recorder wrote since the look-up stay, and a row never loses its name.
    ///
    /// Citus has no triggers of users, so bots are noted here.
    pub(super) fn flush(&mut self, conn: &mut PgConnection, is_distributed: bool) -> QueryResult<()> {
        let ids: Vec<UserId> = self.users.keys().copied().collect();
        self.flush_users(conn)?;
        if is_distributed && !ids.is_empty() {
            sql_query("SELECT note_bots($1)").bind::<Array<Snowflake>, _>(ids).execute(conn)?;
        }
        self.flush_names(conn)
    }

    fn flush_users(&mut self, conn: &mut PgConnection) -> QueryResult<()> {
        if self.users.is_empty() {
            return Ok(());
        }
        let rows: Vec<User> = std::mem::take(&mut self.users).into_values().collect();
        sql_query(
            "INSERT INTO users (id, username, discriminator, avatar, bot, created_at, updated_at)
             SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7) AS held (id) ORDER BY id
             ON CONFLICT (id) DO UPDATE SET username = excluded.username, discriminator = excluded.discriminator,
                 avatar = excluded.avatar, bot = excluded.bot, updated_at = excluded.updated_at
             WHERE excluded.username IS NOT NULL
                 AND (users.username IS NULL OR excluded.updated_at >= users.updated_at)
                 AND (users.username, users.discriminator, users.avatar, users.bot)
                     IS DISTINCT FROM (excluded.username, excluded.discriminator, excluded.avatar, excluded.bot)",
        )
        .bind::<Array<Snowflake>, _>(column(&rows, |row| row.id))
        .bind::<Array<Nullable<Text>>, _>(column(&rows, |row| row.username.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(&rows, |row| row.discriminator.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(&rows, |row| row.avatar.as_deref()))
        .bind::<Array<Nullable<Bool>>, _>(column(&rows, |row| row.bot))
        .bind::<Array<BigInt>, _>(column(&rows, |row| row.created_at.timestamp()))
        .bind::<Array<BigInt>, _>(column(&rows, |row| row.updated_at.timestamp()))
        .execute(conn)?;
        Ok(())
    }

    fn flush_names(&mut self, conn: &mut PgConnection) -> QueryResult<()> {
        if self.names.is_empty() {
            return Ok(());
        }
        let rows: Vec<UserName> = std::mem::take(&mut self.names).into_values().collect();
        sql_query(
            "INSERT INTO user_names (id, global_name, updated_at)
             SELECT * FROM unnest($1, $2, $3) AS held (id) ORDER BY id
             ON CONFLICT (id) DO UPDATE SET global_name = excluded.global_name, updated_at = excluded.updated_at
             WHERE excluded.updated_at >= user_names.updated_at
                 AND user_names.global_name IS DISTINCT FROM excluded.global_name",
        )
        .bind::<Array<Snowflake>, _>(column(&rows, |row| row.id))
        .bind::<Array<Nullable<Text>>, _>(column(&rows, |row| row.global_name.as_deref()))
        .bind::<Array<BigInt>, _>(column(&rows, |row| row.updated_at.timestamp()))
        .execute(conn)?;
        Ok(())
    }
}

fn column<'r, R, T>(rows: &'r [R], value: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
