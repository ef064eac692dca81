//! What a client of the library's goes through.

use std::sync::mpsc::{Receiver, Sender, channel};

use sockeye::ws::{self, CloseReason, Code, Handler, Opening, OwnedMessage, Refusal};

use crate::common::LIMIT;

/// The handler that writes it.
pub(crate) struct Diary(Sender<Entry>);

/// Where the test reads it.
pub(crate) struct Reader(Receiver<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// With what was agreed on: the extensions.
    Open(String),
    Message(OwnedMessage),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// Status and body.
    Refused(String),
    /// Code and reason.
    Closed(String),
}

impl Diary {
    pub(crate) fn new() -> (Self, Reader) {
        let (sender, receiver) = channel();
        (Self(sender), Reader(receiver))
    }

    fn write(&self, entry: Entry) {
        // Nobody need read to the end.
        let _ = self.0.send(entry);
    }
}

impl Reader {
    #[track_caller]
    pub(crate) fn next(&self) -> Entry {
        self.0.recv_timeout(LIMIT).expect("something happens within the limit")
    }

    #[track_caller]
    pub(crate) fn expect_text(&self, text: &str) {
        self.expect_message(&OwnedMessage::Text(text.to_owned()));
    }

    #[track_caller]
    pub(crate) fn expect_message(&self, message: &OwnedMessage) {
        match self.next() {
            // Without the message, which may be long.
            Entry::Message(found) => assert!(found == *message, "another message"),
            other => panic!("{other:?} instead of a message"),
        }
    }

    /// The extensions that were agreed on.
    #[track_caller]
    pub(crate) fn expect_open(&self) -> String {
        match self.next() {
            Entry::Open(extensions) => extensions,
            other => panic!("{other:?} instead of the beginning"),
        }
    }

    /// Its close begins with these words.
    #[track_caller]
    pub(crate) fn expect_close(&self, words: &str) {
        match self.next() {
            Entry::Closed(reason) if reason.starts_with(words) => {}
            other => panic!("{other:?} instead of its close with {words}"),
        }
    }
}

impl Handler for Diary {
    fn on_open(&mut self, _: &mut ws::Session<'_>, opening: &Opening) {
        let extensions = opening.header("sec-websocket-extensions").unwrap_or_default();
        self.write(Entry::Open(extensions.to_owned()));
    }

    fn on_text(&mut self, _: &mut ws::Session<'_>, text: &str) {
        self.write(Entry::Message(OwnedMessage::Text(text.to_owned())));
    }

    fn on_binary(&mut self, _: &mut ws::Session<'_>, data: &[u8]) {
        self.write(Entry::Message(OwnedMessage::Binary(data.to_owned())));
    }

    fn on_ping(&mut self, _: &mut ws::Session<'_>, data: &[u8]) {
        self.write(Entry::Ping(data.to_owned()));
    }

    fn on_pong(&mut self, _: &mut ws::Session<'_>, data: &[u8]) {
        self.write(Entry::Pong(data.to_owned()));
    }

    fn on_close(&mut self, _: &mut ws::Session<'_>, reason: &CloseReason) {
        self.write(Entry::Closed(format!("{}: {reason}", Code::of(reason))));
    }

    fn on_refused(&mut self, refusal: &Refusal) {
        let text = refusal.text();
        self.write(Entry::Refused(format!("{} {}", refusal.status().code(), text.trim())));
    }
}
