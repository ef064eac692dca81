//! Middleware and a handler that write down what they see, and a codec to see messages with.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use sockeye::framed::{Codec, Decoded, Frame};
use sockeye::middleware::{Middleware, Verdict};
use sockeye::{CloseReason, Error, Violation, framed};

/// What was seen, in order.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub(crate) fn write(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }

    /// What was written since the last look.
    #[track_caller]
    pub(crate) fn expect(&self, notes: &[&str]) {
        assert_eq!(std::mem::take(&mut *self.0.lock().unwrap()), notes);
    }

    pub(crate) fn scribe(&self, name: &'static str) -> Scribe {
        Scribe { name, notes: self.clone(), act: |_, _| Verdict::Pass }
    }

    /// A handler that answers each message with its reverse.
    pub(crate) fn handler(&self) -> Mirror {
        Mirror(self.clone())
    }
}

/// What middleware does at what moment with what message.
pub(crate) type Act = fn(&mut framed::Session<'_>, Moment<'_, '_>) -> Verdict;

pub(crate) enum Moment<'a, 'm> {
    Open,
    Received(&'a mut Cow<'m, [u8]>),
    Sending(&'a mut Cow<'m, [u8]>),
    Error,
    Close,
}

/// Writes down what it sees, and then does what it was told to.
pub(crate) struct Scribe {
    name: &'static str,
    notes: Notes,
    act: Act,
}

impl Scribe {
    pub(crate) fn act(self, act: Act) -> Self {
        Self { act, ..self }
    }

    fn note(&self, what: &str) {
        self.notes.write(format!("{} {what}", self.name));
    }
}

impl Middleware for Scribe {
    fn on_open(&mut self, session: &mut framed::Session<'_>) {
        self.note("open");
        (self.act)(session, Moment::Open);
    }

    fn on_received(
        &mut self,
        session: &mut framed::Session<'_>,
        message: &mut Cow<'_, [u8]>,
    ) -> Verdict {
        self.note(&format!("received {}", message.escape_ascii()));
        (self.act)(session, Moment::Received(message))
    }

    fn on_sending(
        &mut self,
        session: &mut framed::Session<'_>,
        message: &mut Cow<'_, [u8]>,
    ) -> Verdict {
        self.note(&format!("sending {}", message.escape_ascii()));
        (self.act)(session, Moment::Sending(message))
    }

    fn on_error(&mut self, session: &mut framed::Session<'_>, error: &Error) {
        self.note(&format!("error {error}"));
        (self.act)(session, Moment::Error);
    }

    fn on_close(&mut self, session: &mut framed::Session<'_>, reason: &CloseReason) {
        self.note(&format!("close {reason}"));
        (self.act)(session, Moment::Close);
    }
}

/// Answers each message with its reverse, and does what single letters say.
pub(crate) struct Mirror(Notes);

impl framed::Handler for Mirror {
    fn on_open(&mut self, _: &mut framed::Session<'_>) {
        self.0.write("handler open");
    }

    fn on_message(&mut self, session: &mut framed::Session<'_>, message: &[u8]) {
        self.0.write(format!("handler received {}", message.escape_ascii()));
        match message {
            b"p" => panic!("as told"),
            b"c" => session.close_because("as told"),
            _ => {
                let answer: Vec<u8> = message.iter().rev().copied().collect();
                self.0.write(format!("handler sent {:?}", session.send(answer)));
            }
        }
    }

    fn on_close(&mut self, _: &mut framed::Session<'_>, reason: &CloseReason) {
        self.0.write(format!("handler close {reason}"));
    }
}

/// Messages of up to 9 bytes, behind a digit that counts them.
#[derive(Clone, Copy)]
pub(crate) struct Digit;

impl Codec for Digit {
    type Message = [u8];

    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        let Some(len) = data[0].checked_sub(b'0').filter(|len| *len < 10) else {
            return Err(Violation::malformed("a length that is no digit"));
        };
        let end = 1 + usize::from(len);
        Ok(match data.len() < end {
            true => Decoded::Incomplete { wanted: end },
            false => Decoded::Frame { payload: 1..end, end },
        })
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        Ok(payload)
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        match message.len() {
            len @ ..10 => frame.put(&[b'0' + len as u8]),
            _ => return Err(Violation::TooLong { limit: 9 }),
        }
        frame.message();
        Ok(())
    }
}
