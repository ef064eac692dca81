//! A listener of a test's own, whose peers are as plain as those that connect.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener;

use sockeye::{Endpoint, Service, client, raw};

use super::peer::MemoryListener;
use super::{Peer, Place, Stream, eventually};

pub struct Listener {
    place: Place,
    inner: Inner,
}

enum Inner {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
    Memory(MemoryListener),
}

impl Listener {
    pub(super) fn new(place: Place) -> Self {
        let inner = match place.stream {
            Stream::Tcp | Stream::Tls => {
                let listener = TcpListener::bind(place.endpoint().socket_addr().unwrap()).unwrap();
                listener.set_nonblocking(true).unwrap();
                Inner::Tcp(listener)
            }
            #[cfg(unix)]
            Stream::Unix => {
                let listener = UnixListener::bind(place.endpoint().path().unwrap()).unwrap();
                listener.set_nonblocking(true).unwrap();
                Inner::Unix(listener)
            }
            Stream::Memory => Inner::Memory(MemoryListener::new(&place.service, place.endpoint())),
        };
        Self { place, inner }
    }

    pub fn place(&self) -> Place {
        self.place.clone()
    }

    pub fn endpoint(&self) -> Endpoint {
        self.place.endpoint().clone()
    }

    /// A client of it.
    pub fn client(&self, service: &Service, protocol: raw::ClientProtocol) -> client::Builder {
        self.place.client(service, protocol)
    }

    /// Who connects next.
    #[track_caller]
    pub fn accept(&self) -> Peer {
        let mut accepted = None;
        eventually("somebody connects", || {
            accepted = self.waiting();
            accepted.is_some()
        });
        accepted.unwrap()
    }

    /// Nobody has connected that has not been accepted.
    #[track_caller]
    pub fn assert_nobody_waits(&self) {
        assert!(self.waiting().is_none(), "somebody has connected");
    }

    fn waiting(&self) -> Option<Peer> {
        match &self.inner {
            Inner::Tcp(listener) => {
                let stream = some(listener.accept())?.0;
                // Elsewhere than on Linux it would be as its listener.
                stream.set_nonblocking(false).unwrap();
                Some(match self.place.stream {
                    Stream::Tls => Peer::of_tls(stream),
                    _ => Peer::of(stream),
                })
            }
            #[cfg(unix)]
            Inner::Unix(listener) => {
                let stream = some(listener.accept())?.0;
                stream.set_nonblocking(false).unwrap();
                Some(Peer::of_unix(stream))
            }
            Inner::Memory(listener) => listener.accept(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(path) = self.place.endpoint().path() {
            // Who listens next wants to make it.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn some<T>(accepted: io::Result<T>) -> Option<T> {
    match accepted {
        Ok(accepted) => Some(accepted),
        Err(error) if error.kind() == ErrorKind::WouldBlock => None,
        Err(error) => panic!("{error}"),
    }
}
