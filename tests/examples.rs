//! The programs in `examples/`, run as somebody at a terminal would run them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::HashSet;
use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use common::LIMIT;
use common::program::{Program, binary};

const TESTED: &[&str] = &[
    // Tested in `examples_demo.rs`, its page in `browser`.
    "demo",
    // Tested in `examples_framed.rs`.
    "framed_client",
    "framed_custom",
    "framed_server",
    // Tested in `examples_http.rs`, the first one in `browser` too.
    "http_client",
    "http_server",
    "https_client",
    "https_server",
    // Tested in `examples_rooms.rs`.
    "rooms",
    "service",
    "signals",
    "tcp_chat_client",
    "tcp_chat_server",
    "timer",
    // Tested in `examples_tls.rs`.
    "tls_chat_client",
    "tls_chat_server",
    // Tested in `examples_udp.rs`.
    "udp_echo_client",
    "udp_echo_server",
    "udp_multicast_client",
    "udp_multicast_server",
    "uds_chat_client",
    "uds_chat_server",
    // Tested in `examples_ws.rs`.
    "ws_chat_client",
    "ws_chat_server",
    // Tested in `examples_ws_rooms.rs`.
    "ws_rooms",
    // Tested in `examples_ws.rs`.
    "wss_chat_client",
    "wss_chat_server",
];

#[test]
fn every_example_is_tested() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // A folder without it is a module that some of them share.
        .filter(|path| path.is_file() || path.join("main.rs").exists())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_string())
        .collect::<Vec<_>>();
    names.sort();
    assert_eq!(names, TESTED);
}

#[test]
fn service_tells_what_ran_in_which_thread() {
    let output = Program::start("service", &[]).finish();
    let mut ids = [HashSet::new(), HashSet::new()];
    let mut labels = Vec::new();
    for line in &output[1..output.len() - 1] {
        let (label, id) = (line.split(' ').next().unwrap(), line.rsplit(' ').next().unwrap());
        ids[usize::from(label.contains('.'))].insert(id.parse::<u32>().unwrap());
        labels.push(label);
    }
    let [main, service] = &ids;
    assert_eq!((main.len(), service.len()), (1, 1), "{output:?}");
    assert!(main.is_disjoint(service), "{output:?}");
    let of = |first: char| labels.iter().copied().filter(move |label| label.starts_with(first));
    assert!(of('1').eq(["1", "1.1", "1.2", "1.2.1", "1.3", "1.3.1"]), "{output:?}");
    assert!(of('2').eq(["2", "2.1", "2.2", "2.2.1", "2.3", "2.3.1"]), "{output:?}");
    assert_eq!(output.first().unwrap(), "Service starting...Done!");
    assert_eq!(output.last().unwrap(), "Service stopped!");
}

#[test]
fn timer_expires_is_canceled_and_ticks() {
    let output = Program::start("timer", &[]).finish();
    let expected = [
        "Service starting...Done!",
        "Waiting until the clock shows a second more",
        "Timer expired",
        "Canceling a timer of one hour",
        "Timer canceled",
        "Doing something else for half a second",
        "Half a second has passed",
        "It is not pending",
        "Ticking five times a second",
        "Tick 1",
        "Tick 2",
        "Tick 3",
        "Tick 4",
        "Tick 5",
        "Service stopping...Done!",
    ];
    assert_eq!(output, expected);
}

#[test]
fn framed_custom_understands_its_protocol_and_nothing_else() {
    let output = Program::start("framed_custom", &[]).finish();
    let expected = [
        "Add { number: 1 } gives Sum { number: 1 }",
        "Add { number: 20 } gives Sum { number: 21 }",
        "Add { number: -300 } gives Sum { number: -279 }",
        "Session ended: Ada: closed by the peer",
        "Session ended: Bob: the peer has sent a frame with a wrong checksum",
    ];
    assert_eq!(output, expected);
}

#[test]
fn chat_goes_from_everybody_to_everybody() {
    let (mut server, port) = chat_server();
    let mut client = chat_client(&port);
    let mut peer = connect(&port);
    read(&mut peer, "Hello from TCP chat! Please send a message or '!' to disconnect the client!");

    client.say("from the client");
    server.expect("Incoming: from the client");
    client.expect("Incoming: from the client");
    read(&mut peer, "from the client");

    peer.write_all(b"from a peer").unwrap();
    server.expect("Incoming: from a peer");
    client.expect("Incoming: from a peer");
    read(&mut peer, "from a peer");

    server.say("from the console");
    client.expect("Incoming: (admin) from the console");
    read(&mut peer, "(admin) from the console");

    client.say("");
    client.finish();
    server.expect("Session ");
    server.say("");
    assert_eq!(peer.read(&mut [0]).unwrap(), 0, "the end");
    drop(peer);
    let output = server.finish();
    assert_eq!(output.last().unwrap(), "Done!");
}

