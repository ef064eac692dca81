//! A handler that writes down by name what it is told, and does what the test wants in between.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use sockeye::{CloseReason, raw};

use crate::common::LIMIT;

type Act = Arc<dyn Fn(&mut raw::Session<'_>) + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Diary {
    entries: Sender<String>,
    handshake: Option<Act>,
    open: Option<Act>,
    end: raw::End,
}

/// The test's end of a [`Diary`].
pub(crate) struct Entries(Receiver<String>);

impl Diary {
    pub(crate) fn new() -> (Self, Entries) {
        let (entries, receiver) = channel();
        (Self { entries, handshake: None, open: None, end: raw::End::Close }, Entries(receiver))
    }

    pub(crate) fn on_handshake(
        mut self,
        act: impl Fn(&mut raw::Session<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.handshake = Some(Arc::new(act));
        self
    }

    pub(crate) fn on_open(
        mut self,
        act: impl Fn(&mut raw::Session<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.open = Some(Arc::new(act));
        self
    }

    pub(crate) fn keep_open(self) -> Self {
        Self { end: raw::End::KeepOpen, ..self }
    }

    pub(crate) fn serve(self) -> raw::ServerProtocol {
        raw::server(move |_| self.clone())
    }

    fn write(&self, entry: impl Into<String>) {
        let _ = self.entries.send(entry.into());
    }
}

impl raw::Handler for Diary {
    fn on_handshake(&mut self, session: &mut raw::Session<'_>) {
        self.write("handshake");
        if let Some(act) = &self.handshake {
            act(session);
        }
    }

    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        self.write("open");
        if let Some(act) = &self.open {
            act(session);
        }
    }

    fn on_data(&mut self, _: &mut raw::Session<'_>, data: &[u8]) {
        self.write(format!("data {}", String::from_utf8_lossy(data)));
    }

    fn on_end(&mut self, _: &mut raw::Session<'_>) -> raw::End {
        self.write("end");
        self.end
    }

    fn on_close(&mut self, _: &mut raw::Session<'_>, reason: &CloseReason) {
        self.write(match reason {
            CloseReason::Tls(error) => format!("close {error}"),
            reason => format!("close {reason:?}"),
        });
    }
}

impl Entries {
    #[track_caller]
    pub(crate) fn expect(&self, wanted: &[&str]) {
        for &wanted in wanted {
            assert_eq!(self.next(), wanted);
        }
    }

    #[track_caller]
    pub(crate) fn next(&self) -> String {
        self.0.recv_timeout(LIMIT).expect("an entry within the limit")
    }

    /// The handler is gone, and told nothing more.
    #[track_caller]
    pub(crate) fn expect_no_more(&self) {
        if let Ok(entry) = self.0.recv_timeout(LIMIT) {
            panic!("{entry}");
        }
    }

    #[track_caller]
    pub(crate) fn expect_nothing_yet(&self) {
        if let Ok(entry) = self.0.try_recv() {
            panic!("{entry}");
        }
    }
}
