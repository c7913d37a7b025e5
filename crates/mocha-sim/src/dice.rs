//! Random numbers that are the same on every machine. Only integers are used, because logarithms and powers differ between
//! platforms.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[derive(Clone, Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Picks a number of `0..end`, all equally likely. Returns 0 if the range is empty.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.0.random_range(0..end) }
    }

    /// Picks a number of `start..end`, all equally likely. Returns `start` if the range is empty.
    pub(crate) fn ms_between(&mut self, start: i64, end: i64) -> i64 {
        if start < end { self.0.random_range(start..end) } else { start }
    }

    /// Returns `true` with this probability in percent.
    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// Picks a number n of `1..=end` with a probability proportional to 1/n (a Zipf distribution).
    pub(crate) fn zipf(&mut self, end: u64) -> u64 {
        let end = end.max(1);
        let doublings = u64::from(end.ilog2()) + 1;
        loop {
            // All doublings are equally likely. Within one, larger numbers are less likely.
            let low = 1 << self.below(doublings);
            let number = low + self.below(low);
            if number <= end && self.below(number) < low {
                return number;
            }
        }
    }

    /// Picks an index with the distribution of [`zipf`](Self::zipf). Returns `None` if there is none.
    pub(crate) fn rank(&mut self, len: usize) -> Option<usize> {
        let rank = self.zipf(u64::try_from(len).ok()?);
        usize::try_from(rank - 1).ok().filter(|index| *index < len)
    }

    /// Picks an item, all equally likely.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let index = self.below(u64::try_from(from.len()).ok()?);
        from.get(usize::try_from(index).ok()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_have_a_zipf_distribution() {
        const LEN: usize = 20;
        let mut dice = Dice::new(1);
        let mut counts = [0.0_f64; LEN];
        for _ in 0..100_000 {
            counts[dice.rank(LEN).unwrap()] += 1.0;
        }
        for (rank, count) in (1_u32..).zip(counts) {
            let expected = counts[0] / f64::from(rank);
            assert!((count - expected).abs() < 0.1 * expected, "{rank}: {count} instead of {expected}");
        }
        assert_eq!(dice.rank(0), None);
    }

    /// Files and figures of different machines are compared.
    #[test]
    fn the_sequence_of_a_seed_never_changes() {
        let mut dice = Dice::new(42);
        let drawn: Vec<_> = (0..4).flat_map(|_| [dice.below(1_000_000), dice.zipf(1_000_000)]).collect();
        assert_eq!(drawn, [681_896, 748_429, 288_593, 40_585, 901_803, 12, 444_052, 2]);
    }
}
