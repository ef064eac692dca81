//! One run of a client program: its clock, its stages, and what all its clients share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::statistics::Statistics;

/// What the clients of one program share. Times are nanoseconds since it was made.
#[derive(Debug)]
pub(crate) struct Run {
    epoch: Instant,
    begin: AtomicU64,
    end: AtomicU64,
    /// When each client's first messages were sent.
    kicks: Box<[AtomicU64]>,
    statistics: Statistics,
    progress: Mutex<Progress>,
    changed: Condvar,
}

impl Run {
    /// A run that has not begun.
    pub(crate) fn new(clients: usize) -> Self {
        Self {
            epoch: Instant::now(),
            begin: AtomicU64::new(u64::MAX),
            end: AtomicU64::new(u64::MAX),
            kicks: (0..clients).map(|_| AtomicU64::default()).collect(),
            statistics: Statistics::new(clients),
            progress: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> u64 {
        nanoseconds(self.epoch.elapsed())
    }

    /// How many clients there are.
    pub(crate) fn clients(&self) -> usize {
        self.kicks.len()
    }

    /// What is counted.
    pub(crate) fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Starts the clock for so long a time, and says when that was.
    pub(crate) fn start(&self, duration: Duration) -> u64 {
        let now = self.now();
        self.end.store(now + nanoseconds(duration), Ordering::Release);
        self.begin.store(now, Ordering::Release);
        now
    }

    /// When the clock was started.
    pub(crate) fn begin(&self) -> u64 {
        self.begin.load(Ordering::Acquire)
    }

    /// A client's first messages are about to be sent.
    pub(crate) fn kick(&self, client: usize) {
        self.kicks[client].store(self.now(), Ordering::Release);
    }

    /// When a client's first messages were sent.
    pub(crate) fn kicked(&self, client: usize) -> u64 {
        self.kicks[client].load(Ordering::Acquire)
    }

    /// When the clock ends.
    pub(crate) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// Whether what happens at this time is before the end.
    pub(crate) fn goes_on(&self, now: u64) -> bool {
        now < self.end()
    }

    /// Whether what happens at this time is to be counted.
    pub(crate) fn counts(&self, now: u64) -> bool {
        self.begin() <= now && self.goes_on(now)
    }

    /// How long the clock still runs.
    pub(crate) fn left(&self) -> Duration {
        Duration::from_nanos(self.end().saturating_sub(self.now()))
    }

    /// Whether the end was longer ago than this.
    pub(crate) fn is_late(&self, by: Duration) -> bool {
        self.now().saturating_sub(self.end()) > nanoseconds(by)
    }

    /// Waits until a time.
    pub(crate) fn sleep_until(&self, time: u64) {
        let left = time.saturating_sub(self.now());
        if left > 0 {
            std::thread::sleep(Duration::from_nanos(left));
        }
    }

    /// A client has done all it had to.
    pub(crate) fn finished(&self) {
        self.progress().finished += 1;
        self.changed.notify_all();
    }

    /// Something went wrong that must not.
    pub(crate) fn failed(&self, error: String) {
        let mut progress = self.progress();
        progress.errors += 1;
        progress.error.get_or_insert(error);
        drop(progress);
        self.changed.notify_all();
    }

    /// From now on it is no error that a connection closes.
    pub(crate) fn close(&self) {
        self.progress().closing = true;
    }

    /// Whether connections may close.
    pub(crate) fn is_closing(&self) -> bool {
        self.progress().closing
    }

    /// Waits until that many clients have finished; false when the time is over before, or
    /// something failed.
    pub(crate) fn wait_finished(&self, clients: usize, limit: Duration) -> bool {
        let waits =
            |progress: &mut Progress| progress.finished < clients && progress.error.is_none();
        let (progress, _) = self
            .changed
            .wait_timeout_while(self.progress(), limit, waits)
            .unwrap_or_else(PoisonError::into_inner);
        progress.finished >= clients
    }

    /// Whether something went wrong.
    pub(crate) fn has_failed(&self) -> bool {
        self.progress().error.is_some()
    }

    /// How often something went wrong.
    pub(crate) fn errors(&self) -> u64 {
        self.progress().errors
    }

    /// What went wrong first.
    pub(crate) fn error(&self) -> Option<String> {
        self.progress().error.clone()
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Progress {
    finished: usize,
    closing: bool,
    errors: u64,
    error: Option<String>,
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_window_counts() {
        let run = Run::new(1);
        assert!(run.goes_on(5) && !run.counts(5));
        let begin = run.start(Duration::from_nanos(100));
        let inside = [begin, begin + 50, begin + 99];
        assert!(inside.iter().all(|&now| run.counts(now) && run.goes_on(now)));
        assert!(begin == 0 || !run.counts(begin - 1));
        assert!(!run.counts(begin + 100) && !run.goes_on(begin + 100));
    }

    #[test]
    fn waiting_ends_by_success_failure_or_time() {
        let run = Run::new(2);
        assert!(!run.wait_finished(2, Duration::ZERO));
        run.finished();
        run.finished();
        assert!(run.wait_finished(2, Duration::ZERO));
        run.failed("first".to_owned());
        run.failed("second".to_owned());
        assert!(!run.wait_finished(3, Duration::MAX));
        assert_eq!(run.error().as_deref(), Some("first"));
        assert_eq!(run.errors(), 2);
    }
}
