//! Benchmarks over WebSocket, in binary messages.

use std::time::Duration;

use clap::Parser;
use sockeye::http::Request;
use sockeye::tls::ClientConfig;
use sockeye::ws::{
    self, CloseReason, Endpoint, Group, Handler, Message, Opening, ServerProtocol, Session,
};
use sockeye::{Limits, Result, Server, Service, TcpOptions};

use crate::batch::Batch;
use crate::client::Link;
use crate::options::{ClientOptions, MulticastServerOptions, SocketOptions};
use crate::pump;
use crate::talk::Talk;
use crate::transport::LONGEST;

/// Sends back each message, as the kind that it is.
pub fn echo() -> ServerProtocol {
    let echo = |session: &mut Session<'_>, message: Message<'_>| {
        session.send_message(message);
    };
    ws::server_with(endpoint(move |_| echo))
}

/// What a server is told that talks to all its sessions.
#[derive(Clone, Debug, Parser)]
#[command(about = "Sends messages to all sessions, until it is interrupted")]
pub struct WsMulticastOptions {
    /// What it is told over TCP too.
    #[command(flatten)]
    pub multicast: MulticastServerOptions,
    /// Send what any session says to all of them, and nothing unasked
    #[arg(long, conflicts_with_all = ["size", "rate"])]
    pub relay: bool,
}

/// Sends messages to all sessions of the server that `listen` makes.
///
/// # Errors
///
/// Those of `listen`.
pub fn multicast(
    service: &Service,
    options: &WsMulticastOptions,
    listen: impl FnOnce(&SocketOptions, ServerProtocol) -> Result<Server>,
) -> Result<Server> {
    let everyone = Group::new(service);
    let (group, relays) = (everyone.clone(), options.relay);
    let protocol = ws::server_with(endpoint(move |_| Member { group: group.clone(), relays }));
    let server = listen(&options.multicast.socket, protocol)?;
    if !options.relay {
        pump::start(service, &everyone, &options.multicast);
    }
    Ok(server)
}

/// A client, which is connected later: over TLS, if it is said how.
///
/// # Errors
///
/// Those of [`connect`](sockeye::ws::client::Builder::connect).
pub fn connect(
    service: &Service,
    options: &ClientOptions,
    limits: Limits,
    tls: Option<&ClientConfig>,
    talk: impl Talk,
) -> Result<WsLink> {
    let (socket, size) = (&options.socket, options.size.get());
    let scheme = if tls.is_some() { "wss" } else { "ws" };
    let url = format!("{scheme}://{}/", socket.socket_address());
    let client = ws::client(url, Talking(Batch::new(talk, size)))
        .max_message(LONGEST)
        .max_frame(LONGEST)
        .tcp_options(TcpOptions::default().nodelay(socket.nodelay))
        .limits(limits);
    let client = match tls {
        Some(config) => client.tls(config.clone()),
        None => client,
    };
    Ok(WsLink { client: client.connect(service)?, size })
}

/// A client that sends in messages of so many bytes.
#[derive(Debug)]
pub struct WsLink {
    client: ws::Client,
    size: usize,
}

impl Link for WsLink {
    fn wait_connected(&self, within: Duration) -> Result<()> {
        self.client.wait_connected(within)
    }

    fn send(&self, data: &[u8]) -> Result<()> {
        let (data, size) = (data.to_vec(), self.size);
        // In one turn, so that no answer to the first gets in between.
        self.client.handle().post(move |session| {
            for message in data.chunks(size) {
                session.binary(message);
            }
        })
    }
}

fn endpoint<H: Handler>(make: impl Fn(&Request<'_>) -> H + Send + Sync + 'static) -> Endpoint {
    ws::endpoint(make).max_message(LONGEST).max_frame(LONGEST)
}

/// Hears what is sent to all.
struct Member {
    group: Group,
    relays: bool,
}

impl Handler for Member {
    fn on_open(&mut self, session: &mut Session<'_>, _opening: &Opening) {
        session.join(&self.group);
    }

    fn on_text(&mut self, _session: &mut Session<'_>, text: &str) {
        if self.relays {
            self.group.text(text);
        }
    }

    fn on_binary(&mut self, _session: &mut Session<'_>, data: &[u8]) {
        if self.relays {
            self.group.binary(data);
        }
    }
}

struct Talking<T>(Batch<T>);

impl<T: Talk> Handler for Talking<T> {
    fn on_binary(&mut self, _session: &mut Session<'_>, data: &[u8]) {
        self.0.add(data);
    }

    fn on_read_complete(&mut self, session: &mut Session<'_>) {
        self.0.answer(|message| {
            session.binary(message);
        });
    }

    fn on_close(&mut self, _session: &mut Session<'_>, reason: &CloseReason) {
        self.0.closed(&reason.to_string());
    }
}
