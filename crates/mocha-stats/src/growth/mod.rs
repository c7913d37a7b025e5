//! Growth: joins, leaves, members who stayed and members who took part, from `member_events`.

mod activation;
mod boosters;
mod log;
mod member_return;
mod members_since;
mod membership;
mod retention;
mod series;
mod tenure;
#[cfg(test)]
pub(crate) mod truth;

pub(crate) use self::log::{Entry, Turnover, entries};
pub use self::{
    activation::{Activation, ActivationAnswer},
    boosters::{Boosters, BoostersAnswer, BoostersPeriod},
    member_return::{MemberReturn, MemberReturnAnswer, ReturnCohort, ReturnDay},
    members_since::{MembersSince, MembersSinceAnswer, MembersSincePeriod},
    retention::{Cohort, FirstWeek, MemberRetention, MemberRetentionAnswer},
    series::{Growth, GrowthAnswer, GrowthPeriod},
    tenure::{Tenure, TenureAnswer, TenureCounts},
};
