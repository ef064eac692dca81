//! The chat server `examples/ws_rooms`, with guests on plain sockets and somebody at its console.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Lobby, Talker, eventually};
use serde_json::{Value, json};

/// Command lines for both scaling designs.
const DESIGNS: [&[&str]; 2] = [&[], &["--pool"]];

#[test]
fn what_is_said_stays_in_its_room() {
    for design in DESIGNS {
        let mut server = serve(design);
        let [mut ada, mut bob, mut cyd] = ["ada", "bob", "cyd"].map(|name| server.guest(name));
        ask(&mut ada, json!({ "type": "chat", "message": " good\u{7}\nmorning " }));
        let said =
            json!({ "type": "chat", "from": "ada", "room": "lobby", "message": "good  morning" });
        assert_eq!(bob.hear_type("chat"), said);
        assert_eq!(cyd.hear_type("chat"), said);
        // What is no JSON is said as it is.
        bob.say("just so");
        assert_eq!(ada.hear_type("chat")["message"], "just so");
        assert_eq!(cyd.hear_type("chat")["message"], "just so");

        for (person, members) in [(&mut ada, 1), (&mut bob, 2)] {
            ask(person, json!({ "type": "join", "room": "kitchen" }));
            let joined = json!({ "type": "joined", "room": "kitchen", "members": members });
            assert_eq!(person.hear_type("joined"), joined);
        }
        until_news(&mut ada, "bob has joined kitchen");
        for kind in ["chat", "roomMsg"] {
            ask(&mut bob, json!({ "type": kind, "room": "kitchen", "message": "it is a secret" }));
            let said = ada.hear_type("chat");
            assert_eq!(
                (&said["room"], &said["message"]),
                (&json!("kitchen"), &json!("it is a secret"))
            );
        }
        ask(&mut cyd, json!({ "type": "chat", "room": "kitchen", "message": "let me in" }));
        refused(&mut cyd, "You are not in the room \"kitchen\"");

        ask(&mut bob, json!({ "type": "leave", "room": "kitchen" }));
        assert_eq!(bob.hear_type("left")["room"], "kitchen");
        until_news(&mut ada, "bob has left kitchen");
        ask(&mut ada, json!({ "type": "chat", "room": "kitchen", "message": "he is gone" }));
        ask(&mut bob, json!({ "type": "leave", "room": "kitchen" }));
        refused(&mut bob, "You are not in the room \"kitchen\"");

        server.stop();
        for person in [&mut ada, &mut bob, &mut cyd] {
            until_news(person, "The server is closing");
        }
        assert!(
            ada.heard().iter().all(|text| !text.contains("\"from\":\"ada\"")),
            "{:#?}",
            ada.heard()
        );
        assert!(bob.heard().iter().all(|text| !text.contains("he is gone")), "{:#?}", bob.heard());
        assert!(cyd.heard().iter().all(|text| !text.contains("secret")), "{:#?}", cyd.heard());
        assert_eq!([ada, bob, cyd].map(|person| person.hear_close().0), [1001; 3]);
    }
}

#[test]
fn a_whisper_is_for_one() {
    let mut server = serve(&[]);
    let [mut ada, mut bob, mut cyd] = ["ada", "bob", "cyd"].map(|name| server.guest(name));
    let id = |person: &mut Talker| {
        ask(person, json!({ "type": "myInfo" }));
        person.hear_type("myInfo")["user"]["id"].as_str().unwrap().to_owned()
    };
    let (of_ada, of_bob) = (id(&mut ada), id(&mut bob));
    for to in ["BOB", &of_bob] {
        ask(&mut ada, json!({ "type": "whisper", "to": to, "message": "for you alone" }));
        let whisper = json!({ "type": "whisper", "from": "ada", "fromId": of_ada, "message": "for you alone" });
        assert_eq!(bob.hear_type("whisper"), whisper);
        assert_eq!(ada.hear_type("whisperSent")["to"], to);
    }
    for nobody in ["dan", "00000000-0000-4000-8000-000000000000"] {
        ask(&mut ada, json!({ "type": "whisper", "to": nobody, "message": "hello" }));
        refused(&mut ada, &format!("Nobody is called {nobody}"));
    }
    server.stop();
    until_news(&mut cyd, "The server is closing");
    assert!(cyd.heard().iter().all(|text| !text.contains("alone")), "{:#?}", cyd.heard());
}

