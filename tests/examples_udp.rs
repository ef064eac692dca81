//! The programs in `examples/` that use UDP, run as somebody at a terminal would run them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::net::UdpSocket;

use common::program::Program;

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
    server.done();
    if cfg!(target_os = "linux") {
        client.say("is anybody there?");
        client.expect("Client error: cannot receive from 127.0.0.1:");
    }
    client.say("");
    client.done();
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
        program.done();
    }
}
