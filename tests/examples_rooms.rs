//! The chat server `examples/rooms`, with guests on plain sockets and somebody at its console.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use common::program::binary;
use common::{Lobby, Person, bounded, eventually};

/// Command lines for both scaling designs.
const DESIGNS: [&[&str]; 2] = [&[], &["--pool"]];

#[test]
fn what_is_said_stays_in_its_room() {
    for design in DESIGNS {
        let mut server = serve(design);
        let [mut ada, mut bob, mut cyd] = ["ada", "bob", "cyd"].map(|name| server.guest(name));
        ada.say("good morning");
        bob.hear("[lobby] ada: good morning");
        cyd.hear("[lobby] ada: good morning");

        ada.say("/join kitchen");
        ada.hear("* You talk to kitchen now");
        bob.say("/join kitchen");
        bob.hear("* You talk to kitchen now");
        ada.hear("* bob has joined kitchen");
        bob.say("it is a secret");
        ada.hear("[kitchen] bob: it is a secret");

        // A room that one is in already is talked to again.
        bob.say("/join lobby");
        bob.hear("* You talk to lobby now");
        bob.say("hello there");
        cyd.hear("[lobby] bob: hello there");
        ada.hear("[lobby] bob: hello there");

        server.stop();
        let [ada, bob, cyd] = [ada, bob, cyd].map(Person::hear_all);
        let of = |all: &[String], who: &str| all.iter().filter(|line| line.contains(who)).count();
        assert_eq!(of(&ada, "ada: "), 0, "nobody hears himself: {ada:#?}");
        assert_eq!(of(&bob, "bob: "), 0, "{bob:#?}");
        assert_eq!(of(&cyd, "kitchen"), 0, "{cyd:#?}");
        assert_eq!(of(&cyd, "bob has joined"), 0, "he was there before: {cyd:#?}");
        assert!([ada, bob, cyd].iter().all(|all| all.last().unwrap() == "* The server is closing"));
    }
}

#[test]
fn who_leaves_hears_no_more() {
    let mut server = serve(&[]);
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.guest(name));
    for person in [&mut ada, &mut bob] {
        person.say("/join kitchen");
        person.hear("* You talk to kitchen now");
    }
    bob.say("/rooms");
    bob.hear("* Rooms: kitchen (2), lobby (2)");
    bob.say("/list");
    bob.hear("* In kitchen: ada, bob");
    bob.say("/leave");
    bob.hear("* You have left kitchen");
    bob.hear("* You talk to lobby now");
    ada.hear("* bob has left kitchen");
    ada.say("he is gone");
    ada.say("/leave kitchen");
    ada.hear("* You have left kitchen");

    bob.say("/rooms");
    bob.hear("* Rooms: lobby (2)");
    bob.say("/leave kitchen");
    bob.hear("* You are not in that room");
    bob.say("/leave");
    bob.hear("* You talk to nobody now");
    bob.say("hello?");
    bob.hear("* You are in no room: say /join ROOM");
    bob.say("/list");
    bob.hear("* You are in no room");
    bob.say("/leave");
    bob.hear("* You are not in that room");
    server.stop();
    let heard = bob.hear_all();
    assert!(!heard.iter().any(|line| line.contains("he is gone")), "{heard:#?}");
}

#[test]
fn who_disconnects_leaves_his_rooms_and_his_name() {
    for design in DESIGNS {
        let server = serve(design);
        let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.guest(name));
        bob.say("/join den");
        bob.hear("* You talk to den now");
        drop(bob);
        ada.hear("* bob has gone: closed by the peer");
        ada.say("/rooms");
        ada.hear("* Rooms: lobby (1)");
        ada.say("/list");
        ada.hear("* In lobby: ada");
        let mut other = server.guest("bob");
        other.say("/quit");
        assert_eq!(other.hear_all().last().unwrap(), "* Goodbye");
        ada.hear("* bob has gone: quit");
    }
}

#[test]
fn names_are_unique_and_bounded() {
    let server = serve(&[]);
    let mut ada = server.guest("ada");
    let mut bob = Person::connect(&server.address);
    assert_eq!(bob.hear("* Welcome"), "* Welcome, guest-2! Say /help to see what you can do");
    for taken in ["ada", "ADA"] {
        bob.say(format!("/nick {taken}"));
        bob.hear(&format!("* Somebody else is called {taken}"));
    }
    for wrong in ["", "two words", "semi;colon", "123456789012345678901", "\u{1b}[31m"] {
        bob.say(format!("/nick {wrong}"));
        bob.hear("* A name has 1 to 20 letters, digits, - or _");
    }
    bob.say("/nick Zoë-12345678901234_56");
    bob.hear("* A name has");
    bob.say("/nick Zoë-1234567890123_45");
    bob.hear("* You are called Zoë-1234567890123_45 now");
    ada.hear("* guest-2 is called Zoë-1234567890123_45 now");
    bob.say("/nick ZOË-1234567890123_45");
    bob.hear("* You are called ZOË-1234567890123_45 now");

    // What was given up is free, and a guest's first name is one that nobody has taken.
    ada.say("/nick guest-2");
    ada.hear("* You are called guest-2 now");
    ada.say("/nick guest-3");
    ada.hear("* You are called guest-3 now");
    let mut cyd = Person::connect(&server.address);
    cyd.hear("* Welcome, guest-4!");
}

