//! Framed sessions: whole messages, however the stream was cut.
//!
#![doc = include_str!("tutorial.md")]

mod adaptor;
mod inbox;
mod requests;

use std::sync::Arc;

use crate::Endpoint;
use crate::session::Speech;
use adaptor::{Adaptor, Sender};

pub use inbox::Inbox;
pub use requests::{Requests, RequestsBuilder, requests};

pub use crate::codec::framed::{
    Codec, Decoded, Decoder, Delimiter, FixedSize, Frame, LengthPrefix, Lines, Varint, encode,
};
pub use crate::session::{
    ClientProtocol, CloseReason, End, Group, Handle, ServerProtocol, Session,
};

/// What happens on one connection that speaks in messages. One value per session: its fields are
/// the session's state.
///
/// `M` is what the [codec's](Codec::Message) messages are: bytes, or `str` for
/// lines. Callbacks come as those of a [`raw::Handler`](crate::raw::Handler): one at a time, on the
/// service's threads, `on_open` first and `on_close` last, exactly once.
///
/// What [`Session::send`], [`Handle::send`] and [`Group::send`] are given is a message each, and is
/// framed by the codec.
pub trait Handler<M: ?Sized = [u8]>: Send + 'static {
    /// The TLS handshake is done; see
    /// [`raw::Handler::on_handshake`](crate::raw::Handler::on_handshake).
    fn on_handshake(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// The connection is open.
    fn on_open(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// A message has come, borrowed from the thread's read buffer if it lay there in one piece.
    ///
    /// After [`Session::pause`], and while the session's queue is above its high mark under
    /// [`Overflow::Wait`](crate::Overflow::Wait), none is handed out, though several may have come.
    fn on_message(&mut self, session: &mut Session<'_>, message: &M);

    /// All messages of one read have been handed out: what they have gathered can be worked on at
    /// once. More may follow in the same turn.
    fn on_read_complete(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// So many bytes, frames included, have been handed to the socket in this turn, and so many
    /// still wait.
    fn on_sent(&mut self, session: &mut Session<'_>, sent: usize, pending: usize) {
        let _ = (session, sent, pending);
    }

    /// The queue was above its high mark and has fallen to the low one.
    fn on_drain(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// The peer has finished sending, and not in the middle of a message. By default the session
    /// then sends what is queued and closes with [`CloseReason::Remote`].
    fn on_end(&mut self, session: &mut Session<'_>) -> End {
        let _ = session;
        End::Close
    }

    /// The connection is gone: once for each `on_open`.
    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        let _ = (session, reason);
    }
}

impl<M: ?Sized, F: FnMut(&mut Session<'_>, &M) + Send + 'static> Handler<M> for F {
    fn on_message(&mut self, session: &mut Session<'_>, message: &M) {
        self(session, message);
    }
}

/// What a server speaks: messages of this codec, with a handler made for each connection from its
/// peer's address.
///
/// `make` runs on a service thread; if it panics, the connection is reset.
pub fn server<C: Codec, H: Handler<C::Message>>(
    codec: C,
    make: impl Fn(&Endpoint) -> H + Send + Sync + 'static,
) -> ServerProtocol {
    let sender = Arc::new(Sender(codec));
    let framing = Speech::Framed(Arc::<Sender<C>>::clone(&sender));
    ServerProtocol::new(move |peer| Adaptor::new(Arc::clone(&sender), make(peer)), framing)
}

/// What a client speaks: messages of this codec, with one handler for all of its connections.
pub fn client<C: Codec, H: Handler<C::Message>>(codec: C, handler: H) -> ClientProtocol {
    let sender = Arc::new(Sender(codec));
    ClientProtocol::new(Adaptor::new(Arc::clone(&sender), handler), Speech::Framed(sender))
}
