//! What becomes of requests: status, fields, and what the handler is told.

use std::sync::{Arc, Mutex};

use sockeye::http::{self, Method, Request, Response, Router, Status};
use sockeye::testing::{Harness, Side};
use sockeye::ws::{self, Deflate, Message, Session};
use sockeye::{CloseReason, Limit};

use crate::answer::{Answer, get};
use crate::caller::{Caller, Line};
use crate::common::{Folder, LIMIT, Peer, SHORT, Setting};
use crate::on_all_streams;
use crate::request::{ACCEPT, Ask, KEY};
use crate::scribe::{Scribe, echo};
use crate::wire::{Frame, fragmented};

on_all_streams!(a_client_is_let_in_and_heard, a_router_has_it_beside_other_things);

fn a_client_is_let_in_and_heard(setting: Setting) {
    let service = setting.service();
    let (protocol, notes) = echo();
    let server = setting.serve(&service, protocol);
    let mut line = Line::of(Peer::new(&server), &Ask::new("/chat?a=b"));
    for frame in [Frame::text("Grüße"), Frame::binary([0, 255]), Frame::text("")] {
        line.send(&frame);
        line.expect(&frame);
    }
    line.send(&Frame::close(1000, "bye"));
    line.expect(&Frame::close(1000, ""));
    line.0.expect_end();
    drop(line);
    let heard = ["open /chat", r"text Gr\xc3\xbc\xc3\x9fe", r"binary \x00\xff", "text "];
    notes.expect(&heard);
    assert_eq!(notes.close(), "1000: closed by the peer with 1000: bye");
}

