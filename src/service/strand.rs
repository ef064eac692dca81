//! A strand: something that is run by one worker at a time, whoever asks for it and however
//! often.
//!
//! Its whole synchronisation is one byte. The low bits say what has happened since the last
//! turn ([`Ready`]); `ACTIVE` says that the strand is queued or running, so that whoever sets it
//! first, and only he, queues it:
//!
//! ```text
//!           notify: queue it                       begin
//!   0 ───────────────────────▶ ACTIVE | ready ─────────────▶ ACTIVE (running)
//!   ▲                               ▲                          │  │
//!   │                               └──────────────────────────┘  │
//!   │                          notify while running: queue again  │
//!   └─────────────────────────────────────────────────────────────┘
//!                          end: nothing came in between
//! ```

use std::ops::BitOr;
use std::sync::Arc;

use super::current::Nested;
use super::home::Home;
use super::sync::{AtomicU8, Ordering};
use super::worker::Worker;

/// What has happened to a strand since its last turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ready(u8);

impl Ready {
    pub(crate) const NONE: Self = Self(0);
    /// The source may have something to read. Events may be spurious: only a system call tells.
    pub(crate) const READABLE: Self = Self(1);
    /// The source may have room again.
    pub(crate) const WRITABLE: Self = Self(1 << 1);
    /// The peer has closed its half, or the source failed: reading tells which.
    pub(crate) const HANGUP: Self = Self(1 << 2);
    /// Something lies in the mailbox.
    pub(crate) const MAIL: Self = Self(1 << 3);
    /// The strand's timer has expired.
    pub(crate) const TIMER: Self = Self(1 << 4);

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Ready {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing to do until the next notification.
    Idle,
    /// There is more, but others shall have their turn first.
    Again,
}

/// What runs on a strand. A turn handles what is ready, within a budget, and never blocks.
pub(crate) trait Task: Send + Sync + 'static {
    /// Where the task belongs.
    fn seat(&self) -> &Seat;

    /// Called by one worker at a time.
    fn turn(&self, ready: Ready, worker: &mut Worker) -> Next;

    /// Called in place of the next turn, and once, when there will be no more: the service is gone.
    /// On whatever thread finds out.
    fn abandon(&self) {}
}

/// A task's place: its state byte and the home whose workers run it.
pub(crate) struct Seat {
    state: StateByte,
    /// In what would be padding.
    note: AtomicU8,
    home: Arc<Home>,
}

impl Seat {
    pub(crate) fn new(home: &Arc<Home>) -> Self {
        Self { state: StateByte::new(), note: AtomicU8::new(0), home: Arc::clone(home) }
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    /// A byte of the task's own, 0 at first, which any thread may read.
    #[inline]
    pub(crate) fn note(&self) -> u8 {
        self.note.load(Ordering::Acquire)
    }

    pub(crate) fn set_note(&self, note: u8) {
        self.note.store(note, Ordering::Release);
    }

    /// Tells the task what happened, and queues it unless it is queued or running already.
    pub(crate) fn notify<T: Task>(task: &Arc<T>, ready: Ready) {
        let seat = task.seat();
        if seat.state.notify(ready) {
            seat.home.schedule(Arc::clone(task) as Arc<dyn Task>);
        }
    }

    /// Like [`Seat::notify`], for callers that queue many at once: true when it is theirs to queue.
    pub(super) fn mark(&self, ready: Ready) -> bool {
        self.state.notify(ready)
    }

    pub(super) fn begin(&self) -> Ready {
        self.state.begin()
    }

    pub(super) fn end(&self) -> bool {
        self.state.end()
    }

    /// Runs an idle strand on the spot, if this is a thread of its home and not too deep in such
    /// runs already. `None`: it must be notified instead.
    pub(crate) fn run_here<T: Task, R>(
        task: &Arc<T>,
        run: impl FnOnce() -> (Next, R),
    ) -> Option<R> {
        let seat = task.seat();
        let _nested = seat.home.is_current().then(Nested::enter)??;
        if !seat.state.try_begin() {
            return None;
        }
        let (next, result) = run();
        if next == Next::Again || !seat.state.end() {
            seat.home.schedule(Arc::clone(task) as Arc<dyn Task>);
        }
        Some(result)
    }
}

const ACTIVE: u8 = 1 << 7;

struct StateByte(AtomicU8);

impl StateByte {
    fn new() -> Self {
        Self(AtomicU8::new(0))
    }

