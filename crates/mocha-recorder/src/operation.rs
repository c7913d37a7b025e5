//! The common part of long operations.

use std::{fmt, ops::ControlFlow};

use crate::Error;

/// The callback of an operation that reports progress.
type OnProgress<'a, P> = Box<dyn FnMut(P) -> ControlFlow<()> + 'a>;

/// The work of an operation. It always gets a callback.
type Work<P, T> = Box<dyn FnOnce(&mut dyn FnMut(P) -> ControlFlow<()>) -> Result<T, Error>>;

/// A long operation on a store. It starts with [`run`](Self::run).
///
/// `P` is what it reports while it works, `T` is its result. The method of the store that returns it says what the operation
/// does, what it locks, and what an early end leaves.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
///
/// use mocha_store::{Rollup, Store};
///
/// # let store = Store::builder().open_in_memory()?;
/// let verification = store.verify(Rollup::MessageDays).run()?;
/// assert!(verification.is_ok());
///
/// let rebuilt = store.rebuild(Rollup::MessageDays).on_progress(|progress| {
///     println!("{} of {} slices", progress.done, progress.total);
///     ControlFlow::Continue(())
/// });
/// assert!(rebuilt.run()?.complete);
/// # Ok::<(), mocha_store::Error>(())
/// ```
#[must_use = "nothing happens until `run`"]
pub struct Operation<'a, P, T> {
    on_progress: Option<OnProgress<'a, P>>,
    work: Work<P, T>,
}

impl<'a, P, T> Operation<'a, P, T> {
    /// Makes an operation of its work, which gets the callback. Meant for stores.
    pub fn new(work: impl FnOnce(&mut dyn FnMut(P) -> ControlFlow<()>) -> Result<T, Error> + 'static) -> Self {
        Self { on_progress: None, work: Box::new(work) }
    }

    /// Calls `on_progress` now and then with what is done so far. [`ControlFlow::Break`] ends the
    /// operation early.
    ///
    /// The callback runs on the thread that runs the operation, between two transactions unless the
    /// operation says otherwise.
    #[doc(alias = "cancel")]
    #[doc(alias = "progress")]
    pub fn on_progress(mut self, on_progress: impl FnMut(P) -> ControlFlow<()> + 'a) -> Self {
        self.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Runs the operation and blocks until it ends. In an async program, use a thread for blocking
    /// work.
    ///
    /// # Errors
    ///
    /// The method that returned the operation lists its errors.
    pub fn run(self) -> Result<T, Error> {
        let Self { on_progress, work } = self;
        let mut on_progress = on_progress.unwrap_or_else(|| Box::new(|_| ControlFlow::Continue(())));
        work(&mut on_progress)
    }
}

impl<P, T> fmt::Debug for Operation<'_, P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("is_watched", &self.on_progress.is_some()).finish_non_exhaustive()
    }
}
