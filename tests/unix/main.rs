//! Unix sockets: the same servers and clients, and what only they have.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod addresses;
mod connecting;
mod credentials;
mod descriptors;
mod files;
mod folder;
mod serving;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use sockeye::{Client, Server, Service, client, raw, server};

use common::{Echo, LIMIT};

fn builder(service: &Service) -> server::Builder {
    Server::builder(service, raw::server(|_| Echo))
}

fn client(service: &Service, handler: impl raw::Handler) -> client::Builder {
    Client::builder(service, raw::client(handler))
}

/// The other side: a plain socket of the standard library.
fn peer(path: &Path) -> UnixStream {
    let peer = UnixStream::connect(path).unwrap();
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    peer.set_write_timeout(Some(LIMIT)).unwrap();
    peer
}

#[track_caller]
fn exchange(peer: &mut UnixStream, data: &[u8]) {
    peer.write_all(data).unwrap();
    let mut answer = vec![0; data.len()];
    peer.read_exact(&mut answer).unwrap();
    assert!(answer == data);
}

#[track_caller]
fn assert_served(path: &Path) {
    exchange(&mut peer(path), b"hello");
}

#[expect(clippy::print_stdout, reason = "what is skipped shall be seen")]
fn skip(why: &str) {
    println!("skipped: {why}");
}
