//! Benchmarks over raw bytes, whatever the stream.

use sockeye::raw::{self, ClientProtocol, CloseReason, Handler, ServerProtocol, Session};

use crate::talk::Talk;

/// Sends back what comes.
pub fn echo() -> ServerProtocol {
    raw::server(|_| Echo)
}

/// Takes what comes, and says nothing by itself.
pub fn discard() -> ServerProtocol {
    raw::server(|_| raw::Discard)
}

/// A client's side of a benchmark.
pub fn talk(talk: impl Talk) -> ClientProtocol {
    raw::client(Talking(talk))
}

struct Echo;

impl Handler for Echo {
    fn on_data(&mut self, session: &mut Session<'_>, data: &[u8]) {
        session.send(data);
    }
}

struct Talking<T>(T);

impl<T: Talk> Handler for Talking<T> {
    fn on_data(&mut self, session: &mut Session<'_>, data: &[u8]) {
        let messages = self.0.received(data);
        for piece in self.0.next(messages) {
            session.send(piece);
        }
    }

    fn on_close(&mut self, _session: &mut Session<'_>, reason: &CloseReason) {
        self.0.closed(&reason.to_string());
    }
}
