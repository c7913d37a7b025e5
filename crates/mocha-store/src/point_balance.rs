//! Points that a bot sets for users.

use diesel::{prelude::*, query_dsl::methods::FilterDsl as _, upsert::excluded};
use mocha_recorder::PointBalances;
use mocha_schema::{GuildId, UserId, schema::point_balances};

use crate::{Error, SetBalances, Store, privacy::load_tombstones};

impl Store {
    /// Sets the points that users have in a guild beside those that Mocha counts: the XP of another
    /// bot whose levels you take over. `Weights::balances` of mocha-stats adds them to a score.
    ///
    /// The points replace earlier ones, so a second call with the same points changes nothing. If a
    /// user is given twice, the last points count. Users who are not given keep theirs. A balance has
    /// no time: it stays until the user is erased or the guild is deleted, and no retention policy
    /// deletes it. Users need no row of their own.
    ///
    /// Users who were erased or opted out get no points, also if they were active again since,
    /// because the points may come from before the erasure. The report says how many they are.
    ///
    /// All points are set in one transaction, which takes about a second for a hundred thousand
    /// users. The recorder waits for it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`](crate::ErrorKind::InvalidSetting) of `points`: a user has more
    /// than 10<sup>15</sup>, and nothing was set. The errors of [`write`](Self::write).
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// let store = Store::builder().open_in_memory()?;
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
            let (rows, report) = balances.allowed(&load_tombstones(conn)?, guild_id);
            for (user_id, points) in rows {
                let row = (
                    point_balances::guild_id.eq(guild_id),
                    point_balances::user_id.eq(user_id),
                    point_balances::points.eq(points),
                );
                diesel::insert_into(point_balances::table)
                    .values(row)
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
