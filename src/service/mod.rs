//! The service: threads that run event loops, and everything that runs on them.
//!
//! A service is *homes × workers*. A home is a poller, a run queue and timers; a worker is a
//! thread in a home. An I/O loop per thread is N homes of one worker each, a thread pool is one
//! home of N workers; nothing outside of this folder knows which it is.
//!
//! What runs is a task on a strand: a connection, an acceptor, a timer, a queue of jobs. Tasks
//! are told what happened by one state byte, and queued by whoever tells first.

mod builder;
mod current;
mod deadline;
pub(crate) mod distribution;
mod faults;
pub(crate) mod histogram;
mod home;
mod hooks;
mod inner;
mod jobs;
mod journal;
mod lag;
mod ledger;
mod locks;
pub(crate) mod loops;
mod panics;
mod queue;
mod reply;
mod strand;
mod sync;
mod threads;
mod timer;
mod timers;
mod token;
mod wheel;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

pub use builder::Builder;
pub use jobs::Strand;
pub use reply::{Promise, Reply};
pub use timer::{Expiry, Timer};

pub(crate) use deadline::{deadline, later};
pub(crate) use faults::Faults;
pub(crate) use home::Home;
pub(crate) use inner::{Attached, Ending, Inner};
pub(crate) use journal::{note, severity};
pub(crate) use ledger::{Account, Ledger, Share};
pub(crate) use locks::{Watched, lock};
pub(crate) use panics::contain;
pub(crate) use strand::{Next, Ready, Seat, Task};
pub(crate) use timers::TimerKey;
pub(crate) use token::Token;
pub(crate) use worker::{READ_BUFFER, Worker};

use crate::error::{Error, ErrorKind, Result};
use inner::State;

/// Event loops on threads of their own, to which servers, clients and timers are attached.
///
/// A clone is a handle to the same service. The service runs while a handle lives, and servers and
/// clients hold one too; when the last is dropped, it stops.
///
/// All functions may be called on any thread, from callbacks too, except those documented to
/// wait: these fail with [`WouldDeadlock`](ErrorKind::WouldDeadlock) on the service's own threads.
///
/// ```
/// use std::sync::mpsc;
/// use sockeye::Service;
///
/// let service = Service::builder().loop_per_thread(2).start()?;
/// let (sender, receiver) = mpsc::channel();
/// service.post(move || sender.send("on an I/O thread").unwrap())?;
/// assert_eq!(receiver.recv().unwrap(), "on an I/O thread");
/// service.stop()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Service(Arc<Core>);

/// What dies with the last handle; threads and attached objects hold only what is inside.
struct Core {
    inner: Arc<Inner>,
    jobs: Strand,
}

impl Core {
    fn new(inner: Arc<Inner>) -> Self {
        let jobs = Strand::new(&inner, Seat::new(&inner.homes()[0]));
        Self { inner, jobs }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        let ended = stop_anywhere(&self.inner, Inner::clear);
        if let Err(error) = ended {
            self.inner.report(&error);
        }
    }
}

impl Service {
    /// Sets up a service; by default with an I/O loop per processor.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Starts a stopped service again. Servers listen again on the addresses they had, clients
    /// that were connected or connecting connect again, and timers go on; those that expired
    /// meanwhile fire now.
    ///
    /// A server that cannot listen again is told so through its events and the service's
    /// [`on_error`](Builder::on_error).
    ///
    /// # Errors
    ///
    /// [`AlreadyRunning`](ErrorKind::AlreadyRunning), or that the operating system gives no
    /// threads.
    pub fn start(&self) -> Result<()> {
        threads::start(&self.0.inner)
    }

    /// Stops: connections end at once with the reason
    /// [`Shutdown`](crate::CloseReason::Shutdown), then the threads. Waits for both, at most for
    /// [`Builder::stop_limit`]. What was posted and has not begun is run after the next start.
    ///
    /// From a callback it returns at once, and the effect follows after the callback. On a stopped
    /// service it does nothing.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](ErrorKind::TimedOut) when a callback did not return in time.
    pub fn stop(&self) -> Result<()> {
        stop_anywhere(&self.0.inner, |_| ())
    }

