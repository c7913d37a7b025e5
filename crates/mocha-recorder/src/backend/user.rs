//! The operations on `users`.

use mocha_schema::{NewUser, User, UserChange, UserId};

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
}
