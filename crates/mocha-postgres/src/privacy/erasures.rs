//! Which events must not be put back into the database.

use diesel::{PgConnection, QueryResult};
use mocha_recorder::tombstones::Tombstones;
use mocha_schema::{GuildId, UserId};

use crate::backend::load_tombstones;

/// Says whose events must not be put back into a database, because the users were erased or opted out. Programs that write
/// rows themselves, such as an archive, ask it.
///
/// ```
/// use mocha_postgres::{Erasures, PgStore};
///
/// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
/// let store = PgStore::connect(database.url())?;
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
    /// Reads the tombstones of the database. Load them in a transaction of [`PgStore::write_alone`](crate::PgStore::write_alone)
    /// if it writes, so that no erasure comes in between.
    ///
    /// # Errors
    ///
    /// Returns an error of Diesel if the database cannot be read.
    pub fn load(conn: &mut PgConnection) -> QueryResult<Self> {
        load_tombstones(conn).map(Self)
    }

    /// Returns whether what the user did in the guild at this unix millisecond must not be written: the user is opted out, or
    /// was erased later than that, or was erased and not heard of since.
    #[must_use]
    pub fn withholds(&self, user_id: UserId, guild_id: GuildId, at_ms: i64) -> bool {
        self.0.withholds(user_id, Some(guild_id), at_ms)
    }
}
