//! A store whose database is chosen when the program runs.

use std::{io::Write, time::Duration};

use mocha_schema::{GuildId, UserId};
use mocha_stats::AnyConnection;
use mocha_store::{Clock, Error, ErrorKind, Recorder, SetBalances, Store, StoreBuilder};

#[cfg(feature = "postgres")]
use mocha_postgres::{PgStore, PgStoreBuilder};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// Holds a SQLite file or a PostgreSQL database, whichever a setting names. Clones are cheap and share the same store.
///
/// ```
/// use mocha_discord::{AnyStore, GuildId, stats::Leaderboard};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let place = folder.path().join("stats.db").to_string_lossy().into_owned();
/// // "data/stats.db", or "postgres://mocha@localhost/bots" with the feature `postgres`.
/// let store = AnyStore::open(&place)?;
/// let guild = GuildId::try_from(1)?;
/// let board = store.read(|conn| Leaderboard::messages(guild).load(conn))?;
/// assert_eq!(board.total, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AnyStore {
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(PgStore),
    /// SQLite.
    Sqlite(Store),
}

/// Configures and opens an [`AnyStore`]. Made by [`AnyStore::builder`]. Use a store's own builder for its other settings.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `open`"]
pub struct AnyStoreBuilder {
    #[cfg(feature = "postgres")]
    postgres: PgStoreBuilder,
    sqlite: StoreBuilder,
}

/// Reports what an opt-out erased, without naming the user.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OptedOut {
    /// A random name of this receipt, 32 hexadecimal digits.
    pub id: String,
    /// The number of deleted rows.
    pub rows: u64,
}

/// Applies a setting to the builders of both stores.
macro_rules! both {
    ($builder:ident.$setting:ident($value:expr)) => {{
        $builder.sqlite = $builder.sqlite.$setting($value);
        #[cfg(feature = "postgres")]
        {
            $builder.postgres = $builder.postgres.$setting($value);
        }
        $builder
    }};
}

impl AnyStoreBuilder {
    /// Sets the longest gap across which a voice session continues, as [`StoreBuilder::bridge_limit`] does.
    pub fn bridge_limit(mut self, limit: Duration) -> Self {
        both!(self.bridge_limit(limit))
    }

    /// Sets what advances the recorder's time, as [`StoreBuilder::clock`] does.
    pub fn clock(mut self, clock: Clock) -> Self {
        both!(self.clock(clock))
    }

    /// Opens the store that `place` names: a `postgres://` or `postgresql://` URL, or else the path of a file.
    ///
    /// # Errors
    ///
    /// Those of [`Store::open`] or `PgStore::connect`. [`ErrorKind::InvalidSetting`] for a URL of another kind, and for a URL
    /// of PostgreSQL without the feature `postgres`.
    pub fn open(self, place: &str) -> Result<AnyStore, Error> {
        let scheme = place.split_once("://").map(|(scheme, _)| scheme);
        match scheme {
            None => Ok(AnyStore::Sqlite(self.sqlite.open(place)?)),
            #[cfg(feature = "postgres")]
            Some("postgres" | "postgresql") => Ok(AnyStore::Postgres(self.postgres.connect(place)?)),
            #[cfg(not(feature = "postgres"))]
            Some("postgres" | "postgresql") => Err(refused("PostgreSQL needs the feature `postgres` of mocha-discord")),
            Some(_) => Err(refused("a place must be the path of a file or a `postgres://` URL")),
        }
    }
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::InvalidSetting { name: "place" }, why)
}

impl AnyStore {
    /// Opens the store that `place` names, with the defaults of its builder. See [`AnyStoreBuilder::open`].
    ///
    /// # Errors
    ///
    /// As [`AnyStoreBuilder::open`].
    pub fn open(place: &str) -> Result<Self, Error> {
        Self::builder().open(place)
    }

    /// Returns a builder for other settings than the defaults.
    pub fn builder() -> AnyStoreBuilder {
        AnyStoreBuilder::default()
    }