#[test]
fn a_whisper_is_for_one() {
    let mut server = serve(&[]);
    let [mut ada, mut bob, cyd] = ["ada", "bob", "cyd"].map(|name| server.guest(name));
    ada.say("/whisper BOB  for you alone");
    bob.hear("ada whispers: for you alone");
    ada.hear("* Whispered to BOB");
    ada.say("/whisper dan hello");
    ada.hear("* Nobody is called dan");
    ada.say("/whisper bob");
    ada.hear("* Say /whisper NAME TEXT");
    server.stop();
    let heard = cyd.hear_all();
    assert!(!heard.iter().any(|line| line.contains("alone")), "{heard:#?}");
}

#[test]
fn lines_that_make_no_sense_are_answered() {
    let server = serve(&[]);
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.guest(name));
    ada.say("/dance");
    ada.hear("* There is no command /dance: say /help");
    ada.say("/help");
    for command in ["nick", "join", "leave", "rooms", "list", "whisper", "quit", "help"] {
        ada.hear(&format!("* /{command} "));
    }
    for wrong in ["", "a room", "123456789012345678901"] {
        ada.say(format!("/join {wrong}"));
        ada.hear("* A room's name has 1 to 20 letters, digits, - or _");
    }
    for number in 1..8 {
        ada.say(format!("/join room-{number}"));
        ada.hear(&format!("* You talk to room-{number} now"));
    }
    ada.say("/join room-8");
    ada.hear("* cannot join the room \"room-8\": the limit is reached (8 groups of a session)");
    ada.say("x".repeat(1001));
    ada.hear("* Nobody can say more than 1000 bytes at once");

    ada.say("/join lobby\r");
    ada.hear("* You talk to lobby now");
    ada.say("");
    ada.say(" \r");
    ada.say("\u{1b}[31mred\u{7}\r");
    assert_eq!(bob.hear("[lobby] "), "[lobby] ada: [31mred");
    ada.say("x".repeat(1000));
    bob.hear(&format!("[lobby] ada: {}", "x".repeat(1000)));
}

#[test]
fn what_is_no_line_ends_its_session_with_the_reason() {
    let server = serve(&[]);
    let [mut ada, mut bob, mut cyd] = ["ada", "bob", "cyd"].map(|name| server.guest(name));
    bob.say(b"\xff");
    bob.hear_all();
    ada.hear("* bob has gone: the peer has sent text that is not UTF-8");
    cyd.send("x".repeat(2050));
    cyd.hear_all();
    ada.hear("* cyd has gone: the peer has sent a message of more than 2048 bytes");
}

#[test]
fn the_administrator_kicks_by_name_and_by_id() {
    for design in DESIGNS {
        let mut server = serve(design);
        let [mut ada, bob, cyd] = ["ada", "bob", "cyd"].map(|name| server.guest(name));
        server.console.say("/kick BOB talks too much");
        server.console.expect("Kicked BOB");
        assert_eq!(bob.hear_all().last().unwrap(), "* You have to go: talks too much");
        ada.hear("* bob has gone: kicked, talks too much");

        server.console.say("/sessions");
        server.console.expect("Sessions: 2");
        let line = server.console.expect_with(", cyd, in [lobby], ");
        let id = line.split(' ').next().unwrap();
        server.console.say(&format!("/kick {id}"));
        server.console.expect(&format!("Kicked {id}"));
        assert_eq!(cyd.hear_all().last().unwrap(), "* You have to go: the administrator wants it");
        ada.hear("* cyd has gone: kicked, the administrator wants it");

        for nobody in ["bob", id] {
            server.console.say(&format!("/kick {nobody}"));
            server.console.expect(&format!("Nobody is called {nobody}"));
        }
        ada.say("/list");
        ada.hear("* In lobby: ada");
    }
}

#[test]
fn the_administrator_sees_and_speaks() {
    for (design, name) in DESIGNS.into_iter().zip(["loop per thread", "thread pool"]) {
        let mut server = serve(design);
        let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.guest(name));
        bob.say("/join kitchen");
        bob.hear("* You talk to kitchen now");
        let console = &mut server.console;
        console.say("/rooms");
        console.expect("Rooms: 2");
        console.expect("kitchen (1): bob");
        console.expect("lobby (2): ada, bob");
        console.say("/sessions");
        console.expect("Sessions: 2");
        let line = console.expect_with(", bob, in [lobby, kitchen], ");
        assert!(line.contains(" 127.0.0.1:") && line.contains(" bytes received, "), "{line}");
        console.say("/room kitchen dinner is ready");
        console.expect("Sent");
        bob.hear("[kitchen] (admin) dinner is ready");
        console.say("/broadcast to all of you");
        console.expect("Sent");
        ada.hear("* (admin) to all of you");
        bob.hear("* (admin) to all of you");

        console.say("/info");
        console.expect(&format!("Design: {name}, 2 threads"));
        console.expect(&format!("Addresses: {}", server.address));
        console.expect("Running for ");
        for (wrong, answer) in [
            ("/room cellar hello", "There is no room cellar"),
            ("/room kitchen", "Say /help"),
            ("/broadcast", "Say /help"),
            ("/kick", "Say /help"),
            ("hello", "There is no command hello: say /help"),
            ("/help", "/sessions "),
        ] {
            console.say(wrong);
            console.expect(answer);
        }
        console.say(&format!("/broadcast {}", "x".repeat(3000)));
        console.expect("Not sent: Invalid");
        server.stop();
        let heard = ada.hear_all();
        assert!(!heard.iter().any(|line| line.contains("dinner")), "{heard:#?}");
    }
}

