//! Independent runs on several threads, with results in the order of the plan.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How a study is run. None of this changes a result.
#[derive(Clone, Copy)]
pub struct RunOptions<'a> {
    /// Threads; none: one a processor.
    pub threads: Option<NonZeroUsize>,
    /// Set to stop after the runs that are under way.
    pub cancel: &'a AtomicBool,
    /// Called at the start and after each run, from any thread.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// How far a study is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Runs that are done, of those that this process is to make.
    pub done: usize,
    /// All that it is to make.
    pub all: usize,
    /// How long the rest will take; unknown before a run of each kind that is left is done.
    pub left: Option<Duration>,
}

/// How long runs take, by kind: those of one task and size take about the same, and others may take a thousand times
/// as long.
pub(crate) struct Pace {
    /// Of each kind: runs that are left, runs that are done, and what these took.
    kinds: Mutex<Vec<(usize, u32, Duration)>>,
    threads: u32,
}

impl Pace {
    /// Of runs with these kinds, counted from 0.
    pub(crate) fn new(kinds: impl IntoIterator<Item = usize>, threads: usize) -> Self {
        let mut counts: Vec<(usize, u32, Duration)> = Vec::new();
        for kind in kinds {
            counts.resize(counts.len().max(kind + 1), (0, 0, Duration::ZERO));
            counts[kind].0 += 1;
        }
        Self { kinds: Mutex::new(counts), threads: u32::try_from(threads).unwrap_or(u32::MAX).max(1) }
    }

    /// Notes a run of a kind; how long the rest will take.
    fn done(&self, kind: usize, took: Duration) -> Option<Duration> {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, done, all) = &mut kinds[kind];
        *left -= 1;
        *done += 1;
        *all += took;
        let left = |(left, done, all): &(usize, u32, Duration)| match (*left, *done) {
            (0, _) => Some(Duration::ZERO),
            (_, 0) => None,
            (left, done) => Some((*all / done).saturating_mul(u32::try_from(left).unwrap_or(u32::MAX))),
        };
        let all = kinds.iter().map(left).try_fold(Duration::ZERO, |all, one| Some(all.saturating_add(one?)))?;
        Some(all / self.threads)
    }
}

/// Why not all runs have a result.
#[derive(Debug)]
pub(crate) enum Stopped<E> {
    /// Cancelled after this many runs.
    Cancelled(usize),
    /// The first run of the plan that failed.
    Failed(E),
}

/// Runs `run(0)`, `run(1)`, ... for as many as there are `kinds`, which say how long each may take; the results come in
/// that order, whatever the threads did.
pub(crate) fn run_all<T: Send, E: Send>(
    kinds: &[usize],
    options: &RunOptions<'_>,
    run: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, Stopped<E>> {
    let count = kinds.len();
    let (done, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let threads = options
        .threads
        .map_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get), NonZeroUsize::get);
    let pace = Pace::new(kinds.iter().copied(), threads.min(count));
    (options.progress)(Progress { done: 0, all: count, left: None });
    let results = session::in_order(count, options.threads, |index| {
        if options.cancel.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed) {
            return None;
        }
        let start = Instant::now();
        let result = run(index);
        if result.is_err() {
            failed.store(true, Ordering::Relaxed);
        }
        let left = pace.done(kinds[index], start.elapsed());
        (options.progress)(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, all: count, left });
        Some(result)
    });
    let mut finished = Vec::with_capacity(count);
    let mut complete = true;
    for result in results {
        match result {
            Some(Ok(result)) => finished.push(result),
            Some(Err(error)) => return Err(Stopped::Failed(error)),
            None => complete = false,
        }
    }
    if complete { Ok(finished) } else { Err(Stopped::Cancelled(finished.len())) }
}

/// What several runs share: made when the first of them asks, let go with the last.
pub(crate) struct Shared<T> {
    /// What was made, and how many runs have still to ask.
    made: Mutex<(Option<Arc<T>>, usize)>,
}

impl<T> Shared<T> {
    /// For so many runs.
    pub(crate) fn new(runs: usize) -> Self {
        Self { made: Mutex::new((None, runs)) }
    }

    /// What the runs share, for one of them. Others that ask meanwhile wait; after a failure the next one tries again.
    pub(crate) fn take<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let mut made = self.made.lock().expect("no run panicked");
        let shared = match made.0.take() {
            Some(shared) => shared,
            None => Arc::new(make()?),
        };
        made.1 = made.1.saturating_sub(1);
        if made.1 > 0 {
            made.0 = Some(Arc::clone(&shared));
        }
        Ok(shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_is_made_once_and_let_go_with_the_last_run() {
        let shared = Shared::new(3);
        assert_eq!(shared.take(|| Err("not today")), Err("not today"));
        let first = shared.take(|| Ok::<_, &str>(7)).unwrap();
        let second = shared.take(|| Err("made already")).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        let (third, held) = (shared.take(|| Err("made already")).unwrap(), Arc::downgrade(&first));
        drop((first, second, third));
        assert!(held.upgrade().is_none(), "nobody needs it any more");
    }

    fn options<'a>(threads: usize, cancel: &'a AtomicBool, progress: &'a (dyn Fn(Progress) + Sync)) -> RunOptions<'a> {
        RunOptions { threads: NonZeroUsize::new(threads), cancel, progress }
    }

    #[test]
    fn results_come_in_the_order_of_the_plan() {
        let cancel = AtomicBool::new(false);
        let seen = AtomicUsize::new(0);
        for threads in [1, 2, 7] {
            let progress = |progress: Progress| {
                seen.fetch_max(progress.done, Ordering::Relaxed);
            };
            let all = run_all(&[0; 50], &options(threads, &cancel, &progress), |i| Ok::<_, ()>(i * i)).unwrap();
            assert_eq!(all, (0..50).map(|i| i * i).collect::<Vec<_>>());
            assert_eq!(seen.swap(0, Ordering::Relaxed), 50);
        }
        assert!(run_all(&[], &options(2, &cancel, &|_| {}), |_| Ok::<_, ()>(())).unwrap().is_empty());
    }

    /// What a kind of run takes is not told from other kinds.
    #[test]
    fn what_is_left_is_unknown_until_every_kind_was_seen() {
        let pace = Pace::new([0, 0, 1, 0, 1], 2);
        let seconds = Duration::from_secs;
        assert_eq!(pace.done(0, seconds(1)), None);
        assert_eq!(pace.done(1, seconds(100)), Some(seconds(1 + 50)));
        assert_eq!(pace.done(0, seconds(3)), Some(seconds(1 + 50)), "two seconds on average");
        assert_eq!(pace.done(1, seconds(100)), Some(seconds(1)));
        assert_eq!(pace.done(0, seconds(1)), Some(Duration::ZERO));
    }

    #[test]
    fn a_failure_stops_the_rest_and_is_reported() {
        let cancel = AtomicBool::new(false);
        let run = |i| if i == 3 { Err(format!("run {i}")) } else { Ok(i) };
        match run_all(&[0; 1000], &options(1, &cancel, &|_| {}), run) {
            Err(Stopped::Failed(error)) => assert_eq!(error, "run 3"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn cancelling_says_how_many_are_done() {
        let cancel = AtomicBool::new(false);
        let run = |i| {
            cancel.store(i == 4, Ordering::Relaxed);
            Ok::<_, ()>(i)
        };
        match run_all(&[0; 1000], &options(1, &cancel, &|_| {}), run) {
            Err(Stopped::Cancelled(done)) => assert_eq!(done, 5),
            other => panic!("{other:?}"),
        }
    }
}