    /// Returns a handle to the recorder of this store. See [`Store::recorder`].
    ///
    /// # Errors
    ///
    /// Those of the store's own method.
    pub fn recorder(&self) -> Result<Recorder, Error> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.recorder(),
            Self::Sqlite(store) => store.recorder(),
        }
    }

    /// Counts awards in a guild from now on: one for each span of this length in which a user wrote. See
    /// [`Store::count_awards`].
    ///
    /// # Errors
    ///
    /// Those of the store's own method.
    pub fn count_awards(&self, guild_id: GuildId, span: Duration) -> Result<(), Error> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.count_awards(guild_id, span),
            Self::Sqlite(store) => store.count_awards(guild_id, span),
        }
    }

    /// Sets the points that users have beside those that Mocha counts. See [`Store::set_point_balances`].
    ///
    /// # Errors
    ///
    /// Those of the store's own method.
    pub fn set_point_balances(
        &self,
        guild_id: GuildId,
        balances: impl IntoIterator<Item = (UserId, u64)>,
    ) -> Result<SetBalances, Error> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.set_point_balances(guild_id, balances),
            Self::Sqlite(store) => store.set_point_balances(guild_id, balances),
        }
    }

    /// Exports all rows about a user as JSON, in all guilds, and returns their number. See [`Store::export_user`].
    ///
    /// # Errors
    ///
    /// Those of the store's own method.
    pub fn export_user(&self, user_id: UserId, writer: impl Write) -> Result<u64, Error> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.export_user(user_id).write_to(writer),
            Self::Sqlite(store) => store.export_user(user_id).write_to(writer),
        }
    }

    /// Erases a user in all guilds, and records nothing about the user any more. See [`Store::opt_out_user`].
    ///
    /// # Errors
    ///
    /// Those of the store's own method.
    pub fn opt_out_user(&self, user_id: UserId) -> Result<OptedOut, Error> {
        let opted_out = match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => {
                let receipt = store.opt_out_user(user_id).run()?;
                OptedOut { id: receipt.id, rows: receipt.removed.iter().map(|removed| removed.rows).sum() }
            }
            Self::Sqlite(store) => {
                let receipt = store.opt_out_user(user_id).run()?;
                OptedOut { id: receipt.id, rows: receipt.removed.iter().map(|removed| removed.rows).sum() }
            }
        };
        Ok(opted_out)
    }

    /// Runs a closure in one read-only transaction. See [`Store::read`].
    ///
    /// # Errors
    ///
    /// Those of the store's own method.
    pub fn read<T, E>(&self, f: impl FnOnce(&mut AnyConnection<'_>) -> Result<T, E>) -> Result<T, Error>
    where
        E: Into<BoxedError>,
    {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.read(|conn| f(&mut AnyConnection::Postgres(conn))),
            Self::Sqlite(store) => store.read(|conn| f(&mut AnyConnection::Sqlite(conn))),
        }
    }

    /// Runs a closure in one transaction that may write, such as one of [`LevelUps`](mocha_stats::LevelUps). See
    /// [`Store::write`].
    ///
    /// ```
    /// use mocha_discord::{AnyStore, GuildId, stats::{Leaderboard, LevelCurve, LevelUps, Weights}};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let place = folder.path().join("stats.db").to_string_lossy().into_owned();
    /// let (store, guild) = (AnyStore::open(&place)?, GuildId::try_from(1)?);
    /// let level_ups = LevelUps::of(Leaderboard::score(guild, Weights::new().messages(20)), LevelCurve::mee6());
    /// assert_eq!(store.write(|conn| level_ups.take(conn))?, []);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store's own method.
    pub fn write<T, E>(&self, f: impl FnOnce(&mut AnyConnection<'_>) -> Result<T, E>) -> Result<T, Error>
    where
        E: Into<BoxedError>,
    {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.write(|conn| f(&mut AnyConnection::Postgres(conn))),
            Self::Sqlite(store) => store.write(|conn| f(&mut AnyConnection::Sqlite(conn))),
        }
    }

    /// Runs [`read`](Self::read) on tokio's threads for blocking work.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Panics
    ///
    /// If the closure panics, and outside a tokio runtime.
    #[cfg(feature = "tokio")]
    pub async fn read_async<T, E>(
        &self,
        f: impl FnOnce(&mut AnyConnection<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        E: Into<BoxedError>,
    {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.read_async(|conn| f(&mut AnyConnection::Postgres(conn))).await,
            Self::Sqlite(store) => store.read_async(|conn| f(&mut AnyConnection::Sqlite(conn))).await,
        }
    }
}

impl From<Store> for AnyStore {
    fn from(store: Store) -> Self {
        Self::Sqlite(store)
    }
}

#[cfg(feature = "postgres")]
impl From<PgStore> for AnyStore {
    fn from(store: PgStore) -> Self {
        Self::Postgres(store)
    }
}
