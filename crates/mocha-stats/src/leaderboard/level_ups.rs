//! Levels that users reached, each reported once.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use mocha_schema::{GuildId, UserId};

use super::{Leaderboard, Measure, total::Totals};
use crate::{
    Database, Error, LevelCurve,
    database::{Dialect, Source, writing},
    statement::Statement,
};

/// How many rows a statement writes. The rest is written row by row, because the connection keeps each text prepared.
const BATCH: usize = 100;

/// Reports the levels that users of a leaderboard reached, each level once: for roles and
/// congratulations.
///
/// The database keeps the highest level of each user that was reported, so no level is reported
/// twice: not after a restart, and not to two programs that ask at once. The first call for a guild
/// notes the levels that users have, and reports none of them, see
/// [`report_existing`](Self::report_existing).
///
/// A level that was lost and is reached again is not reported again: points can go down if messages
/// are deleted, if the weights change or if a retention policy deletes roll-ups. An erased user has
/// no level, and begins again with level 1 after a return. A guild has one set of levels, so always
/// ask with the same leaderboard and curve.
///
/// ```
/// use mocha_schema::GuildId;
/// use mocha_stats::{Leaderboard, LevelCurve, LevelUps, Weights};
///
/// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn = fixture::seeded()?;
/// let board = Leaderboard::score(GuildId::try_from(1)?, Weights::new().messages(20).balances(1));
/// let level_ups = LevelUps::of(board, LevelCurve::mee6());
/// // One user has level 3 already, with 540 points.
/// assert_eq!(level_ups.take(&mut conn)?, []);
/// # diesel::connection::SimpleConnection::batch_execute(&mut conn, "UPDATE point_balances SET points = 1000")?;
/// // The user got 500 more.
/// let reached = level_ups.take(&mut conn)?;
/// assert_eq!((reached[0].user_id.get(), reached[0].from, reached[0].to), (30, 3, 4));
/// assert_eq!(level_ups.take(&mut conn)?, []);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
#[doc(alias("XP", "rank up"))]
pub struct LevelUps {
    board: Leaderboard,
    curve: LevelCurve,
    report_existing: bool,
}

/// A user who reached a level.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LevelUp {
    /// The user.
    pub user_id: UserId,
    /// The level that was reported before, or 0.
    pub from: u64,
    /// The level now, which is higher. The user reached all levels in between too.
    pub to: u64,
    /// The points now.
    pub points: u64,
}

impl LevelUps {
    /// Asks about the users on this board of a [`score`](Leaderboard::score), whose values are the
    /// points. Limits, [`around`](Leaderboard::around) and [`compare`](Leaderboard::compare) do not
    /// matter.
    pub const fn of(board: Leaderboard, curve: LevelCurve) -> Self {
        Self { board, curve, report_existing: false }
    }

    /// Reports the levels that users have at the first call for a guild too, from level 0 on.
    pub const fn report_existing(mut self) -> Self {
        self.report_existing = true;
        self
    }

    /// Returns the users whose level is higher than the one that was reported, in order of user id,
    /// and notes in the same transaction that they were reported.
    ///
    /// The connection has to be one that may write: call it in the closure of a store's `write`. The
    /// levels count as reported once that transaction is committed. If the program is killed before
    /// it speaks, nobody congratulates, so roles should follow the level and not the report.
    ///
    /// Reads what the leaderboard reads, and the reported levels of the guild through their key. It
    /// writes only if users reached a level. In SQLite a recorder waits until the transaction ends,
    /// which takes about as long as the leaderboard.
    ///
    /// # Errors
    ///
    /// * [`InvalidInput`](crate::ErrorKind::InvalidInput) of `board`: it is not the board of a score.
    /// * [`Database`](crate::ErrorKind::Database): the database failed, or the connection may not
    ///   write. In SQLite also if the transaction read before, and another one wrote since.
    pub fn take(&self, conn: &mut (impl Database + ?Sized)) -> Result<Vec<LevelUp>, Error> {
        if !matches!(self.board.measure, Measure::Score(_)) {
            return Err(Error::invalid("board", "must be the board of a score"));
        }
        writing(conn, |conn| self.run(conn))
    }

