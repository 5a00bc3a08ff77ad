//! Long work: on a thread of its own, while this one tells progress and hears Ctrl-C.

use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often progress is told, and Ctrl-C heard.
const PERIOD: Duration = Duration::from_millis(50);

/// How far work is, and whether it is to go on.
#[derive(Default)]
pub(crate) struct Watch {
    pub(crate) stop: AtomicBool,
    done: AtomicUsize,
    all: AtomicUsize,
    is_over: (Mutex<bool>, Condvar),
}

impl Watch {
    /// Whether nobody has asked to stop.
    pub(crate) fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// So much of `all` is done; threads may tell of their parts in another order than they end.
    pub(crate) fn tell(&self, done: usize, all: usize) {
        self.all.store(all, Ordering::Relaxed);
        self.done.fetch_max(done, Ordering::Relaxed);
    }

    /// One more is done.
    pub(crate) fn one_more(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for the end of the work, but no longer than [`PERIOD`].
    fn wait(&self) -> bool {
        let (over, bell) = &self.is_over;
        let over = over.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = bell.wait_timeout_while(over, PERIOD, |over| !*over);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Rings when work is over, however it ends.
struct Bell<'a>(&'a Watch);

impl Drop for Bell<'_> {
    fn drop(&mut self) {
        let (over, bell) = &self.0.is_over;
        *over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        bell.notify_all();
    }
}

/// Does `work`, of `all` parts, and tells `progress` how many are done of all. What it raises, and Ctrl-C, stop the
/// work and are raised when it has stopped.
pub(crate) fn watched<T: Send>(
    py: Python<'_>,
    all: usize,
    progress: Option<&Py<PyAny>>,
    work: impl FnOnce(&Watch) -> T + Send,
) -> PyResult<T> {
    let watch = Watch::default();
    watch.all.store(all, Ordering::Relaxed);
    let (outcome, stopped) = std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _bell = Bell(&watch);
            work(&watch)
        });
        let (mut stopped, mut told) = (None, 0);
        loop {
            let is_over = py.detach(|| watch.wait());
            let now = watch.done.load(Ordering::Relaxed);
            if let Some(progress) = progress.filter(|_| stopped.is_none() && now != told) {
                told = now;
                stopped = progress.call1(py, (now, watch.all.load(Ordering::Relaxed))).err();
            }
            stopped = stopped.or_else(|| py.check_signals().err());
            if stopped.is_some() {
                watch.stop.store(true, Ordering::Relaxed);
            }
            if is_over {
                break;
            }
        }
        (py.detach(|| worker.join()), stopped)
    });
    match stopped {
        Some(stopped) => Err(stopped),
        None => Ok(outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))),
    }
}

/// Hears Ctrl-C from within work on this thread, which has let Python go.
#[derive(Default)]
pub(crate) struct Ear {
    heard: Mutex<(Option<Instant>, Option<PyErr>)>,
}

impl Ear {
    /// Whether to go on; looks every [`PERIOD`] only, because others may be using Python.
    pub(crate) fn goes_on(&self) -> bool {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let last = heard.0.get_or_insert_with(Instant::now);
        if last.elapsed() >= PERIOD {
            heard.1 = Python::attach(|py| py.check_signals()).err();
            heard.0 = Some(Instant::now());
        }
        heard.1.is_none()
    }

    /// What was heard.
    pub(crate) fn into_heard(self) -> Option<PyErr> {
        self.heard.into_inner().unwrap_or_else(PoisonError::into_inner).1
    }
}
