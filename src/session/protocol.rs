//! What a session needs of the protocol it speaks, and of the server or client it belongs to.

use std::time::Duration;

use super::book::Book;
use super::link::Link;
use super::mailbox::Gate;
use super::{CloseReason, Group, Handle, Permit, Rooms, Session};
use crate::error::Error;
use crate::net::{Endpoint, Stream, Transport};

/// One connection's protocol state with the user's handler in it: the adaptor between bytes and
/// a handler's callbacks.
///
/// The calls come one at a time: `on_handshake` where there is one, `on_open`, any of the others,
/// and then exactly one `on_close`.
/// A client's protocol may be opened again afterwards.
pub(crate) trait Protocol: Send {
    /// The transport's handshake is done; before `on_open`, which does not follow if this closes.
    fn on_handshake(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// The protocol has hands to shake as well before it is open: a client's that asks first
    /// whether it may speak.
    fn shakes_hands(&self) -> bool {
        false
    }

    /// The first of two steps to an open session; [`Session::shaken_hands`] is the second. Until
    /// then there is `on_data` and nothing else, and what is closed was never open.
    fn on_connected(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// The connection has ended before it was open: the reason, where the protocol knows more of it.
    fn on_failed(&mut self, reason: &CloseReason) -> Option<CloseReason> {
        let _ = reason;
        None
    }

    /// It was asked in vain, and will be: a client does not connect again by itself. Forgotten with
    /// the answer.
    fn gives_up(&mut self) -> bool {
        false
    }

    fn on_open(&mut self, session: &mut Session<'_>);

    /// Bytes have been read; none, when what [`Session::hold_back`] told of can be handed out.
    fn on_data(&mut self, session: &mut Session<'_>, data: &mut [u8]);

    /// `sent` bytes have been handed to the socket in this turn, `pending` are still queued.
    fn on_sent(&mut self, session: &mut Session<'_>, sent: usize, pending: usize);

    /// The queue has fallen to the low mark after it was above the high one.
    fn on_drain(&mut self, session: &mut Session<'_>);

    /// Somebody has called [`Waker::wake`](super::Waker::wake) since the last time.
    fn on_wake(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// The time has come that was given to [`Session::set_alarm`].
    fn on_alarm(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// The server shuts down. Who has something under way may finish that, and must close then.
    fn on_shutdown(&mut self, session: &mut Session<'_>) -> Shutdown {
        let _ = session;
        Shutdown::Now
    }

    /// The session begins to close, with all that is queued still to be sent: what the protocol
    /// says in such a case is to be [composed](Session::compose) here.
    ///
    /// While the peer's goodbye is awaited, `on_data` is still called.
    fn on_goodbye(&mut self, session: &mut Session<'_>, reason: &CloseReason) -> Goodbye {
        let _ = (session, reason);
        Goodbye::Over
    }

    /// What takes over at the end of this turn, after [`Session::hand_over`].
    fn successor(&mut self) -> Option<Box<dyn Protocol>> {
        None
    }

    /// A client that is not connected waits so long for its next attempt.
    fn on_waiting(&mut self, attempt: u32, delay: Duration) {
        let _ = (attempt, delay);
    }

    /// The peer has finished sending. What is queued is still sent.
    fn on_end(&mut self, session: &mut Session<'_>) -> End;

    /// A callback has panicked, or [`Session::violated`] was called; `on_close` follows.
    fn on_error(&mut self, session: &mut Session<'_>, error: &Error) {
        let _ = (session, error);
    }

    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason);
}

/// What to do when the peer has finished sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum End {
    /// Send what is queued, then close. The default.
    #[default]
    Close,
    /// Keep this side open: the session goes on sending until it is closed.
    KeepOpen,
}

/// Whether a session that closes has more to hear of its peer than the stream's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goodbye {
    /// Not yet said.
    Due,
    /// The peer is to say goodbye in its protocol's language, too.
    Awaited,
    /// It has; the stream is its to end first.
    #[cfg_attr(not(feature = "ws"), expect(dead_code, reason = "WebSocket's"))]
    Heard,
    Over,
}

/// When a session closes whose server shuts down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shutdown {
    Now,
    /// When its protocol says so.
    Later,
}

/// What a server's session begins with.
pub(crate) struct Admitted {
    pub(crate) transport: Transport,
    pub(crate) protocol: Box<dyn Protocol>,
    pub(crate) permits: Vec<Permit>,
}

/// The server or client that a session belongs to.
pub(crate) trait Owner: Send + Sync {
    /// Lets in a peer who was not known before its preface. If not, that has been told, and the
    /// stream is closed.
    fn admit(&self, stream: Stream, peer: &Endpoint) -> Option<Admitted> {
        let _ = peer;
        stream.abort();
        None
    }

    /// After the handler's `on_open`.
    fn opened(&self, session: &Handle);

    /// The connection is about to be closed; before the handler's `on_close`.
    fn closing(&self, session: &Handle, reason: &CloseReason);

    /// The connection is gone; before the handler's `on_close`.
    fn leave(&self, session: &Link);

    /// The connection is gone; after the handler's `on_close`, if it was `opened`. Gives back the
    /// protocol, if there was one yet.
    fn closed(
        &self,
        session: &Handle,
        reason: &CloseReason,
        protocol: Option<Box<dyn Protocol>>,
        opened: bool,
    );

    /// What a session without a connection takes.
    fn gate(&self) -> Gate;

    /// Nobody wants the connection any more that is being made.
    fn give_up(&self);

    /// All sessions of the owner, where it has many; else an empty group.
    fn everyone(&self) -> Group;

    /// The rooms that the owner's sessions may join, where it has any.
    fn rooms(&self) -> Option<&Rooms> {
        None
    }

    /// A connection failed before it opened, or a callback panicked; the log has been told.
    fn failed(&self, error: &Error);

    /// Where its sessions are counted.
    fn book(&self) -> &Book;
}
