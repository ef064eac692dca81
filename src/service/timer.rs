//! The timers of programs.

use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant, SystemTime};

use super::deadline::{deadline, later};
use super::inner::Inner;
use super::locks::{Watched, lock};
use super::panics::contain;
use super::strand::{Next, Ready, Seat, Task};
use super::timers::TimerKey;
use super::worker::Worker;
use crate::error::{Error, ErrorKind, Result};

/// How often a timer set to the wall clock looks whether that was changed.
const WALL_CLOCK_CHECK: Duration = Duration::from_secs(30);

/// How a timer's wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expiry {
    /// The time has come.
    Expired,
    /// It was canceled, armed anew, or dropped before.
    Canceled,
}

/// Calls a function on a service thread when a time has come; dropping it cancels.
///
/// The clock is monotonic, except for [`Timer::at`]. Timers fire in the order of their deadlines,
/// never early, and late by at most two milliseconds and whatever else the thread is doing; on
/// Windows by a tick of the system's clock, 15.6 ms unless a program asks for shorter ones. Arming
/// and canceling take some tens of nanoseconds with a million timers pending.
///
/// Callbacks of one timer never overlap. A panic in one is contained, told to the service's
/// `on_error`, and does not end a periodic timer.
///
/// ```
/// use std::time::Duration;
/// use sockeye::{Expiry, Service};
///
/// let service = Service::builder().threads(1).start()?;
/// let timer = service.timer(|expiry| println!("{expiry:?}"));
/// timer.after(Duration::from_millis(1));
/// assert_eq!(timer.wait(Duration::from_secs(5))?, Expiry::Expired);
/// timer.after(Duration::from_secs(3600));
/// assert!(timer.cancel());
/// assert_eq!(timer.wait(Duration::from_secs(5))?, Expiry::Canceled);
/// # service.stop()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
#[must_use = "dropping a timer cancels it; `detach` lets it run on its own"]
pub struct Timer {
    task: Arc<TimerTask>,
    detached: bool,
}

type Callback = Box<dyn FnMut(Expiry) + Send>;

struct TimerTask {
    seat: Seat,
    this: Weak<Self>,
    service: Weak<Inner>,
    state: Watched<State>,
    callback: Mutex<Callback>,
}

#[derive(Default)]
struct State {
    armed: Option<Armed>,
    key: Option<TimerKey>,
    /// Cancellations that the callback has yet to be told of.
    canceled: usize,
    /// The callback is being called.
    calling: bool,
    /// Ends reported so far, and the last one.
    ends: u64,
    last: Option<Expiry>,
}

#[derive(Clone, Copy)]
struct Armed {
    deadline: Instant,
    repeat: Repeat,
}

#[derive(Clone, Copy)]
enum Repeat {
    Once,
    Every(Duration),
    WallClock(SystemTime),
}

impl Timer {
    pub(super) fn new(service: &Arc<Inner>, callback: Callback) -> Self {
        let task = Arc::new_cyclic(|this| TimerTask {
            seat: Seat::new(service.next_home()),
            this: Weak::clone(this),
            service: Arc::downgrade(service),
            state: Watched::new(State::default()),
            callback: Mutex::new(callback),
        });
        Self { task, detached: false }
    }

    /// Arms the timer to expire once, after `delay`. If it was pending, that wait is canceled.
    pub fn after(&self, delay: Duration) {
        self.arm(Armed { deadline: deadline(delay), repeat: Repeat::Once });
    }

    /// Arms the timer to expire once, when the wall clock shows `time`. If it was pending, that
    /// wait is canceled. A clock that is set meanwhile is followed within half a minute.
    pub fn at(&self, time: SystemTime) {
        self.arm(Armed { deadline: wall_clock(time), repeat: Repeat::WallClock(time) });
    }

    /// Arms the timer to expire every `period` (at least a millisecond), first after one period.
    /// If it was pending, that wait is canceled.
    pub fn every(&self, period: Duration) {
        let period = period.max(Duration::from_millis(1));
        self.arm(Armed { deadline: deadline(period), repeat: Repeat::Every(period) });
    }

    /// Takes a pending timer back: the callback is told [`Expiry::Canceled`]. False when it was
    /// not pending.
    pub fn cancel(&self) -> bool {
        let canceled = self.task.disarm(&mut self.task.state.lock());
        if canceled {
            Seat::notify(&self.task, Ready::MAIL);
        }
        canceled
    }

    /// True while the timer waits for its time.
    pub fn is_pending(&self) -> bool {
        self.task.state.lock().armed.is_some()
    }

