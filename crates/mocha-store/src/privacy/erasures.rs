//! The events that programs which write rows must skip.

use diesel::{QueryResult, sqlite::SqliteConnection};
use mocha_recorder::tombstones::Tombstones;
use mocha_schema::{GuildId, UserId};

use super::tombstones;

/// Knows which users of a file were erased or opted out. Programs that write rows themselves, such as
/// an import or an archive, must skip the events that it [withholds](Self::withholds).
///
/// # Examples
///
/// ```
/// use mocha_store::{Store, privacy::Erasures};
///
/// # let store = Store::builder().open_in_memory()?;
/// let (user, guild) = (40.try_into()?, 10.try_into()?);
/// let withheld = |at_ms| store.read(|conn| Ok::<_, diesel::result::Error>(Erasures::load(conn)?.withholds(user, guild, at_ms)));
/// assert!(!withheld(1_700_000_000_000)?);
/// let _receipt = store.forget_user(user).run()?;
/// assert!(withheld(1_700_000_000_000)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Erasures(Tombstones);

impl Erasures {
    /// Reads the tombstones of the file. Load them in the transaction that writes, so that no
    /// erasure happens in between.
    ///
    /// # Errors
    ///
    /// Returns an error of Diesel if the file cannot be read.
    pub fn load(conn: &mut SqliteConnection) -> QueryResult<Self> {
        tombstones::load(conn).map(Self)
    }

    /// Returns whether an event of the user in the guild at this unix millisecond must not be
    /// written: the user opted out, was erased at that time or later, or was erased and has not been
    /// active since.
    #[must_use]
    pub fn withholds(&self, user_id: UserId, guild_id: GuildId, at_ms: i64) -> bool {
        self.0.withholds(user_id, Some(guild_id), at_ms)
    }
}
