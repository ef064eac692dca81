//! An answer that will come: one end waits for it, the other gives it.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use super::deadline::deadline;
use super::inner::Inner;
use super::locks::Watched;
use super::panics::contain;
use crate::error::{Error, ErrorKind, Result};

/// An answer that will come, in three ways as the program likes: [`wait`](Self::wait) for it,
/// [look](Self::try_take) now and then whether it is there, or `await` it on whatever executor.
///
/// Every reply ends: with the answer or with an error, at the latest when its [`Promise`] is
/// dropped. Dropping a reply cancels it: its promise is told that nobody wants the answer any more.
///
/// The answer is handed out once. A reply may be shared by threads; one of them gets it.
///
/// ```
/// use std::time::Duration;
/// use sockeye::Service;
///
/// let service = Service::builder().threads(1).start()?;
/// let (promise, reply) = service.promise();
/// service.post(move || {
///     let _ = promise.fulfill(6 * 7);
/// })?;
/// assert_eq!(reply.wait(Duration::from_secs(5))?, 42);
/// # Ok::<(), sockeye::Error>(())
/// ```
#[must_use = "dropping a reply cancels it"]
pub struct Reply<T>(Arc<Shared<T>>);

/// The end of a [`Reply`] that gives the answer, from any thread.
///
/// Dropping it without an answer fails the reply with [`Canceled`](ErrorKind::Canceled).
#[must_use = "dropping a promise fails its reply"]
pub struct Promise<T>(Arc<Shared<T>>);

struct Shared<T> {
    service: Arc<Inner>,
    state: Watched<State<T>>,
}

struct State<T> {
    answer: Answer<T>,
    waker: Option<Waker>,
    /// Nobody wants the answer any more.
    canceled: bool,
    on_cancel: Option<Hook>,
}

type Hook = Box<dyn FnOnce() + Send>;

enum Answer<T> {
    Awaited,
    Here(Result<T>),
    Taken,
}

impl<T> Reply<T> {
    pub(crate) fn new(service: &Arc<Inner>) -> (Promise<T>, Self) {
        let state =
            State { answer: Answer::Awaited, waker: None, canceled: false, on_cancel: None };
        let service = Arc::clone(service);
        let shared = Arc::new(Shared { service, state: Watched::new(state) });
        (Promise(Arc::clone(&shared)), Self(shared))
    }

    /// Waits for the answer, and takes it.
    ///
    /// # Errors
    ///
    /// That of the reply, if it has failed. [`TimedOut`](ErrorKind::TimedOut) when there was none
    /// `within` the time; the reply may be asked again.
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on the threads of the service that the reply is
    /// of, also when the answer is there: take it with [`Reply::try_take`].
    /// [`Canceled`](ErrorKind::Canceled) when the answer has been taken before.
    pub fn wait(&self, within: Duration) -> Result<T> {
        let service = &self.0.service;
        service.may_wait(ATTEMPT)?;
        let mut taken = None;
        service.wait(&self.0.state, Some(deadline(within)), |state| {
            taken = state.take();
            taken.is_some()
        });
        taken.unwrap_or_else(|| Err(Error::new(ErrorKind::TimedOut, ATTEMPT)))
    }

    /// Takes the answer, if it is there. Never waits; for callbacks too.
    ///
    /// # Errors
    ///
    /// As [`Reply::wait`], but for what comes of waiting.
    pub fn try_take(&self) -> Option<Result<T>> {
        self.0.state.lock().take()
    }

    /// True when the answer is there, or was.
    pub fn is_ready(&self) -> bool {
        !matches!(self.0.state.lock().answer, Answer::Awaited)
    }
}

