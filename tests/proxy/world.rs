//! A server behind proxies, and what it tells.

use std::sync::mpsc::{Receiver, Sender, channel};

use sockeye::proxy::ProxyProtocol;
use sockeye::{CloseReason, Endpoint, Error, ErrorKind, Server, Service, raw, server};

use crate::common::{LIMIT, Served, Setting};

/// What a server behind proxies tells, in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Filter(String),
    Accept(String),
    Make(String),
    Open(Option<String>),
    Close(String),
    Refused(String, String),
    Error(ErrorKind, String),
}

pub(crate) struct World {
    pub(crate) server: Served,
    told: Receiver<Told>,
}

/// Sends back what it gets, and tells.
struct Echo(Sender<Told>);

impl Echo {
    fn make(told: &Sender<Told>, peer: &Endpoint) -> Self {
        assert!(peer.port() != Some(666), "no handler for the beast");
        let _ = told.send(Told::Make(peer.to_string()));
        Self(told.clone())
    }
}

impl raw::Handler for Echo {
    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        let peer = session.peer_addr().map(|peer| peer.to_string());
        let _ = self.0.send(Told::Open(peer));
    }
    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        session.send(data);
    }
    fn on_close(&mut self, _: &mut raw::Session<'_>, reason: &CloseReason) {
        let _ = self.0.send(Told::Close(reason.to_string()));
    }
}

struct Events(Sender<Told>);

impl server::Events for Events {
    fn on_accept(&self, peer: &Endpoint) -> bool {
        let _ = self.0.send(Told::Accept(peer.to_string()));
        true
    }
    fn on_refused(&self, peer: &Endpoint, refusal: &server::Refusal) {
        let _ = self.0.send(Told::Refused(peer.to_string(), refusal.to_string()));
    }
    fn on_error(&self, error: &Error) {
        let _ = self.0.send(Told::Error(error.kind(), error.to_string()));
    }
}

/// Whoever connects on this machine is a proxy.
pub(crate) fn trusting() -> ProxyProtocol {
    ProxyProtocol::trust(["127.0.0.0/8", "::1"]).unwrap()
}

/// Nobody who has an address is one, but all are served.
pub(crate) fn direct() -> ProxyProtocol {
    ProxyProtocol::trust(["192.0.2.0/24"]).unwrap().direct_from_others()
}

impl World {
    pub(crate) fn new(setting: Setting) -> Self {
        Self::with(setting, &setting.service(), trusting(), |builder| builder)
    }

    pub(crate) fn with(
        setting: Setting,
        service: &Service,
        proxies: ProxyProtocol,
        build: impl FnOnce(server::Builder) -> server::Builder,
    ) -> Self {
        let (told, receiver) = channel();
        let making = told.clone();
        let filtering = told.clone();
        let filter = move |peer: &Endpoint| {
            let _ = filtering.send(Told::Filter(peer.to_string()));
            true
        };
        let protocol = raw::server(move |peer| Echo::make(&making, peer));
        let builder = Server::builder(service, protocol)
            .proxy_protocol(proxies)
            .filter(filter)
            .events(Events(told));
        Self { server: setting.listen(build(builder)), told: receiver }
    }

    #[track_caller]
    pub(crate) fn next(&self) -> Told {
        self.told.recv_timeout(LIMIT).expect("something is told within the limit")
    }

    /// The next error has this kind and these words in it.
    #[track_caller]
    pub(crate) fn expect_error(&self, kind: ErrorKind, words: &str) {
        let error = self.next_error(kind);
        assert!(error.contains(words), "{error}: wanted {words}");
    }

    /// The next error, which has this kind.
    #[track_caller]
    pub(crate) fn next_error(&self, kind: ErrorKind) -> String {
        match self.next() {
            Told::Error(found, error) if found == kind => error,
            other => panic!("{other:?}: wanted an error of {kind:?}"),
        }
    }

    /// A session opens whose peer is this everywhere.
    #[track_caller]
    pub(crate) fn expect_session_of(&self, peer: &str) {
        assert_eq!(self.next(), Told::Filter(peer.into()));
        assert_eq!(self.next(), Told::Accept(peer.into()));
        assert_eq!(self.next(), Told::Make(peer.into()));
        assert_eq!(self.next(), Told::Open(Some(peer.into())));
    }

    /// Whatever has not been looked at yet.
    pub(crate) fn rest(&self) -> Vec<Told> {
        self.told.try_iter().collect()
    }
}
