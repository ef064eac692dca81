//! A home: one poller, one run queue, one set of timers, and the workers that share them.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Poll, Registry, Waker};
use slab::Slab;

use super::current;
use super::histogram::Histogram;
use super::lag::Lag;
use super::ledger::Ledger;
use super::locks::lock;
use super::panics::contain;
use super::queue::{RunQueue, Wake};
use super::strand::{Ready, Task};
use super::timers::{TimerKey, Timers};
use super::token::Token;
use crate::error::{Error, Result};

const WAKER: mio::Token = mio::Token(usize::MAX);

/// Events taken from the kernel at once.
const EVENTS: usize = 1024;

pub(crate) struct Home {
    service: usize,
    index: usize,
    queue: RunQueue<Arc<dyn Task>>,
    poller: Mutex<Poller>,
    registry: Registry,
    waker: Waker,
    sources: Mutex<Slab<Arc<dyn Task>>>,
    timers: Timers,
    /// How long its workers' turns take; a share for each worker.
    pub(super) turns: Arc<Ledger<Histogram>>,
    /// Written by whoever polls.
    pub(super) lag: Histogram,
}

struct Poller {
    poll: Poll,
    events: Events,
    lag: Lag,
}

/// How long a worker is ready to wait for events.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    None,
    For(Duration),
    Forever,
}

/// How long one poll sleeps at most with a limit: kqueue refuses limits of some years.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Patience {
    fn may_sleep(self) -> bool {
        !matches!(self, Self::None | Self::For(Duration::ZERO))
    }
}

impl Home {
    pub(super) fn new(service: usize, index: usize, workers: usize) -> Result<Self> {
        let failed = |error| Error::io("create a poller", error);
        let poll = Poll::new().map_err(failed)?;
        let registry = poll.registry().try_clone().map_err(failed)?;
        let waker = Waker::new(&registry, WAKER).map_err(failed)?;
        Ok(Self {
            service,
            index,
            queue: RunQueue::new(workers),
            poller: Mutex::new(Poller {
                poll,
                events: Events::with_capacity(EVENTS),
                lag: Lag::new(Instant::now()),
            }),
            registry,
            waker,
            sources: Mutex::new(Slab::new()),
            timers: Timers::new(),
            turns: Arc::new(Ledger::new()),
            lag: Histogram::new(),
        })
    }

