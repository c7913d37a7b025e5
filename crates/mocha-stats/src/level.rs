//! Levels out of points.

use crate::Error;

/// How many points each level takes: from level `n` to the next one `square * n² + linear * n +
/// constant` points, from level 0 on.
///
/// The points are yours: those of a [`Leaderboard::score`](crate::Leaderboard::score), or of another
/// bot whose levels you take over. [`mee6`](Self::mee6) and the [`arcane`](Self::arcane_linear)
/// presets have the curves that these bots document.
///
/// # Examples
///
/// ```
/// use mocha_schema::{GuildId, UserId};
/// use mocha_stats::{Leaderboard, LevelCurve, Weights};
///
/// # mod fixture { include!("fixture.rs"); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn = fixture::seeded()?;
/// // 20 points for a message, and 5 for a minute in voice.
/// let score = Leaderboard::score(GuildId::try_from(1)?, Weights::new().messages(20).voice_minutes(5));
/// let board = score.around(UserId::try_from(20)?, 0).load(&mut conn)?;
/// let progress = LevelCurve::mee6().progress(board.entries[0].value);
/// assert_eq!((progress.level, progress.points, progress.needed), (2, 105, 220));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[doc(alias("XP", "experience", "rank"))]
pub struct LevelCurve {
    square: u32,
    linear: u32,
    constant: u32,
}

/// The level of some points.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LevelProgress {
    /// The level, from 0 on.
    pub level: u64,
    /// The points since the level was reached.
    pub points: u64,
    /// The points from the level to the next one. [`u64::MAX`] if no number of points is as large.
    pub needed: u64,
}

impl LevelCurve {
    /// Creates a curve: level `n` takes `square * n² + linear * n + constant` points to the next one.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `constant`: zero, so that the first level would take
    /// no points.
    pub const fn new(square: u32, linear: u32, constant: u32) -> Result<Self, Error> {
        if constant == 0 {
            return Err(Error::invalid("constant", "must not be zero"));
        }
        Ok(Self { square, linear, constant })
    }

    /// The curve of MEE6: `5n² + 50n + 100`.
    #[must_use]
    pub const fn mee6() -> Self {
        Self { square: 5, linear: 50, constant: 100 }
    }

    /// The curve that Arcane calls linear, its default: `100n + 75`.
    #[must_use]
    pub const fn arcane_linear() -> Self {
        Self { square: 0, linear: 100, constant: 75 }
    }

    /// The curve that Arcane calls exponential: `5n² + 50n + 75`.
    #[must_use]
    pub const fn arcane_exponential() -> Self {
        Self { square: 5, linear: 50, constant: 75 }
    }

    /// Returns the points that a level takes in all, to import a level of another bot; [`u64::MAX`] if no
    /// number of points is as large.
    ///
    /// ```
    /// use mocha_stats::LevelCurve;
    ///
    /// assert_eq!(LevelCurve::mee6().points_of(10), 4_675);
    /// ```
    #[must_use]
    pub fn points_of(self, level: u64) -> u64 {
        u64::try_from(self.sum(level.into())).unwrap_or(u64::MAX)
    }

    /// Returns the level of some points, and how far it is to the next one.
    #[must_use]
    pub fn progress(self, points: u64) -> LevelProgress {
        let points = u128::from(points);
        // The level lies in low..high: each level takes a point or more.
        let (mut low, mut high) = (0, points + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.sum(middle) <= points { low = middle } else { high = middle }
        }
        let (reached, next) = (self.sum(low), self.sum(low + 1));
        let number = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
        LevelProgress { level: number(low), points: number(points - reached), needed: number(next - reached) }
    }

    /// Returns the levels that were reached on the way from some points to more, lowest first: for
    /// roles and congratulations. If you keep the points that you looked at last, each level comes
    /// once.
    ///
    /// ```
    /// use mocha_stats::LevelCurve;
    ///
    /// let curve = LevelCurve::mee6();
    /// // Level 1 takes 100 points, level 2 takes 255, level 3 takes 475.
    /// assert_eq!(curve.reached(90, 300).collect::<Vec<_>>(), [1, 2]);
    /// assert_eq!(curve.reached(300, 310).count(), 0);
    /// // Messages that were deleted take no level.
    /// assert_eq!(curve.reached(300, 90).count(), 0);
    /// ```
    pub fn reached(self, before: u64, now: u64) -> impl Iterator<Item = u64> {
        let [before, now] = [before, now].map(|points| self.progress(points).level);
        (before..now).map(|level| level.saturating_add(1))
    }

    /// The points of all levels below one. A sum that is too large is the largest number.
    fn sum(self, level: u128) -> u128 {
        let Some(last) = level.checked_sub(1) else { return 0 };
        // The sums of k² and of k for all k below the level.
        let numbers = last.saturating_mul(level) / 2;
        let squares = last.saturating_mul(level).saturating_mul(last + level) / 6;
        let parts = [(squares, self.square), (numbers, self.linear), (level, self.constant)];
        parts.into_iter().fold(0, |sum: u128, (count, points)| sum.saturating_add(count.saturating_mul(points.into())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn presets_are_what_the_bots_document() {
        // `LEVEL 14 | XP 766/1780 | TOTAL XP 10811`, as MEE6 wrote it.
        let progress = LevelCurve::mee6().progress(10_811);
        assert_eq!((progress.level, progress.points, progress.needed), (14, 766, 1_780));
        // Arcane documents 1,075 points for level 10.
        assert_eq!(LevelCurve::arcane_linear().progress(LevelCurve::arcane_linear().points_of(10)).needed, 1_075);
        assert_eq!(LevelCurve::arcane_exponential().progress(0).needed, 75);
        assert!(LevelCurve::new(1, 1, 0).is_err_and(|error| error.is_invalid_input()));
    }

    #[test]
    fn the_ends_are_no_panic() -> Result<(), Error> {
        for curve in [LevelCurve::mee6(), LevelCurve::new(0, 0, 1)?, LevelCurve::new(u32::MAX, u32::MAX, u32::MAX)?] {
            let most = curve.progress(u64::MAX);
            assert!(most.points < most.needed || most.needed == u64::MAX, "{most:?}");
            assert_eq!(curve.progress(0).level, 0);
            assert_eq!(curve.points_of(0), 0);
            assert_eq!(curve.points_of(u64::MAX), u64::MAX);
        }
        assert_eq!(LevelCurve::new(0, 0, 1)?.progress(u64::MAX).level, u64::MAX);
        Ok(())
    }

    proptest! {
        #[test]
        fn it_is_what_counting_level_by_level_says(
            square in 0..20_u32, linear in 0..200_u32, constant in 1..300_u32, points in 0..60_000_u64, more in 0..5_000_u64
        ) {
            let curve = LevelCurve::new(square, linear, constant).unwrap();
            let count = |points: u64| {
                let (mut level, mut left) = (0_u64, points);
                loop {
                    let needed = u64::from(square) * level * level + u64::from(linear) * level + u64::from(constant);
                    if left < needed {
                        return LevelProgress { level, points: left, needed };
                    }
                    (left, level) = (left - needed, level + 1);
                }
            };
            let (before, now) = (count(points), count(points + more));
            prop_assert_eq!(curve.progress(points), before);
            prop_assert_eq!(curve.points_of(before.level) + before.points, points);
            let reached: Vec<u64> = curve.reached(points, points + more).collect();
            prop_assert_eq!(reached, (before.level + 1..=now.level).collect::<Vec<_>>());
        }
    }
}
