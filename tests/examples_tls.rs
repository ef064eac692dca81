//! The programs in `examples/` that use TLS, run as somebody at a terminal would run them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use common::certificates::Authority;
use common::{Folder, LIMIT, eventually};

#[test]
fn chat_goes_over_tls() {
    let certs = Certificates::new();
    let (mut server, port) = certs.server(["server.pem", &certs.path("server-key.pem")]);
    let mut clients = [(); 2].map(|()| {
        let client = certs.client(&port);
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
    clients.iter().for_each(|client| drop(client.expect("Incoming: from a client")));
    server.say("from the console");
    clients.iter().for_each(|client| drop(client.expect("Incoming: (admin) from the console")));

    server.say("!");
    for client in &mut clients {
        client.expect("Disconnected: closed by the peer");
        client.expect("Connecting again in");
        let line = client.expect("Speaking ");
        assert!(line.ends_with("resumed"), "{line}");
        client.say("");
    }
    clients.into_iter().for_each(Program::finish);
    server.say("");
    server.finish();
}

#[test]
fn a_certificate_may_come_in_pkcs12() {
    let certs = Certificates::new();
    let (mut server, port) = certs.server(["server.pfx", PASSWORD]);
    let mut client = certs.client(&port);
    client.expect("Incoming: Hello from TLS chat!");
    client.say("");
    client.finish();
    server.say("");
    server.finish();
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
    client.finish();
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
        let server = Program::start("tls_chat_server", &["0", &self.path(first), second]);
        let port = server.expect("Server listening on").rsplit(':').next().unwrap().to_string();
        (server, port)
    }

    fn client(&self, port: &str) -> Program {
        Program::start("tls_chat_client", &["localhost", port, &self.path("ca.pem")])
    }
}

/// A running example. It is killed when dropped.
struct Program {
    name: &'static str,
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Program {
    fn start(name: &'static str, args: &[&str]) -> Self {
        let mut child = Command::new(binary(name))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || stdout.lines().try_for_each(|line| sender.send(line.unwrap())));
        Self { name, stdin: child.stdin.take().unwrap(), child, lines }
    }

    /// Types a line.
    fn say(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
        self.stdin.flush().unwrap();
    }

    /// Waits for a line that begins so, and returns it.
    fn expect(&self, beginning: &str) -> String {
        let next = || self.lines.recv_timeout(LIMIT);
        let found = std::iter::from_fn(|| next().ok()).find(|line| line.starts_with(beginning));
        found.unwrap_or_else(|| panic!("{}: no {beginning:?}", self.name))
    }

    /// Waits until it ends, which it must do with success.
    fn finish(mut self) {
        self.expect("Done!");
        let mut status = None;
        eventually("the program ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(status.unwrap().success(), "{}", self.name);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Examples are built beside the folder that this test is in.
fn binary(name: &str) -> PathBuf {
    let mut path = env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.extend(["examples", name]);
    path.set_extension(env::consts::EXE_EXTENSION);
    assert!(path.exists(), "build them first: cargo build --examples");
    path
}
