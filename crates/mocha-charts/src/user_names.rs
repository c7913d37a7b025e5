//! The names of users on a chart.

use mocha_schema::UserId;
use mocha_stats::NamesAnswer;

/// Names users on a [leaderboard](crate::Chart::leaderboard): the answer of [`Names`](mocha_stats::Names), or a function.
pub trait UserNames {
    /// Returns the name of a user. A user without a name is shown by id.
    fn user_name(&self, user_id: UserId) -> Option<String>;
}

impl<F: Fn(UserId) -> Option<String>> UserNames for F {
    fn user_name(&self, user_id: UserId) -> Option<String> {
        self(user_id)
    }
}

impl UserNames for &NamesAnswer {
    fn user_name(&self, user_id: UserId) -> Option<String> {
        self.user(user_id).map(str::to_owned)
    }
}
