//! What the handles of a service share: homes, hooks, and the state between start and stop.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use super::current;
use super::home::Home;
use super::hooks::Hooks;
use super::locks::{Watched, lock};
use super::worker::Worker;
use crate::error::{Error, ErrorKind, Result};

/// A server or a client: what has to end before the service's threads do, and comes back with
/// them.
pub(crate) trait Attached: Send + Sync {
    /// Begins to end everything; called on any thread, must not wait.
    fn suspend(&self, how: Ending);

    /// Works again as before.
    fn resume(&self) -> Result<()>;
}

/// How connections are to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// What is queued is sent, and the goodbye is said.
    Graceful,
    /// At once.
    Abrupt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Stopped,
    Starting,
    Running,
    Stopping,
}

pub(super) struct Lifecycle {
    pub(super) state: State,
    pub(super) threads: usize,
    /// Threads that have run their hook.
    pub(super) ready: usize,
    /// Stops so far: whoever waits for one does not miss it when a start follows at once.
    pub(super) stops: u64,
}

pub(crate) struct Inner {
    epoch: Instant,
    homes: Vec<Arc<Home>>,
    pub(super) settings: Settings,
    pub(super) lifecycle: Watched<Lifecycle>,
    halt: AtomicBool,
    accepts_work: AtomicBool,
    next_home: AtomicUsize,
    attached: Mutex<Vec<Weak<dyn Attached>>>,
    /// Connections and acceptors that a stop waits for, and jobs that a shutdown waits for.
    live: AtomicUsize,
    jobs: AtomicUsize,
    idle: Watched<()>,
    shared: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// The worker of a service without threads of its own.
    pub(super) by_hand: Mutex<Option<Worker>>,
}

pub(super) struct Settings {
    pub(super) workers: usize,
    pub(super) manual: bool,
    pub(super) busy: bool,
    pub(super) post_limit: usize,
    pub(super) stop_limit: Duration,
    pub(super) thread_name: Box<dyn Fn(usize) -> String + Send + Sync>,
    pub(super) hooks: Hooks,
    #[cfg(feature = "affinity")]
    pub(super) processors: Vec<usize>,
}

impl Inner {
    pub(super) fn new(homes: usize, settings: Settings) -> Result<Arc<Self>> {
        let id = next_id();
        let homes = (0..homes)
            .map(|index| Home::new(id, index, settings.workers).map(Arc::new))
            .collect::<Result<Vec<_>>>()?;
        let by_hand = settings.manual.then(|| Worker::new(&homes[0]));
        Ok(Arc::new(Self {
            epoch: Instant::now(),
            homes,
            settings,
            lifecycle: Watched::new(Lifecycle {
                state: State::Stopped,
                threads: 0,
                ready: 0,
                stops: 0,
            }),
            halt: AtomicBool::new(true),
            accepts_work: AtomicBool::new(false),
            next_home: AtomicUsize::new(0),
            attached: Mutex::default(),
            live: AtomicUsize::new(0),
            jobs: AtomicUsize::new(0),
            idle: Watched::new(()),
            shared: Mutex::default(),
            by_hand: Mutex::new(by_hand),
        }))
    }

    pub(super) fn id(&self) -> usize {
        self.homes[0].service()
    }

    /// The moment from which others are counted.
    pub(crate) fn epoch(&self) -> Instant {
        self.epoch
    }

    pub(crate) fn homes(&self) -> &[Arc<Home>] {
        &self.homes
    }

    /// The homes in turn, for servers, clients, timers and sessions.
    pub(crate) fn next_home(&self) -> &Arc<Home> {
        let turn = self.next_home.fetch_add(1, Ordering::Relaxed);
        &self.homes[turn % self.homes.len()]
    }

    pub(super) fn hooks(&self) -> &Hooks {
        &self.settings.hooks
    }

    /// Tells the program's `on_error` of an error that has no caller to go to.
    pub(crate) fn report(&self, error: &Error) {
        self.settings.hooks.error(error);
    }

    pub(super) fn post_limit(&self) -> usize {
        self.settings.post_limit
    }

    pub(crate) fn is_service_thread(&self) -> bool {
        current::is_service(self.id())
    }

    /// Refuses calls that wait on threads that must not.
    pub(crate) fn may_wait(&self, attempt: &'static str) -> Result<()> {
        if self.is_service_thread() {
            return Err(Error::new(ErrorKind::WouldDeadlock, attempt));
        }
        Ok(())
    }

