//! Handshakes between a server's and a client's configuration, in memory.

mod client;
mod key_log;
mod server;
mod sessions;

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::{ClientConnection, ServerConnection};

use super::*;
use crate::error::Error;
use certificates::Issued;

#[path = "../../../../tests/common/certificates.rs"]
mod certificates;

#[path = "../../../../tests/common/folder.rs"]
#[allow(dead_code, unreachable_pub, reason = "a module of the suites, too")]
mod folder;

/// Both ends of a connection whose handshake is done.
struct Pair {
    client: ClientConnection,
    server: ServerConnection,
}

/// Who did not like what.
#[derive(Debug)]
enum Failure {
    Client(rustls::Error),
    Server(rustls::Error),
}

impl Failure {
    /// What the side says that is not told so by the other one.
    fn words(&self) -> String {
        match self {
            Self::Client(error) | Self::Server(error) => describe::describe(error),
        }
    }
}

impl Pair {
    fn client(&self) -> Info<'_> {
        Info::new(&self.client, None).unwrap()
    }

    fn server(&self) -> Info<'_> {
        Info::new(&self.server, self.server.server_name()).unwrap()
    }

    /// The certificate that the server has shown.
    fn shown(&self) -> &[u8] {
        self.client().peer_certificate().unwrap()
    }
}

fn connect(server: &ServerConfig, client: &ClientConfig) -> Result<Pair, Failure> {
    connect_to(server, client, "localhost")
}

fn connect_to(server: &ServerConfig, client: &ClientConfig, host: &str) -> Result<Pair, Failure> {
    let name = client.server_name(host).unwrap();
    let mut client = ClientConnection::new(client.rustls().clone(), name).unwrap();
    let mut server = ServerConnection::new(server.current()).unwrap();
    while client.wants_write() || server.wants_write() {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        let mut wire = &*wire;
        while !wire.is_empty() {
            server.read_tls(&mut wire).unwrap();
            server.process_new_packets().map_err(Failure::Server)?;
        }
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        let mut wire = &*wire;
        while !wire.is_empty() {
            client.read_tls(&mut wire).unwrap();
            client.process_new_packets().map_err(Failure::Client)?;
        }
    }
    let mut pair = Pair { client, server };
    exchange(&mut pair);
    Ok(pair)
}

/// The handshake is done when data passes.
fn exchange(pair: &mut Pair) {
    pair.client.writer().write_all(b"ping").unwrap();
    let mut wire = Vec::new();
    pair.client.write_tls(&mut wire).unwrap();
    pair.server.read_tls(&mut &*wire).unwrap();
    pair.server.process_new_packets().unwrap();
    let mut got = [0; 4];
    pair.server.reader().read_exact(&mut got).unwrap();
    assert_eq!(&got, b"ping");
}

fn identity(issued: &Issued) -> Identity {
    Identity::from_pem(issued.chain_pem(), issued.key_pem()).unwrap()
}

fn roots(authority: &certificates::Authority) -> Roots {
    Roots::from_pem(authority.pem()).unwrap()
}

fn failure(result: Result<Pair, Failure>) -> Failure {
    result.err().expect("the handshake fails")
}
