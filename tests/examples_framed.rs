//! The programs in `examples/` that speak in messages, run as somebody at a terminal would run them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use common::program::{Program, binary};
use common::{LIMIT, Person};

#[test]
fn messages_come_back_in_each_codec() {
    for codec in ["length", "lines"] {
        let (mut server, address) = server(codec);
        let mut client = client(codec, &address, &[]);
        for message in ["hello", "", "grüß Gott"] {
            client.say(message);
            server.expect(&format!("Incoming: {message}"));
            let line = client.expect("After ");
            assert!(line.ends_with(&format!(" s: {message}")), "{line}");
        }
        stop(client);
        let line = server.expect("Session ");
        assert!(line.ends_with("disconnected: closed by the peer"), "{line}");
        server.say("");
        server.done();
    }
}

#[test]
fn answers_to_what_was_typed_come_before_the_end() {
    let (_server, address) = server("length");
    let mut client = client("length", &address, &[]);
    let messages = (0..100).map(|number| number.to_string()).collect::<Vec<_>>();
    messages.iter().for_each(|message| client.say(message));
    client.hang_up();
    let output = client.finish();
    let answers = output.iter().filter_map(|line| line.strip_prefix("After "));
    assert!(answers.map(|line| line.split_once(" s: ").unwrap().1).eq(messages), "{output:#?}");
    assert_eq!(output[output.len() - 2..], ["Disconnected: closed by the peer", "Done!"]);
}

#[test]
fn questions_get_their_answers_in_each_codec() {
    for codec in ["length", "lines"] {
        let (_server, address) = server(codec);
        let mut client = client(codec, &address, &["--ask"]);
        for question in ["one", "two"] {
            client.say(question);
            let line = client.expect("Answer after ");
            assert!(line.ends_with(&format!(" s: {question}")), "{line}");
        }
        stop(client);
    }
}

/// One that comes too late is not taken for that of the next question.
#[test]
fn a_question_without_an_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut client = Program::start(
        "framed_client",
        &["--codec", "lines", "--address", &address, "--ask", "--within", "0.2"],
    );
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut peer = BufReader::new(stream);
    let start = Instant::now();
    client.say("lost");
    client.expect("No answer: cannot ");
    assert!(start.elapsed() < Duration::from_secs(5), "that is how long it waits by default");
    answer(&mut peer, "lost");
    // Where the machine is busy, others may be given up as well.
    let found = (0..100).find_map(|number| {
        let question = format!("question {number}");
        client.say(&question);
        answer(&mut peer, &question);
        let line = client.expect("");
        line.starts_with("Answer").then(|| assert!(line.ends_with(&format!(" s: {question}"))))
    });
    assert!(found.is_some());
    drop(peer);
    client.expect("Disconnected: closed by the peer");
    client.say("is anybody there?");
    client.expect("No answer: cannot ");
    client.hang_up();
    client.done();
}

fn answer(peer: &mut BufReader<TcpStream>, question: &str) {
    let mut line = String::new();
    peer.read_line(&mut line).unwrap();
    assert_eq!(line, format!("{question}\n"));
    peer.get_mut().write_all(line.as_bytes()).unwrap();
}

#[test]
fn a_peer_needs_to_know_no_more_than_the_format() {
    let (_server, address) = server("length");
    let mut peer = connect(&address);
    for part in [&b"\0\0"[..], b"\0\x05he", b"llo\0\0\0\0\0\0\0\x03an", b"d"] {
        peer.write_all(part).unwrap();
    }
    let expected = b"\0\0\0\x05hello\0\0\0\0\0\0\0\x03and";
    let mut data = vec![0; expected.len()];
    peer.read_exact(&mut data).unwrap();
    assert_eq!(data, expected);

    let (_server, address) = server("lines");
    let mut person = Person::connect(&address);
    person.send("he");
    person.send("llo\r\nand\nno");
    person.finish();
    assert_eq!(person.hear_all(), ["hello", "and", "no"]);
}

