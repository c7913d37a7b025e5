//! Growth: who came and went, who stayed and who took part, out of `member_events`.

mod activation;
mod log;
mod membership;
mod retention;
mod series;
mod stay;
#[cfg(test)]
pub(crate) mod truth;

pub(crate) use self::log::{Entry, Turnover, entries};
pub use self::{
    activation::{Activation, ActivationAnswer},
    retention::{Cohort, FirstWeek, Retention, RetentionAnswer},
    series::{Growth, GrowthAnswer, GrowthPeriod},
    stay::{LengthOfStay, LengthOfStayAnswer, Stays},
};
