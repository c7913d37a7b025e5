//! Applies steps to a real store.

use mocha_store::{Recorder, Store};

use crate::Step;

/// Applies the steps. It ignores [`Step::ClockSet`], which is for callers with a clock of their own.
///
/// # Errors
///
/// Returns the errors of the store and its recorder, and an error if a step needs a recorder before one was started.
pub fn play(store: &Store, steps: &[Step]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut recorder: Option<Recorder> = None;
    for step in steps {
        match (step, &recorder) {
            (Step::Start, _) => recorder = Some(store.recorder()?),
            (Step::Deliver(event), Some(recorder)) => recorder.record_blocking(event.clone())?,
            (Step::Flush, Some(recorder)) => recorder.flush()?,
            (Step::Stop, Some(recorder)) => recorder.shutdown()?,
            (Step::Crash, Some(recorder)) => recorder.abort(),
            (Step::ClockSet(_), _) => {}
            (step, None) => return Err(format!("{step:?} before the start").into()),
        }
    }
    Ok(())
}