    /// Drains, then stops: servers stop accepting, connections send what is queued and say
    /// goodbye, and posted jobs are run; what is not done `within` the time is cut off.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread, and
    /// [`TimedOut`](ErrorKind::TimedOut) when something was cut off.
    pub fn shutdown(&self, within: Duration) -> Result<()> {
        self.0.inner.may_wait("shut the service down")?;
        threads::stop(&self.0.inner, Ending::Graceful, within)
    }

    /// Stops and starts.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread, and those of
    /// [`Service::stop`] and [`Service::start`].
    pub fn restart(&self) -> Result<()> {
        self.0.inner.may_wait("restart the service")?;
        self.stop()?;
        self.start()
    }

    /// Waits until the service is stopped, by whomever. On a service without threads of its own,
    /// use [`Service::run`].
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread.
    pub fn wait(&self) -> Result<()> {
        self.0.inner.may_wait("wait for the service to stop")?;
        threads::wait_stopped(&self.0.inner, None);
        Ok(())
    }

    /// True between start and stop.
    pub fn is_running(&self) -> bool {
        self.0.inner.lifecycle.lock().state == State::Running
    }

    /// True on one of this service's own threads, and in what [`Service::run`] calls.
    pub fn is_service_thread(&self) -> bool {
        self.0.inner.is_service_thread()
    }

    /// The number of threads; 0 when the program runs the loop.
    pub fn threads(&self) -> usize {
        match self.0.inner.settings.manual {
            true => 0,
            false => self.0.inner.homes().len() * self.0.inner.settings.workers,
        }
    }

    /// Runs the loop on this thread until the service is stopped, for a service built with 0
    /// threads.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](ErrorKind::Unsupported) when the service has threads of its own, and
    /// [`AlreadyRunning`](ErrorKind::AlreadyRunning) when another thread runs it.
    pub fn run(&self) -> Result<()> {
        self.by_hand(|worker, inner| worker.run(inner, inner.settings.busy))?;
        self.see_the_stop_through();
        Ok(())
    }

    /// Runs the loop on this thread for the given time, or until the service is stopped.
    ///
    /// # Errors
    ///
    /// As [`Service::run`].
    pub fn run_for(&self, duration: Duration) -> Result<()> {
        let deadline = deadline(duration);
        self.by_hand(|worker, inner| {
            while !inner.halted() {
                let left = deadline.saturating_duration_since(Instant::now());
                let patience = if inner.settings.busy { Duration::ZERO } else { left };
                if !worker.run_once(inner, patience) && inner.settings.busy {
                    inner.hooks().idle();
                }
                if left.is_zero() {
                    break;
                }
            }
        })?;
        self.see_the_stop_through();
        Ok(())
    }

    /// Runs what is ready and polls once, waiting at most `within` for something to happen; true
    /// when something did; false on a stopped service. With [`Duration::ZERO`] it never waits: for programs that have a loop
    /// of their own.
    ///
    /// # Errors
    ///
    /// As [`Service::run`].
    pub fn poll_once(&self, within: Duration) -> Result<bool> {
        self.by_hand(|worker, inner| !inner.halted() && worker.run_once(inner, within))
    }

    /// Queues `job` to run on a service thread, after what was posted before and never beside it:
    /// the service's own [`Strand`].
    ///
    /// # Errors
    ///
    /// As [`Strand::post`].
    pub fn post(&self, job: impl FnOnce() + Send + 'static) -> Result<()> {
        self.0.jobs.post(job)
    }

    /// Runs `job` at once when this is one of the service's threads, else posts it.
    ///
    /// # Errors
    ///
    /// As [`Strand::post`]. A panic in a job that runs at once is the caller's.
    pub fn dispatch(&self, job: impl FnOnce() + Send + 'static) -> Result<()> {
        if self.is_service_thread() {
            job();
            return Ok(());
        }
        self.post(job)
    }

    /// A further queue of jobs; the homes take turns.
    pub fn strand(&self) -> Strand {
        let inner = &self.0.inner;
        Strand::new(inner, Seat::new(inner.next_home()))
    }

