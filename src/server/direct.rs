//! Direct clients of a server that has proxies too: served at once, as some wait for the server to
//! speak first, and looked at until they cannot be taken for a proxy any more.

use crate::error::Error;
use crate::net::proxy::Lookout;
use crate::session::{CloseReason, End, Protocol, Session, Shutdown};

/// A protocol of which no connection may begin with the header of a proxy.
pub(super) struct Direct {
    protocol: Box<dyn Protocol>,
    lookout: Lookout,
}

impl Direct {
    pub(super) fn around(protocol: Box<dyn Protocol>) -> Box<dyn Protocol> {
        Box::new(Self { protocol, lookout: Lookout::default() })
    }
}

impl Protocol for Direct {
    fn on_handshake(&mut self, session: &mut Session<'_>) {
        self.protocol.on_handshake(session);
    }

    fn on_open(&mut self, session: &mut Session<'_>) {
        self.protocol.on_open(session);
    }

    fn on_data(&mut self, session: &mut Session<'_>, data: &mut [u8]) {
        match self.lookout.watch(data) {
            Ok(()) => self.protocol.on_data(session, data),
            Err(violation) => session.violated(violation),
        }
    }

    fn on_sent(&mut self, session: &mut Session<'_>, sent: usize, pending: usize) {
        self.protocol.on_sent(session, sent, pending);
    }

    fn on_drain(&mut self, session: &mut Session<'_>) {
        self.protocol.on_drain(session);
    }

    fn on_wake(&mut self, session: &mut Session<'_>) {
        self.protocol.on_wake(session);
    }

    fn on_alarm(&mut self, session: &mut Session<'_>) {
        self.protocol.on_alarm(session);
    }

    fn on_shutdown(&mut self, session: &mut Session<'_>) -> Shutdown {
        self.protocol.on_shutdown(session)
    }

    fn on_end(&mut self, session: &mut Session<'_>) -> End {
        self.protocol.on_end(session)
    }

    fn on_error(&mut self, session: &mut Session<'_>, error: &Error) {
        self.protocol.on_error(session, error);
    }

    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        self.protocol.on_close(session, reason);
    }
}
