//! A client that sends requests, and the server's end of its connection, which the test plays.

use std::time::Duration;

use sockeye::framed::{self, ClientProtocol, Delimiter, Requests, RequestsBuilder};
use sockeye::middleware::Middleware;
use sockeye::{Backoff, Client, Error, ErrorKind, Reply, Service, client};

use crate::codec::lines;
use crate::common::{LIMIT, Listener, Peer, Setting};

pub(crate) struct Scene {
    pub(crate) requests: Requests,
    pub(crate) client: Client,
    pub(crate) peer: Peer,
    pub(crate) listener: Listener,
    pub(crate) service: Service,
}

type Set<T> = fn(T) -> T;

impl Scene {
    pub(crate) fn new(setting: Setting) -> Self {
        Self::with(setting, |requests| requests, |client| client)
    }

    /// With other settings.
    pub(crate) fn with(
        setting: Setting,
        set: impl FnOnce(RequestsBuilder<Delimiter>) -> RequestsBuilder<Delimiter>,
        set_client: Set<client::Builder>,
    ) -> Self {
        Self::speaking(setting, set, |protocol| protocol, set_client)
    }

    /// With something around the handler.
    pub(crate) fn layered(setting: Setting, layer: impl Middleware) -> Self {
        Self::speaking(
            setting,
            |requests| requests,
            |protocol| protocol.with(layer),
            |client| client,
        )
    }

    fn speaking(
        setting: Setting,
        set: impl FnOnce(RequestsBuilder<Delimiter>) -> RequestsBuilder<Delimiter>,
        put_around: impl FnOnce(ClientProtocol) -> ClientProtocol,
        set_client: Set<client::Builder>,
    ) -> Self {
        let service = setting.service();
        let listener = setting.listener(&service);
        let (protocol, requests) = set(framed::requests(&service, lines())).build();
        let builder = set_client(listener.client(&service, put_around(protocol)));
        let client = builder.connect(listener.endpoint()).unwrap();
        let peer = listener.accept();
        client.wait_connected(LIMIT).unwrap();
        Self { requests, client, peer, listener, service }
    }

    /// The client's next connection.
    pub(crate) fn reconnected(&mut self) {
        self.peer = self.listener.accept();
        self.client.wait_connected(LIMIT).unwrap();
    }
}

/// A back-off that tests need not wait for.
pub(crate) fn soon() -> Backoff {
    let short = Duration::from_millis(5);
    Backoff::default().first(short).max(4 * short).jitter(0.0)
}

#[track_caller]
pub(crate) fn answer(reply: &Reply<Vec<u8>>) -> String {
    String::from_utf8(reply.wait(LIMIT).unwrap()).unwrap()
}

#[track_caller]
pub(crate) fn failure(reply: &Reply<Vec<u8>>, kind: ErrorKind) -> Error {
    let error = reply.wait(LIMIT).unwrap_err();
    assert!(reply.is_ready(), "it is the reply's own, and not that of the wait");
    assert_eq!(error.kind(), kind, "{error}");
    error
}

/// The failure that is there without waiting.
#[track_caller]
pub(crate) fn failure_at_once(reply: &Reply<Vec<u8>>, kind: ErrorKind) -> Error {
    assert!(reply.is_ready(), "it fails at once");
    failure(reply, kind)
}
