//! Benchmarks over messages, each behind its length in four bytes.

use std::time::Duration;

use sockeye::framed::{
    self, ClientProtocol, CloseReason, Handler, LengthPrefix, ServerProtocol, Session,
};
use sockeye::{Client, Result};

use crate::batch::Batch;
use crate::client::Link;
use crate::talk::Talk;
use crate::transport::LONGEST;

/// Sends back each message.
pub fn echo() -> ServerProtocol {
    framed::server(codec(LONGEST), |_| Echo)
}

/// A client's side of a benchmark, in messages of so many bytes.
pub fn talk(talk: impl Talk, size: usize) -> ClientProtocol {
    framed::client(codec(size), Talking(Batch::new(talk, size)))
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
        self.client.handle().post(move |session| {
            for message in data.chunks(size) {
                session.send(message);
            }
        })
    }
}

fn codec(size: usize) -> LengthPrefix {
    LengthPrefix::default().max(size.min(LONGEST))
}

struct Echo;

impl Handler for Echo {
    fn on_message(&mut self, session: &mut Session<'_>, message: &[u8]) {
        session.send(message);
    }
}

struct Talking<T>(Batch<T>);

impl<T: Talk> Handler for Talking<T> {
    fn on_message(&mut self, _session: &mut Session<'_>, message: &[u8]) {
        self.0.add(message);
    }

    fn on_read_complete(&mut self, session: &mut Session<'_>) {
        self.0.answer(|message| {
            session.send(message);
        });
    }

    fn on_close(&mut self, _session: &mut Session<'_>, reason: &CloseReason) {
        self.0.closed(&reason.to_string());
    }
}
