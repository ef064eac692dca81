//! A client, and servers for it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest, Sha1};
use sockeye::ws::client::Builder;
use sockeye::ws::{self, Client, CloseReason, Code, Deflate, Endpoint, Handler, Opening, Refusal};
use sockeye::{Server, Service};

use crate::common::{LIMIT, Listener, Peer, Served, Setting, Stream, tls_client};

/// A client whose server is the test.
pub(crate) struct Scene {
    pub(crate) service: Service,
    pub(crate) listener: Listener,
    /// Without a path.
    pub(crate) url: String,
}

impl Scene {
    pub(crate) fn new(setting: Setting) -> Self {
        let service = setting.service();
        let listener = setting.listener(&service);
        let url = url(&listener.endpoint(), setting);
        Self { service, listener, url }
    }

    /// A client that tells what happens to it.
    pub(crate) fn client(&self) -> (Builder, Told) {
        self.client_of("/")
    }

    pub(crate) fn client_of(&self, path: &str) -> (Builder, Told) {
        let (teller, told) = Teller::new();
        (client(format!("{}{path}", self.url), teller), told)
    }

    pub(crate) fn accept(&self) -> Wire {
        Wire(self.listener.accept())
    }

    /// A client that has been let in, and the other end of its connection.
    pub(crate) fn connected(&self) -> (Client, Told, Wire) {
        self.connected_with(|builder| builder)
    }

    pub(crate) fn connected_with(
        &self,
        set: impl FnOnce(Builder) -> Builder,
    ) -> (Client, Told, Wire) {
        let (builder, told) = self.client();
        let client = set(builder).connect(&self.service).unwrap();
        let mut wire = self.accept();
        wire.agree("");
        told.expect("open / None");
        (client, told, wire)
    }

    /// What becomes of an attempt that is answered like this, behind which the connection ends.
    pub(crate) fn ask(&self, answer: impl Fn(&str) -> String) -> (sockeye::Error, Told) {
        let (builder, told) = self.client();
        let client = builder.connect(&self.service).unwrap();
        let mut wire = self.accept();
        let key = key(&wire.head());
        wire.0.send_last(answer(&key));
        (client.wait_connected(LIMIT).unwrap_err(), told)
    }
}

/// The library's own server.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) server: Served,
    pub(crate) url: String,
}

impl World {
    pub(crate) fn new(setting: Setting, endpoint: Endpoint) -> Self {
        Self::on(setting.service(), setting, endpoint)
    }

    pub(crate) fn on(service: Service, setting: Setting, endpoint: Endpoint) -> Self {
        let server = setting.listen(Server::builder(&service, ws::server_with(endpoint)));
        let url = url(&server.local_addr(), setting);
        Self { service, server, url }
    }

    pub(crate) fn client(&self, path: &str) -> (Builder, Told) {
        let (teller, told) = Teller::new();
        (client(format!("{}{path}", self.url), teller), told)
    }
}

fn client(url: String, handler: impl Handler) -> Builder {
    ws::client(url, handler).tls(tls_client())
}

pub(crate) fn url(endpoint: &sockeye::Endpoint, setting: Setting) -> String {
    match (endpoint, setting.stream) {
        (sockeye::Endpoint::Inet(addr), Stream::Tls) => format!("wss://{addr}"),
        (sockeye::Endpoint::Inet(addr), _) => format!("ws://{addr}"),
        (other, _) => format!("ws+{other}:"),
    }
}

/// Says back what it hears.
pub(crate) fn echo() -> Endpoint {
    ws::endpoint(|_| {
        |session: &mut ws::Session<'_>, message: ws::Message<'_>| {
            session.send_message(message);
        }
    })
}

/// Messages refer to the ones before them.
pub(crate) fn takeover() -> Deflate {
    Deflate { server_takeover: true, client_takeover: true, ..Deflate::default() }
}

