//! Clients: the way to a connection, what ends it, the way back, and calls that wait.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod canceling;
mod connecting;
mod delimiters;
mod inbox;
mod queueing;
mod reconnecting;
mod resolving;

use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use sockeye::{Backoff, CloseReason, Error, client, raw};

use common::{LIMIT, Peer};

/// What a client tells, as a text.
struct Teller(Sender<String>);

/// The test's end of a [`Teller`].
struct Told(Receiver<String>);

impl Teller {
    fn new() -> (Self, Told) {
        let (told, receiver) = channel();
        (Self(told), Told(receiver))
    }

    fn tell(&self, what: String) {
        let _ = self.0.send(what);
    }
}

impl client::Events for Teller {
    fn on_connecting(&self) {
        self.tell("connecting".into());
    }
    fn on_connected(&self, session: &raw::Handle) {
        self.tell(format!("connected to {}", session.peer_addr().unwrap()));
    }
    fn on_disconnected(&self, reason: &CloseReason) {
        self.tell(format!("disconnected: {reason:?}"));
    }
    fn on_reconnecting(&self, attempt: u32, delay: Duration) {
        self.tell(format!("attempt {attempt} in {delay:?}"));
    }
    fn on_error(&self, error: &Error) {
        self.tell(format!("error {:?} on {}", error.kind(), error.address().unwrap_or("nothing")));
    }
}

impl Told {
    fn next(&self) -> String {
        self.0.recv_timeout(LIMIT).expect("the client tells something within the limit")
    }

    #[track_caller]
    fn expect(&self, wanted: &str) {
        assert_eq!(self.next(), wanted);
    }

    /// Skips what is told before it.
    #[track_caller]
    fn wait(&self, wanted: &str) {
        while self.next() != wanted {}
    }

    fn rest(&self) -> Vec<String> {
        self.0.try_iter().collect()
    }
}

/// A back-off that tests need not wait for.
fn soon() -> Backoff {
    let short = Duration::from_millis(5);
    Backoff::default().first(short).max(4 * short).jitter(0.0)
}

/// A listener of the test's own, whose peers are plain sockets.
fn listener() -> TcpListener {
    TcpListener::bind(common::quiet()).unwrap()
}

#[track_caller]
fn accept(listener: &TcpListener) -> Peer {
    Peer::accepted(listener)
}

/// Nobody has connected that has not been accepted.
#[track_caller]
fn assert_nobody_waits(listener: &TcpListener) {
    listener.set_nonblocking(true).unwrap();
    match listener.accept() {
        Ok((_, peer)) => panic!("{peer} has connected"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
    }
    listener.set_nonblocking(false).unwrap();
}
