//! The programs in `examples/` that speak WebSocket, run as somebody at a terminal would run them, with
//! guests on plain sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;

use common::certificates::Authority;
use common::program::Program;
use common::{Folder, LIMIT, Talker};

const WWW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/www/chat");

#[test]
fn chat_goes_from_everybody_to_everybody() {
    let (mut server, address) = chat_server(&["0", WWW]);
    let mut ada = Talker::connect(&address, "/chat?name=Ada");
    ada.hear("* You are Ada");
    ada.hear("* Hello from WebSocket chat!");
    let mut bob = Talker::connect(&address, "/chat?name=Bob");
    for person in [&mut ada, &mut bob] {
        person.hear("* Bob has come");
        assert_eq!(person.hear("* Here: "), "* Here: Ada, Bob");
    }
    ada.say("hello\u{7} there");
    server.expect("Incoming: Ada: hello  there");
    for person in [&mut ada, &mut bob] {
        assert_eq!(person.hear("Ada: "), "Ada: hello  there");
    }
    server.say("from the console");
    for person in [&mut ada, &mut bob] {
        person.hear("(admin): from the console");
    }
    bob.say("!");
    assert_eq!(bob.hear_close(), (1000, "as you wanted".into()));
    ada.hear("* Bob has gone: closed by this side with 1000: as you wanted");
    assert_eq!(ada.hear("* Here: "), "* Here: Ada");
    server.say("");
    assert_eq!(ada.hear_close().0, 1001, "it goes away");
    server.done();
}

#[test]
fn everybody_in_the_chat_has_a_name_of_his_own() {
    let (_server, address) = chat_server(&["0", WWW]);
    let names = ["Ada", "ada", "", "two%20words", "%F0%9F%A6%80", "Zo%C3%AB"];
    let got = ["Ada", "ada-2", "Guest", "Guest-2", "Guest-3", "Zoë"];
    let mut all = Vec::new();
    for (name, got) in names.iter().zip(got) {
        let mut person = Talker::connect(&address, &format!("/chat?name={name}"));
        assert_eq!(person.hear("* You are "), format!("* You are {got}"));
        all.push(person);
    }
    drop(all.swap_remove(0));
    all[1].hear("* Ada has gone: ");
    let mut person = Talker::connect(&address, "/chat?name=Ada");
    person.hear("* You are Ada");
    // Not seen to be a name of more than 20 letters, nor a path of another place.
    let mut person = Talker::connect(&address, "/chat?name=aaaaaaaaaaaaaaaaaaaaa");
    person.hear("* You are Guest-4");
}

#[test]
fn what_is_too_long_ends_its_session() {
    let (mut server, address) = chat_server(&["0", WWW]);
    let mut ada = Talker::connect(&address, "/chat?name=Ada");
    let mut bob = Talker::connect(&address, "/chat?name=Bob");
    ada.hear("* Bob has come");
    bob.say(&"x".repeat(4096));
    ada.hear(&format!("Bob: {}", "x".repeat(4096)));
    bob.say(&"x".repeat(4097));
    assert_eq!(bob.hear_close().0, 1009);
    ada.hear("* Bob has gone: the peer has sent a message of more than 4096 bytes");
    server.expect_with("disconnected: the peer has sent a message of more than 4096 bytes");
}

#[test]
fn the_page_comes_from_the_same_port() {
    let (_server, address) = chat_server(&["0", WWW]);
    for (path, part) in [
        ("/", "<script src=\"chat.js\""),
        ("/chat.js", "new WebSocket"),
        ("/chat.css", "--paper"),
        ("/chat", "HTTP/1.1 426 "),
        ("/nowhere", "HTTP/1.1 404 "),
    ] {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let fields = "Host: localhost\r\nConnection: close";
        stream.write_all(format!("GET {path} HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(part), "{path}: {answer}");
    }
}

#[test]
fn clients_chat_and_come_back() {
    let (mut server, address) = chat_server(&["0", WWW]);
    let mut clients = ["Ada", "Bob"].map(|name| {
        let mut client =
            Program::start("ws_chat_client", &[&format!("ws://{address}/chat?name={name}")]);
        client.expect("Connected, session ");
        client.expect(&format!("Incoming: * You are {name}"));
        client
    });
    clients[0].say("hello");
    clients.iter_mut().for_each(|client| drop(client.expect("Incoming: Ada: hello")));
    clients[0].say("!");
    clients[0].expect("Disconnected: closed by this side");
    clients[0].expect("Incoming: * You are Ada");
    clients[1].expect("Incoming: * Ada has gone: closed by the peer with 1000");

    server.say("!");
    for (client, name) in clients.iter_mut().zip(["Ada", "Bob"]) {
        client.expect("Disconnected: closed by the peer with 1001");
        client.expect("Connecting again in ");
        client.expect(&format!("Incoming: * You are {name}"));
    }
    for mut client in clients {
        client.say("");
        client.done();
    }
    server.expect_with("disconnected: closed by the peer with 1000");
    server.say("");
    server.done();
}

#[test]
fn a_client_says_why_it_was_refused() {
    let (_server, address) = chat_server(&["0", WWW]);
    let mut client = Program::start("ws_chat_client", &[&format!("ws://{address}/nowhere")]);
    client.expect("Refused with 404");
    client.say("");
    client.done();
}

#[test]
fn the_same_goes_over_tls() {
    let folder = Folder::new();
    let authority = Authority::new("Test CA");
    let leaf = authority.local();
    let ca = folder.file("ca.pem", authority.pem());
    let chain = folder.file("server.pem", leaf.chain_pem());
    let key = folder.file("server-key.pem", leaf.key_pem());
    let [ca, chain, key] = [&ca, &chain, &key].map(|path| path.to_str().unwrap());
    let mut server = Program::start("wss_chat_server", &["0", chain, key, WWW]);
    let line = server.expect("Server listening on ");
    let url = format!("wss://localhost:{}/chat?name=", line.rsplit(':').next().unwrap());
    let mut clients = ["Ada", "Bob"].map(|name| {
        let mut client = Program::start("wss_chat_client", &[ca, &format!("{url}{name}")]);
        client.expect(&format!("Incoming: * You are {name}"));
        client
    });
    clients[1].say("hello");
    clients.iter_mut().for_each(|client| drop(client.expect("Incoming: Bob: hello")));
    for mut client in clients {
        client.say("");
        client.done();
    }
    server.say("");
    server.done();
}

fn chat_server(args: &[&str]) -> (Program, String) {
    let mut server = Program::start("ws_chat_server", args);
    let line = server.expect("Server listening on ");
    let port = line.rsplit(':').next().unwrap();
    (server, format!("127.0.0.1:{port}"))
}
