//! What callbacks get: the session in its turn.

use std::borrow::Cow;
use std::time::Instant;

use bytes::Bytes;
use uuid::Uuid;

use super::chain::Chain;
use super::core::{Core, Phase, upgrade};
use super::link::Link;
use super::{CloseReason, Handle, Sent, Stats, Tag, Verdict};
use crate::error::{Error, ErrorKind, Result, Violation};
use crate::net::{Credentials, Descriptor, Endpoint, Transport};
use crate::service::Ending;

/// A connection during one of its callbacks; see also [`Handle`], which may be kept and sent to
/// other threads.
///
/// What a callback sends is queued, and written once after the turn's last callback. Nothing here
/// waits, and no callback of a session is ever called from within another of it.
pub struct Session<'a> {
    pub(super) core: &'a mut Core,
    pub(super) link: &'a Link,
}

impl<'a> Session<'a> {
    pub(super) fn new(core: &'a mut Core, link: &'a Link) -> Self {
        Self { core, link }
    }

    /// Sends a message: bytes, which are copied; of a [`framed`](crate::framed) session with their
    /// frame around them.
    #[inline]
    pub fn send(&mut self, data: impl AsRef<[u8]>) -> Sent {
        self.core.send(self.link, Tag::default(), data.as_ref(), None)
    }

    /// Sends a message that may be shared with other sessions; from 512 bytes on they are not copied.
    pub fn send_shared(&mut self, data: Bytes) -> Sent {
        self.core.send(self.link, Tag::default(), &data, Some(&data))
    }

    /// Sends bytes, at least one, and has descriptors go with the first of them: the peer gets them
    /// when it reads that byte. Of a Unix socket that
    /// [passes descriptors](crate::UnixOptions::pass_descriptors); they are closed here once they
    /// are sent, or when they cannot be.
    ///
    /// ```
    /// # #[cfg(unix)] mod example {
    /// use std::fs::File;
    /// use sockeye::{Descriptor, raw};
    ///
    /// /// Hands out a file to whoever asks.
    /// fn on_data(session: &mut raw::Session<'_>, _: &[u8]) {
    ///     let Ok(file) = File::open("/dev/null") else { return session.close() };
    ///     if let Err(error) = session.send_with_descriptors("here", vec![Descriptor::from(file)]) {
    ///         eprintln!("{error}");
    ///     }
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Then nothing is sent: [`Unsupported`](crate::ErrorKind::Unsupported) on other streams and over TLS, without
    /// the option, or without a byte; [`LimitReached`](crate::ErrorKind::LimitReached) when too many
    /// wait to be sent.
    pub fn send_with_descriptors(
        &mut self,
        data: impl AsRef<[u8]>,
        descriptors: Vec<Descriptor>,
    ) -> Result<Sent> {
        let data = data.as_ref();
        let after = self.core.queue_len();
        let Some(transport) = &self.core.transport else { return Ok(Sent::Closed) };
        let peer = self.link.peer().map_or_else(|| "a session".to_owned(), |peer| peer.to_string());
        transport.may_attach(descriptors.len(), data.len()).map_err(|error| error.on(peer))?;
        let sent = self.core.send(self.link, Tag::default(), data, None);
        if let (true, Some(Transport::Plain(stream))) = (sent.is_queued(), &mut self.core.transport)
        {
            stream.attach(after, descriptors);
        }
        Ok(sent)
    }

    /// The descriptors that have come with what was read, in order: those of a byte come with the
    /// data that it is in. Who does not take them leaves less room for others.
    pub fn take_descriptors(&mut self) -> Vec<Descriptor> {
        match &mut self.core.transport {
            Some(Transport::Plain(stream)) => stream.take_descriptors(),
            _ => Vec::new(),
        }
    }

    /// How many descriptors have come on this connection and were closed, because as many
    /// [as may](crate::UnixOptions::pass_descriptors) had come and not been taken, or because the
    /// process has no room for them (then some count as one).
    pub fn lost_descriptors(&self) -> u64 {
        self.core.transport.as_ref().map_or(0, |transport| transport.stream().lost_descriptors())
    }

    /// Closes: what is queued is sent, then this side's end is announced and the peer's awaited,
    /// all within [`Limits::close`](crate::Limits::close). No more data is handed out.
    pub fn close(&mut self) {
        self.core.close(CloseReason::Local, Ending::Graceful);
    }

    /// Closes as [`Session::close`] does, with [`CloseReason::Because`] of these words.
    pub fn close_because(&mut self, why: impl Into<Cow<'static, str>>) {
        self.end(CloseReason::Because(why.into()));
    }

    /// Cuts the connection (TCP: RST). What is queued is lost. On a Unix socket, which has no
    /// reset, the peer still gets what was handed to the socket; behind that it sees an error if
    /// this side had something unread, and else an end.
    pub fn abort(&mut self) {
        self.core.close(CloseReason::Aborted, Ending::Abrupt);
    }

    /// Finishes sending: the peer sees the end after what is queued (TCP: half-close), and may go
    /// on sending itself. The session ends when it has finished too.
    pub fn finish(&mut self) {
        self.core.finishing = true;
    }

    /// Stops reading from the peer, which its own queue then makes it notice, until
    /// [`Session::resume`] or [`Handle::resume`].
    pub fn pause(&mut self) {
        self.core.paused = true;
    }

    /// Reads again.
    pub fn resume(&mut self) {
        self.core.paused = false;
    }

