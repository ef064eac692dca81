//! A home's run queue, and the book on which of its workers sleep where.
//!
//! One worker at a time polls; it is woken through the *poller's waker*, a system call on a file
//! descriptor. The others sleep here, on a condition variable. To queue work is to decide who, if
//! anybody, has to be woken for it ([`Wake`]); the decision is made under the queue's lock, so
//! that no work is left lying with everybody asleep.
//!
//! The poller runs the callbacks of what it polled by itself, and nobody polls meanwhile. Waking
//! a second worker for every event would cost more than most callbacks do (two futex calls and a
//! change of thread, 3-5 µs), so one sleeper keeps *watch* while the home is busy: it looks after
//! every [`TICK`] whether the poller's place is vacant or work is left lying, and takes it. A
//! callback that blocks holds up the others for one tick; where callbacks have been seen to block,
//! workers are woken for every event for some time, and nobody is held up.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::Duration;

use super::sync::{Condvar, Mutex, MutexGuard, lock};

/// How long a home may go unpolled while a worker is free.
const TICK: Duration = Duration::from_micros(300);

/// Polls for which workers are woken eagerly after a callback was seen to block.
const EAGER: u32 = 1000;

/// Ticks without a single poll after which the watch ends: the poller sleeps, all is quiet.
const QUIET_TICKS: u32 = 4;

/// Whom queued work concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Somebody awake will find it.
    Nobody,
    /// A sleeping worker, who has been told already.
    Worker,
    /// The worker asleep in the poller: the caller must ring its waker.
    Poller,
}

pub(crate) struct RunQueue<T> {
    state: Mutex<State<T>>,
    sleep: Condvar,
    workers: usize,
}

struct State<T> {
    ready: VecDeque<T>,
    /// Workers on the condition variable that nobody has woken yet.
    sleepers: usize,
    /// Wake-ups given but not taken yet.
    permits: usize,
    /// The service halts: nobody goes to sleep any more.
    halted: bool,
    /// Nobody will ever work here again.
    closed: bool,
    watched: bool,
    /// Polls that are still to be followed by waking a worker, because a callback has blocked.
    eager: u32,
    poller: Poller,
    /// Counts polls, for the watch.
    polls: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Poller {
    Awake,
    Asleep,
}

impl<T> RunQueue<T> {
    pub(super) fn new(workers: usize) -> Self {
        let state = State {
            ready: VecDeque::new(),
            sleepers: 0,
            permits: 0,
            halted: false,
            closed: false,
            watched: false,
            eager: 0,
            poller: Poller::Awake,
            polls: 0,
        };
        Self { state: Mutex::new(state), sleep: Condvar::new(), workers }
    }

