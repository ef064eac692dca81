//! The programs in `examples/` that use TLS, run as somebody at a terminal would run them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::process::Command;

use common::Folder;
use common::certificates::Authority;
use common::program::{Program, binary};

#[test]
fn chat_goes_over_tls() {
    let certs = Certificates::new();
    let (mut server, port) = certs.server(["server.pem", &certs.path("server-key.pem")]);
    let mut clients = [(); 2].map(|()| {
        let mut client = certs.client(&port);
        let line = client.expect("Speaking ");
        assert!(line.contains("1.3, TLS13_") && line.contains("with localhost"), "{line}");
        client.expect("Connected");
        client.expect("Incoming: Hello from TLS chat!");
        let line = server.expect("Session ");
        assert!(line.contains("1.3, TLS13_") && line.ends_with("asks for localhost"), "{line}");
        server.expect("Session ");
        client
    });
    clients[0].say("from a client");
    server.expect("Incoming: from a client");
    clients.iter_mut().for_each(|client| drop(client.expect("Incoming: from a client")));
    server.say("from the console");
    clients.iter_mut().for_each(|client| drop(client.expect("Incoming: (admin) from the console")));

    server.say("!");
    for client in &mut clients {
        client.expect("Disconnected: closed by the peer");
        client.expect("Connecting again in");
        let line = client.expect("Speaking ");
        assert!(line.ends_with("resumed"), "{line}");
        client.say("");
    }
    clients.into_iter().for_each(Program::done);
    server.say("");
    server.done();
}

#[test]
fn a_certificate_may_come_in_pkcs12() {
    let certs = Certificates::new();
    let (mut server, port) = certs.server(["server.pfx", PASSWORD]);
    let mut client = certs.client(&port);
    client.expect("Incoming: Hello from TLS chat!");
    client.say("");
    client.done();
    server.say("");
    server.done();
}

#[test]
fn a_client_trusts_its_authority_only() {
    let certs = Certificates::new();
    let (_server, port) = certs.server(["server.pem", &certs.path("server-key.pem")]);
    let others = Certificates::new();
    let mut client = others.client(&port);
    let line = client.expect("Client error: ");
    assert!(line.contains("the certificate is not accepted"), "{line}");
    client.say("");
    client.done();
}

#[test]
fn a_certificate_that_is_not_there_is_named() {
    let output = Command::new(binary("tls_chat_server"))
        .args(["0", "nowhere.pem", "nowhere-key.pem"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("nowhere"), "{error}");
}

const PASSWORD: &str = "its password";

/// What an authority has issued, in a folder of its own.
struct Certificates(Folder);

impl Certificates {
    fn new() -> Self {
        let folder = Folder::new();
        let authority = Authority::new("Test CA");
        let server = authority.local();
        folder.file("ca.pem", authority.pem());
        folder.file("server.pem", server.chain_pem());
        folder.file("server-key.pem", server.key_pem());
        folder.file("server.pfx", server.pkcs12(PASSWORD, &[]));
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).into_os_string().into_string().unwrap()
    }

    /// A server with the identity in these files, and its port.
    fn server(&self, identity: [&str; 2]) -> (Program, String) {
        let [first, second] = identity;
        let mut server = Program::start("tls_chat_server", &["0", &self.path(first), second]);
        let port = server.expect("Server listening on").rsplit(':').next().unwrap().to_string();
        (server, port)
    }

    fn client(&self, port: &str) -> Program {
        Program::start("tls_chat_client", &["localhost", port, &self.path("ca.pem")])
    }
}
