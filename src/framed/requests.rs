//! Requests and their answers over messages.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::{ClientProtocol, Codec, Handler, Session, client};
use crate::client::{Desk, Found, Matching, Terms};
use crate::error::{ErrorKind, Result};
use crate::{CloseReason, Reply, Service};

/// Sets up a client that sends requests and gets answers, both of them messages of this codec.
///
/// ```
/// use std::time::Duration;
/// use sockeye::{Client, Server, Service, framed};
///
/// # let service = Service::builder().threads(1).start()?;
/// let lines = framed::Lines::new();
/// let echo = |session: &mut framed::Session<'_>, request: &str| {
///     session.send(request);
/// };
/// let server = Server::builder(&service, framed::server(lines, move |_| echo));
/// let server = server.listen("127.0.0.1:0")?;
///
/// let (protocol, requests) = framed::requests(&service, lines).build();
/// let client = Client::builder(&service, protocol).connect(server.local_addr().to_string())?;
/// client.wait_connected(Duration::from_secs(5))?;
/// assert_eq!(requests.call("one", Duration::from_secs(5))?, "one");
///
/// // Many at once; each reply can be waited for, looked at, or awaited.
/// let replies = ["two", "three"].map(|request| requests.request(request));
/// for reply in replies {
///     println!("{}", reply.wait(Duration::from_secs(5))?);
/// }
/// # Ok::<(), sockeye::Error>(())
/// ```
pub fn requests<C: Codec>(service: &Service, codec: C) -> RequestsBuilder<C>
where
    C::Message: ToOwned<Owned: Send> + AsRef<[u8]>,
{
    RequestsBuilder {
        service: service.clone(),
        codec,
        terms: Terms {
            limit: 1024,
            time_limit: Duration::from_secs(30),
            matching: Matching::InOrder,
        },
        id_of: None,
        otherwise: None,
    }
}

/// Sets up [`Requests`], and the protocol of the client that sends them.
#[must_use = "a builder does nothing until `build`"]
pub struct RequestsBuilder<C: Codec> {
    service: Service,
    codec: C,
    terms: Terms,
    id_of: Option<IdOf>,
    otherwise: Option<Otherwise<C::Message>>,
}