    /// Waits until `done`, or the deadline, on a thread that may; false at the deadline.
    ///
    /// Where the program runs the loop by hand and nobody else does, it runs here meanwhile.
    pub(crate) fn wait<T>(
        &self,
        watched: &Watched<T>,
        deadline: Option<Instant>,
        mut done: impl FnMut(&mut T) -> bool,
    ) -> bool {
        let Some(mut worker) = self.take_worker() else { return watched.wait(deadline, done) };
        let finished = loop {
            if done(&mut watched.lock()) {
                break true;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) || self.halted() {
                break false;
            }
            worker.run_once(self, left.map_or(SLICE, |left| left.min(SLICE)));
        };
        self.give_back(worker);
        finished
    }

    pub(super) fn take_worker(&self) -> Option<Worker> {
        lock(&self.by_hand).take()
    }

    pub(super) fn give_back(&self, worker: Worker) {
        *lock(&self.by_hand) = Some(worker);
        self.lifecycle.update(|_| ());
    }

    /// Whether nobody runs the loop by hand, of a service that is run so.
    pub(super) fn is_at_rest(&self) -> bool {
        !self.settings.manual || lock(&self.by_hand).is_some()
    }

    pub(super) fn halted(&self) -> bool {
        self.halt.load(Ordering::Acquire)
    }

    pub(super) fn set_halt(&self, halt: bool) {
        self.halt.store(halt, Ordering::Release);
        self.homes.iter().for_each(|home| home.set_halt(halt));
    }

    /// Fails unless servers and clients can be attached: between start and stop.
    pub(crate) fn must_run(&self, attempt: &'static str) -> Result<()> {
        match self.lifecycle.lock().state {
            State::Running | State::Starting => Ok(()),
            State::Stopped | State::Stopping => Err(Error::new(ErrorKind::Stopped, attempt)),
        }
    }

    pub(crate) fn accepts_work(&self) -> bool {
        self.accepts_work.load(Ordering::SeqCst)
    }

    pub(super) fn set_accepts_work(&self, accepts: bool) {
        self.accepts_work.store(accepts, Ordering::SeqCst);
    }

    pub(crate) fn attach(&self, object: Weak<dyn Attached>) {
        let mut attached = lock(&self.attached);
        attached.retain(|object| object.strong_count() > 0);
        attached.push(object);
    }

    pub(super) fn attached(&self) -> Vec<Arc<dyn Attached>> {
        lock(&self.attached).iter().filter_map(Weak::upgrade).collect()
    }

    /// Something has begun that a stop must wait for. Who finds that the service
    /// [accepts work](Self::accepts_work) after that is waited for by every later stop.
    pub(crate) fn begun(&self) {
        self.live.fetch_add(1, Ordering::SeqCst);
    }

    /// It has ended.
    pub(crate) fn ended(&self) {
        if self.live.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.idle.update(|()| ());
        }
    }

    pub(super) fn job_posted(&self) {
        self.jobs.fetch_add(1, Ordering::AcqRel);
    }

    /// Jobs posted and not done.
    pub(super) fn jobs(&self) -> usize {
        self.jobs.load(Ordering::Relaxed)
    }

    pub(super) fn job_done(&self) {
        if self.jobs.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.idle.update(|()| ());
        }
    }

    /// Waits until all connections have ended and, if asked, all jobs are done.
    pub(super) fn wait_idle(&self, deadline: Instant, jobs_too: bool) -> bool {
        self.wait(&self.idle, Some(deadline), |()| {
            self.live.load(Ordering::SeqCst) == 0
                && (!jobs_too || self.jobs.load(Ordering::Acquire) == 0)
        })
    }

    /// Forgets what is left when nobody can start the service again: tasks hold their homes, and
    /// homes their tasks.
    pub(super) fn clear(&self) {
        self.homes.iter().for_each(|home| home.close());
        if let Some(mut worker) = self.take_worker() {
            worker.put_down();
        }
        lock(&self.shared).clear();
    }

    /// The one `T` that all users of the service share, made when first asked for.
    pub(crate) fn shared<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut shared = lock(&self.shared);
        let entry = shared.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(make()));
        Arc::clone(entry).downcast().expect("the entry was made for this type")
    }
}

/// How long a wait that runs the loop by hand polls at most before it looks at its condition.
const SLICE: Duration = Duration::from_millis(5);

/// Tells services of one process apart on threads that serve several.
fn next_id() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