    /// True until either side has closed the session: what is sent is taken, what comes handed out.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.core.phase == Phase::Open
    }

    /// The session for other threads, and for later.
    pub fn handle(&self) -> Handle {
        Handle::new(upgrade(self.link))
    }

    /// Sends a message, or answers [`Sent::Full`] where `send_shared` would have to do what
    /// [`Overflow`](crate::Overflow) says.
    pub(crate) fn offer(&mut self, data: Bytes) -> Sent {
        self.core.offer(self.link, Tag::default(), &data, Some(&data))
    }

    /// Hands a message to the handler, through the middleware.
    #[inline]
    pub(crate) fn receive(&mut self, message: &[u8], handle: impl FnOnce(&mut Self, &[u8])) {
        self.core.lent().change.messages_received += 1;
        if self.chain().is_none_or(|chain| chain.is_none()) {
            return handle(self, message);
        }
        let mut message = Cow::Borrowed(message);
        let received =
            |chain: &mut Chain, session: &mut Session<'_>| chain.received(session, &mut message);
        if Chain::run(self, received) != Some(Verdict::Drop) && self.is_open() {
            handle(self, &message);
        }
    }

    /// True while the handler wants what comes, and what it sends in answer has room.
    #[inline]
    pub(crate) fn receives(&self) -> bool {
        self.is_open() && !self.core.holds_reading(self.link)
    }

    /// The protocol has more to hand out than the session [receives](Self::receives) now. It is
    /// called again, with no data, when it does; nothing is read before.
    pub(crate) fn hold_back(&mut self) {
        self.core.backlog = self.is_open();
    }

    /// The peer has broken a rule: tells the middleware, and closes.
    pub(crate) fn violated(&mut self, violation: Violation) {
        if !self.is_open() {
            return;
        }
        let error = Error::new(ErrorKind::Invalid, "read a message").because(&violation);
        let error = match self.peer_addr() {
            Some(peer) => error.on(format_args!("from {peer}")),
            None => error,
        };
        Chain::run(self, |chain, session| chain.error(session, &error));
        self.end(CloseReason::Protocol(violation));
    }

    /// Closes for this reason.
    pub(crate) fn end(&mut self, reason: CloseReason) {
        self.core.close(reason, Ending::Graceful);
    }

    /// Where the middleware is; itself `None` while it runs.
    pub(super) fn chain(&mut self) -> Option<&mut Option<Box<Chain>>> {
        self.core.extras.as_mut().map(|extras| &mut extras.chain)
    }

    pub(super) fn set_chain(&mut self, chain: Box<Chain>) {
        self.core.extras().chain = Some(chain);
    }

    /// Sends on behalf of a handle, whose caller has gone.
    pub(super) fn send_descriptors_later(&mut self, data: &[u8], descriptors: Vec<Descriptor>) {
        if let Err(error) = self.send_with_descriptors(data, descriptors) {
            self.link.fail(&error);
        }
    }

    /// The session's id, unique in this process and, but for an unlikely accident, outside.
    pub fn id(&self) -> Uuid {
        self.link.id
    }

    /// The peer's address.
    pub fn peer_addr(&self) -> Option<Endpoint> {
        self.link.peer()
    }

    /// This side's address; one system call. `None` when the connection is gone.
    pub fn local_addr(&self) -> Option<Endpoint> {
        self.core.transport.as_ref()?.local_addr()
    }

    /// What was agreed on with the peer in the TLS handshake; `None` without TLS, and in `on_close`.
    #[cfg(feature = "tls")]
    pub fn tls(&self) -> Option<crate::net::tls::Info<'_>> {
        self.core.transport.as_ref()?.tls()
    }

    /// What the proxy has said of the connection, on a server that
    /// [reads it](crate::server::Builder::proxy_protocol); [`peer_addr`](Self::peer_addr) is the
    /// client's address then. `None` without a proxy.
    pub fn proxy_header(&self) -> Option<&crate::proxy::Header> {
        self.core.extras.as_ref()?.header.as_deref()
    }

    /// Whose process is at the other end of a Unix socket; one system call. `None` on other
    /// streams, where the system does not tell, and when the connection is gone.
    ///
    /// ```
    /// use sockeye::raw;
    ///
    /// /// Serves this user and no other, whatever the mode of the socket's file.
    /// struct Mine(u32);
    /// impl raw::Handler for Mine {
    ///     fn on_open(&mut self, session: &mut raw::Session<'_>) {
    ///         if session.peer_credentials().is_none_or(|peer| peer.uid != self.0) {
    ///             session.abort();
    ///         }
    ///     }
    ///     fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
    ///         session.send(data);
    ///     }
    /// }
    /// ```
    pub fn peer_credentials(&self) -> Option<Credentials> {
        self.core.transport.as_ref()?.stream().peer_credentials()
    }

    /// Bytes that wait to be sent.
    pub fn pending(&self) -> usize {
        self.core.pending(self.link)
    }

    /// The time, as the thread looked it up before this turn: for free, and to some milliseconds
    /// unless callbacks block.
    pub fn now(&self) -> Instant {
        let lent = self.core.lent.as_ref();
        lent.and_then(|lent| lent.now).unwrap_or_else(Instant::now)
    }

    /// When the connection was made.
    pub fn connected_at(&self) -> Option<Instant> {
        self.link.connected.get(self.link.epoch())
    }

    /// When bytes last went either way before this turn; to some milliseconds.
    pub fn last_activity(&self) -> Option<Instant> {
        self.link.active.get(self.link.epoch())
    }

    /// What has been counted before this turn.
    pub fn stats(&self) -> Stats {
        self.link.stats()
    }
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id())
            .field("peer", &self.peer_addr())
            .finish_non_exhaustive()
    }
}
