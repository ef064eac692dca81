//! Between a session's bytes and a handler's messages.

use std::mem;
use std::sync::Arc;

use super::{CloseReason, End, Handler, Session};
use crate::codec::framed::{Assembler, Codec, Frame};
use crate::error::Violation;
use crate::session::{Framing, Protocol, Tag};

pub(super) struct Adaptor<C, H> {
    /// Has a codec as new, for a client's next connection.
    sender: Arc<Sender<C>>,
    codec: C,
    assembler: Assembler,
    held: Held,
    handler: H,
}

/// What has been read and could not be handed out yet: from `next` on.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    next: usize,
}

impl<C: Codec, H: Handler<C::Message>> Adaptor<C, H> {
    pub(super) fn new(sender: Arc<Sender<C>>, handler: H) -> Self {
        let codec = sender.0.clone();
        Self { sender, codec, assembler: Assembler::default(), held: Held::default(), handler }
    }

    /// Hands out what was held back, and then what has come since.
    fn go_on(&mut self, session: &mut Session<'_>, data: &[u8]) {
        let mut held = mem::take(&mut self.held);
        held.bytes.extend_from_slice(data);
        let left = self.hand_out(session, &held.bytes[held.next..]);
        if left > 0 {
            held.next = held.bytes.len() - left;
            self.held = held;
        }
    }

    /// Hands out messages as long as the session wants them; the number of bytes that are left.
    fn hand_out(&mut self, session: &mut Session<'_>, mut data: &[u8]) -> usize {
        while session.receives() {
            match self.assembler.next(&mut self.codec, &mut data) {
                Ok(Some(payload)) => {
                    hand_to(&mut self.handler, &mut self.codec, session, payload);
                }
                Ok(None) => break,
                Err(violation) => session.violated(violation),
            }
        }
        if !session.is_open() {
            return 0;
        }
        self.handler.on_read_complete(session);
        if !data.is_empty() {
            session.hold_back();
        }
        data.len()
    }
}

/// Through the middleware, which may have changed it.
fn hand_to<C: Codec, H: Handler<C::Message>>(
    handler: &mut H,
    codec: &mut C,
    session: &mut Session<'_>,
    payload: &[u8],
) {
    session.receive(payload, |session, payload| match codec.read(payload) {
        Ok(message) => handler.on_message(session, message),
        Err(violation) => session.violated(violation),
    });
}

impl<C: Codec, H: Handler<C::Message>> Protocol for Adaptor<C, H> {
    fn on_handshake(&mut self, session: &mut Session<'_>) {
        self.handler.on_handshake(session);
    }

    fn on_open(&mut self, session: &mut Session<'_>) {
        self.handler.on_open(session);
    }

    fn on_data(&mut self, session: &mut Session<'_>, data: &mut [u8]) {
        if !self.held.bytes.is_empty() {
            return self.go_on(session, data);
        }
        let left = self.hand_out(session, data);
        if left > 0 {
            self.held.bytes.extend_from_slice(&data[data.len() - left..]);
        }
    }

    fn on_sent(&mut self, session: &mut Session<'_>, sent: usize, pending: usize) {
        self.handler.on_sent(session, sent, pending);
    }

    fn on_drain(&mut self, session: &mut Session<'_>) {
        self.handler.on_drain(session);
    }

    fn on_end(&mut self, session: &mut Session<'_>) -> End {
        match self.assembler.end(&mut self.codec) {
            Ok(Some(payload)) => hand_to(&mut self.handler, &mut self.codec, session, payload),
            Ok(None) => {}
            Err(violation) => session.violated(violation),
        }
        if session.is_open() { self.handler.on_end(session) } else { End::Close }
    }

    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        self.codec = self.sender.0.clone();
        self.assembler.clear();
        self.held = Held::default();
        self.handler.on_close(session, reason);
    }
}

/// The sending half.
pub(super) struct Sender<C>(pub(super) C);

impl<C: Codec> Framing for Sender<C> {
    fn frame(
        &self,
        _tag: Tag,
        message: &[u8],
        shared: bool,
        out: &mut Vec<u8>,
    ) -> Result<Option<usize>, Violation> {
        let mut frame = Frame::new(out, message, shared);
        self.0.encode(message, &mut frame)?;
        Ok(frame.split())
    }
}
