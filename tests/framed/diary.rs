//! A handler that writes down what comes.

use std::sync::mpsc::{Receiver, Sender, channel};

use sockeye::framed::{self, Codec, Handler, Session};
use sockeye::{CloseReason, raw};

use crate::common::LIMIT;

#[derive(Clone)]
pub(crate) struct Diary(Sender<Entry>);

/// What a test reads it from.
pub(crate) struct Entries(Receiver<Entry>);

#[derive(Debug)]
enum Entry {
    Message(Vec<u8>),
    Close(CloseReason),
}

impl Diary {
    pub(crate) fn new() -> (Self, Entries) {
        let (entries, receiver) = channel();
        (Self(entries), Entries(receiver))
    }

    /// A server whose sessions all write into the same diary.
    pub(crate) fn server<C: Codec>(codec: C) -> (raw::ServerProtocol, Entries)
    where
        C::Message: AsRef<[u8]>,
    {
        let (diary, entries) = Self::new();
        (framed::server(codec, move |_| diary.clone()), entries)
    }
}

impl<M: AsRef<[u8]> + ?Sized> Handler<M> for Diary {
    fn on_message(&mut self, _session: &mut Session<'_>, message: &M) {
        // A test that has seen enough does not listen any more.
        let _ = self.0.send(Entry::Message(message.as_ref().to_vec()));
    }

    fn on_close(&mut self, _session: &mut Session<'_>, reason: &CloseReason) {
        let _ = self.0.send(Entry::Close(reason.clone()));
    }
}

impl Entries {
    #[track_caller]
    pub(crate) fn message(&self) -> Vec<u8> {
        match self.0.recv_timeout(LIMIT).unwrap() {
            Entry::Message(message) => message,
            Entry::Close(reason) => panic!("closed instead of a message: {reason}"),
        }
    }

    /// The end is next.
    #[track_caller]
    pub(crate) fn close(&self) -> CloseReason {
        match self.0.recv_timeout(LIMIT).unwrap() {
            Entry::Close(reason) => reason,
            Entry::Message(message) => {
                panic!("a message of {} bytes before the end", message.len())
            }
        }
    }
}
