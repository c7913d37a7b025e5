//! The operations on `users` and `user_names`.

use mocha_schema::{NewUser, NewUserName, User, UserChange, UserId, UserName};

use crate::Error;

/// Looks up and changes users.
pub trait UserTable {
    /// Returns the user's row.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn user(&mut self, id: UserId) -> Result<Option<User>, Error>;

    /// Adds a user.
    ///
    /// Users belong to no guild, so another recorder may have added the same one since [`user`](Self::user). If that row has no
    /// name, it gets all new values but `created_at`.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_user(&mut self, user: &NewUser<'_>) -> Result<(), Error>;

    /// Changes the user's row.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn update_user(&mut self, id: UserId, change: &UserChange<'_>) -> Result<(), Error>;

    /// Returns the name that the user chose for all servers.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn user_name(&mut self, id: UserId) -> Result<Option<UserName>, Error>;

    /// Adds the user's name, or replaces it.
    ///
    /// Another recorder may have added a newer one since [`user_name`](Self::user_name). That one stays.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn put_user_name(&mut self, name: &NewUserName<'_>) -> Result<(), Error>;
}
