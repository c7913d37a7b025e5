//! The trait that all peers implement, and the questions that they answer.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use mocha_benches::{Failure, median};
use serde::{Deserialize, Serialize};

/// The number of users on a leaderboard.
pub(crate) const TOP: usize = 10;

/// The smallest number of runs and the shortest time of a measurement. It has at most [`MOST_RUNS`] runs.
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
    // Ids are texts, because not every language has 64-bit integers.
    #[serde(serialize_with = "text")]
    pub(crate) guild: u64,
    pub(crate) kind: Kind,
    /// The last message, in unix seconds.
    #[serde(skip)]
    pub(crate) last: i64,
    /// The start of the window in unix seconds. 0 stands for all time.
    pub(crate) since: i64,
    pub(crate) top: usize,
    #[serde(serialize_with = "text")]
    pub(crate) user: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires a reference")]
fn text<S: serde::Serializer>(id: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// The rows of an answer, which depend on the question.
///
/// * Leaderboard: `user, messages, rank`, in order.
/// * Statistics of a user: `messages, characters, attachments`.
/// * Heat map: `weekday, hour, messages`, from Monday, without hours that have no messages.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub(crate) struct Answer(pub(crate) Vec<Vec<String>>);

impl Answer {
    pub(crate) fn of<const N: usize, T: ToString>(rows: impl IntoIterator<Item = [T; N]>) -> Self {
        Self(rows.into_iter().map(|row| row.iter().map(ToString::to_string).collect()).collect())
    }

    /// Orders the ties of a leaderboard by user, so that answers can be compared.
    ///
    /// Users who are tied with the last one lose their names, because a peer may list any of them.
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

/// A number of messages and the time that they took.
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

/// A program that stores messages and answers questions about them. Its folder is empty at first.
pub(crate) trait Peer {
    /// Imports all messages except the last ones, as fast as possible. Returns `None` if the program has no import.
    fn import(&mut self, head: &Path) -> Result<Option<Duration>, Failure>;

    /// Inserts the last messages one by one, and moves everything into the main file.
    fn insert(&mut self, tail: &Path) -> Result<Rate, Failure>;

    fn bytes(&self) -> Result<u64, Failure>;

    fn answer(&mut self, question: &Question) -> Result<Answer, Failure>;

    /// Returns the median time of a question.
    fn time(&mut self, question: &Question) -> Result<Duration, Failure>;
}

/// Returns the median time of some runs.
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
    fn leaderboards_may_order_ties_in_any_way() {
        let expected = board(&[[1, 9, 1], [2, 5, 2], [3, 5, 2], [4, 1, 4]]);
        assert_eq!(
            board(&[[1, 9, 1], [3, 5, 2], [2, 5, 2], [7, 1, 4]]),
            expected,
            "the last user is tied with users that are not listed"
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