#[test]
fn python_is_a_peer() {
    if !python_is_there() {
        return;
    }
    let (_server, address) = server("length");
    let (host, port) = address.rsplit_once(':').unwrap();
    let output = Command::new("python3").args(["-c", PYTHON, host, port]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), "b'one' b'' 65536");
}

const PYTHON: &str = r#"
import socket, struct, sys

peer = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=15)
peer.settimeout(15)
stream = peer.makefile("rwb")
messages = [b"one", b"", b"x" * 65536]
for message in messages:
    stream.write(struct.pack(">I", len(message)) + message)
stream.flush()
answers = []
for message in messages:
    (length,) = struct.unpack(">I", stream.read(4))
    answers.append(stream.read(length))
assert answers == messages
print(answers[0], answers[1], len(answers[2]))
"#;

#[expect(clippy::print_stderr, reason = "who reads the test's output shall see it")]
fn python_is_there() -> bool {
    let there = Command::new("python3").arg("--version").output();
    let there = there.is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("SKIPPED: there is no python3 on this machine");
    }
    there
}

#[test]
fn an_oversized_message_ends_its_session_with_the_reason() {
    let lengthy = [&65_537_u32.to_be_bytes()[..], b"the rest need not come"].concat();
    for (codec, bytes) in [("length", lengthy), ("lines", vec![b'x'; 65_538])] {
        let (mut server, address) = server(codec);
        let mut peer = connect(&address);
        peer.write_all(&bytes).unwrap();
        // It may be a reset, as not all of it was read.
        assert!(matches!(peer.read(&mut [0]), Ok(0) | Err(_)));
        drop(peer);
        server.expect("Session ");
        let line = server.expect("Session ");
        let reason = "disconnected: the peer has sent a message of more than 65536 bytes";
        assert!(line.ends_with(reason), "{line}");
    }
}

#[test]
fn text_that_is_none_ends_its_session_with_the_reason() {
    let (mut server, address) = server("lines");
    let mut person = Person::connect(&address);
    person.say("fine");
    person.say(b"not \xff fine");
    assert_eq!(person.hear_all(), ["fine"]);
    server.expect("Incoming: fine");
    let line = server.expect("Session ");
    assert!(line.ends_with("disconnected: the peer has sent text that is not UTF-8"), "{line}");
}

#[test]
fn a_client_tells_that_the_server_has_hung_up() {
    let (mut server, address) = server("length");
    let mut client = client("length", &address, &[]);
    client.say(&"x".repeat(65_537));
    client.expect("Disconnected: ");
    client.say("more");
    client.expect("Not sent: Closed");
    client.hang_up();
    client.done();
    server.say("");
    server.done();
}

#[test]
fn wrong_options_are_answered_with_the_usage() {
    let wrong: [&[&str]; 4] =
        [&["--codec", "varint"], &["--codec"], &["--address", ":1", "more"], &["--within", "-1"]];
    for name in ["framed_client", "framed_server"] {
        for args in wrong {
            let output = Command::new(binary(name)).args(args).output().unwrap();
            let error = String::from_utf8(output.stderr).unwrap();
            let usage = format!("usage: {name} [--codec length|lines]");
            assert!(!output.status.success() && error.contains(&usage), "{args:?}: {error}");
        }
    }
}

/// A server, and where it listens.
fn server(codec: &str) -> (Program, String) {
    let args = ["--codec", codec, "--address", "127.0.0.1:0"];
    let mut server = Program::start("framed_server", &args);
    let address = server.expect("Server listening on ").rsplit(' ').next().unwrap().to_string();
    (server, address)
}

/// One that is connected.
fn client(codec: &str, address: &str, more: &[&str]) -> Program {
    let args = [&["--address", address, "--codec", codec], more].concat();
    let mut client = Program::start("framed_client", &args);
    client.expect("Connected.");
    client
}

fn stop(mut client: Program) {
    client.hang_up();
    client.done();
}

fn connect(address: &str) -> TcpStream {
    let peer = TcpStream::connect(address).unwrap();
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    peer
}