    /// Queues one piece of work, unless the queue is closed. `inside`: the caller is one of this
    /// home's workers, which looks into the queue before it sleeps.
    pub(super) fn push(&self, work: T, inside: bool) -> Result<Wake, T> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(work);
        }
        state.ready.push_back(work);
        let wake = match inside {
            true if state.watched => Wake::Nobody,
            true => state.wake_worker(),
            false => state.wake_any(),
        };
        drop(state);
        Ok(self.signal(wake))
    }

    /// Queues what a poll brought.
    pub(super) fn push_polled(&self, batch: &mut VecDeque<T>) {
        if batch.is_empty() {
            return;
        }
        let mut state = lock(&self.state);
        let helped = batch.len() == 1 && state.watched && state.eager == 0;
        state.eager = state.eager.saturating_sub(1);
        state.ready.append(batch);
        let wake = if helped { Wake::Nobody } else { state.wake_worker() };
        drop(state);
        self.signal(wake);
    }

    /// Takes work: everything for a home's only worker, else one piece, so that what lies behind
    /// a slow callback is free for the others.
    pub(super) fn take(&self, into: &mut VecDeque<T>) {
        let mut state = lock(&self.state);
        if self.workers == 1 {
            std::mem::swap(&mut state.ready, into);
            return;
        }
        into.extend(state.ready.pop_front());
        let wake = if state.ready.len() > 1 { state.wake_worker() } else { Wake::Nobody };
        drop(state);
        self.signal(wake);
    }

    /// Takes out all work, and takes no more.
    pub(super) fn close(&self) -> VecDeque<T> {
        let mut state = lock(&self.state);
        state.closed = true;
        std::mem::take(&mut state.ready)
    }

    /// Told by a worker whose callbacks have blocked while others worked.
    pub(super) fn be_eager(&self) {
        lock(&self.state).eager = EAGER;
    }

    /// Called by the poller before it polls: true when it may sleep there.
    pub(super) fn poller_sleeps(&self) -> bool {
        let mut state = lock(&self.state);
        state.polls = state.polls.wrapping_add(1);
        let may_sleep = state.ready.is_empty() && !state.halted;
        state.poller = if may_sleep { Poller::Asleep } else { Poller::Awake };
        may_sleep
    }

    /// Called by the poller when it has polled.
    pub(super) fn poller_wakes(&self) {
        lock(&self.state).poller = Poller::Awake;
    }

    /// True, once, when the poller sleeps: the caller must ring its waker.
    pub(super) fn must_ring(&self) -> bool {
        lock(&self.state).take_poller() == Wake::Poller
    }

    /// Sleeps until there is work, or until the poller's place may be vacant.
    pub(super) fn wait(&self) {
        let mut state = lock(&self.state);
        if !state.ready.is_empty() || state.halted {
            return;
        }
        state.sleepers += 1;
        if !state.watched {
            state = self.watch(state);
            if state.permits == 0 && state.is_neglected() {
                state.sleepers -= 1;
                return;
            }
        }
        while state.permits == 0 {
            state = self.sleep.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.permits -= 1;
    }

    /// Looks after every tick, until woken, or the poller's place is vacant, or all is quiet.
    fn watch<'a>(&'a self, mut state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        state.watched = true;
        let (mut polls, mut quiet) = (state.polls, 0);
        while quiet < QUIET_TICKS {
            let ticked = self.sleep.wait_timeout(state, TICK);
            state = ticked.unwrap_or_else(PoisonError::into_inner).0;
            if state.permits > 0 || state.is_neglected() {
                break;
            }
            quiet = if state.polls == polls { quiet + 1 } else { 0 };
            polls = state.polls;
        }
        state.watched = false;
        state
    }

    /// Takes back what a worker took and will not run, as if it had never been taken; unless the
    /// queue is closed.
    pub(super) fn give_back(&self, mut work: VecDeque<T>) -> VecDeque<T> {
        let mut state = lock(&self.state);
        if !state.closed {
            work.append(&mut state.ready);
            state.ready = std::mem::take(&mut work);
        }
        work
    }

    /// Wakes every worker, wherever it sleeps, and keeps all awake until [`RunQueue::resume`];
    /// true when the poller's waker must be rung.
    pub(super) fn halt(&self) -> bool {
        let mut state = lock(&self.state);
        state.halted = true;
        state.permits += std::mem::take(&mut state.sleepers);
        let ring = state.take_poller() == Wake::Poller;
        drop(state);
        self.sleep.notify_all();
        ring
    }

    /// Lets workers sleep again.
    pub(super) fn resume(&self) {
        lock(&self.state).halted = false;
    }

    fn signal(&self, wake: Wake) -> Wake {
        if wake == Wake::Worker {
            self.sleep.notify_one();
        }
        wake
    }
}

impl<T> State<T> {
    /// Work lies here, or nobody polls: whoever should have is busy with something else.
    fn is_neglected(&self) -> bool {
        self.poller == Poller::Awake || !self.ready.is_empty()
    }

    fn wake_worker(&mut self) -> Wake {
        if self.sleepers == 0 {
            return Wake::Nobody;
        }
        self.sleepers -= 1;
        self.permits += 1;
        Wake::Worker
    }

