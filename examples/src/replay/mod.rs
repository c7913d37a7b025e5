//! What the `replay` example does: a trace of gateway frames goes through the adapter into a store, and out comes an answer.

mod answer;
mod delivery;
mod feed;
mod report;
mod trace;

pub use self::{
    answer::Answer,
    feed::{BrokenLine, Played, feed},
    report::report,
    trace::Trace,
};
