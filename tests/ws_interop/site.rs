//! What the library's server has for everybody who asks.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use sockeye::http::{self, Request, Response, Router, Status};
use sockeye::ws::{self, CloseReason, Code, Deflate, Endpoint, Handler, Message, Opening};
use sockeye::{Server, Service};

use crate::common::{Folder, LIMIT, Running, Served, Setting, Stream, authority_pem};
use crate::make::Make;

pub(crate) struct Site {
    pub(crate) service: Service,
    pub(crate) server: Served,
    folder: Folder,
    told: Receiver<String>,
    setting: Setting,
}

impl Site {
    pub(crate) fn new(setting: Setting) -> Self {
        let (service, folder) = (setting.service(), Folder::new());
        folder.file("ca.pem", authority_pem());
        let (sender, told) = channel();
        let protocol = http::server(router(&service, &sender));
        let server = setting.listen(Server::builder(&service, protocol));
        Self { service, server, folder, told, setting }
    }

    /// What a client of this make says while it does what is wanted: a scenario, and more about it.
    #[track_caller]
    pub(crate) fn asked_by(&self, make: Make, wanted: &[&str]) -> String {
        self.client(make, wanted).finish(Vec::new()).text()
    }

    /// The client itself.
    pub(crate) fn client(&self, make: Make, wanted: &[&str]) -> Running {
        let addr = self.server.local_addr();
        let url = match self.setting.stream {
            Stream::Tcp => format!("ws://{addr}"),
            Stream::Tls => format!("wss://{addr}"),
            _ => "ws://localhost".to_owned(),
        };
        let socket = addr.path().map_or("", |path| path.to_str().unwrap());
        self.client_at(&url, socket, make, wanted)
    }

    /// A client that asks somebody else.
    pub(crate) fn client_at(
        &self,
        url: &str,
        socket: &str,
        make: Make,
        wanted: &[&str],
    ) -> Running {
        let args = [&[wanted[0], url, socket], &wanted[1..]].concat();
        make.run("client", self.folder.path(), &args)
    }

    /// What the next handler that has something to tell tells.
    #[track_caller]
    pub(crate) fn next(&self) -> String {
        self.told.recv_timeout(LIMIT).expect("something is told within the limit")
    }
}

/// With the help of what was sent before.
pub(crate) const KEEPING: Deflate = Deflate {
    server_takeover: true,
    client_takeover: true,
    server_bits: 15,
    client_bits: 15,
    level: 6,
    min_size: 64,
};

/// Without it, in little memory.
pub(crate) const FRUGAL: Deflate = Deflate {
    server_takeover: false,
    client_takeover: false,
    server_bits: 10,
    client_bits: 9,
    ..KEEPING
};

/// What a client says that talks and finds nothing wrong.
pub(crate) const RUN: &str = "text 5 same\ntext 0 same\ntext 40000 same\nbinary 0 same\n\
    binary 1 same\nbinary 125 same\nbinary 126 same\nbinary 65535 same\nbinary 65536 same\n\
    binary 1048576 same\npong between\none two\n1000 same\nclosed 4000 \n";

fn router(service: &Service, told: &Sender<String>) -> Router {
    let group = ws::Group::new(service);
    let small = guests(told).max_message(1000).deflate(KEEPING);
    let refused = guests(told)
        .check(|_: &mut Request<'_>| Err(Response::error(Status::FORBIDDEN, "Sign in first\n")));
    Router::new()
        .websocket_with("/echo", guests(told))
        .websocket_with("/facts", guests(told).subprotocols(["v2", "v1"]))
        .websocket_with("/close", guests(told))
        .websocket_with("/deflate", guests(told).deflate(KEEPING))
        .websocket_with("/frugal", guests(told).deflate(FRUGAL))
        .websocket_with("/small", small)
        .websocket_with("/refused", refused)
        .websocket("/chat", move |_| Chat(group.clone()))
}

fn guests(told: &Sender<String>) -> Endpoint {
    let told = Mutex::new(told.clone());
    ws::endpoint(move |request| {
        let told = told.lock().unwrap().clone();
        Guest { path: request.path().into(), told }
    })
}

/// Does what its path says, and tells how it ends.
struct Guest {
    path: String,
    told: Sender<String>,
}

impl Handler for Guest {
    fn on_open(&mut self, session: &mut ws::Session<'_>, opening: &Opening) {
        let _ = self.told.send(format!("open {}", opening.path()));
        if self.path == "/facts" {
            let word = opening.query("word").unwrap_or_default();
            let header = opening.header("x-word").unwrap_or_default();
            let subprotocol = opening.subprotocol().unwrap_or_default();
            session.text(format!("{} {word} {header} {subprotocol}", opening.path()));
        }
    }

    fn on_text(&mut self, session: &mut ws::Session<'_>, text: &str) {
        match &*self.path {
            "/close" => session.close(4001, text),
            _ => drop(session.text(text)),
        }
    }

    fn on_binary(&mut self, session: &mut ws::Session<'_>, data: &[u8]) {
        session.binary(data);
    }

    fn on_close(&mut self, _: &mut ws::Session<'_>, reason: &CloseReason) {
        let _ = self.told.send(format!("{}: {reason}", Code::of(reason)));
    }
}

/// Everybody hears what everybody says.
struct Chat(ws::Group);

impl Handler for Chat {
    fn on_open(&mut self, session: &mut ws::Session<'_>, _: &Opening) {
        session.join(&self.0);
        self.0.text("somebody has come");
    }

    fn on_text(&mut self, session: &mut ws::Session<'_>, text: &str) {
        self.0.send_message_except(session.id(), Message::Text(text));
    }
}
