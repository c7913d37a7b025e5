//! Points that a bot sets for users.

use std::collections::BTreeMap;

use mocha_schema::{GuildId, UserId};

use crate::{Error, ErrorKind, tombstones::Tombstones};

/// The most points of a balance, as the tables have it.
const MOST: u64 = 1_000_000_000_000_000;

/// Reports how many users' points were set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use = "the points of erased users were not set"]
#[non_exhaustive]
pub struct SetBalances {
    /// How many users have the given points now.
    pub set: u64,
    /// How many users were left out, because they were erased or opted out.
    pub withheld: u64,
}

/// The points of users, in order of their ids.
#[doc(hidden)]
#[derive(Debug)]
pub struct PointBalances(BTreeMap<UserId, i64>);

impl PointBalances {
    /// Takes the points of users. The last ones of a user count.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`] of `points`: they are more than a table can hold.
    pub fn new(balances: impl IntoIterator<Item = (UserId, u64)>) -> Result<Self, Error> {
        let mut all = BTreeMap::new();
        for (user_id, points) in balances {
            let points = i64::try_from(points).ok().filter(|_| points <= MOST).ok_or_else(|| {
                Error::new(ErrorKind::InvalidSetting { name: "points" }, format!("`points` must be {MOST} or less"))
            })?;
            all.insert(user_id, points);
        }
        Ok(Self(all))
    }

    /// Returns the points to set in the guild. A balance has no time, so an erased user gets none, also after a return.
    pub fn allowed(self, tombstones: &Tombstones, guild_id: GuildId) -> (Vec<(UserId, i64)>, SetBalances) {
        let users = self.0.len();
        let is_erased = |user_id| tombstones.ruling(user_id, Some(guild_id)).is_some();
        let allowed: Vec<(UserId, i64)> = self.0.into_iter().filter(|(user_id, _)| !is_erased(*user_id)).collect();
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let report = SetBalances { set: number(allowed.len()), withheld: number(users - allowed.len()) };
        (allowed, report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_those_that_a_table_can_hold_and_the_last_ones_count() -> Result<(), Box<dyn std::error::Error>> {
        let [first, second] = [20, 10].map(UserId::try_from);
        let (first, second) = (first?, second?);
        let error = PointBalances::new([(first, MOST + 1)]).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::InvalidSetting { name: "points" });
        let balances = PointBalances::new([(first, 7), (second, 0), (first, MOST)])?;
        let (rows, report) = balances.allowed(&Tombstones::default(), 1.try_into()?);
        assert_eq!(rows, [(second, 0), (first, 1_000_000_000_000_000)]);
        assert_eq!(report, SetBalances { set: 2, withheld: 0 });
        Ok(())
    }
}
