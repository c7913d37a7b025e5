//! Whether bots count.

use crate::database::Dialect;

/// Which accounts to count. A bot is a user whose `bot` is true in `users`. Unknown accounts count
/// as human.
///
/// # Examples
///
/// ```
/// use mocha_schema::GuildId;
/// use mocha_stats::{Bots, Leaderboard};
///
/// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn = fixture::seeded()?;
/// let board = Leaderboard::messages(GuildId::try_from(1)?);
/// assert_eq!(board.load(&mut conn)?.total, 6);
/// assert_eq!(board.clone().bots(Bots::Only).load(&mut conn)?.total, 5);
/// assert_eq!(board.bots(Bots::Include).load(&mut conn)?.total, 11);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Bots {
    /// People only. The default, but for [`Growth`](crate::Growth).
    #[default]
    Exclude,
    /// People and bots.
    Include,
    /// Bots only.
    Only,
}

impl Bots {
    /// Whether somebody counts.
    pub(crate) const fn counts(self, bot: bool) -> bool {
        match self {
            Self::Exclude => !bot,
            Self::Include => true,
            Self::Only => bot,
        }
    }

    /// The end of a condition on a roll-up by user.
    pub(crate) const fn condition_of_rollup(self, dialect: Dialect) -> &'static str {
        match self {
            Self::Exclude => dialect.either(" AND bot = 0", " AND NOT bot"),
            Self::Include => "",
            Self::Only => dialect.either(" AND bot = 1", " AND bot"),
        }
    }

    /// The end of a condition on events of users. For EXISTS SQLite would run a subquery for each
    /// row, which takes twice as long.
    pub(crate) const fn condition_of_event(self, dialect: Dialect) -> &'static str {
        match self {
            Self::Exclude => dialect.either(
                " AND CAST(user_id AS INTEGER) NOT IN (SELECT id FROM bots)",
                " AND user_id NOT IN (SELECT id FROM bots)",
            ),
            Self::Include => "",
            Self::Only => dialect.either(
                " AND CAST(user_id AS INTEGER) IN (SELECT id FROM bots)",
                " AND user_id IN (SELECT id FROM bots)",
            ),
        }
    }
}
