//! A worker: one thread's way through its home: run what is queued, poll, run what is ready.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::current::Current;
use super::histogram::Histogram;
use super::home::{Home, Patience};
use super::inner::Inner;
use super::ledger::{Account, Ledger};
use super::panics::contain;
use super::strand::{Next, Task};

/// A worker's buffer for all of its sessions: 64 KiB to be read at once, and 18 KiB with which
/// transports put together what they have decrypted.
///
/// With the 32 KiB that a hundred pipelining clients keep in flight, one read takes all of it;
/// more only spoils the second-level cache.
pub(crate) const READ_BUFFER: usize = (64 + 18) * 1024;

/// Pieces of work between two looks into the poller.
const BETWEEN_POLLS: usize = 256;

/// What counts as blocking: longer than a thread usually waits for its processor.
const BLOCKING: Duration = Duration::from_millis(5);

/// One thread's share in a home, and the buffers that its tasks borrow for a turn.
pub(crate) struct Worker {
    home: Arc<Home>,
    local: VecDeque<Arc<dyn Task>>,
    polled: VecDeque<Arc<dyn Task>>,
    /// Empty in a turn on the spot, which therefore must not read.
    pub(crate) read_buffer: Box<[u8]>,
    /// Whatever a task likes to keep from turn to turn.
    pub(crate) spare: Option<Box<dyn std::any::Any + Send>>,
    /// The same for tasks that handle datagrams, whose buffers are of another kind.
    pub(crate) datagrams: Option<Box<dyn std::any::Any + Send>>,
    now: Instant,
    /// How long its turns take. A turn on the spot is part of another one.
    turns: Option<Account<Histogram>>,
}

impl Worker {
    pub(super) fn new(home: &Arc<Home>) -> Self {
        Self {
            read_buffer: vec![0; READ_BUFFER].into(),
            turns: Some(Ledger::open(&home.turns, Histogram::new())),
            ..Self::on_the_spot(home)
        }
    }

    /// For a turn inside of another one (`dispatch`): without buffers.
    pub(crate) fn on_the_spot(home: &Arc<Home>) -> Self {
        Self {
            home: Arc::clone(home),
            local: VecDeque::new(),
            polled: VecDeque::new(),
            read_buffer: Box::default(),
            spare: None,
            datagrams: None,
            now: Instant::now(),
            turns: None,
        }
    }

    /// The time of the last poll, or later: good for limits, not for measuring.
    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// Runs until the service halts.
    pub(super) fn run(&mut self, service: &Inner, busy: bool) {
        let _current = Current::enter(service.id(), self.home.index());
        while !service.halted() {
            let worked = self.work(service);
            if busy && !worked {
                service.hooks().idle();
            }
            self.poll(if busy { Patience::None } else { Patience::Forever }, worked);
        }
        self.put_down();
    }

    /// Gives back what was taken and will not be run here.
    pub(super) fn put_down(&mut self) {
        self.home.give_back(std::mem::take(&mut self.local));
    }

    /// One round on the caller's thread: true when there was something to do.
    pub(super) fn run_once(&mut self, service: &Inner, within: Duration) -> bool {
        let _current = Current::enter(service.id(), self.home.index());
        // What the program did since the last round is no turn of the loop's.
        self.now = Instant::now();
        if self.work(service) {
            self.poll(Patience::None, true);
            return true;
        }
        self.poll(Patience::For(within), false);
        let worked = self.work(service);
        if worked {
            measure(self.turns.as_ref(), self.now, Instant::now());
        }
        worked
    }

    /// Runs what is queued, within a budget; false when there was nothing. A task that has used up
    /// its own budget comes again only behind a poll, so that a full strand delays no timer.
    fn work(&mut self, service: &Inner) -> bool {
        let mut again = false;
        for done in 0..BETWEEN_POLLS {
            if self.local.is_empty() {
                if again {
                    return true;
                }
                self.home.queue().take(&mut self.local);
            }
            let Some(task) = self.local.pop_front() else { return done > 0 };
            again |= self.run_task(task, service) == Next::Again;
        }
        true
    }

    fn run_task(&mut self, task: Arc<dyn Task>, service: &Inner) -> Next {
        let ready = task.seat().begin();
        // Tasks fence user code in themselves; this fence keeps the thread alive if one forgot.
        let next = contain("run a task", || task.turn(ready, self)).unwrap_or_else(|error| {
            service.report(&error);
            Next::Idle
        });
        if next == Next::Again || !task.seat().end() {
            self.home.requeue(task);
        }
        next
    }

    /// Ends a turn, in which there was something to do if it `worked`.
    fn poll(&mut self, patience: Patience, worked: bool) {
        let patience = if self.local.is_empty() { patience } else { Patience::None };
        let begun = self.now;
        let ended = |at: Instant| {
            if worked {
                measure(self.turns.as_ref(), begun, at);
            }
        };
        if self.home.poll(patience, &mut self.polled, &mut self.now, ended) {
            self.home.queue().push_polled(&mut self.polled);
            return;
        }
        let now = Instant::now();
        ended(now);
        if now.saturating_duration_since(begun) >= BLOCKING {
            self.home.queue().be_eager();
        }
        if patience != Patience::None {
            self.home.queue().wait();
        }
        self.now = Instant::now();
    }
}

fn measure(turns: Option<&Account<Histogram>>, begun: Instant, ended: Instant) {
    if let Some(turns) = turns {
        turns.record_alone(ended.saturating_duration_since(begun), 1);
    }
}
