//! Benchmarks over messages, each behind its length in four bytes.

use std::time::Duration;

use sockeye::framed::{
    self, ClientProtocol, CloseReason, Handler, LengthPrefix, ServerProtocol, Session,
};
use sockeye::{Client, Result};

use crate::client::Link;
use crate::talk::Talk;

/// Sends back each message.
pub fn echo() -> ServerProtocol {
    framed::server(codec(LONGEST), |_| Echo)
}

/// A client's side of a benchmark, in messages of so many bytes.
pub fn talk(talk: impl Talk, size: usize) -> ClientProtocol {
    framed::client(codec(size), Talking { talk, size, batch: Vec::new() })
}

/// A client that sends in messages of so many bytes.
#[derive(Debug)]
pub struct FramedLink {
    /// The client itself.
    pub client: Client,
    /// Bytes of one message.
    pub size: usize,
}

impl Link for FramedLink {
    fn wait_connected(&self, within: Duration) -> Result<()> {
        self.client.wait_connected(within)
    }

    fn send(&self, data: &[u8]) -> Result<()> {
        let (data, size) = (data.to_vec(), self.size);
        // In one turn, so that no answer to the first gets in between.
        self.client.handle().post(move |session| send(session, &data, size))
    }
}

fn codec(size: usize) -> LengthPrefix {
    LengthPrefix::default().max(size.min(LONGEST))
}

fn send(session: &mut Session<'_>, data: &[u8], size: usize) {
    for message in data.chunks(size) {
        session.send(message);
    }
}

struct Echo;

impl Handler for Echo {
    fn on_message(&mut self, session: &mut Session<'_>, message: &[u8]) {
        session.send(message);
    }
}

/// Looks at what came with one read all at once, and answers it so.
struct Talking<T> {
    talk: T,
    size: usize,
    batch: Vec<u8>,
}

impl<T: Talk> Handler for Talking<T> {
    fn on_message(&mut self, _session: &mut Session<'_>, message: &[u8]) {
        self.batch.extend_from_slice(message);
    }

    fn on_read_complete(&mut self, session: &mut Session<'_>) {
        let messages = self.talk.received(&self.batch);
        self.batch.clear();
        self.talk.next(messages).for_each(|piece| self.batch.extend_from_slice(piece));
        send(session, &self.batch, self.size);
        self.batch.clear();
    }

    fn on_close(&mut self, _session: &mut Session<'_>, reason: &CloseReason) {
        self.talk.closed(&reason.to_string());
    }
}

/// Bytes of the longest message that is measured.
const LONGEST: usize = 64 << 20;
