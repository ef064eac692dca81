//! A session as other threads hold it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use uuid::Uuid;

use super::link::Link;
use super::mailbox::{Gate, Job, Outcome, Watch};
use super::{CloseReason, Sent, Session, Stats, Tag};
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Descriptor, Endpoint};
use crate::service::{Ending, Ready, Seat, Task, Watched, Worker, deadline};

/// A session for any thread, for as long as one likes: `Send + Sync`, and cheap to clone.
///
/// What it asks for goes through the session's mailbox and is done in its next turn, in the order
/// asked. A handle does not keep the connection open; on a closed session everything is refused. A
/// client's handle goes on to work after a reconnect.
#[derive(Clone)]
pub struct Handle(Arc<Link>);

impl Handle {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self(link)
    }

    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.0
    }

    /// Sends bytes; they are copied.
    ///
    /// Never waits. See [`Sent`] for what may become of the message.
    pub fn send(&self, data: impl AsRef<[u8]>) -> Sent {
        self.0.send(Tag::default(), data.as_ref())
    }

    /// Sends bytes that may be shared with other sessions; from 512 bytes on they are not copied.
    pub fn send_shared(&self, data: Bytes) -> Sent {
        self.0.send_shared(Tag::default(), data)
    }

    /// Sends bytes with descriptors, as a job of its own: see
    /// [`Session::send_with_descriptors`]. What then fails is told to the `on_error` of the
    /// server's or client's events.
    ///
    /// # Errors
    ///
    /// As [`Handle::post`].
    pub fn send_with_descriptors(
        &self,
        data: impl Into<Bytes>,
        descriptors: Vec<Descriptor>,
    ) -> Result<()> {
        let data = data.into();
        self.post(move |session| session.send_descriptors_later(&data, descriptors))
    }

    /// Sends bytes, and waits `within` the time for room in the queue if there is none.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread,
    /// [`TimedOut`](ErrorKind::TimedOut), [`Closed`](ErrorKind::Closed),
    /// [`Invalid`](ErrorKind::Invalid) when the protocol cannot send the message, and
    /// [`LimitReached`](ErrorKind::LimitReached) when the message was dropped, ended the session,
    /// or is larger than the whole queue.
    pub fn send_within(&self, data: impl AsRef<[u8]>, within: Duration) -> Result<()> {
        self.send_tagged_within(Tag::default(), data.as_ref(), within)
    }

    pub(crate) fn send_tagged_within(&self, tag: Tag, data: &[u8], within: Duration) -> Result<()> {
        let attempt = "send to";
        self.0.service.may_wait(attempt)?;
        let deadline = deadline(within);
        loop {
            let sent = self.0.send(tag, data);
            let Some(refusal) = sent.refusal() else { return Ok(()) };
            let kind = match sent {
                Sent::Full if Instant::now() >= deadline => ErrorKind::TimedOut,
                Sent::Full if data.len() <= self.0.terms.queue => {
                    let room = (self.0.terms.queue - data.len()).min(self.0.terms.low);
                    self.wait_below(room, deadline, attempt)?;
                    continue;
                }
                _ => refusal,
            };
            return Err(self.error(kind, attempt));
        }
    }

    /// Waits `within` the time until everything queued so far has been handed to the socket.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread,
    /// [`TimedOut`](ErrorKind::TimedOut), and [`Closed`](ErrorKind::Closed) when the session ended
    /// first or the client is not connected.
    pub fn flush(&self, within: Duration) -> Result<()> {
        let attempt = "flush to";
        self.0.service.may_wait(attempt)?;
        if matches!(self.0.mailbox().gate(), Gate::Down(_)) {
            return Err(self.error(ErrorKind::Closed, attempt));
        }
        match self.wait_below(0, deadline(within), attempt)? {
            Outcome::Fell => Ok(()),
            Outcome::Ended => Err(self.error(ErrorKind::Closed, attempt)),
        }
    }

    /// Closes the session: see [`Session::close`]. Of a client that is not connected: ends its
    /// attempts.
    pub fn close(&self) {
        self.0.end(CloseReason::Local, Ending::Graceful);
    }

    /// Cuts the connection: see [`Session::abort`].
    pub fn abort(&self) {
        self.0.end(CloseReason::Aborted, Ending::Abrupt);
    }

    /// Stops reading from the peer: see [`Session::pause`].
    pub fn pause(&self) {
        self.set_paused(true);
    }

    /// Reads again.
    pub fn resume(&self) {
        self.set_paused(false);
    }

    /// Queues a job that gets the session, to run in its next turn.
    ///
    /// A panic in it closes the session. A job that waits when the session closes is dropped.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed), and [`LimitReached`](ErrorKind::LimitReached) when
    /// [`Limits::jobs`](crate::Limits::jobs) wait already.
    pub fn post(&self, job: impl FnOnce(&mut Session<'_>) + Send + 'static) -> Result<()> {
        self.push(Box::new(job))?;
        Seat::notify(&self.0, Ready::MAIL);
        Ok(())
    }

    /// Like [`Handle::post`], but the job runs before this returns if this is a thread of the
    /// session's own loop and the session is idle: not in a turn, and not about to have one.
    ///
    /// # Errors
    ///
    /// As [`Handle::post`].
    pub fn dispatch(&self, job: impl FnOnce(&mut Session<'_>) + Send + 'static) -> Result<()> {
        let mut job = Some(job);
        let here = Seat::run_here(&self.0, || {
            let posted = job.take().map_or(Ok(()), |job| self.push(Box::new(job)));
            let mut worker = Worker::on_the_spot(self.0.seat().home());
            (self.0.turn(Ready::MAIL, &mut worker), posted)
        });
        match (here, job) {
            (None, Some(job)) => self.post(job),
            (here, _) => here.unwrap_or(Ok(())),
        }
    }

    /// The session's id.
    pub fn id(&self) -> Uuid {
        self.0.id
    }

    /// True while the session takes messages.
    pub fn is_open(&self) -> bool {
        self.0.is_open()
    }

    /// The peer's address; of a client, the last one.
    pub fn peer_addr(&self) -> Option<Endpoint> {
        self.0.peer()
    }

    /// Bytes that wait to be sent.
    pub fn pending(&self) -> usize {
        self.0.pending()
    }

    /// When the connection was made.
    pub fn connected_at(&self) -> Option<Instant> {
        self.0.connected.get(self.0.epoch())
    }

    /// When bytes last went either way; to some milliseconds.
    pub fn last_activity(&self) -> Option<Instant> {
        self.0.active.get(self.0.epoch())
    }

    /// What has been counted so far; of a client, over all of its connections.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }

    fn push(&self, job: Job) -> Result<()> {
        self.0.mailbox().push_job(job, self.0.terms.jobs).map_err(|gate| {
            let closed = gate == Gate::Closed;
            let kind = if closed { ErrorKind::Closed } else { ErrorKind::LimitReached };
            self.error(kind, "post to")
        })
    }

    fn set_paused(&self, paused: bool) {
        self.0.mailbox().pause(paused);
        Seat::notify(&self.0, Ready::MAIL);
    }

    fn wait_below(
        &self,
        below: usize,
        deadline: Instant,
        attempt: &'static str,
    ) -> Result<Outcome> {
        let outcome = Arc::new(Watched::new(None));
        self.0.watch(Watch { below, outcome: Arc::clone(&outcome) });
        let service = &self.0.service;
        if !service.wait(&outcome, Some(deadline), |outcome| outcome.is_some()) {
            return Err(self.error(ErrorKind::TimedOut, attempt));
        }
        let outcome = *outcome.lock();
        Ok(outcome.unwrap_or(Outcome::Ended))
    }

    fn error(&self, kind: ErrorKind, attempt: &'static str) -> Error {
        let error = Error::new(kind, attempt);
        match self.peer_addr() {
            Some(peer) => error.on(peer),
            None => error.on("a session"),
        }
    }
}

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Handle {}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("id", &self.id())
            .field("peer", &self.peer_addr())
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}