    /// A timer, not armed yet, whose callback is told whether it expired or was canceled; the
    /// homes take turns.
    pub fn timer(&self, callback: impl FnMut(Expiry) + Send + 'static) -> Timer {
        Timer::new(&self.0.inner, Box::new(callback))
    }

    /// Calls `callback` once, after `delay`. Dropping the timer cancels it.
    pub fn after(&self, delay: Duration, callback: impl FnOnce() + Send + 'static) -> Timer {
        let timer = self.timer(once(callback));
        timer.after(delay);
        timer
    }

    /// Calls `callback` once, when the wall clock shows `time`. Dropping the timer cancels it.
    ///
    /// A clock that is set meanwhile is followed within half a minute.
    pub fn at(&self, time: SystemTime, callback: impl FnOnce() + Send + 'static) -> Timer {
        let timer = self.timer(once(callback));
        timer.at(time);
        timer
    }

    /// Calls `callback` every `period`, first after one period. Dropping the timer cancels it.
    ///
    /// Periods are counted from the start, so that they don't drift; those that pass while a
    /// callback runs long are skipped.
    pub fn every(&self, period: Duration, mut callback: impl FnMut() + Send + 'static) -> Timer {
        let timer = self.timer(move |expiry| {
            if expiry == Expiry::Expired {
                callback();
            }
        });
        timer.every(period);
        timer
    }

    /// An answer that will come, and the promise to give it: for calls that a program answers from
    /// its callbacks.
    pub fn promise<T>(&self) -> (Promise<T>, Reply<T>) {
        Reply::new(&self.0.inner)
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0.inner
    }

    /// Refuses waits on the service's own threads.
    #[cfg(feature = "http")]
    pub(crate) fn may_wait(&self, attempt: &'static str) -> Result<()> {
        self.0.inner.may_wait(attempt)
    }

    /// Runs what may panic; that is told to `on_error`.
    #[cfg(feature = "http")]
    pub(crate) fn fenced(&self, what: &'static str, run: impl FnOnce()) {
        if let Err(panic) = contain(what, run) {
            self.0.inner.report(&panic);
        }
    }

    /// A loop that ended because of a stop returns when the service may be started again.
    fn see_the_stop_through(&self) {
        let inner = &self.0.inner;
        if inner.halted() {
            threads::wait_stopped(inner, Some(deadline(inner.settings.stop_limit)));
        }
    }

    fn by_hand<R>(&self, run: impl FnOnce(&mut Worker, &Inner) -> R) -> Result<R> {
        let inner = &self.0.inner;
        if !inner.settings.manual {
            return Err(Error::new(ErrorKind::Unsupported, "run the loop")
                .because("the service has threads of its own"));
        }
        let busy = || Error::new(ErrorKind::AlreadyRunning, "run the loop");
        let mut worker = inner.take_worker().ok_or_else(busy)?;
        let result = run(&mut worker, inner);
        inner.give_back(worker);
        Ok(result)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("threads", &self.threads())
            .field("running", &self.is_running())
            .finish_non_exhaustive()
    }
}

fn once(callback: impl FnOnce() + Send + 'static) -> impl FnMut(Expiry) + Send + 'static {
    let mut callback = Some(callback);
    move |expiry| {
        if let (Expiry::Expired, Some(callback)) = (expiry, callback.take()) {
            callback();
        }
    }
}

/// Stops on this thread, or, where this thread must not wait, on one made for it.
fn stop_anywhere(inner: &Arc<Inner>, then: fn(&Inner)) -> Result<()> {
    let stop = move |inner: &Arc<Inner>| {
        let stopped = threads::stop(inner, Ending::Abrupt, inner.settings.stop_limit);
        then(inner);
        stopped
    };
    if !inner.is_service_thread() {
        return stop(inner);
    }
    let stopped = Arc::clone(inner);
    let spawned = thread::Builder::new().name("sockeye-stop".into()).spawn(move || {
        if let Err(error) = stop(&stopped) {
            stopped.report(&error);
        }
    });
    spawned.map(drop).map_err(|error| Error::io("start a thread", error))
}