type IdOf = Box<dyn Fn(&[u8]) -> Option<u64> + Send + Sync>;
type Otherwise<M> = Box<dyn FnMut(&mut Session<'_>, &M) + Send>;

impl<C: Codec> RequestsBuilder<C>
where
    C::Message: ToOwned<Owned: Send> + AsRef<[u8]>,
{
    /// Answers belong to the request with the same id, and may come in any order: `id_of` finds
    /// the id in a message of either kind. Default: the first answer belongs to the first request.
    ///
    /// It is called on the threads that make requests, and on the service's for what comes. An id
    /// is free again when its answer has come; a request with one that is not, or with none, fails
    /// with [`Invalid`](ErrorKind::Invalid). That of a request that was given up should not be used
    /// again on the same connection, as its answer may still come.
    pub fn matched_by(
        mut self,
        id_of: impl Fn(&[u8]) -> Option<u64> + Send + Sync + 'static,
    ) -> Self {
        self.terms.matching = Matching::ById;
        self.id_of = Some(Box::new(id_of));
        self
    }

    /// How many requests may be under way; one more fails with
    /// [`LimitReached`](ErrorKind::LimitReached). Default: 1024.
    ///
    /// A request is under way until its answer has come, its time limit passed, or the connection
    /// ended. Where answers are matched in order, its time limit does not end that, as its answer
    /// comes before those of later ones; nor does it while the request waits to be sent.
    pub fn limit(mut self, limit: usize) -> Self {
        self.terms.limit = limit;
        self
    }

    /// How long a request may take, from the call to the answer, before it fails with
    /// [`TimedOut`](ErrorKind::TimedOut). Default: 30 s.
    ///
    /// An answer that comes later is dropped, and not taken for that of another request.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.terms.time_limit = limit;
        self
    }

    /// Hands messages that answer nothing to a handler: what a server says unasked. Default: they
    /// are dropped and [counted](Requests::unmatched).
    ///
    /// Late answers are not among them. Matched in order, a message is no answer when no request is
    /// under way. The handler runs as [`Handler::on_message`] does.
    pub fn otherwise(
        mut self,
        handler: impl FnMut(&mut Session<'_>, &C::Message) + Send + 'static,
    ) -> Self {
        self.otherwise = Some(Box::new(handler));
        self
    }

    /// The protocol, for one client, and what sends requests through it.
    pub fn build(self) -> (ClientProtocol, Requests<C::Message>) {
        let shared = Arc::new(Shared {
            desk: Desk::new(&self.service, self.terms),
            id_of: self.id_of,
            unmatched: AtomicU64::new(0),
        });
        let desk = Arc::clone(&shared.desk);
        let answers = Answers { shared: Arc::clone(&shared), otherwise: self.otherwise };
        let protocol = client(self.codec, answers).meeting(move |link| desk.meet(link));
        (protocol, Requests(shared))
    }
}

/// Sends requests and gets their answers, from any thread. A clone sends through the same client.
///
/// A request that is made while the client is not connected fails at once with
/// [`Closed`](ErrorKind::Closed); if the client
/// [queues](crate::client::Builder::queue_while_down), it waits there for the connection, within
/// its time limit. When a connection ends, the requests that were sent on it fail at once, with the
/// reason in words: whether the server has got them nobody knows, so none is sent again. (One that
/// this side closes has ended when the peer has too, or after [`Limits::close`](crate::Limits::close).)
///
/// Dropping a reply cancels its request: one that has not been sent yet is not, and else its
/// answer is dropped when it comes.
///
/// What is sent through the client's handle is no request: where answers are matched in order, it
/// must be something that the server does not answer.
///
/// Requests wait in the session's queue as all messages do. Where that is full they fail with
/// [`LimitReached`](ErrorKind::LimitReached).
pub struct Requests<M: ToOwned + ?Sized = [u8]>(Arc<Shared<M::Owned>>);

struct Shared<T> {
    desk: Arc<Desk<T>>,
    id_of: Option<IdOf>,
    unmatched: AtomicU64,
}

impl<M: ToOwned<Owned: Send + 'static> + ?Sized> Requests<M> {
    /// Sends a request, which is copied. Never waits.
    ///
    /// What goes wrong is the reply's error: [`Closed`](ErrorKind::Closed),
    /// [`LimitReached`](ErrorKind::LimitReached) when too many are under way, the queue is full or
    /// middleware drops it, [`TimedOut`](ErrorKind::TimedOut) when its time limit passes, and
    /// [`Invalid`](ErrorKind::Invalid) when the codec cannot send the message, or its id does not
    /// tell it from others.
    pub fn request(&self, message: impl AsRef<[u8]>) -> Reply<M::Owned> {
        let Shared { desk, id_of, .. } = &*self.0;
        let message = message.as_ref();
        let id = id_of.as_ref().map(|id_of| id_of(message));
        match id {
            Some(None) => desk.refuse(ErrorKind::Invalid, "the request has no id"),
            found => desk.request(Bytes::copy_from_slice(message), found.flatten()),
        }
    }

    /// Sends a request and waits for its answer, at most `within` the time; then it is canceled.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread, where nothing is sent, and
    /// those of [`Requests::request`].
    pub fn call(&self, message: impl AsRef<[u8]>, within: Duration) -> Result<M::Owned> {
        self.0.desk.may_wait()?;
        self.request(message).wait(within)
    }

    /// How many requests are under way: see [`RequestsBuilder::limit`].
    pub fn under_way(&self) -> usize {
        self.0.desk.under_way()
    }

    /// How many messages were dropped that answered nothing.
    pub fn unmatched(&self) -> u64 {
        self.0.unmatched.load(Ordering::Relaxed)
    }
}

impl<M: ToOwned + ?Sized> Clone for Requests<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The client's side.
struct Answers<M: ToOwned + ?Sized> {
    shared: Arc<Shared<M::Owned>>,
    otherwise: Option<Otherwise<M>>,
}

impl<M: ToOwned<Owned: Send> + AsRef<[u8]> + ?Sized + 'static> Handler<M> for Answers<M> {
    fn on_open(&mut self, session: &mut Session<'_>) {
        // One that was not told before: a session without a client.
        self.shared.desk.meet(session.handle().link());
        self.shared.desk.opened();
    }

    fn on_message(&mut self, session: &mut Session<'_>, message: &M) {
        let Shared { desk, id_of, unmatched } = &*self.shared;
        let id = id_of.as_ref().and_then(|id_of| id_of(message.as_ref()));
        match (desk.answered(id), &mut self.otherwise) {
            (Found::Answer(promise), _) => {
                if !promise.is_canceled() {
                    // Canceled in this moment, it is unwanted too.
                    let _ = promise.fulfill(message.to_owned());
                }
            }
            (Found::Late, _) => {}
            (Found::Nothing, Some(handler)) => handler(session, message),
            (Found::Nothing, None) => drop(unmatched.fetch_add(1, Ordering::Relaxed)),
        }
    }

    fn on_close(&mut self, _session: &mut Session<'_>, reason: &CloseReason) {
        self.shared.desk.closed(reason);
    }
}

impl<C: Codec> fmt::Debug for RequestsBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestsBuilder").field("terms", &self.terms).finish_non_exhaustive()
    }
}

impl<M: ToOwned<Owned: Send + 'static> + ?Sized> fmt::Debug for Requests<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").field("under_way", &self.under_way()).finish_non_exhaustive()
    }
}
