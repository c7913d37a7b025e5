//! The example `replay`: records a trace of gateway frames in a store, and computes an answer.

mod answer;
mod delivery;
mod feed;
mod report;
mod trace;

pub use self::{
    answer::{Answer, WrittenAnswer},
    feed::{BrokenLine, Played, feed},
    report::report,
    trace::Trace,
};
