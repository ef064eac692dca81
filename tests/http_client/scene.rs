//! A client, and whom it asks.

use sockeye::http::client::Builder;
use sockeye::http::{Client, ClientResponse, Handler, server};
use sockeye::{Endpoint, ErrorKind, Reply, Server, Service};

use crate::common::{LIMIT, Listener, Peer, Served, Setting, tls_client};

/// A client and a listener of the test's own.
pub(crate) struct Scene {
    pub(crate) client: Client,
    pub(crate) listener: Listener,
    pub(crate) service: Service,
    /// Without a path.
    pub(crate) url: String,
}

impl Scene {
    pub(crate) fn new(setting: Setting) -> Self {
        Self::with(setting, |builder| builder)
    }

    pub(crate) fn with(setting: Setting, set: impl FnOnce(Builder) -> Builder) -> Self {
        let service = setting.service();
        let listener = setting.listener(&service);
        let client = set(client(&service)).build().unwrap();
        let url = url(&listener.endpoint(), setting);
        Self { client, listener, service, url }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// A GET under way.
    pub(crate) fn get(&self, path: &str) -> Reply<ClientResponse> {
        self.client.get(self.url(path)).start()
    }

    pub(crate) fn accept(&self) -> Wire {
        Wire(self.listener.accept())
    }

    /// What becomes of a GET that is answered like this, behind which the connection ends.
    pub(crate) fn ask(&self, answer: impl AsRef<[u8]>) -> sockeye::Result<ClientResponse> {
        let reply = self.get("/");
        let mut wire = self.accept();
        wire.head();
        wire.0.send_last(answer);
        reply.wait(LIMIT)
    }
}

/// A server's end of a connection.
pub(crate) struct Wire(pub(crate) Peer);

impl Wire {
    /// The head of the next request.
    #[track_caller]
    pub(crate) fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.0.receive(1));
        }
        String::from_utf8(head).unwrap()
    }

    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.send(bytes);
    }

    /// Takes a request without a body and answers it with this text.
    #[track_caller]
    pub(crate) fn answer(&mut self, text: &str) -> String {
        let head = self.head();
        self.say(ok(text));
        head
    }
}

/// An answer with this text.
pub(crate) fn ok(text: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len())
}

/// The library's own server, and a client.
pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) server: Served,
    pub(crate) service: Service,
    pub(crate) url: String,
}

impl World {
    pub(crate) fn new(setting: Setting, handler: impl Handler) -> Self {
        let service = setting.service();
        let server = setting.listen(Server::builder(&service, server(handler)));
        let client = client(&service).build().unwrap();
        let url = url(&server.local_addr(), setting);
        Self { client, server, service, url }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

pub(crate) fn client(service: &Service) -> Builder {
    Client::builder(service).tls(tls_client())
}

pub(crate) fn url(endpoint: &Endpoint, setting: Setting) -> String {
    match endpoint {
        Endpoint::Inet(addr) if setting.stream == crate::common::Stream::Tls => {
            format!("https://{addr}")
        }
        Endpoint::Inet(addr) => format!("http://{addr}"),
        other => format!("{other}:"),
    }
}

/// The kind and the text of an error.
#[track_caller]
pub(crate) fn failed<T>(result: sockeye::Result<T>) -> (ErrorKind, String) {
    match result {
        Ok(_) => panic!("it did not fail"),
        Err(error) => (error.kind(), error.to_string()),
    }
}

/// That it has failed with this kind, and this in its text.
#[track_caller]
pub(crate) fn assert_failed<T>(result: sockeye::Result<T>, kind: ErrorKind, text: &str) {
    let (found, said) = failed(result);
    assert_eq!(found, kind, "{said}");
    assert!(said.contains(text), "{said}");
}