#[test]
fn guests_see_who_and_what_is_there() {
    let server = serve(&[]);
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.guest(name));
    ask(&mut bob, json!({ "type": "join", "room": "kitchen" }));
    bob.hear_type("joined");
    ask(&mut ada, json!({ "type": "list" }));
    let list = ada.hear_type("userList");
    assert_eq!(list["total"], 2);
    let users = list["users"].as_array().unwrap();
    let seen = users.iter().map(|user| (&user["name"], &user["rooms"])).collect::<Vec<_>>();
    let rooms = [json!(["lobby"]), json!(["lobby", "kitchen"])];
    assert_eq!(seen, [(&json!("ada"), &rooms[0]), (&json!("bob"), &rooms[1])]);
    ask(&mut ada, json!({ "type": "rooms" }));
    let mut rooms = ada.hear_type("roomList")["rooms"].as_array().unwrap().clone();
    rooms.sort_by_key(|room| room["room"].to_string());
    let expected =
        [json!({ "room": "kitchen", "members": 1 }), json!({ "room": "lobby", "members": 2 })];
    assert_eq!(rooms, expected);
    ask(&mut ada, json!({ "type": "myInfo" }));
    let info = ada.hear_type("myInfo");
    assert_eq!(info["user"]["name"], "ada");
    assert!(info["bytesReceived"].as_u64().unwrap() > 0, "{info}");
    drop(bob);
    until_news(&mut ada, "bob has gone: cut off without a goodbye");
    ask(&mut ada, json!({ "type": "list" }));
    assert_eq!(ada.hear_type("userList")["total"], 1);
}

#[test]
fn what_makes_no_sense_is_answered() {
    let server = serve(&[]);
    let [mut ada, _bob] = ["ada", "bob"].map(|name| server.guest(name));
    for (wrong, answer) in [
        (json!({ "type": "dance" }), "unknown variant `dance`"),
        (json!({ "message": "hello" }), "missing field `type`"),
        (json!({ "type": "join" }), "missing field `room`"),
        (json!({ "type": "join", "room": 5 }), "invalid type: integer `5`"),
        (json!([1, 2]), "invalid type: integer `1`"),
        (json!({ "type": "join", "room": "two words" }), "A room's name has 1 to 20 letters"),
        (json!({ "type": "setName", "name": "" }), "A name has 1 to 20 letters"),
        (json!({ "type": "setName", "name": "x".repeat(21) }), "A name has 1 to 20 letters"),
        (json!({ "type": "setName", "name": "BOB" }), "Somebody else is called BOB"),
        (json!({ "type": "leave", "room": "cellar" }), "You are not in the room \"cellar\""),
        (json!({ "type": "chat", "message": "x".repeat(1001) }), "Nobody can say more than 1000"),
    ] {
        ask(&mut ada, wrong);
        refused(&mut ada, answer);
    }
    for number in 1..7 {
        ask(&mut ada, json!({ "type": "join", "room": format!("room-{number}") }));
        ada.hear_type("joined");
    }
    ask(&mut ada, json!({ "type": "join", "room": "one-more" }));
    refused(&mut ada, "cannot join the room \"one-more\": the limit is reached (8 groups");
    ada.say(&"x".repeat(4097));
    assert_eq!(ada.hear_close().0, 1009);
}

#[test]
fn the_server_is_heard_to_be_alive() {
    let server = serve(&[]);
    let mut ada = server.guest("ada");
    let [first, second] = [(); 2].map(|()| ada.hear_type("heartbeat"));
    assert_eq!(first["online"], 1);
    assert_eq!(second["tick"].as_u64().unwrap(), first["tick"].as_u64().unwrap() + 1);
    assert!(second["timestamp"].as_u64() > first["timestamp"].as_u64());
}