fn a_router_has_it_beside_other_things(setting: Setting) {
    let service = setting.service();
    let folder = Folder::new();
    folder.file("index.html", "static");
    let (scribe, notes) = Scribe::new();
    let site = Router::new()
        .get("/api", |_: &mut Request<'_>| Response::text("api"))
        .websocket_with("/rooms/{room}", scribe.echo().endpoint())
        .websocket("/plain", |_| |_: &mut Session<'_>, _: Message<'_>| {})
        .files("/", folder.path());
    let server = setting.serve(&service, http::server(site));
    let mut line = Line(Peer::new(&server));
    for (path, body) in [("/api", "api"), ("/", "static")] {
        line.0.send(get(path, ""));
        assert!(line.head().starts_with("HTTP/1.1 200 "));
        assert_eq!(line.0.receive(body.len()), body.as_bytes());
    }
    // Who does not ask for it stays with HTTP.
    line.0.send(get("/rooms/7", ""));
    let head = line.head();
    assert!(head.starts_with("HTTP/1.1 426 ") && head.contains("Upgrade: websocket\r\n"), "{head}");
    let len = head.split("Content-Length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    line.0.receive(len.unwrap().parse().unwrap());
    let mut line = Line::of(line.0, &Ask::new("/rooms/7"));
    line.send(&Frame::text("hello"));
    line.expect(&Frame::text("hello"));
    notes.expect(&["open /rooms/7", "text hello"]);
}

/// What is answered with this status: a name, and the request.
type Row = (u16, &'static str, fn(Ask) -> Ask);

const REQUESTS: &[Row] = &[
    (101, "as it has to be", |ask| ask),
    (101, "names in other letters", |ask| {
        ask.with("Upgrade", "WebSocket").with("Connection", "uPGRADE")
    }),
    (101, "one of several connection options", |ask| ask.with("Connection", "keep-alive, Upgrade")),
    (101, "connection options in several fields", |ask| {
        ask.with("Connection", "keep-alive").and("Connection", "upgrade")
    }),
    (101, "one of several protocols", |ask| ask.with("Upgrade", "h2c, websocket")),
    (101, "a query", |ask| ask.line("GET /?a=1&b HTTP/1.1")),
    (101, "an absolute target", |ask| ask.line("GET http://example.com/ HTTP/1.1")),
    (101, "an empty body that is said to be one", |ask| ask.and("Content-Length", "0")),
    (101, "blanks around the key", |ask| {
        ask.with("Sec-WebSocket-Key", "  dGhlIHNhbXBsZSBub25jZQ==\t")
    }),
    (101, "a key with bits that do not matter", |ask| {
        ask.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZR==")
    }),
    (101, "other fields", |ask| ask.and("User-Agent", "x").and("Cookie", "a=b")),
    (101, "unknown extensions", |ask| ask.offering("x-webkit-deflate-frame, foo; bar=\"b\"")),
    (101, "empty elements", |ask| {
        ask.offering(", permessage-deflate,,").and("Sec-WebSocket-Protocol", ",a, ,b")
    }),
    (405, "POST", |ask| ask.line("POST / HTTP/1.1").and("Content-Length", "0")),
    (405, "PUT", |ask| ask.line("PUT / HTTP/1.1").and("Content-Length", "0")),
    (405, "HEAD", |ask| ask.line("HEAD / HTTP/1.1")),
    (405, "DELETE", |ask| ask.line("DELETE / HTTP/1.1")),
    (400, "HTTP/1.0", |ask| ask.line("GET / HTTP/1.0")),
    (400, "a line that is none", |ask| ask.line("GET /")),
    (505, "HTTP/2.0", |ask| ask.line("GET / HTTP/2.0")),
    (400, "no host", |ask| ask.without("Host")),
    (400, "two hosts", |ask| ask.and("Host", "example.org")),
    (426, "no upgrade", |ask| ask.without("Upgrade")),
    (426, "an upgrade to something else", |ask| ask.with("Upgrade", "h2c")),
    (426, "an upgrade to something alike", |ask| ask.with("Upgrade", "websockets")),
    (400, "no connection option", |ask| ask.without("Connection")),
    (400, "another connection option", |ask| ask.with("Connection", "keep-alive")),
    (400, "a connection option that is alike", |ask| ask.with("Connection", "upgraded")),
    (400, "no key", |ask| ask.without("Sec-WebSocket-Key")),
    (400, "an empty key", |ask| ask.with("Sec-WebSocket-Key", "")),
    (400, "a key of 15 bytes", |ask| ask.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j")),
    (400, "a key of 17 bytes", |ask| ask.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSE=")),
    (400, "a key without its end", |ask| ask.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ")),
    (400, "a key in another alphabet", |ask| {
        ask.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j_-==")
    }),
    (400, "a key that is no base64", |ask| {
        ask.with("Sec-WebSocket-Key", "not base64 at all!!!!!!==")
    }),
    (400, "two keys", |ask| ask.and("Sec-WebSocket-Key", KEY)),
    (426, "no version", |ask| ask.without("Sec-WebSocket-Version")),
    (426, "version 8", |ask| ask.with("Sec-WebSocket-Version", "8")),
    (426, "version 14", |ask| ask.with("Sec-WebSocket-Version", "14")),
    (426, "a version with a zero", |ask| ask.with("Sec-WebSocket-Version", "013")),
    (426, "a version that is no number", |ask| ask.with("Sec-WebSocket-Version", "thirteen")),
    (400, "two versions", |ask| ask.and("Sec-WebSocket-Version", "13")),
    (400, "a body", |ask| ask.and("Content-Length", "2").then("hi")),
    (400, "a body in chunks", |ask| ask.and("Transfer-Encoding", "chunked").then("0\r\n\r\n")),
    (400, "the same subprotocol twice", |ask| ask.and("Sec-WebSocket-Protocol", "a, b, a")),
    (400, "the same subprotocol in two fields", |ask| {
        ask.and("Sec-WebSocket-Protocol", "a").and("Sec-WebSocket-Protocol", "a")
    }),
    (400, "a subprotocol that is no token", |ask| ask.and("Sec-WebSocket-Protocol", "a b")),
    (400, "extensions without a name", |ask| ask.offering("; a=b")),
    (400, "an extension's parameter without a name", |ask| ask.offering("a; =b")),
    (400, "an extension's parameter without a value", |ask| ask.offering("a; b=")),
    (400, "an extension's parameter without its end", |ask| ask.offering("a; b=\"c")),
    (400, "two extensions in one", |ask| ask.offering("a b")),
    (400, "two origins", |ask| {
        ask.and("Origin", "http://example.com").and("Origin", "http://example.com")
    }),
    (403, "another origin", |ask| ask.and("Origin", "http://example.org")),
    (403, "an origin without a name", |ask| ask.and("Origin", "null")),
];

#[test]
fn each_request_has_its_status() {
    for &(status, name, spoil) in REQUESTS {
        let (scribe, notes) = Scribe::new();
        let mut peer = Harness::new(ws::server_with(scribe.endpoint().deflate(Deflate::default())));
        let ask = spoil(Ask::new("/"));
        let heard = peer.feed(ask.bytes());
        let method = if name == "HEAD" { Method::Head } else { Method::Get };
        let answer = Answer::take(&mut &*heard, method);
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        let opened = notes.rest();
        assert_eq!(opened == ["open /"], status == 101, "{name}: {opened:?}");
        assert!(opened.len() <= 1, "{name}: {opened:?}");
        check_fields(name, &answer);
    }
}

fn check_fields(name: &str, answer: &Answer) {
    let expected: &[_] = match answer.status {
        101 => &[
            ("upgrade", Some("websocket")),
            ("connection", Some("upgrade")),
            ("content-length", None),
            ("transfer-encoding", None),
        ],
        405 => &[("allow", Some("GET")), ("sec-websocket-accept", None)],
        426 => &[
            ("upgrade", Some("websocket")),
            ("connection", Some("upgrade")),
            ("sec-websocket-version", Some("13")),
            ("sec-websocket-accept", None),
        ],
        _ => &[("upgrade", None), ("sec-websocket-accept", None)],
    };
    for (field, value) in expected {
        assert_eq!(answer.field(field), *value, "{name}: {field}");
    }
    assert!(answer.fields.all("Upgrade").count() <= 1, "{name}");
}

#[test]
fn the_key_is_answered() {
    for (key, accept) in [
        (KEY, ACCEPT),
        ("AAAAAAAAAAAAAAAAAAAAAA==", "ICX+Yqv66kxgM0FcWaLWlFLwTAI="),
        ("x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk="),
    ] {
        let (protocol, _notes) = echo();
        let caller = Caller::asking(protocol, &Ask::new("/").with("Sec-WebSocket-Key", key));
        assert_eq!(caller.answer.field("Sec-WebSocket-Accept"), Some(accept));
    }
}

#[test]
fn a_refused_client_may_ask_again() {
    let (protocol, notes) = echo();
    let mut peer = Harness::new(protocol);
    let spoilt = Ask::new("/").with("Sec-WebSocket-Version", "8");
    assert_eq!(Answer::only(peer.feed(spoilt.bytes())).status, 426);
    assert_eq!(Answer::only(peer.feed(Ask::new("/").bytes())).status, 101);
    notes.expect(&["open /"]);
}

#[test]
fn subprotocols_are_the_servers_choice_among_the_clients() {
    let table: &[(&[&str], &[&str], Option<&str>)] = &[
        (&[], &[], None),
        (&[], &["chat"], None),
        (&["chat"], &[], None),
        (&["chat"], &["chat"], Some("chat")),
        (&["v2", "v1"], &["v1"], Some("v1")),
        (&["v2", "v1"], &["v1, v2"], Some("v2")),
        (&["v2", "v1"], &["v1", "v2"], Some("v2")),
        (&["v2", "v1"], &["v0,  v1\t, v9"], Some("v1")),
        (&["v2"], &["v1"], None),
        (&["chat"], &["Chat"], None),
        (&["chat"], &["chatter"], None),
    ];
    for (ours, theirs, expected) in table {
        let ask = theirs
            .iter()
            .fold(Ask::new("/"), |ask, field| ask.and("Sec-WebSocket-Protocol", field));
        let told = Arc::new(Mutex::new(None));
        let tell = Arc::clone(&told);
        let (scribe, _notes) = Scribe::new();
        let scribe = scribe.on_open(move |_, opening| {
            *tell.lock().unwrap() = opening.subprotocol().map(str::to_owned);
        });
        let endpoint = scribe.endpoint().subprotocols(ours.iter().copied());
        let caller = Caller::asking(ws::server_with(endpoint), &ask);
        let answered = caller.answer.field("Sec-WebSocket-Protocol");
        assert_eq!(answered, *expected, "{ours:?} {theirs:?}");
        assert_eq!(told.lock().unwrap().as_deref(), *expected, "{ours:?} {theirs:?}");
    }
}

#[test]
fn origins_are_looked_at() {
    let own = |endpoint: ws::Endpoint| endpoint;
    let listed =
        |endpoint: ws::Endpoint| endpoint.origins(["https://a.example", "http://b.example:81"]);
    let any = |endpoint: ws::Endpoint| endpoint.origins(["*"]);
    let none = |endpoint: ws::Endpoint| endpoint.origins(Vec::<String>::new());
    let table = [
        (None, [101, 101, 101, 101]),
        (Some("http://example.com"), [101, 403, 101, 403]),
        (Some("https://example.com"), [101, 403, 101, 403]),
        (Some("https://EXAMPLE.com"), [101, 403, 101, 403]),
        (Some("https://example.com:8443"), [403, 403, 101, 403]),
        (Some("https://example.com.evil.example"), [403, 403, 101, 403]),
        (Some("https://a.example"), [403, 101, 101, 403]),
        (Some("http://a.example"), [403, 403, 101, 403]),
        (Some("http://b.example:81"), [403, 101, 101, 403]),
        (Some("null"), [403, 403, 101, 403]),
        (Some(""), [403, 403, 101, 403]),
    ];
    for (origin, expected) in table {
        let ask = match origin {
            Some(origin) => Ask::new("/").and("Origin", origin),
            None => Ask::new("/"),
        };
        let set: [&dyn Fn(ws::Endpoint) -> ws::Endpoint; 4] = [&own, &listed, &any, &none];
        let found = set.map(|set| {
            let (scribe, _notes) = Scribe::new();
            let mut peer = Harness::new(ws::server_with(set(scribe.endpoint())));
            Answer::only(peer.feed(ask.bytes())).status
        });
        assert_eq!(found, expected, "{origin:?}");
    }
}

#[test]
fn a_check_refuses_with_what_it_likes() {
    let (scribe, notes) = Scribe::new();
    let endpoint = scribe.endpoint().check(|request| match request.header("Authorization") {
        Some("Bearer good") => Ok(()),
        Some(_) => Err(Response::error(Status::FORBIDDEN, "not you")),
        None => Err(Response::text("who?")
            .with_status(Status::UNAUTHORIZED)
            .header("WWW-Authenticate", "Bearer")),
    });
    let mut peer = Harness::new(ws::server_with(endpoint));
    let answer = Answer::only(peer.feed(Ask::new("/").bytes()));
    assert_eq!((answer.status, answer.text()), (401, "who?"));
    assert_eq!(answer.field("WWW-Authenticate"), Some("Bearer"));
    assert_eq!(answer.field("Upgrade"), None);
    let answer = Answer::only(peer.feed(Ask::new("/").and("Authorization", "Bearer bad").bytes()));
    assert_eq!((answer.status, answer.text()), (403, "not you"));
    // It comes after all else.
    let malformed = Ask::new("/").with("Sec-WebSocket-Key", "").bytes();
    assert_eq!(Answer::only(peer.feed(malformed)).status, 400);
    let foreign = Ask::new("/").and("Origin", "http://evil.example");
    let answer = Answer::only(peer.feed(foreign.bytes()));
    assert_eq!((answer.status, answer.text()), (403, "Not from this origin\n"));
    assert_eq!(notes.rest(), [""; 0]);
    let good = Ask::new("/").and("Authorization", "Bearer good").bytes();
    assert_eq!(Answer::only(peer.feed(good)).status, 101);
    notes.expect(&["open /"]);
}

#[test]
fn a_check_that_panics_refuses() {
    let (scribe, notes) = Scribe::new();
    let endpoint = scribe.endpoint().check(|_| panic!("as told"));
    let mut peer = Harness::new(ws::server_with(endpoint));
    assert_eq!(Answer::take(&mut &*peer.feed(Ask::new("/").bytes()), Method::Get).status, 500);
    assert_eq!(notes.rest(), [""; 0]);
}

#[test]
fn the_opening_says_what_was_asked() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let (scribe, _notes) = Scribe::new();
    let scribe = scribe.on_open(move |_, opening| {
        let query = |name: &str| opening.query(name).map(|value| value.into_owned());
        let mut told = tell.lock().unwrap();
        told.push(opening.path().to_owned());
        told.push(opening.raw_query().to_owned());
        told.push(format!("{:?} {:?} {:?}", query("name"), query("flag"), query("none")));
        told.push(format!("{:?} {:?}", opening.header("x-extra"), opening.header("missing")));
        told.push(format!("{} {}", opening.headers().len(), opening.compresses()));
    });
    let ask = Ask::new("/a%20b/c?name=J%C3%BCrgen+X&flag&name=2").and("X-Extra", "one");
    let _caller = Caller::asking(scribe.server(), &ask);
    assert_eq!(
        *told.lock().unwrap(),
        [
            "/a%20b/c",
            "name=J%C3%BCrgen+X&flag&name=2",
            r#"Some("Jürgen X") Some("") None"#,
            r#"Some("one") None"#,
            "6 false",
        ]
    );
}

#[test]
fn the_handler_is_made_from_the_request() {
    let make = |request: &Request<'_>| {
        let name = request.param("name").unwrap_or_default().into_owned();
        move |session: &mut Session<'_>, _: Message<'_>| {
            session.text(&name);
        }
    };
    let protocol = http::server(Router::new().websocket("/{name}", make));
    for name in ["alice", "bob"] {
        let ask = Ask::new(&format!("/{name}"));
        let mut caller = Caller::asking(protocol.clone(), &ask);
        assert_eq!(caller.send(Frame::text("who?")), [Frame::text(name)]);
    }
}

#[test]
fn the_router_refuses_other_methods_itself() {
    let (scribe, _notes) = Scribe::new();
    let site = Router::new().websocket_with("/chat", scribe.endpoint());
    let mut peer = Harness::new(http::server(site));
    let post = Ask::new("/").line("POST /chat HTTP/1.1").and("Content-Length", "0");
    assert_eq!(Answer::only(peer.feed(post.bytes())).status, 405);
    assert_eq!(Answer::only(peer.feed(Ask::new("/chatter").bytes())).status, 404);
    assert_eq!(Answer::only(peer.feed(Ask::new("/chat").bytes())).status, 101);
}

/// Frames come glued to the request, and all of it in two pieces cut anywhere.
#[test]
fn where_request_and_frames_are_cut_does_not_matter() {
    let frames = [fragmented(1, &[b"a", b"b"]), Frame::ping("p").masked()].concat();
    let bytes = [Ask::new("/").bytes(), frames].concat();
    for cut in 0..=bytes.len() {
        let (protocol, notes) = echo();
        let mut peer = Harness::new(protocol);
        let mut heard = peer.feed(&bytes[..cut]);
        heard.extend(peer.feed(&bytes[cut..]));
        let mut rest = &*heard;
        assert_eq!(Answer::take(&mut rest, Method::Get).status, 101, "cut at {cut}");
        assert_eq!(Frame::all(rest), [Frame::text("ab"), Frame::pong("p")], "cut at {cut}");
        notes.expect(&["open /", "text ab", "ping p"]);
    }
}

#[test]
fn byte_by_byte_is_as_good() {
    let bytes = [Ask::new("/").bytes(), Frame::text("slowly").masked()].concat();
    let (protocol, _notes) = echo();
    let mut peer = Harness::new(protocol);
    let heard: Vec<u8> = bytes.iter().flat_map(|byte| peer.feed([*byte])).collect();
    let mut rest = &*heard;
    Answer::take(&mut rest, Method::Get);
    assert_eq!(Frame::all(rest), [Frame::text("slowly")]);
}

#[test]
fn who_asks_too_slowly_is_not_waited_for() {
    let (scribe, notes) = Scribe::new();
    let limits = http::Limits::default().head_time(SHORT);
    let mut peer = Harness::new(Side::new(http::server_with(limits, scribe.endpoint())));
    let ask = Ask::new("/").bytes();
    let mut heard = peer.feed(&ask[..ask.len() - 2]);
    assert!(peer.run_until(LIMIT, |peer| peer.is_finished()));
    heard.extend(peer.finish());
    assert_eq!(Answer::only(heard).status, 408);
    assert!(matches!(peer.closed(), Some(CloseReason::Timeout(Limit::Head))));
    assert_eq!(notes.rest(), [""; 0]);
}

/// The times that HTTP has do not hold for what comes behind it.
#[test]
fn a_silent_conversation_is_not_http() {
    let (scribe, notes) = Scribe::new();
    let limits = http::Limits::default().head_time(SHORT).keep_alive(SHORT).body_time(SHORT);
    let mut caller = Caller::new(http::server_with(limits, scribe.echo().endpoint()));
    assert!(!caller.harness.run_until(3 * SHORT, |peer| peer.closed().is_some()));
    assert_eq!(caller.send(Frame::text("still here")), [Frame::text("still here")]);
    notes.expect(&["open /", "text still here"]);
}
