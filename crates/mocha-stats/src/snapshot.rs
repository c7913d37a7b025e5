//! Several questions at one instant.

use diesel::prelude::*;

use crate::Error;

/// Asks in one transaction, so that all answers are of the same file.
pub(crate) fn snapshot<T>(
    conn: &mut SqliteConnection,
    ask: impl FnOnce(&mut SqliteConnection) -> Result<T, Error>,
) -> Result<T, Error> {
    /// Diesel wants to be able to make one of its own errors.
    struct Failed(Error);
    impl From<diesel::result::Error> for Failed {
        fn from(source: diesel::result::Error) -> Self {
            Self(Error::database(source))
        }
    }
    conn.transaction(|conn| ask(conn).map_err(Failed)).map_err(|Failed(error)| error)
}