#[test]
fn the_administrator_sees_speaks_and_kicks() {
    for (design, name) in DESIGNS.into_iter().zip(["loop per thread", "thread pool"]) {
        let mut server = serve(design);
        let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.guest(name));
        ask(&mut bob, json!({ "type": "join", "room": "kitchen" }));
        bob.hear_type("joined");
        let console = &mut server.console;
        console.say("/rooms");
        console.expect("kitchen (1): bob");
        console.expect("lobby (2): ada, bob");
        console.say("/room kitchen dinner is ready");
        console.expect("Sent");
        assert_eq!(bob.hear_type("chat")["message"], "dinner is ready");
        console.say("/broadcast to all of you");
        console.expect("Sent");
        until_news(&mut ada, "(admin) to all of you");
        until_news(&mut bob, "(admin) to all of you");
        console.say("/info");
        console.expect(&format!("Design: {name}, 2 threads"));

        console.say("/kick BOB talks too much");
        console.expect("Kicked BOB");
        until_news(&mut bob, "You have to go: talks too much");
        assert_eq!(bob.hear_close(), (1008, "kicked, talks too much".into()));
        until_news(&mut ada, "bob has gone: closed by this side with 1008: kicked, talks too much");
        console.say("/sessions");
        console.expect("Sessions: 1");
        let line = console.expect_with(", ada, in [lobby], ");
        let id = line.split(' ').next().unwrap();
        console.say(&format!("/kick {id}"));
        console.expect(&format!("Kicked {id}"));
        let close = (1008, "kicked, the administrator wants it".into());
        assert_eq!(ada.hear_close(), close);
        console.say("/quit");
        server.console.done();
    }
}

#[test]
fn who_talks_too_fast_is_not_heard() {
    const MESSAGES: usize = 200;
    let mut server = serve(&["--rate", "2"]);
    let mut ada = Talker::connect(&server.address, "/");
    ada.hear_type("joined");
    let mut bob = Talker::connect(&server.address, "/");
    bob.hear_type("joined");
    for _ in 0..MESSAGES {
        bob.say("blah");
    }
    refused(&mut bob, "You talk too fast, and are not heard");
    eventually("all that was too much is counted", || {
        server.console.say("/stats");
        let line = server.console.expect("Dropped: ");
        let fast = line.split(", ").nth(1).unwrap().split(' ').next().unwrap();
        fast.parse::<usize>().unwrap() > MESSAGES / 2
    });
    server.stop();
    until_news(&mut ada, "The server is closing");
    let heard = ada.heard().iter().filter(|text| text.contains("blah")).count();
    assert!((1..MESSAGES / 2).contains(&heard), "{heard} were heard");
}

fn ask(person: &mut Talker, command: Value) {
    person.say(&command.to_string());
}

#[track_caller]
fn refused(person: &mut Talker, beginning: &str) {
    let answer = person.hear_type("error");
    assert!(
        answer["message"].as_str().unwrap().starts_with(beginning),
        "{answer}, not {beginning}"
    );
}

#[track_caller]
fn until_news(person: &mut Talker, beginning: &str) {
    while !person.hear_type("system")["message"].as_str().unwrap().starts_with(beginning) {}
}

/// A server with these options.
fn serve(options: &[&str]) -> Lobby {
    Lobby::start("ws_rooms", options)
}

impl Lobby {
    /// Somebody of this name, who is in the lobby.
    fn guest(&self, name: &str) -> Talker {
        let mut person = Talker::connect(&self.address, "/");
        let welcome = person.hear_type("welcome");
        assert!(welcome["name"].as_str().unwrap().starts_with("guest-"), "{welcome}");
        assert_eq!(person.hear_type("joined")["room"], "lobby");
        ask(&mut person, json!({ "type": "setName", "name": name }));
        assert_eq!(person.hear_type("nameSet")["name"], name);
        person
    }
}
