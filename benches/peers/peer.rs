//! What is asked of all, and what each of them can do.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use mocha_benches::{Failure, median};
use serde::{Deserialize, Serialize};

/// So many places of a board are listed.
pub(crate) const TOP: usize = 10;

/// A question is asked so often and so long at least, and at most [`MOST_RUNS`] times.
pub(crate) const LEAST_RUNS: usize = 3;
pub(crate) const LEAST_TIME: Duration = Duration::from_millis(500);
pub(crate) const MOST_RUNS: usize = 1_000;

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    HeatMap,
    Leaderboard,
    UserStatistics,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Question {
    #[serde(skip)]
    pub(crate) days: Option<i64>,
    // As texts: not every language has numbers of 64 bits.
    #[serde(serialize_with = "text")]
    pub(crate) guild: u64,
    pub(crate) kind: Kind,
    /// The last message, in unix seconds.
    #[serde(skip)]
    pub(crate) last: i64,
    /// In unix seconds; 0 for all time.
    pub(crate) since: i64,
    pub(crate) top: usize,
    #[serde(serialize_with = "text")]
    pub(crate) user: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn text<S: serde::Serializer>(id: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// Rows of numbers: `user, messages, rank` of a board, in its order; `messages, characters, attachments` of a user; `weekday,
/// hour, messages` of a heat map, Monday first, without hours in which nobody wrote.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub(crate) struct Answer(pub(crate) Vec<Vec<String>>);

impl Answer {
    pub(crate) fn of<const N: usize, T: ToString>(rows: impl IntoIterator<Item = [T; N]>) -> Self {
        Self(rows.into_iter().map(|row| row.iter().map(ToString::to_string).collect()).collect())
    }

    /// In an order that the question's words leave open: a board's equals by user, and without the names of those who are equal
    /// with the last one, of whom others may be listed as well.
    pub(crate) fn in_order(mut self, kind: Kind) -> Self {
        if kind == Kind::Leaderboard {
            let place = |row: &[String]| row.get(1..).map(<[_]>::to_vec);
            let last = self.0.last().and_then(|row| place(row));
            for row in &mut self.0 {
                if place(row) == last
                    && let Some(user) = row.first_mut()
                {
                    user.clear();
                }
            }
            for equals in self.0.chunk_by_mut(|a, b| place(a) == place(b)) {
                equals.sort_unstable();
            }
        } else {
            self.0.sort_unstable();
        }
        self
    }
}

/// So many in so much time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) len: usize,
    pub(crate) time: Duration,
}

impl Rate {
    pub(crate) fn per_second(self) -> u128 {
        u128::try_from(self.len).unwrap_or(0) * 1_000_000_000 / self.time.as_nanos().max(1)
    }
}

/// Somebody who stores messages and answers questions about them, in a folder that is empty at first.
pub(crate) trait Peer {
    /// All but the last messages, as fast as it can. `None` if it has no way of its own to do so.
    fn import(&mut self, head: &Path) -> Result<Option<Duration>, Failure>;

    /// The last messages, one by one, and puts all into the file as it rests.
    fn insert(&mut self, tail: &Path) -> Result<Rate, Failure>;

    fn bytes(&self) -> Result<u64, Failure>;

    fn answer(&mut self, question: &Question) -> Result<Answer, Failure>;

    /// How long it takes, the median of some times.
    fn time(&mut self, question: &Question) -> Result<Duration, Failure>;
}

/// The median of what some runs take.
pub(crate) fn time<T>(mut ask: impl FnMut() -> Result<T, Failure>) -> Result<Duration, Failure> {
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < LEAST_RUNS || (start.elapsed() < LEAST_TIME && times.len() < MOST_RUNS) {
        let start = Instant::now();
        std::hint::black_box(ask()?);
        times.push(start.elapsed());
    }
    median(times).ok_or_else(|| "nothing was measured".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(rows: &[[u64; 3]]) -> Answer {
        Answer::of(rows.iter().copied()).in_order(Kind::Leaderboard)
    }

    #[test]
    fn boards_may_order_equals_as_they_like() {
        let expected = board(&[[1, 9, 1], [2, 5, 2], [3, 5, 2], [4, 1, 4]]);
        assert_eq!(
            board(&[[1, 9, 1], [3, 5, 2], [2, 5, 2], [7, 1, 4]]),
            expected,
            "who is last has equals that are not listed"
        );
        for other in [
            [[1, 9, 1], [2, 5, 2], [8, 5, 2], [4, 1, 4]],
            [[1, 9, 1], [2, 5, 2], [3, 5, 3], [4, 1, 4]],
            [[1, 9, 1], [2, 5, 2], [3, 5, 2], [4, 2, 4]],
            [[2, 5, 2], [3, 5, 2], [1, 9, 1], [4, 1, 4]],
        ] {
            assert_ne!(board(&other), expected);
        }
    }
}
