//! Requests and their answers, whatever these are: which answer belongs to which request, for how
//! long it is waited for, and what becomes of those that none comes for.

mod outstanding;
mod table;

use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;

pub(crate) use outstanding::Matching;
pub(crate) use table::Found;

use crate::error::{Error, ErrorKind, Result};
use crate::service::{Expiry, Inner, Promise, Reply, Service, Timer, lock};
use crate::session::{CloseReason, Job, Link, Sent, Session};
use table::{Begun, Table};

/// The requests of one client. Its protocol tells of connections and answers.
///
/// A request goes through the session's mailbox as a job, so that it is entered where it is sent:
/// on the session's strand, in the order of sending, and before a byte of it can leave.
pub(crate) struct Desk<T> {
    service: Arc<Inner>,
    /// The handles hold it, and it holds the protocol.
    link: OnceLock<Weak<Link>>,
    time_limit: Duration,
    timer: Timer,
    state: Mutex<State<T>>,
}

struct State<T> {
    table: Table<Promise<T>>,
    /// The timer will look at the oldest request.
    armed: bool,
    /// Why there is no connection any more.
    ended: Option<CloseReason>,
}

/// How many requests, for how long, and how answers find them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) limit: usize,
    pub(crate) time_limit: Duration,
    pub(crate) matching: Matching,
}

impl<T: Send + 'static> Desk<T> {
    pub(crate) fn new(service: &Service, terms: Terms) -> Arc<Self> {
        let table = Table::new(terms.matching, terms.limit);
        Arc::new_cyclic(|this: &Weak<Self>| {
            let this = Weak::clone(this);
            let sweep = move |expiry| {
                if let (Expiry::Expired, Some(desk)) = (expiry, this.upgrade()) {
                    desk.sweep();
                }
            };
            Self {
                service: Arc::clone(service.inner()),
                link: OnceLock::new(),
                time_limit: terms.time_limit,
                timer: service.timer(sweep),
                state: Mutex::new(State { table, armed: false, ended: None }),
            }
        })
    }

    /// Requests go through this link.
    pub(crate) fn meet(&self, link: &Arc<Link>) {
        self.link.get_or_init(|| Arc::downgrade(link));
    }

    /// Refuses calls that wait where they must not.
    pub(crate) fn may_wait(&self) -> Result<()> {
        self.service.may_wait(ATTEMPT)
    }

    /// Sends a request.
    pub(crate) fn request(self: &Arc<Self>, message: Bytes, id: Option<u64>) -> Reply<T> {
        let (promise, reply) = Reply::new(&self.service);
        let number = match self.admit(promise, id) {
            Ok(number) => number,
            Err(promise) => {
                promise.fail(self.error(ErrorKind::LimitReached).because("too many are under way"));
                return reply;
            }
        };
        let (len, unsent) =
            (message.len(), Unsent { desk: Arc::clone(self), number, begun: false });
        let mut job: Option<Job> = Some(Box::new(move |session| unsent.send(session, message)));
        let sent = match self.link() {
            Some(link) => link.send_by_job(len, &mut job),
            None => Sent::Closed,
        };
        if let Some(kind) = sent.refusal() {
            let refused = lock(&self.state).table.withdraw(number);
            self.fail(refused, kind);
        }
        reply
    }

    /// A reply that has failed already.
    pub(crate) fn refuse(&self, kind: ErrorKind, why: &'static str) -> Reply<T> {
        let (promise, reply) = Reply::new(&self.service);
        promise.fail(self.error(kind).because(why));
        reply
    }

    /// How many requests are under way.
    pub(crate) fn under_way(&self) -> usize {
        lock(&self.state).table.under_way()
    }

    pub(crate) fn opened(&self) {
        let mut state = lock(&self.state);
        state.table.open();
        state.ended = None;
    }

    /// A message has come: whose answer it is.
    pub(crate) fn answered(&self, id: Option<u64>) -> Found<Promise<T>> {
        lock(&self.state).table.answer(id)
    }

    pub(crate) fn closed(&self, reason: &CloseReason) {
        let mut state = lock(&self.state);
        state.ended = Some(reason.clone());
        let unanswered = state.table.close();
        drop(state);
        unanswered.into_iter().for_each(|promise| self.fail(Some(promise), ErrorKind::Closed));
    }

    fn admit(&self, promise: Promise<T>, id: Option<u64>) -> std::result::Result<u64, Promise<T>> {
        let mut state = lock(&self.state);
        // Under the lock, so that a lower number is never younger.
        let number = state.table.admit(promise, id, Instant::now())?;
        let arm = !std::mem::replace(&mut state.armed, true);
        drop(state);
        if arm {
            self.timer.after(self.time_limit);
        }
        Ok(number)
    }

    fn sweep(&self) {
        let mut state = lock(&self.state);
        let (expired, next) = state.table.expire(Instant::now(), self.time_limit);
        state.armed = next.is_some();
        drop(state);
        if let Some(next) = next {
            self.timer.after(next);
        }
        expired.into_iter().for_each(|promise| self.fail(Some(promise), ErrorKind::TimedOut));
    }

    fn link(&self) -> Option<Arc<Link>> {
        self.link.get()?.upgrade()
    }

    fn fail(&self, promise: Option<Promise<T>>, kind: ErrorKind) {
        let Some(promise) = promise else { return };
        let ended = lock(&self.state).ended.clone().filter(|_| kind == ErrorKind::Closed);
        let error = self.error(kind);
        promise.fail(match ended {
            Some(reason) => error.because(reason),
            None => error,
        });
    }

    fn error(&self, kind: ErrorKind) -> Error {
        let error = Error::new(kind, ATTEMPT);
        match self.link().and_then(|link| link.peer()) {
            Some(peer) => error.on(peer),
            None => error.on("a server"),
        }
    }
}

/// A request on its way to the session, which may never get there.
struct Unsent<T: Send + 'static> {
    desk: Arc<Desk<T>>,
    number: u64,
    begun: bool,
}

impl<T: Send + 'static> Unsent<T> {
    fn send(mut self, session: &mut Session<'_>, message: Bytes) {
        let desk = &self.desk;
        let begun = lock(&desk.state).table.begin(self.number, Promise::is_canceled);
        self.begun = true;
        match begun {
            Begun::Send => {}
            Begun::Skip(unwanted) => return drop(unwanted),
            Begun::Ambiguous(promise) => {
                let error = desk.error(ErrorKind::Invalid);
                return promise.fail(error.because("another request with its id is under way"));
            }
        }
        if let Some(kind) = session.offer(message).refusal() {
            let refused = lock(&desk.state).table.undo(self.number);
            desk.fail(refused, kind);
        }
    }
}

impl<T: Send + 'static> Drop for Unsent<T> {
    fn drop(&mut self) {
        if !self.begun {
            let lost = lock(&self.desk.state).table.lose(self.number);
            self.desk.fail(lost, ErrorKind::Closed);
        }
    }
}

const ATTEMPT: &str = "get an answer from";
