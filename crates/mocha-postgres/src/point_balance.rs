//! Points that a bot sets for users.

use diesel::{prelude::*, query_dsl::methods::FilterDsl as _, upsert::excluded};
use mocha_recorder::{Error, PointBalances, SetBalances};
use mocha_schema::{GuildId, UserId, schema::point_balances};

use crate::{
    PgStore,
    backend::{load_tombstones, lock_generation},
};

/// How many rows a statement writes. PostgreSQL takes 65,535 values at most.
const BATCH: usize = 10_000;

impl PgStore {
    /// Sets the points that users have in a guild beside those that Mocha counts: the XP of another bot whose levels you take
    /// over. See `Store::set_point_balances` of mocha-store.
    ///
    /// All points are set in one transaction. Recorders go on meanwhile, and an erasure waits.
    ///
    /// # Errors
    ///
    /// [`InvalidSetting`](mocha_recorder::ErrorKind::InvalidSetting) of `points`: a user has more than 10<sup>15</sup>, and
    /// nothing was set. The errors of [`write`](Self::write).
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_postgres::PgStore;
    ///
    /// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
    /// let store = PgStore::connect(database.url())?;
    /// let (guild, erased) = (10.try_into()?, 41.try_into()?);
    /// let _receipt = store.opt_out_user(erased).run()?;
    /// let report = store.set_point_balances(guild, [(40.try_into()?, 10_811), (erased, 300)])?;
    /// assert_eq!((report.set, report.withheld), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias("XP", "levels", "import"))]
    pub fn set_point_balances(
        &self,
        guild_id: GuildId,
        balances: impl IntoIterator<Item = (UserId, u64)>,
    ) -> Result<SetBalances, Error> {
        let balances = PointBalances::new(balances)?;
        self.write(|conn| {
            // No erasure comes between the tombstones and the rows.
            lock_generation(conn, false)?;
            let (rows, report) = balances.allowed(&load_tombstones(conn)?, guild_id);
            for rows in rows.chunks(BATCH) {
                let rows = rows.iter().map(|(user_id, points)| {
                    (
                        point_balances::guild_id.eq(guild_id),
                        point_balances::user_id.eq(user_id),
                        point_balances::points.eq(points),
                    )
                });
                diesel::insert_into(point_balances::table)
                    .values(rows.collect::<Vec<_>>())
                    .on_conflict((point_balances::guild_id, point_balances::user_id))
                    .do_update()
                    .set(point_balances::points.eq(excluded(point_balances::points)))
                    .filter(point_balances::points.ne(excluded(point_balances::points)))
                    .execute(conn)?;
            }
            Ok::<_, diesel::result::Error>(report)
        })
    }
}