#[cfg(unix)]
#[test]
fn chat_goes_over_a_unix_socket_as_well() {
    let path = env::temp_dir().join(format!("sockeye-chat-{}", std::process::id()));
    let text = path.to_str().unwrap();
    let mut server = Program::start("uds_chat_server", &[text]);
    server.expect(&format!("Server listening on unix:{text}"));
    let mut clients = [(); 2].map(|()| Program::start("uds_chat_client", &[text]));
    for client in &mut clients {
        client.expect("Connected");
        client.expect("Incoming: Hello from UDS chat!");
    }
    clients[0].say("from a client");
    clients.iter_mut().for_each(|client| drop(client.expect("Incoming: from a client")));
    server.say("!");
    for client in &mut clients {
        client.expect("Connecting again in");
        client.expect("Connected");
        client.say("");
    }
    clients.into_iter().for_each(|client| drop(client.finish()));
    server.say("");
    server.finish();
    assert!(!path.exists());
}

/// It also cuts off who does not hang up.
#[test]
fn chat_server_ends_with_its_input() {
    let (mut server, port) = chat_server();
    let _silent = connect(&port);
    server.expect("Session ");
    server.hang_up();
    let output = server.finish();
    assert_eq!(output.last().unwrap(), "Done!");
}

#[test]
fn chat_ends_for_a_client_that_wants_it() {
    let (mut server, port) = chat_server();
    let mut client = chat_client(&port);
    server.expect("Session ");
    let mut peer = connect(&port);
    server.expect("Session ");
    peer.write_all(b"!\n").unwrap();
    client.expect("Incoming: !");
    let mut all = String::new();
    peer.read_to_string(&mut all).unwrap();
    assert!(all.starts_with("Hello"), "{all:?}");
    drop(peer);
    let line = server.expect("Session ");
    assert!(line.ends_with("disconnected: closed by this side"), "{line}");
    client.say("");
    client.finish();
    server.say("");
    server.finish();
}

#[test]
fn chat_client_connects_again_when_told_to_and_when_the_server_restarts() {
    let (mut server, port) = chat_server();
    let mut client = chat_client(&port);
    client.say("!");
    client.expect("Disconnected: closed by this side");
    client.expect("Connected");
    client.expect("Incoming: Hello");

    server.say("!");
    server.expect("Server restarting...");
    server.expect("Server listening on");
    client.expect("Disconnected: closed by the peer");
    client.expect("Connecting again in");
    client.expect("Connected");
    client.expect("Incoming: Hello");

    // It ends while the server is away, too.
    server.say("");
    server.finish();
    client.expect("Connecting again in");
    client.say("is anybody there?");
    client.expect("Not sent");
    client.say("");
    client.finish();
}

#[test]
fn chat_server_says_which_address_is_taken() {
    let (mut server, port) = chat_server();
    let second = Command::new(binary("tcp_chat_server")).arg(&port).output().unwrap();
    assert!(!second.status.success());
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(error.contains("cannot bind") && error.contains(&port), "{error}");
    server.say("");
    server.finish();
}

#[cfg(unix)]
#[test]
fn signals_end_the_server_gracefully() {
    for signal in ["-TERM", "-INT"] {
        let mut program = Program::start("signals", &["0"]);
        let port =
            program.expect("Echo server listening on").rsplit(':').next().unwrap().to_string();
        let mut peer = connect(&port);
        peer.write_all(b"hello").unwrap();
        read(&mut peer, "hello");
        program.expect("Press Ctrl+C");
        let process = program.id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
        program.expect("Shutting down; open connections: 1");
        assert_eq!(peer.read(&mut [0]).unwrap(), 0);
        drop(peer);
        program.expect("Served 1 connections, 5 bytes");
        program.finish();
    }
}

#[test]
fn programs_say_how_they_are_used() {
    for name in ["demo", "framed_client", "framed_server", "rooms", "signals", "tcp_chat_server"] {
        let output = Command::new(binary(name)).arg("many").output().unwrap();
        assert!(!output.status.success());
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(&format!("usage: {name} [")), "{error}");
    }
}

fn chat_server() -> (Program, String) {
    let mut server = Program::start("tcp_chat_server", &["0"]);
    let port = server.expect("Server listening on").rsplit(':').next().unwrap().to_string();
    assert_ne!(port, "0");
    (server, port)
}

/// One that is connected.
fn chat_client(port: &str) -> Program {
    let mut client = Program::start("tcp_chat_client", &["127.0.0.1", port]);
    client.expect("Connected");
    client.expect("Incoming: Hello");
    client
}

fn connect(port: &str) -> TcpStream {
    let peer = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    peer
}

fn read(peer: &mut TcpStream, expected: &str) {
    let mut data = vec![0; expected.len()];
    peer.read_exact(&mut data).unwrap();
    assert_eq!(String::from_utf8_lossy(&data), expected);
}
