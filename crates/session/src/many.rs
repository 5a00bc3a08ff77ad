//! Many runs at once. Threads change nothing: results come in the order of the runs, and each is a run of its own.

use crate::{Board, Session, SessionError};
use device_models::DieParameters;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// `run(0)` to `run(count - 1)` on up to `threads` threads (none: one a processor), in this order whatever the threads
/// did.
pub fn in_order<T: Send>(count: usize, threads: Option<NonZeroUsize>, run: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    // One needs no other, and where there are none there is this one.
    if threads.min(count) <= 1 {
        return (0..count).map(run).collect();
    }
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(slot) = results.get(index) else { return };
                    *slot.lock().expect("no run panicked") = Some(run(index));
                }
            });
        }
    });
    results.into_iter().map(|slot| slot.into_inner().expect("no run panicked").expect("every run was made")).collect()
}

impl Board {
    /// Runs the program once on each of `dies`, on up to `threads` threads (none: one a processor).
    ///
    /// # Errors
    /// Of each die on its own: parameters that a core cannot have, or what `run` returns.
    pub fn on_each<T: Send>(
        &self,
        dies: &[DieParameters],
        threads: Option<NonZeroUsize>,
        run: impl Fn(Session) -> Result<T, SessionError> + Sync,
    ) -> Vec<Result<T, SessionError>> {
        in_order(dies.len(), threads, |index| self.on(&dies[index]).and_then(&run))
    }
}

impl Session {
    /// Runs a copy of this session for each of `items`, such as lists of inputs, on up to `threads` threads (none: one
    /// a processor). Each copy begins where this session is, with its probes, counters and muted connections.
    pub fn for_each<I: Sync, T: Send>(
        &self,
        items: &[I],
        threads: Option<NonZeroUsize>,
        run: impl Fn(Self, &I) -> T + Sync,
    ) -> Vec<T> {
        in_order(items.len(), threads, |index| run(self.clone(), &items[index]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_for_any_threads() {
        for count in [0, 1, 2, 30] {
            for threads in [1, 2, 5] {
                let all = in_order(count, NonZeroUsize::new(threads), |index| 3 * index);
                assert_eq!(all, (0..count).map(|index| 3 * index).collect::<Vec<_>>());
            }
        }
    }

    /// Where there is one thread, no other is made: what runs there is on the thread of who asked.
    #[test]
    fn one_thread_is_this_one() {
        let here = std::thread::current().id();
        let all = in_order(4, NonZeroUsize::new(1), |_| std::thread::current().id());
        assert_eq!(all, [here; 4]);
    }
}