    /// True when the caller must queue the strand.
    fn notify(&self, ready: Ready) -> bool {
        self.0.fetch_or(ready.0 | ACTIVE, Ordering::AcqRel) & ACTIVE == 0
    }

    /// Starts a turn: what is ready belongs to the caller.
    fn begin(&self) -> Ready {
        Ready(self.0.swap(ACTIVE, Ordering::AcqRel) & !ACTIVE)
    }

    /// Takes the strand if it is idle.
    fn try_begin(&self) -> bool {
        self.0.compare_exchange(0, ACTIVE, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Ends a turn. False when something came in meanwhile: the strand is still the caller's, who
    /// must queue it again.
    fn end(&self) -> bool {
        self.0.compare_exchange(ACTIVE, 0, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

#[cfg(all(test, sockeye_loom))]
mod model {
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicUsize, Ordering};
    use loom::thread;

    use super::super::sync::{Mutex, lock};
    use super::*;

    /// A strand with a mailbox, as every task has it; `queued` stands for the run queue.
    struct Strand {
        state: StateByte,
        mailbox: Mutex<usize>,
        queued: AtomicUsize,
        running: AtomicUsize,
        delivered: AtomicUsize,
    }

    impl Strand {
        fn new() -> Self {
            Self {
                state: StateByte::new(),
                mailbox: Mutex::new(0),
                queued: AtomicUsize::new(0),
                running: AtomicUsize::new(0),
                delivered: AtomicUsize::new(0),
            }
        }

        fn post(&self) {
            *lock(&self.mailbox) += 1;
            if self.state.notify(Ready::MAIL) {
                self.queued.fetch_add(1, Ordering::Release);
            }
        }

        /// What a worker does with whatever it finds in the run queue.
        fn work(&self) {
            let take = |n: usize| n.checked_sub(1);
            while self.queued.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).is_ok() {
                let ready = self.state.begin();
                assert_eq!(self.running.fetch_add(1, Ordering::AcqRel), 0, "two turns at once");
                if ready.has(Ready::MAIL) {
                    let mails = std::mem::take(&mut *lock(&self.mailbox));
                    self.delivered.fetch_add(mails, Ordering::AcqRel);
                }
                self.running.fetch_sub(1, Ordering::AcqRel);
                if !self.state.end() {
                    self.queued.fetch_add(1, Ordering::Release);
                }
            }
        }
    }

    #[test]
    fn model_no_mail_is_lost_and_no_two_turns_overlap() {
        // Every interleaving with up to three changes of thread where none is needed; all of them
        // take a minute and find nothing more.
        let mut bounded = loom::model::Builder::new();
        bounded.preemption_bound = Some(3);
        bounded.check(|| {
            let strand = Arc::new(Strand::new());
            let others: Vec<_> = (0..2)
                .map(|_| {
                    let strand = Arc::clone(&strand);
                    thread::spawn(move || {
                        strand.post();
                        strand.work();
                    })
                })
                .collect();
            strand.work();
            for other in others {
                other.join().unwrap();
            }
            strand.work();
            assert_eq!(strand.delivered.load(Ordering::Acquire), 2);
            assert!(strand.state.try_begin(), "an idle strand is free");
        });
    }

    #[test]
    fn model_a_turn_on_the_spot_excludes_queued_ones() {
        loom::model(|| {
            let strand = Arc::new(Strand::new());
            let other = {
                let strand = Arc::clone(&strand);
                thread::spawn(move || {
                    strand.post();
                    strand.work();
                })
            };
            if strand.state.try_begin() {
                assert_eq!(strand.running.fetch_add(1, Ordering::AcqRel), 0, "two turns at once");
                strand.running.fetch_sub(1, Ordering::AcqRel);
                if !strand.state.end() {
                    strand.queued.fetch_add(1, Ordering::Release);
                }
            }
            other.join().unwrap();
            strand.work();
            assert_eq!(strand.delivered.load(Ordering::Acquire), 1);
        });
    }
}