    pub(super) fn service(&self) -> usize {
        self.service
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// True on one of this home's own threads.
    pub(crate) fn is_current(&self) -> bool {
        current::is_home(self.service, self.index)
    }

    /// Registers a source for a task; its events notify the task from then on, so the task must
    /// own the source already.
    pub(crate) fn attach(
        &self,
        task: Arc<dyn Task>,
        register: impl FnOnce(&Registry, mio::Token) -> io::Result<()>,
    ) -> io::Result<Token> {
        let token = self.admit(task)?;
        register(&self.registry, token.into()).inspect_err(|_| self.detach(token))?;
        Ok(token)
    }

    fn admit(&self, task: Arc<dyn Task>) -> io::Result<Token> {
        let mut sources = lock(&self.sources);
        let token = Token::of(sources.vacant_key())?;
        sources.insert(task);
        Ok(token)
    }

    /// Forgets a source that is closed or deregistered.
    ///
    /// The token may be given to another source at once. An event still under way for the old one
    /// then reaches the new one, where it is a spurious event like any other.
    pub(crate) fn detach(&self, token: Token) {
        let mut sources = lock(&self.sources);
        let task = sources.try_remove(token.place());
        // After a burst; the memory is the program's again.
        if sources.is_empty() {
            sources.shrink_to_fit();
        }
        drop(sources);
        drop(task);
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Notifies the task with [`Ready::TIMER`] at the deadline, to the millisecond, never early.
    /// `None` when the service is gone, and with it the time.
    pub(crate) fn arm(&self, deadline: Instant, task: Arc<dyn Task>) -> Option<TimerKey> {
        let (key, earliest) = self.timers.insert(deadline, task)?;
        // A new timer concerns the poller: any other worker would not look at it.
        if earliest && self.queue.must_ring() {
            self.ring();
        }
        Some(key)
    }

    /// Removes a timer. False when it has expired already.
    pub(crate) fn disarm(&self, key: TimerKey) -> bool {
        self.timers.remove(key).is_some()
    }

    /// Queues a task that its notifier found idle.
    pub(super) fn schedule(&self, task: Arc<dyn Task>) {
        match self.queue.push(task, self.is_current()) {
            Ok(Wake::Poller) => self.ring(),
            Ok(_) => {}
            Err(task) => abandon(&task),
        }
    }

    /// Queues a task again behind the others, from within its own turn.
    pub(super) fn requeue(&self, task: Arc<dyn Task>) {
        if let Err(task) = self.queue.push(task, true) {
            abandon(&task);
        }
    }

    /// Takes back from a worker that halts what it has not run.
    pub(super) fn give_back(&self, tasks: VecDeque<Arc<dyn Task>>) {
        self.queue.give_back(tasks).iter().for_each(abandon);
    }

    /// Abandons all tasks, and takes no more. A task in a late turn is abandoned behind it.
    pub(super) fn close(&self) {
        self.queue.close().iter().for_each(abandon);
        let sources = std::mem::take(&mut *lock(&self.sources));
        for (_, task) in sources {
            if task.seat().mark(Ready::MAIL) {
                abandon(&task);
            }
        }
        drop(self.timers.close());
    }

    pub(super) fn queue(&self) -> &RunQueue<Arc<dyn Task>> {
        &self.queue
    }

    /// Keeps all workers awake, so that they see that the service halts; or lets them sleep again.
    pub(super) fn set_halt(&self, halt: bool) {
        if !halt {
            self.forget_lag();
            self.queue.resume();
        } else if self.queue.halt() {
            self.ring();
        }
    }

    /// While the service was stopped, nobody was to look.
    fn forget_lag(&self) {
        // Who polls still, of a run that could not be ended, looks.
        if let Ok(mut poller) = self.poller.try_lock() {
            poller.lag = Lag::new(Instant::now());
        }
    }

    /// Polls, unless another worker does. What became ready is appended to `polled`, to be run. Says
    /// when the turn before has ended: ahead of a sleep, which may last.
    pub(super) fn poll(
        &self,
        patience: Patience,
        polled: &mut VecDeque<Arc<dyn Task>>,
        now: &mut Instant,
        mut ended: impl FnMut(Instant),
    ) -> bool {
        let mut poller = match self.poller.try_lock() {
            Ok(poller) => poller,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        let Poller { poll, events, lag } = &mut *poller;
        let (timeout, asleep) = self.timeout(patience);
        if let Some(asleep) = asleep {
            ended(asleep);
            lag.sample(asleep, asleep, &self.lag);
        }
        let outcome = poll.poll(events, timeout);
        if patience.may_sleep() {
            self.queue.poller_wakes();
        }
        *now = Instant::now();
        // Who may not sleep has an answer at once, and needs no other reading of the clock.
        if asleep.is_none() {
            ended(*now);
        }
        lag.sample(asleep.unwrap_or(*now), *now, &self.lag);
        match outcome {
            Ok(()) => self.collect(events, polled),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => log::error!(target: "sockeye::service", "polling failed: {error}"),
        }
        self.timers.expire(*now, |task| {
            if task.seat().mark(Ready::TIMER) {
                polled.push_back(task);
            }
        });
        true
    }

    /// How long the poller may sleep, and, if it may, since when.
    fn timeout(&self, patience: Patience) -> (Option<Duration>, Option<Instant>) {
        if !patience.may_sleep() {
            return (Some(Duration::ZERO), None);
        }
        let limit = match patience {
            Patience::For(limit) => Some(limit),
            Patience::None | Patience::Forever => None,
        };
        if !self.queue.poller_sleeps() {
            return (Some(Duration::ZERO), None);
        }
        let now = Instant::now();
        // After `poller_sleeps`: a timer armed from here on sees a sleeping poller and rings.
        let timer = self.timers.announce(now);
        let limit =
            limit.map_or(timer, |limit| Some(timer.map_or(limit, |timer| timer.min(limit))));
        (limit.map(|limit| limit.min(LONGEST)), Some(now))
    }

    fn collect(&self, events: &Events, polled: &mut VecDeque<Arc<dyn Task>>) {
        if events.is_empty() {
            return;
        }
        let sources = lock(&self.sources);
        for event in events {
            let Some(task) = sources.get(event.token().0) else { continue };
            if task.seat().mark(ready_of(event)) {
                polled.push_back(Arc::clone(task));
            }
        }
    }

    fn ring(&self) {
        if let Err(error) = self.waker.wake() {
            log::error!(target: "sockeye::service", "waking the poller failed: {error}");
        }
    }
}

fn abandon(task: &Arc<dyn Task>) {
    if let Err(error) = contain("abandon a task", || task.abandon()) {
        log::error!(target: "sockeye::service", "{error}");
    }
}

fn ready_of(event: &Event) -> Ready {
    let mut ready = Ready::NONE;
    if event.is_readable() {
        ready = ready | Ready::READABLE;
    }
    if event.is_writable() {
        ready = ready | Ready::WRITABLE;
    }
    if event.is_read_closed() || event.is_write_closed() || event.is_error() {
        ready = ready | Ready::HANGUP;
    }
    ready
}