    fn run(&self, conn: &mut dyn Source) -> Result<Vec<LevelUp>, Error> {
        let guild = self.board.guild;
        if conn.dialect() == Dialect::Postgres {
            // As recorders do, so that an erasure comes before or after.
            let mut lock = Statement::new(Dialect::Postgres);
            lock.push("SELECT id FROM generations WHERE id = 1 FOR SHARE");
            conn.only(&lock)?;
        }
        // In SQLite this takes the lock for writing.
        let mut begin = Statement::new(conn.dialect());
        begin.push("INSERT INTO level_guilds (guild_id) VALUES (?) ON CONFLICT DO NOTHING RETURNING guild_id");
        let is_first = conn.first(begin.bind_id(guild.get()))?.is_some();
        let Totals { values, .. } = Totals::load(conn, &self.board, self.board.window)?;
        let reported = reported(conn, guild)?;
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for (user_id, points) in values {
            let from = reported.get(&user_id).copied();
            let to = self.curve.progress(points).level.min(i64::MAX.cast_unsigned());
            let level_up = LevelUp { user_id, from: from.unwrap_or(0), to, points };
            if to > level_up.from {
                if from.is_some() { &mut known } else { &mut new }.push(level_up);
            }
        }
        let mut noted = HashSet::new();
        let batches = new.chunks_exact(BATCH);
        let rest = batches.remainder().chunks(1);
        for level_ups in batches.chain(rest) {
            let insert = insert(conn.dialect(), guild, level_ups);
            conn.rows(&insert, &mut |row| {
                noted.insert(row.id::<UserId>(0)?);
                Ok(())
            })?;
        }
        for level_up in &known {
            if conn.first(&update(conn.dialect(), guild, level_up))?.is_some() {
                noted.insert(level_up.user_id);
            }
        }
        if is_first && !self.report_existing {
            return Ok(Vec::new());
        }
        // Others are being reported by another program.
        let mut level_ups: Vec<LevelUp> = new.into_iter().chain(known).collect();
        level_ups.retain(|level_up| noted.contains(&level_up.user_id));
        level_ups.sort_unstable_by_key(|level_up| level_up.user_id);
        Ok(level_ups)
    }
}

/// The levels that were reported.
fn reported(conn: &mut dyn Source, guild: GuildId) -> Result<HashMap<UserId, u64>, Error> {
    let mut statement = Statement::new(conn.dialect());
    statement.select(["user_id", "level"]).push(" FROM reported_levels WHERE guild_id = ?").bind_id(guild.get());
    let mut levels = HashMap::new();
    conn.rows(&statement, &mut |row| {
        levels.insert(row.id(0)?, row.count(1)?);
        Ok(())
    })?;
    Ok(levels)
}

/// Notes the levels of users without one, and returns those who still had none.
fn insert(dialect: Dialect, guild: GuildId, level_ups: &[LevelUp]) -> Statement {
    let mut statement = Statement::new(dialect);
    statement.push("INSERT INTO reported_levels (guild_id, user_id, level) VALUES ");
    for (place, LevelUp { user_id, to, .. }) in level_ups.iter().enumerate() {
        statement.push(if place == 0 { "(?, ?, ?)" } else { ", (?, ?, ?)" });
        statement.bind_id(guild.get()).bind_id(user_id.get()).bind_id(*to);
    }
    statement.push(" ON CONFLICT DO NOTHING RETURNING user_id");
    statement
}

