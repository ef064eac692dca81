//! A handler that tells a test what happens to it, and does what the test wants besides.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use sockeye::http::Request;
use sockeye::ws::{self, CloseReason, Code, Fragment, Handler, Kind, Message, Opening, Session};

use crate::common::LIMIT;

/// Tells what happens, in a line each.
#[derive(Clone)]
pub(crate) struct Scribe {
    told: Sender<String>,
    handles: Sender<ws::Handle>,
    in_pieces: bool,
    opening: Arc<Greet>,
    hearing: Arc<Hear>,
}

type Greet = dyn Fn(&mut Session<'_>, &Opening) + Send + Sync;
type Hear = dyn Fn(&mut Session<'_>, Message<'_>) + Send + Sync;

/// The test's end of it.
pub(crate) struct Notes(Receiver<String>, Receiver<ws::Handle>);

impl Scribe {
    pub(crate) fn new() -> (Self, Notes) {
        let ((told, notes), (handles, opened)) = (channel(), channel());
        let opening = Arc::new(|_: &mut Session<'_>, _: &Opening| {});
        let hearing = Arc::new(|_: &mut Session<'_>, _: Message<'_>| {});
        (Self { told, handles, in_pieces: false, opening, hearing }, Notes(notes, opened))
    }

    pub(crate) fn on_open(
        self,
        act: impl Fn(&mut Session<'_>, &Opening) + Send + Sync + 'static,
    ) -> Self {
        Self { opening: Arc::new(act), ..self }
    }

    pub(crate) fn on_message(
        self,
        act: impl Fn(&mut Session<'_>, Message<'_>) + Send + Sync + 'static,
    ) -> Self {
        Self { hearing: Arc::new(act), ..self }
    }

    pub(crate) fn echo(self) -> Self {
        self.on_message(|session, message| {
            session.send_message(message);
        })
    }

    pub(crate) fn in_pieces(self) -> Self {
        Self { in_pieces: true, ..self }
    }

    /// Where all connections tell the same test.
    pub(crate) fn endpoint(self) -> ws::Endpoint {
        ws::endpoint(move |_: &Request<'_>| self.clone())
    }

    pub(crate) fn server(self) -> ws::ServerProtocol {
        ws::server_with(self.endpoint())
    }

    fn tell(&self, note: String) {
        // A test that has seen enough does not listen any more.
        let _ = self.told.send(note);
    }
}

/// A server whose sessions send back what they hear.
pub(crate) fn echo() -> (ws::ServerProtocol, Notes) {
    let (scribe, notes) = Scribe::new();
    (scribe.echo().server(), notes)
}

impl Handler for Scribe {
    fn on_open(&mut self, session: &mut Session<'_>, opening: &Opening) {
        self.tell(format!("open {}", opening.path()));
        let _ = self.handles.send(session.handle());
        (self.opening)(session, opening);
    }

    fn on_text(&mut self, session: &mut Session<'_>, text: &str) {
        self.tell(format!("text {}", shown(text.as_bytes())));
        (self.hearing)(session, Message::Text(text));
    }

    fn on_binary(&mut self, session: &mut Session<'_>, data: &[u8]) {
        self.tell(format!("binary {}", shown(data)));
        (self.hearing)(session, Message::Binary(data));
    }

    fn fragments(&self) -> bool {
        self.in_pieces
    }

    fn on_fragment(&mut self, session: &mut Session<'_>, fragment: Fragment<'_>) {
        let Fragment { kind, first, data, last } = fragment;
        let kind = if kind == Kind::Text { "text" } else { "binary" };
        let place = [if first { " first" } else { "" }, if last { " last" } else { "" }].concat();
        self.tell(format!("piece of {kind}{place}: {}", shown(data)));
        (self.hearing)(session, Message::Binary(data));
    }

    fn on_ping(&mut self, _: &mut Session<'_>, data: &[u8]) {
        self.tell(format!("ping {}", shown(data)));
    }

    fn on_pong(&mut self, _: &mut Session<'_>, data: &[u8]) {
        self.tell(format!("pong {}", shown(data)));
    }

    fn on_drain(&mut self, _: &mut Session<'_>) {
        self.tell("drain".into());
    }

    fn on_close(&mut self, _: &mut Session<'_>, reason: &CloseReason) {
        self.tell(format!("close {}: {reason}", Code::of(reason).get()));
    }

    fn on_reconnecting(&mut self, _: u32, _: Duration) {
        self.tell("reconnecting".into());
    }
}

/// In ASCII, or by its length if that is long.
pub(crate) fn shown(data: &[u8]) -> String {
    match data.len() {
        ..=100 => data.escape_ascii().to_string(),
        len => format!("({len} bytes)"),
    }
}

impl Notes {
    /// The next things that happen.
    #[track_caller]
    pub(crate) fn expect(&self, notes: &[&str]) {
        for note in notes {
            assert_eq!(self.next(), *note);
        }
    }

    #[track_caller]
    pub(crate) fn next(&self) -> String {
        self.0.recv_timeout(LIMIT).expect("something happens within the limit")
    }

    /// The session that opened next.
    #[track_caller]
    pub(crate) fn handle(&self) -> ws::Handle {
        self.1.recv_timeout(LIMIT).expect("a session opens within the limit")
    }

    /// Skips what happens until the connection is gone, and tells why.
    #[track_caller]
    pub(crate) fn close(&self) -> String {
        loop {
            let note = self.next();
            if let Some(reason) = note.strip_prefix("close ") {
                return reason.into();
            }
        }
    }

    /// All that has happened and was not looked at.
    pub(crate) fn rest(&self) -> Vec<String> {
        self.0.try_iter().collect()
    }
}
