//! The operations on `users`.

use mocha_schema::{NewUser, User, UserChange, UserId};

use crate::Error;

/// Looks up and changes users.
pub trait UserTable {
    /// Returns the user's row.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    fn user(&mut self, id: UserId) -> Result<Option<User>, Error>;

    /// Adds a user.
    ///
    /// Users belong to no guild, so another recorder may have added the same one since [`user`](Self::user). If its row
    /// has no name, it takes over everything but `created_at`.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn insert_user(&mut self, user: &NewUser<'_>) -> Result<(), Error>;

    /// Changes the user's row.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn update_user(&mut self, id: UserId, change: &UserChange<'_>) -> Result<(), Error>;
}