#[test]
fn all_of_it_is_counted() {
    let mut server = serve(&["--connections", "2"]);
    let mut ada = Person::connect(&server.address);
    ada.hear("* You talk to lobby now");
    let mut bob = Person::connect(&server.address);
    bob.hear("* You talk to lobby now");
    ada.hear("* guest-2 has joined lobby");
    ada.say("hello");
    bob.hear("[lobby] guest-1: hello");
    // Refused, he may be told by a reset.
    let refused = Person::connect(&server.address);
    assert!(refused.wait_cut_off());
    // Three to each who comes or is joined, and what was said.
    server.until_stats(["Messages: 1 received, 6 sent", "Bytes: 6 received, "]);
    server
        .until_stats(["Connections: 2 now, 2 so far, 1 refused", "Dropped: 0 for want of room, 0"]);
    drop(bob);
    ada.hear("* guest-2 has gone");
    server.until_stats(["Connections: 1 now, 2 so far, 1 refused"]);
}

/// All of one address may say as many lines together as one may.
#[test]
fn who_talks_too_fast_is_not_heard() {
    const LINES: usize = 200;
    const RATE: usize = 2;
    let start = Instant::now();
    let mut server = serve(&["--rate", &RATE.to_string()]);
    let mut ada = Person::connect(&server.address);
    ada.hear("* You talk to lobby now");
    let told = [2, 3, 4, 5, 6, 7, 8, 9].map(|guest| {
        let mut person = Person::connect(&server.address);
        person.hear("* You talk to lobby now");
        person.send("blah\n".repeat(LINES));
        person.finish();
        let told = "* You talk too fast, and are not heard";
        let times = person.hear_all().iter().filter(|line| *line == told).count();
        ada.hear(&format!("* guest-{guest} has gone"));
        times
    });
    server.console.say("/stats");
    let dropped = server.console.expect("Dropped: ");
    // So many at once, and so many in each second since.
    let seconds = start.elapsed().as_secs() as usize + 1;
    let most = RATE + RATE * seconds;
    server.stop();
    let heard = ada.hear_all().iter().filter(|line| line.ends_with(": blah")).count();
    assert!((RATE..=most).contains(&heard), "{heard} lines in {seconds} s");
    let expected =
        format!("Dropped: 0 for want of room, {} that came too fast", told.len() * LINES - heard);
    assert_eq!(dropped, expected);
    // Once, and again after each line that was heard.
    assert!(told.iter().all(|times| (1..=1 + most).contains(times)), "{told:?}");
}

#[test]
fn the_end_of_input_stops_the_server() {
    let mut server = serve(&[]);
    let ada = server.guest("ada");
    server.console.hang_up();
    assert_eq!(ada.hear_all().last().unwrap(), "* The server is closing");
    server.console.done();
}

#[test]
fn sessions_are_logged_on_request() {
    for (option, wanted) in [(None, false), (Some("--log"), true)] {
        let mut child = Command::new(binary("rooms"))
            .args(["--address", "127.0.0.1:0"])
            .args(option)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit(' ').next().unwrap();
        let mut ada = Person::connect(address);
        ada.hear("* Welcome");
        drop(child.stdin.take());
        ada.hear_all();
        let output = bounded("the server ends", || child.wait_with_output().unwrap());
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{log}");
        assert_eq!(log.contains("sockeye::sessions"), wanted, "{log}");
        assert_eq!(log.contains("shut down"), wanted, "{log}");
    }
}

/// A server with these options.
fn serve(options: &[&str]) -> Lobby {
    Lobby::start("rooms", options)
}

impl Lobby {
    /// Somebody of this name, who is in the lobby.
    fn guest(&self, name: &str) -> Person {
        let mut person = Person::connect(&self.address);
        person.hear("* Welcome, guest-");
        person.hear("* You talk to lobby now");
        person.say(format!("/nick {name}"));
        person.hear(&format!("* You are called {name} now"));
        person
    }

    /// Waits until there are lines in its statistics that begin so: a turn counts at its end.
    fn until_stats<const N: usize>(&mut self, beginnings: [&str; N]) {
        eventually("the statistics are told", || {
            self.console.say("/stats");
            let mut lines = Vec::new();
            for title in ["Messages: ", "Bytes: ", "Connections: ", "Dropped: "] {
                lines.push(self.console.expect(title));
            }
            beginnings.iter().all(|beginning| lines.iter().any(|line| line.starts_with(beginning)))
        });
    }
}