type Act = Arc<dyn Fn(&mut ws::Session<'_>) + Send + Sync>;

/// A handler that tells a test what happens, in words.
pub(crate) struct Teller {
    told: Sender<String>,
    pub(crate) on_open: Option<Act>,
}

/// The test's end of a [`Teller`].
pub(crate) struct Told(Receiver<String>);

impl Teller {
    pub(crate) fn new() -> (Self, Told) {
        let (told, receiver) = channel();
        (Self { told, on_open: None }, Told(receiver))
    }

    pub(crate) fn on_open(
        mut self,
        act: impl Fn(&mut ws::Session<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.on_open = Some(Arc::new(act));
        self
    }

    fn tell(&self, what: impl Into<String>) {
        let _ = self.told.send(what.into());
    }
}

impl Handler for Teller {
    fn on_open(&mut self, session: &mut ws::Session<'_>, opening: &Opening) {
        self.tell(format!("open {} {:?}", opening.path(), opening.subprotocol()));
        if let Some(act) = &self.on_open {
            act(session);
        }
    }

    fn on_text(&mut self, _: &mut ws::Session<'_>, text: &str) {
        self.tell(format!("text {text}"));
    }

    fn on_binary(&mut self, _: &mut ws::Session<'_>, data: &[u8]) {
        self.tell(format!("binary {data:?}"));
    }

    fn on_ping(&mut self, _: &mut ws::Session<'_>, data: &[u8]) {
        self.tell(format!("ping {data:?}"));
    }

    fn on_pong(&mut self, _: &mut ws::Session<'_>, data: &[u8]) {
        self.tell(format!("pong {data:?}"));
    }

    fn on_close(&mut self, _: &mut ws::Session<'_>, reason: &CloseReason) {
        self.tell(format!("close {}: {reason}", Code::of(reason).get()));
    }

    fn on_reconnecting(&mut self, attempt: u32, _: Duration) {
        self.tell(format!("attempt {attempt}"));
    }

    fn on_refused(&mut self, refusal: &Refusal) {
        self.tell(format!("refused {}: {}", refusal.status(), refusal.text()));
    }
}

impl Told {
    #[track_caller]
    pub(crate) fn next(&self) -> String {
        self.0.recv_timeout(LIMIT).expect("something within the limit")
    }

    #[track_caller]
    pub(crate) fn expect(&self, what: &str) {
        assert_eq!(self.next(), what);
    }

    /// The next is its close, and begins like this.
    #[track_caller]
    pub(crate) fn expect_close(&self, words: &str) {
        let next = self.next();
        assert!(next.starts_with(&format!("close {words}")), "{next}");
    }

    /// What was told and not looked at.
    pub(crate) fn rest(&self) -> Vec<String> {
        self.0.try_iter().collect()
    }

    /// All that is ever told: until the handler is gone.
    pub(crate) fn all(&self) -> Vec<String> {
        let mut all = Vec::new();
        while let Ok(one) = self.0.recv_timeout(LIMIT) {
            all.push(one);
        }
        all
    }
}

/// A server's end of a connection.
pub(crate) struct Wire(pub(crate) Peer);

/// A frame of the client's, unmasked.
#[derive(Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) mask: [u8; 4],
    pub(crate) payload: Vec<u8>,
}

impl Wire {
    /// The head of the client's request.
    #[track_caller]
    pub(crate) fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.0.receive(1));
        }
        String::from_utf8(head).unwrap()
    }

    /// Takes the request and agrees, with these fields besides.
    #[track_caller]
    pub(crate) fn agree(&mut self, fields: &str) -> String {
        let head = self.head();
        self.0.send(agreement(&key(&head), fields));
        head
    }

    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.send(bytes);
    }

    #[track_caller]
    pub(crate) fn frame(&mut self) -> Frame {
        let head = self.0.receive(2);
        assert_eq!(head[1] & 0x80, 0x80, "not masked");
        let len = match head[1] & 0x7f {
            126 => u16::from_be_bytes(self.0.receive(2).try_into().unwrap()).into(),
            127 => u64::from_be_bytes(self.0.receive(8).try_into().unwrap()),
            len => len.into(),
        };
        let mask: [u8; 4] = self.0.receive(4).try_into().unwrap();
        let mut payload = self.0.receive(len as usize);
        payload.iter_mut().enumerate().for_each(|(at, byte)| *byte ^= mask[at % 4]);
        Frame { first: head[0], mask, payload }
    }

    /// The next is a close with this code.
    #[track_caller]
    pub(crate) fn expect_close(&mut self, code: u16) -> String {
        let frame = self.frame();
        assert_eq!(frame.first, 0x88, "{frame:?}");
        assert_eq!(frame.payload[..2], code.to_be_bytes(), "{frame:?}");
        String::from_utf8(frame.payload[2..].to_vec()).unwrap()
    }
}

/// A frame of a server's.
pub(crate) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    assert!(payload.len() < 126);
    [&[first, payload.len() as u8], payload].concat()
}

pub(crate) fn close_frame(code: u16, text: &str) -> Vec<u8> {
    frame(0x88, [&code.to_be_bytes(), text.as_bytes()].concat())
}

#[track_caller]
pub(crate) fn key(head: &str) -> String {
    field(head, "Sec-WebSocket-Key").expect("there is a key").to_owned()
}

/// The value of a field of a request.
pub(crate) fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

pub(crate) fn accept(key: &str) -> String {
    let hash = Sha1::new().chain_update(key).chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    BASE64_STANDARD.encode(hash.finalize())
}

pub(crate) fn agreement(key: &str, fields: &str) -> String {
    let accept = accept(key);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{fields}\r\n"
    )
}