    /// For work from outside: with nobody awake to find it, a sleeping worker is cheaper to wake
    /// than the poller, but a home whose worker is awake needs nobody.
    fn wake_any(&mut self) -> Wake {
        match self.wake_worker() {
            Wake::Nobody => self.take_poller(),
            wake => wake,
        }
    }

    fn take_poller(&mut self) -> Wake {
        match std::mem::replace(&mut self.poller, Poller::Awake) {
            Poller::Asleep => Wake::Poller,
            Poller::Awake => Wake::Nobody,
        }
    }
}

#[cfg(all(test, sockeye_loom))]
mod model {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    /// The poller's waker: what the file descriptor does for a real one.
    struct Bell(Mutex<bool>, Condvar);

    impl Bell {
        fn ring(&self) {
            *lock(&self.0) = true;
            self.1.notify_one();
        }

        fn sleep(&self) {
            let mut rung = lock(&self.0);
            while !*rung {
                rung = self.1.wait(rung).unwrap();
            }
            *rung = false;
        }
    }

    #[test]
    fn model_work_from_outside_never_finds_everybody_asleep() {
        loom::model(|| {
            let queue = Arc::new(RunQueue::new(1));
            let bell = Arc::new(Bell(Mutex::new(false), Condvar::new()));
            let pushers: Vec<_> = (0..2)
                .map(|work| {
                    let (queue, bell) = (Arc::clone(&queue), Arc::clone(&bell));
                    thread::spawn(move || {
                        if queue.push(work, false) == Ok(Wake::Poller) {
                            bell.ring();
                        }
                    })
                })
                .collect();
            let (mut done, mut batch) = (0, VecDeque::new());
            while done < 2 {
                queue.take(&mut batch);
                done += batch.drain(..).count();
                if done < 2 && queue.poller_sleeps() {
                    bell.sleep();
                    queue.poller_wakes();
                }
            }
            for pusher in pushers {
                pusher.join().unwrap();
            }
        });
    }

    #[test]
    fn model_nobody_sleeps_over_a_halt() {
        loom::model(|| {
            let queue = Arc::new(RunQueue::<u8>::new(2));
            let bell = Arc::new(Bell(Mutex::new(false), Condvar::new()));
            let poller = {
                let (queue, bell) = (Arc::clone(&queue), Arc::clone(&bell));
                thread::spawn(move || {
                    if queue.poller_sleeps() {
                        bell.sleep();
                    }
                })
            };
            let other = {
                let queue = Arc::clone(&queue);
                thread::spawn(move || queue.wait())
            };
            if queue.halt() {
                bell.ring();
            }
            poller.join().unwrap();
            other.join().unwrap();
        });
    }

    #[test]
    fn model_a_burst_rings_once() {
        loom::model(|| {
            let queue = Arc::new(RunQueue::new(1));
            assert!(queue.poller_sleeps());
            let rings =
                |queue: &RunQueue<u8>| usize::from(queue.push(1, false) == Ok(Wake::Poller));
            let other = {
                let queue = Arc::clone(&queue);
                thread::spawn(move || rings(&queue))
            };
            let mine = rings(&queue);
            assert_eq!(mine + other.join().unwrap(), 1);
        });
    }

    #[test]
    fn model_a_second_worker_takes_what_lies_behind_the_first() {
        loom::model(|| {
            let queue = Arc::new(RunQueue::new(2));
            let sleeper = {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    let mut mine = VecDeque::new();
                    while mine.is_empty() {
                        queue.wait();
                        queue.take(&mut mine);
                    }
                })
            };
            queue.push_polled(&mut VecDeque::from([1, 2]));
            let mut mine = VecDeque::new();
            queue.take(&mut mine);
            assert_eq!(mine.len(), 1);
            sleeper.join().unwrap();
        });
    }
}
