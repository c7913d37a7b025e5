//! Users.

use diesel::prelude::*;
use mocha_recorder::backend::UserTable;
use mocha_schema::{
    NewUser, NewUserName, User, UserChange, UserId, UserName,
    schema::{user_names, users},
};

use super::{Executed as _, SqliteTables};
use crate::Error;

impl UserTable for SqliteTables<'_> {
    fn user(&mut self, id: UserId) -> Result<Option<User>, Error> {
        users::table.find(id).select(User::as_select()).get_result(self.conn).optional().executed()
    }

    /// No other connection adds the user meanwhile, because the transaction holds the write lock.
    fn insert_user(&mut self, user: &NewUser<'_>) -> Result<(), Error> {
        diesel::insert_or_ignore_into(users::table).values(user).execute(self.conn).executed()?;
        Ok(())
    }

    fn update_user(&mut self, id: UserId, change: &UserChange<'_>) -> Result<(), Error> {
        diesel::update(users::table.find(id)).set(change).execute(self.conn).executed()?;
        Ok(())
    }

    fn user_name(&mut self, id: UserId) -> Result<Option<UserName>, Error> {
        user_names::table.find(id).select(UserName::as_select()).get_result(self.conn).optional().executed()
    }

    fn put_user_name(&mut self, name: &NewUserName<'_>) -> Result<(), Error> {
        diesel::insert_into(user_names::table)
            .values(name)
            .on_conflict(user_names::id)
            .do_update()
            .set(name)
            .execute(self.conn)
            .executed()?;
        Ok(())
    }
}
