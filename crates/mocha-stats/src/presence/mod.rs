//! Presence: who was online, idle, away or offline for how long, and what they did, out of
//! `presence_events`.
//!
//! A row tells a change, and what it tells holds until the person's next row, or until the person
//! leaves. Every question scans the rows once, through a [`Scope`](scope::Scope), and folds the
//! spells between them.

mod activities;
mod online;
#[cfg(test)]
mod reads;
mod rows;
mod scope;
mod status;
#[cfg(test)]
mod truth;

pub use self::{
    activities::{Activities, ActivitiesAnswer, ActivityTime},
    online::{OnlinePeriod, OnlineSeries, OnlineSeriesAnswer},
    status::{PresenceTime, PresenceTimeAnswer, StatusTime},
};
