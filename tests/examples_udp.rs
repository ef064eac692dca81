//! The programs in `examples/` that use UDP, run as somebody at a terminal would run them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use common::{LIMIT, eventually};

#[test]
fn lines_come_back() {
    let mut server = Program::start("udp_echo_server", &["0"]);
    let port = server.expect("Server listening on").rsplit(':').next().unwrap().to_string();
    let mut client = Program::start("udp_echo_client", &["127.0.0.1", &port]);
    client.expect("Client sending from");
    client.say("hello");
    server.expect("Incoming from 127.0.0.1:");
    client.expect("Incoming: hello");

    server.say("!");
    server.expect("Server restarting...");
    server.expect("Server closed: shut down");
    server.expect("Server listening on");
    client.say("hello again");
    client.expect("Incoming: hello again");

    server.say("");
    server.finish();
    if cfg!(target_os = "linux") {
        client.say("is anybody there?");
        client.expect("Client error: cannot receive from 127.0.0.1:");
    }
    client.say("");
    client.finish();
}

#[test]
fn a_group_hears_its_source() {
    let free = UdpSocket::bind("0.0.0.0:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let args = ["239.255.77.1", &port, "127.0.0.1"];
    let mut clients = [0, 1].map(|_| Program::start("udp_multicast_client", &args));
    for client in &mut clients {
        client.expect("Client listening on");
    }
    let mut server = Program::start("udp_multicast_server", &args);
    server.expect("Server sending to");
    server.say("to all");
    for client in &mut clients {
        client.expect("Incoming from 127.0.0.1: to all");
        client.expect("Incoming from 127.0.0.1: It runs for 1 s");
    }
    let [leaves, stays] = &mut clients;
    leaves.say("-");
    leaves.expect("Left 239.255.77.1");
    leaves.say("-");
    leaves.expect("cannot leave the group 239.255.77.1");
    leaves.say("+");
    leaves.expect("Joined 239.255.77.1");
    server.say("and again");
    leaves.expect("Incoming from 127.0.0.1: and again");
    stays.expect("Incoming from 127.0.0.1: and again");
    for mut program in clients.into_iter().chain([server]) {
        program.say("");
        program.finish();
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
