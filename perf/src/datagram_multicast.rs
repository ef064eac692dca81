//! Messages to a multicast group, which are counted by their numbers as they come, or do not.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use sockeye::udp::{self, Interface, MulticastGroup};
use sockeye::{Error, Service};

use crate::client::Link;
use crate::datagrams::{SHORTEST, check, write};
use crate::options::{MulticastServerOptions, SocketOptions};
use crate::pattern::Stream;
use crate::run::Run;

/// One client's side: compares what arrives, and counts that and what is missing in between.
#[derive(Debug)]
pub struct DatagramListener {
    run: Arc<Run>,
    client: usize,
    size: usize,
    /// None before the first message: a client may come late.
    next: Option<u64>,
}

impl DatagramListener {
    /// A client that has nothing yet.
    pub(crate) fn new(run: Arc<Run>, client: usize, size: usize) -> Self {
        Self { run, client, size: size.max(SHORTEST), next: None }
    }

    /// A socket that has joined the group.
    ///
    /// # Errors
    ///
    /// Those of [`Builder::bind`](udp::Builder::bind).
    pub fn join(self, service: &Service, options: &SocketOptions) -> sockeye::Result<Joined> {
        let builder = udp::Socket::builder(service, self).join(group(options));
        let all = SocketAddr::from((Ipv4Addr::UNSPECIFIED, options.port));
        builder.options(udp::Options::default().receive_buffer(RECEIVE)).bind(all).map(Joined)
    }
}

impl udp::Handler for DatagramListener {
    fn on_datagram(&mut self, _socket: &mut udp::Session<'_>, _from: SocketAddr, data: &[u8]) {
        let number = match check(data, Stream::FIRST, self.size) {
            Ok(number) => number,
            Err(error) => return self.run.failed(format!("client {}: {error}", self.client)),
        };
        let missing = number.saturating_sub(self.next.unwrap_or(number));
        self.next = Some(number + 1);
        let now = self.run.now();
        if self.run.counts(now) {
            let mut sample = self.run.statistics().of(self.client);
            sample.bytes += data.len() as u64;
            sample.messages += 1;
            sample.lost += missing;
            sample.last = sample.last.max(now);
        }
    }

    fn on_error(&mut self, _socket: &mut udp::Session<'_>, error: &Error) {
        self.run.failed(format!("client {}: {error}", self.client));
    }
}

/// A socket that only listens.
#[derive(Debug)]
pub struct Joined(#[expect(dead_code, reason = "it stays open as long as this")] udp::Socket);

impl Link for Joined {
    fn wait_connected(&self, _within: Duration) -> sockeye::Result<()> {
        Ok(())
    }

    fn send(&self, _data: &[u8]) -> sockeye::Result<()> {
        Ok(())
    }
}

/// Sends messages to the group, on a thread of its own, while the service runs; without a rate as
/// many as the system takes.
///
/// # Errors
///
/// Those of [`Builder::bind`](udp::Builder::bind).
pub fn serve(service: &Service, options: &MulticastServerOptions) -> sockeye::Result<Source> {
    let port = match options.socket.port {
        0 => free_port(),
        port => port,
    };
    let group = SocketAddr::from((GROUP, port));
    let ignore = |_: &mut udp::Session<'_>, _: SocketAddr, _: &[u8]| ();
    let interface = udp::Options::default().multicast_interface(interface(&options.socket));
    let builder = udp::Socket::builder(service, ignore).options(interface);
    let socket = builder.multicast_to(group).bind("0.0.0.0:0")?;
    let (size, rate) = (options.size.get().max(SHORTEST), options.rate);
    let handle = socket.handle();
    let running = service.clone();
    thread::spawn(move || pump(&running, &handle, size, rate));
    Ok(Source { group, _socket: socket })
}

/// The server's socket.
#[derive(Debug)]
pub struct Source {
    pub(crate) group: SocketAddr,
    _socket: udp::Socket,
}

fn pump(service: &Service, socket: &udp::Handle, size: usize, rate: Option<f64>) {
    let (start, mut sent, mut message) = (Instant::now(), 0, Vec::new());
    while service.is_running() {
        let count = match rate {
            Some(rate) => (start.elapsed().as_secs_f64() * rate) as u64 - sent,
            None => BATCH,
        };
        if count == 0 {
            thread::sleep(PAUSE);
        }
        for _ in 0..count.min(BATCH) {
            write(&mut message, Stream::FIRST, sent, size);
            if socket.multicast_within(&message, PATIENCE).is_ok() {
                sent += 1;
            }
        }
    }
}

fn group(options: &SocketOptions) -> MulticastGroup {
    MulticastGroup::new(GROUP).on(interface(options))
}

/// The network of the address is where the group is.
fn interface(options: &SocketOptions) -> Interface {
    options.address.parse().map_or(Interface::Any, Interface::Address)
}

/// One that nobody has just now.
fn free_port() -> u16 {
    let socket = UdpSocket::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0));
    socket.and_then(|socket| socket.local_addr()).map_or(3334, |addr| addr.port())
}

/// As in the programs this one is to be compared with.
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 0, 1);
/// What the system may hold while a client is busy; it grants less where it is told to.
const RECEIVE: usize = 4 << 20;
const BATCH: u64 = 64;
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_micros(500);