/// Needs no runtime: who has polled is woken by the thread that gives the answer.
///
/// Polled again after its answer, it is an error and no panic.
impl<T> Future for Reply<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        // Cloned before the lock is taken, and the former one dropped behind it: wakers are the
        // executor's code.
        let waker = context.waker().clone();
        let mut state = self.0.state.lock();
        let (answer, former) = match state.take() {
            Some(answer) => (Poll::Ready(answer), state.waker.take()),
            None => (Poll::Pending, state.waker.replace(waker)),
        };
        drop(state);
        drop(former);
        answer
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.canceled = true;
        let answer = mem::replace(&mut state.answer, Answer::Taken);
        let (waker, hook) = (state.waker.take(), state.on_cancel.take());
        drop(state);
        drop(waker);
        if let (Answer::Awaited, Some(hook)) = (answer, hook) {
            self.0.call(hook);
        }
    }
}

impl<T> Promise<T> {
    /// Gives the answer.
    ///
    /// # Errors
    ///
    /// The answer again when nobody wants it any more.
    pub fn fulfill(self, answer: T) -> std::result::Result<(), T> {
        match self.0.settle(Ok(answer)) {
            Some(Ok(unwanted)) => Err(unwanted),
            _ => Ok(()),
        }
    }

    /// Says that there will be no answer, and why.
    pub fn fail(self, error: Error) {
        self.0.settle(Err(error));
    }

    /// True when the reply was dropped: the answer need not be looked for.
    pub fn is_canceled(&self) -> bool {
        self.0.state.lock().canceled
    }

    /// Calls `hook` once when the reply is dropped before it was answered: on the thread that
    /// drops it, or at once if that has happened. It replaces the one there was. A panic in it is
    /// told to the service's [`on_error`](super::Builder::on_error).
    pub fn on_cancel(&self, hook: impl FnOnce() + Send + 'static) {
        let hook: Hook = Box::new(hook);
        let mut state = self.0.state.lock();
        let (due, former) = match state.canceled {
            true => (Some(hook), None),
            false => (None, state.on_cancel.replace(hook)),
        };
        drop(state);
        drop(former);
        if let Some(hook) = due {
            self.0.call(hook);
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if self.0.is_settled() {
            return;
        }
        let why = match thread::panicking() {
            true => "a panic dropped its promise",
            false => "its promise was dropped",
        };
        self.0.settle(Err(Error::new(ErrorKind::Canceled, ATTEMPT).because(why)));
    }
}

impl<T> Shared<T> {
    /// The answer again, if nobody wants it.
    fn settle(&self, answer: Result<T>) -> Option<Result<T>> {
        let settled = self.state.update(|state| {
            if state.canceled {
                return Err(answer);
            }
            state.answer = Answer::Here(answer);
            Ok((state.waker.take(), state.on_cancel.take()))
        });
        let (waker, hook) = match settled {
            Ok(told) => told,
            Err(unwanted) => return Some(unwanted),
        };
        if let Some(waker) = waker {
            self.fenced("wake who waits for an answer", || waker.wake());
        }
        self.fenced("drop what a cancellation would have called", || drop(hook));
        None
    }

    fn is_settled(&self) -> bool {
        let state = self.state.lock();
        state.canceled || !matches!(state.answer, Answer::Awaited)
    }

    fn call(&self, hook: Hook) {
        self.fenced("tell of a cancellation", hook);
    }

    fn fenced(&self, what: &'static str, run: impl FnOnce()) {
        if let Err(panic) = contain(what, run) {
            self.service.report(&panic);
        }
    }
}

impl<T> State<T> {
    fn take(&mut self) -> Option<Result<T>> {
        match mem::replace(&mut self.answer, Answer::Taken) {
            Answer::Here(answer) => Some(answer),
            Answer::Taken => {
                let error = Error::new(ErrorKind::Canceled, ATTEMPT);
                Some(Err(error.because("it was taken before")))
            }
            Answer::Awaited => {
                self.answer = Answer::Awaited;
                None
            }
        }
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("ready", &self.is_ready()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise").field("canceled", &self.is_canceled()).finish_non_exhaustive()
    }
}

const ATTEMPT: &str = "get an answer";