/// Notes the level of a user, and returns the user if the level is still the one that was read.
fn update(dialect: Dialect, guild: GuildId, LevelUp { user_id, from, to, .. }: &LevelUp) -> Statement {
    let mut statement = Statement::new(dialect);
    statement.push("UPDATE reported_levels SET level = ? WHERE guild_id = ? AND user_id = ? AND level = ?");
    statement.bind_id(*to).bind_id(guild.get()).bind_id(user_id.get()).bind_id(*from);
    statement.push(" RETURNING user_id");
    statement
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, thread};

    use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Weights,
        fixture::TestResult,
        random,
        test_file::{empty, seeded},
        world::{World, insert, world},
    };

    /// Level `n` takes `10 * n` points.
    fn curve() -> LevelCurve {
        LevelCurve::new(0, 0, 10).unwrap()
    }

    fn level_ups(weights: Weights) -> LevelUps {
        LevelUps::of(Leaderboard::score(random::GUILD.try_into().unwrap(), weights), curve())
    }

    /// The points of people, message by message.
    fn points(world: &World, balances: &BTreeMap<u64, u64>) -> BTreeMap<u64, u64> {
        let mut points = balances.clone();
        for message in &world.messages {
            if message.guild == random::GUILD && matches!(message.kind, Some(0 | 19 | 20 | 23)) {
                *points.entry(message.user).or_default() += 4;
            }
        }
        points.retain(|user, _| random::counts(crate::Bots::Exclude, *user));
        points
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn each_level_is_reported_once_and_in_order_of_user(
            world in world(), report_existing in any::<bool>(),
            changes in prop::collection::vec((random::user(), 0..90_u64), 0..12)
        ) {
            let mut conn = empty().unwrap();
            insert(&mut conn, &world).unwrap();
            let question = level_ups(Weights::new().messages(4).balances(1));
            let question = if report_existing { question.report_existing() } else { question };
            let mut balances = world.balances.clone();
            let mut highest = BTreeMap::<u64, u64>::new();
            for change in [None].into_iter().chain(changes.into_iter().map(Some)) {
                if let Some((user, points)) = change {
                    balances.insert(user, points);
                    conn.execute(format!(
                        "INSERT INTO point_balances VALUES ({}, {user}, {points}) \
                         ON CONFLICT (guild_id, user_id) DO UPDATE SET points = excluded.points",
                        random::GUILD
                    )).unwrap();
                }
                let mut expected = Vec::new();
                for (user, points) in points(&world, &balances) {
                    let from = highest.get(&user).copied().unwrap_or(0);
                    if points / 10 > from {
                        highest.insert(user, points / 10);
                        expected.push(LevelUp { user_id: user.try_into().unwrap(), from, to: points / 10, points });
                    }
                }
                if change.is_none() && !report_existing {
                    expected.clear();
                }
                prop_assert_eq!(question.take(&mut conn).unwrap(), expected);
                prop_assert_eq!(question.take(&mut conn).unwrap(), []);
            }
        }
    }

    #[test]
    fn guilds_are_apart_and_a_first_call_without_members_counts() -> TestResult {
        let mut conn = seeded()?;
        let other = LevelUps::of(Leaderboard::score(2.try_into()?, Weights::new().balances(1)), curve());
        assert_eq!(other.take(&mut conn)?, []);
        conn.execute("INSERT INTO point_balances VALUES (2, 40, 25)")?;
        let expected = [LevelUp { user_id: 40.try_into()?, from: 0, to: 2, points: 25 }];
        assert_eq!(other.take(&mut conn)?, expected);
        // The levels of the first guild were not asked for yet.
        let first = LevelUps::of(Leaderboard::score(1.try_into()?, Weights::new().balances(1)), curve());
        assert_eq!(first.take(&mut conn)?, []);
        Ok(())
    }

    #[test]
    fn only_a_score_has_levels() -> TestResult {
        let mut conn = seeded()?;
        let error = LevelUps::of(Leaderboard::voice(1.try_into()?), curve()).take(&mut conn).unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        // The guild does not count as asked.
        conn.execute("INSERT INTO level_guilds VALUES (1)")?;
        Ok(())
    }

    #[test]
    fn a_level_is_reported_only_if_the_transaction_is_committed() -> TestResult {
        let mut conn = crate::fixture::seeded()?;
        let question = LevelUps::of(Leaderboard::score(1.try_into()?, Weights::new().balances(1)), curve());
        let question = question.report_existing();
        let undone: Result<(), Error> = conn.transaction(|conn| {
            assert_eq!(question.take(conn)?.len(), 1);
            Err(diesel::result::Error::RollbackTransaction.into())
        });
        assert!(undone.is_err());
        sql_query("PRAGMA query_only = 1").execute(&mut conn)?;
        assert!(question.take(&mut conn).unwrap_err().is_database());
        sql_query("PRAGMA query_only = 0").execute(&mut conn)?;
        assert_eq!(question.take(&mut conn)?.len(), 1);
        assert_eq!(question.take(&mut conn)?, []);
        Ok(())
    }

    const USERS: u64 = 1_500;

    /// Asks from four connections at once, each of which lets the points of some users grow. Each level has to be reported
    /// once, without a gap, by one of them.
    fn ask_at_once<C: SimpleConnection + Database>(connect: impl Fn() -> TestResult<C> + Sync) -> TestResult {
        let question = level_ups(Weights::new().balances(1)).report_existing();
        let rows: Vec<String> = (1..=USERS).map(|user| format!("({}, {user}, 15)", random::GUILD)).collect();
        connect()?.batch_execute(&format!("INSERT INTO point_balances VALUES {}", rows.join(", ")))?;
        let rounds = 12;
        let ask = |number: u64| -> Result<Vec<LevelUp>, String> {
            let mut conn = connect().map_err(|error| error.to_string())?;
            let mut all = Vec::new();
            for _ in 0..rounds {
                let grow = format!(
                    "UPDATE point_balances SET points = points + user_id % 7 \
                         WHERE guild_id = {} AND user_id % 4 = {number}",
                    random::GUILD
                );
                conn.batch_execute(&grow).map_err(|error| error.to_string())?;
                all.extend(question.take(&mut conn).map_err(|error| format!("{error:?}"))?);
            }
            Ok(all)
        };
        let mut reports = thread::scope(|scope| {
            let ask = &ask;
            let threads: Vec<_> = (0..4).map(|number| scope.spawn(move || ask(number))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Result<Vec<_>, String>>()
        })?;
        // A last look, for what changed after the last one of a thread.
        reports.push(question.take(&mut connect()?)?);
        // More than one thread got something, or the test would prove nothing.
        assert!(reports.iter().filter(|reports| !reports.is_empty()).count() > 1);
        let mut by_user = BTreeMap::<UserId, Vec<(u64, u64)>>::new();
        for LevelUp { user_id, from, to, .. } in reports.into_iter().flatten() {
            by_user.entry(user_id).or_default().push((from, to));
        }
        assert_eq!(u64::try_from(by_user.len())?, USERS);
        for (user, mut steps) in by_user {
            steps.sort_unstable();
            let last = steps.iter().try_fold(0, |last, (from, to)| (*from == last && to > from).then_some(*to));
            assert_eq!(last, Some((15 + rounds * (user.get() % 7)) / 10), "{user}: {steps:?}");
        }
        Ok(())
    }

    #[test]
    fn four_connections_to_a_file_report_each_level_once() -> TestResult {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("stats.db").to_string_lossy().into_owned();
        let connect = || -> TestResult<SqliteConnection> {
            let mut conn = SqliteConnection::establish(&path)?;
            conn.batch_execute("PRAGMA busy_timeout = 60000")?;
            Ok(conn)
        };
        let mut conn = connect()?;
        conn.batch_execute("PRAGMA journal_mode = WAL")?;
        mocha_schema::migrate(&mut conn)?;
        ask_at_once(connect)
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn four_connections_to_a_server_report_each_level_once() -> TestResult {
        let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
        mocha_schema::migrate_postgres(&mut diesel::PgConnection::establish(database.url())?)?;
        ask_at_once(|| Ok(diesel::PgConnection::establish(database.url())?))
    }
}
