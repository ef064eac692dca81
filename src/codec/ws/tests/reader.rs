//! What is heard of pieces of bytes, as a connection reads them.

use std::mem;

// From whoever includes this: the fuzz target does, too.
use super::{Decoder, Event, Failure, Kind};

/// What comes of the bytes of a connection.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) heard: Vec<Heard>,
    /// What has come of a message that is handed out as it comes.
    pub(super) begun: Option<Vec<u8>>,
    pub(super) failure: Option<Failure>,
}

/// What a peer has said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

/// Whatever is heard; of messages in fragments those that came to their end.
pub(super) fn read<'b>(mut decoder: Decoder, pieces: impl IntoIterator<Item = &'b [u8]>) -> Seen {
    let mut seen = Seen::default();
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut data = &mut *piece;
        loop {
            match decoder.next(&mut data) {
                Ok(Some(event)) => seen.hear(event),
                Ok(None) => break,
                Err(failure) => {
                    seen.failure = Some(failure);
                    // How much of it was handed out before depends on the pieces.
                    seen.begun = None;
                    return seen;
                }
            }
        }
        assert!(data.is_empty());
    }
    seen
}

impl Seen {
    fn hear(&mut self, event: Event<'_>) {
        assert!(!matches!(self.heard.last(), Some(Heard::Close(_))));
        self.heard.push(match event {
            Event::Text(text) => Heard::Text(text.to_string()),
            Event::Binary(data) => Heard::Binary(data.to_vec()),
            Event::Ping(data) => Heard::Ping(data.to_vec()),
            Event::Pong(data) => Heard::Pong(data.to_vec()),
            Event::Close(why) => {
                Heard::Close(why.map(|(code, text)| (code.get(), text.to_string())))
            }
            Event::Fragment { kind, first, data, last } => {
                assert!(last || !data.is_empty());
                assert_eq!(first, self.begun.is_none());
                self.begun.get_or_insert_default().extend_from_slice(data);
                if !last {
                    return;
                }
                let all = mem::take(&mut self.begun).unwrap_or_default();
                match kind {
                    Kind::Text => Heard::Text(String::from_utf8(all).expect("it is checked")),
                    Kind::Binary => Heard::Binary(all),
                }
            }
        });
    }
}
