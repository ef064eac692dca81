//! What the tests are built from: a handler that tells what happens to it, peers that are plain
//! sockets, and a stamp for the two ways to the system.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use sockeye::{CloseReason, Error, Service, udp};

use crate::common::LIMIT;

/// Stamps each test function, which takes a [`Design`](crate::common::Design) and [`Options`]
/// (udp::Options), for both designs and for both ways to the system.
#[macro_export]
macro_rules! on_both_paths {
    ($($name:ident),+ $(,)?) => {
        mod batched {
            $(fn $name(design: $crate::common::Design) {
                super::$name(design, sockeye::udp::Options::default());
            })+
            $crate::on_both_designs!($($name),+);
        }
        mod one_by_one {
            $(fn $name(design: $crate::common::Design) {
                super::$name(design, sockeye::udp::Options::default().batching(false));
            })+
            $crate::on_both_designs!($($name),+);
        }
    };
}

/// What happened to a socket.
#[derive(Debug)]
pub enum Event {
    Open(udp::Handle),
    Datagram(SocketAddr, Vec<u8>),
    Drain,
    Error(Error),
    Close(CloseReason),
}

type Act = Arc<dyn Fn(&mut udp::Session<'_>) + Send + Sync>;
type DataAct = Box<dyn FnMut(&mut udp::Session<'_>, SocketAddr, &[u8]) + Send>;

/// A handler that tells a test what happens, and then does what it was told to, if anything.
pub struct Probe {
    events: Sender<Event>,
    open: Option<Act>,
    data: Option<DataAct>,
    drain: Option<Act>,
    error: Option<Act>,
    close: Option<Act>,
}

/// The test's end of a [`Probe`].
pub struct Events(Receiver<Event>);

impl Probe {
    pub fn new() -> (Self, Events) {
        let (events, receiver) = channel();
        let probe = Self { events, open: None, data: None, drain: None, error: None, close: None };
        (probe, Events(receiver))
    }

    pub fn on_open(self, act: impl Fn(&mut udp::Session<'_>) + Send + Sync + 'static) -> Self {
        Self { open: Some(Arc::new(act)), ..self }
    }

    pub fn on_datagram(
        self,
        act: impl FnMut(&mut udp::Session<'_>, SocketAddr, &[u8]) + Send + 'static,
    ) -> Self {
        Self { data: Some(Box::new(act)), ..self }
    }

    pub fn on_drain(self, act: impl Fn(&mut udp::Session<'_>) + Send + Sync + 'static) -> Self {
        Self { drain: Some(Arc::new(act)), ..self }
    }

    pub fn on_error(self, act: impl Fn(&mut udp::Session<'_>) + Send + Sync + 'static) -> Self {
        Self { error: Some(Arc::new(act)), ..self }
    }

    pub fn on_close(self, act: impl Fn(&mut udp::Session<'_>) + Send + Sync + 'static) -> Self {
        Self { close: Some(Arc::new(act)), ..self }
    }

    pub fn echo(self) -> Self {
        self.on_datagram(|socket, from, data| {
            socket.send_to(from, data);
        })
    }

    fn tell(&self, event: Event) {
        // A test that has seen enough does not listen any more.
        let _ = self.events.send(event);
    }
}

fn act(act: &Option<Act>, socket: &mut udp::Session<'_>) {
    if let Some(act) = act {
        act(socket);
    }
}

impl udp::Handler for Probe {
    fn on_open(&mut self, socket: &mut udp::Session<'_>) {
        self.tell(Event::Open(socket.handle()));
        act(&self.open, socket);
    }

    fn on_datagram(&mut self, socket: &mut udp::Session<'_>, from: SocketAddr, data: &[u8]) {
        self.tell(Event::Datagram(from, data.to_vec()));
        if let Some(act) = &mut self.data {
            act(socket, from, data);
        }
    }

    fn on_drain(&mut self, socket: &mut udp::Session<'_>) {
        self.tell(Event::Drain);
        act(&self.drain, socket);
    }

    fn on_error(&mut self, socket: &mut udp::Session<'_>, error: &Error) {
        self.tell(Event::Error(error.clone()));
        act(&self.error, socket);
    }

    fn on_close(&mut self, socket: &mut udp::Session<'_>, reason: &CloseReason) {
        self.tell(Event::Close(reason.clone()));
        act(&self.close, socket);
    }
}

impl Events {
    #[track_caller]
    pub fn next(&self) -> Event {
        match self.0.recv_timeout(LIMIT) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => panic!("nothing happened within the limit"),
            Err(RecvTimeoutError::Disconnected) => panic!("the handler is gone"),
        }
    }

    /// The next event, which must be the opening.
    #[track_caller]
    pub fn open(&self) -> udp::Handle {
        match self.next() {
            Event::Open(handle) => handle,
            other => panic!("{other:?} instead of the opening"),
        }
    }

    /// The next event, which must be a datagram.
    #[track_caller]
    pub fn datagram(&self) -> (SocketAddr, Vec<u8>) {
        match self.next() {
            Event::Datagram(from, data) => (from, data),
            other => panic!("{other:?} instead of a datagram"),
        }
    }

    #[track_caller]
    pub fn error(&self) -> Error {
        match self.next() {
            Event::Error(error) => error,
            other => panic!("{other:?} instead of an error"),
        }
    }

    #[track_caller]
    pub fn drain(&self) {
        let event = self.next();
        assert!(matches!(event, Event::Drain), "{event:?} instead of room");
    }

    #[track_caller]
    pub fn close(&self) -> CloseReason {
        match self.next() {
            Event::Close(reason) => reason,
            other => panic!("{other:?} instead of the end"),
        }
    }

    /// The handler has been dropped, and nothing was left to tell.
    #[track_caller]
    pub fn end(&self) {
        match self.0.recv_timeout(LIMIT) {
            Err(RecvTimeoutError::Disconnected) => {}
            other => panic!("{other:?} instead of the handler's end"),
        }
    }

    /// Nothing has happened that the test has not seen.
    #[track_caller]
    pub fn nothing(&self) {
        if let Ok(event) = self.0.try_recv() {
            panic!("{event:?} instead of nothing");
        }
    }
}

/// A socket on a free port of the loopback interface.
pub fn bind(service: &Service, options: udp::Options, handler: impl udp::Handler) -> udp::Socket {
    udp::Socket::builder(service, handler).options(options).bind("127.0.0.1:0").unwrap()
}

/// A plain socket, whose calls wait for [`LIMIT`] at most.
pub fn peer() -> UdpSocket {
    peer_at("127.0.0.1:0".parse().unwrap())
}

pub fn peer_at(addr: SocketAddr) -> UdpSocket {
    let peer = UdpSocket::bind(addr).unwrap();
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    peer
}

pub fn receive(peer: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 65_536];
    let (len, from) = peer.recv_from(&mut buffer).unwrap();
    buffer.truncate(len);
    (buffer, from)
}

/// Sends and expects the same back.
#[track_caller]
pub fn exchange(peer: &UdpSocket, to: SocketAddr, data: &[u8]) {
    peer.send_to(data, to).unwrap();
    let (answer, from) = receive(peer);
    assert!(answer == data, "{} bytes came back for {}", answer.len(), data.len());
    assert_eq!(from, to);
}