    /// When the timer expires next, while it is pending.
    pub fn deadline(&self) -> Option<Instant> {
        self.task.state.lock().armed.map(|armed| armed.deadline)
    }

    /// Waits until the pending wait has ended and the callback been called for it, and tells how.
    ///
    /// Of a timer that is not pending it tells how the last wait ended;
    /// [`Expiry::Canceled`] if it was never armed.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread,
    /// [`TimedOut`](ErrorKind::TimedOut) when it has not ended `within` the time.
    pub fn wait(&self, within: Duration) -> Result<Expiry> {
        let attempt = "wait for a timer";
        let stopped = || Error::new(ErrorKind::Stopped, attempt);
        let service = self.task.service.upgrade().ok_or_else(stopped)?;
        service.may_wait(attempt)?;
        let state = &self.task.state;
        let ends = state.lock().ends;
        let ended = service
            .wait(state, Some(deadline(within)), |state| state.ends != ends || state.at_rest());
        let last = state.lock().last.unwrap_or(Expiry::Canceled);
        ended.then_some(last).ok_or_else(|| Error::new(ErrorKind::TimedOut, attempt))
    }

    /// Lets the timer run without this handle, until it has expired or the service is gone.
    pub fn detach(mut self) {
        self.detached = true;
    }

    fn arm(&self, armed: Armed) {
        let mut state = self.task.state.lock();
        let canceled = self.task.disarm(&mut state);
        self.task.arm(&mut state, armed);
        drop(state);
        if canceled {
            Seat::notify(&self.task, Ready::MAIL);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if !self.detached {
            self.cancel();
        }
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").field("deadline", &self.deadline()).finish_non_exhaustive()
    }
}

impl State {
    fn at_rest(&self) -> bool {
        self.armed.is_none() && self.canceled == 0 && !self.calling
    }
}

impl TimerTask {
    fn arm(&self, state: &mut State, armed: Armed) {
        let Some(this) = self.this.upgrade() else { return };
        state.armed = Some(armed);
        state.key = self.seat.home().arm(armed.deadline, this as Arc<dyn Task>);
    }

    fn disarm(&self, state: &mut State) -> bool {
        if let Some(key) = state.key.take() {
            self.seat.home().disarm(key);
        }
        let canceled = state.armed.take().is_some();
        state.canceled += usize::from(canceled);
        canceled
    }

    /// What the callback is to be told now, if anything.
    fn next_end(&self) -> Option<Expiry> {
        let mut state = self.state.lock();
        let end = if state.canceled > 0 { Some(Expiry::Canceled) } else { self.expire(&mut state) };
        state.calling = end.is_some();
        end
    }

    fn expire(&self, state: &mut State) -> Option<Expiry> {
        let (armed, now) = (state.armed?, Instant::now());
        if now < armed.deadline {
            return None;
        }
        state.key = None;
        state.armed = None;
        match armed.repeat {
            Repeat::Once => {}
            Repeat::Every(period) => {
                let deadline = following(armed.deadline, period, now);
                self.arm(state, Armed { deadline, ..armed });
            }
            Repeat::WallClock(time) if SystemTime::now() >= time => {}
            Repeat::WallClock(time) => {
                self.arm(state, Armed { deadline: wall_clock(time), ..armed });
                return None;
            }
        }
        Some(Expiry::Expired)
    }

    fn call(&self, end: Expiry) {
        let outcome = contain("run a timer's callback", || (lock(&self.callback))(end));
        if let (Err(error), Some(service)) = (outcome, self.service.upgrade()) {
            service.report(&error);
        }
        self.state.update(|state| {
            if end == Expiry::Canceled {
                state.canceled -= 1;
            }
            // In the same breath, so that whoever waits sees an end or a timer at rest.
            state.calling = false;
            state.ends += 1;
            state.last = Some(end);
        });
    }
}

impl Task for TimerTask {
    fn seat(&self) -> &Seat {
        &self.seat
    }

    fn turn(&self, _ready: Ready, _worker: &mut Worker) -> Next {
        while let Some(end) = self.next_end() {
            self.call(end);
        }
        Next::Idle
    }
}

fn wall_clock(time: SystemTime) -> Instant {
    let left = time.duration_since(SystemTime::now()).unwrap_or_default();
    deadline(left.min(WALL_CLOCK_CHECK))
}

/// The first full period after `now`.
fn following(deadline: Instant, period: Duration, now: Instant) -> Instant {
    let periods = (now - deadline).as_nanos() / period.as_nanos() + 1;
    let ahead = u32::try_from(periods).ok().and_then(|periods| period.checked_mul(periods));
    ahead.map_or_else(|| later(now, period), |ahead| deadline + ahead)
}
