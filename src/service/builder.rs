//! How a service is set up.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use super::hooks::Hooks;
use super::inner::{Inner, Settings};
use super::{Core, Service};
use crate::error::{Error, Result};

/// Sets up a [`Service`]: its scaling design, its threads, and what it tells the program.
///
/// ```
/// use sockeye::Service;
///
/// let service = Service::builder()
///     .thread_pool(4)
///     .thread_name(|index| format!("io-{index}"))
///     .on_error(|error| eprintln!("{error}"))
///     .start()?;
/// assert_eq!(service.threads(), 4);
/// service.stop()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
#[must_use = "a builder does nothing until `start`"]
pub struct Builder {
    homes: usize,
    workers: usize,
    settings: Settings,
}

impl Builder {
    pub(super) fn new() -> Self {
        let settings = Settings {
            workers: 1,
            manual: false,
            busy: false,
            post_limit: 1 << 20,
            stop_limit: Duration::from_secs(10),
            thread_name: Box::new(|index| format!("sockeye-{index}")),
            hooks: Hooks::default(),
            #[cfg(feature = "affinity")]
            processors: Vec::new(),
        };
        Self { homes: processors(), workers: 1, settings }
    }

    /// An I/O loop per thread: `threads` loops, each with a thread of its own, and nothing shared.
    ///
    /// Every session stays on one thread, so its callbacks find warm caches; a callback that
    /// blocks holds up the sessions of its own loop, and only those. This is the default, with as
    /// many threads as there are processors. With 0, as [`Builder::threads`].
    pub fn loop_per_thread(self, threads: usize) -> Self {
        Self { homes: threads, workers: 1, ..self }
    }

    /// A pool: one loop for `threads` threads, and any thread runs whatever is ready.
    ///
    /// A callback that blocks holds up its own session alone, while a thread is free. Each
    /// session's callbacks still run one after the other. With 0, as [`Builder::threads`].
    pub fn thread_pool(self, threads: usize) -> Self {
        Self { homes: threads.min(1), workers: threads, ..self }
    }

    /// `threads` loops with a thread each, or with 0 one loop that the program runs itself with
    /// [`Service::run`], [`Service::run_for`] or [`Service::poll_once`].
    pub fn threads(self, threads: usize) -> Self {
        self.loop_per_thread(threads)
    }

    /// Polling mode: threads never sleep but poll again and again, and call
    /// [`Builder::on_idle`] when there was nothing. Saves wake-ups, costs whole processors.
    pub fn busy(mut self) -> Self {
        self.settings.busy = true;
        self
    }

    /// Jobs that may wait in one strand's queue; one more is refused. Default: 1,048,576.
    pub fn post_limit(mut self, jobs: usize) -> Self {
        self.settings.post_limit = jobs;
        self
    }

    /// How long [`Service::stop`] waits for callbacks to return and connections to end. Default:
    /// 10 s.
    pub fn stop_limit(mut self, within: Duration) -> Self {
        self.settings.stop_limit = within;
        self
    }

    /// Names the thread with an index counted from 0. Default: `sockeye-INDEX`.
    pub fn thread_name(mut self, name: impl Fn(usize) -> String + Send + Sync + 'static) -> Self {
        self.settings.thread_name = Box::new(name);
        self
    }

    /// Pins thread `i` to `processors[i % processors.len()]`, counted from 0 among those the
    /// process may use. A thread that cannot be pinned runs unpinned, and
    /// [`Builder::on_error`] is told. Default: threads are not pinned.
    #[cfg(feature = "affinity")]
    pub fn pin_threads(mut self, processors: impl Into<Vec<usize>>) -> Self {
        self.settings.processors = processors.into();
        self
    }

    /// Called on each service thread, with its index, before it does anything else: for
    /// priorities, affinity, thread-local set-up.
    pub fn on_thread_start(mut self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.settings.hooks.thread_start = Some(Box::new(hook));
        self
    }

    /// Called on each service thread, with its index, as the last thing it does.
    pub fn on_thread_end(mut self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.settings.hooks.thread_end = Some(Box::new(hook));
        self
    }

    /// Called after each start, on the thread that starts the service, when all threads run.
    pub fn on_started(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.settings.hooks.started = Some(Box::new(hook));
        self
    }

    /// Called after each stop, when no other callback of the service will come.
    pub fn on_stopped(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.settings.hooks.stopped = Some(Box::new(hook));
        self
    }

    /// Called in polling mode ([`Builder::busy`]) whenever a thread found nothing to do. Default:
    /// `std::thread::yield_now`.
    pub fn on_idle(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.settings.hooks.idle = Some(Box::new(hook));
        self
    }

    /// Told of errors that have no caller and no session to go to: panics in jobs, timers and
    /// hooks, mostly. They are logged in any case.
    pub fn on_error(mut self, hook: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.settings.hooks.error = Some(Box::new(hook));
        self
    }

    /// Starts the service; its threads run when this returns.
    ///
    /// # Errors
    ///
    /// [`OutOfResources`](crate::ErrorKind::OutOfResources) or [`Io`](crate::ErrorKind::Io) when
    /// the operating system gives no poller or no thread.
    pub fn start(self) -> Result<Service> {
        let manual = self.homes == 0;
        let workers = self.workers.max(1);
        let settings = Settings { workers, manual, ..self.settings };
        let inner = Inner::new(self.homes.max(1), settings)?;
        let service = Service(Arc::new(Core::new(inner)));
        service.start()?;
        Ok(service)
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("homes", &self.homes)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
