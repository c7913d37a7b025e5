//! The stores that steps can be applied to.

use mocha_schema::UserId;
use mocha_store::{Error, Recorder, Store};

/// A store that [`play`](crate::play()) applies steps to. Clones share the same store.
pub trait Stage: Clone + Send + 'static {
    /// Returns the recorder, and starts it if it does not run.
    ///
    /// # Errors
    ///
    /// Returns the errors of the store.
    fn recorder(&self) -> Result<Recorder, Error>;

    /// Erases a user everywhere.
    ///
    /// # Errors
    ///
    /// Returns the errors of the store.
    fn forget(&self, user_id: UserId) -> Result<(), Error>;

    /// Runs the closure while no recorder can write.
    ///
    /// # Errors
    ///
    /// Returns the errors of the store.
    fn hold(&self, f: impl FnOnce()) -> Result<(), Error>;
}

impl Stage for Store {
    fn recorder(&self) -> Result<Recorder, Error> {
        Self::recorder(self)
    }

    fn forget(&self, user_id: UserId) -> Result<(), Error> {
        self.forget_user(user_id).run().map(drop)
    }

    fn hold(&self, f: impl FnOnce()) -> Result<(), Error> {
        self.write(|_| {
            f();
            Ok::<_, Error>(())
        })
    }
}
