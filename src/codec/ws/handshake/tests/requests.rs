//! What a server makes of requests.

use super::{ACCEPT, KEY, request};
use crate::codec::http::Status;
use crate::codec::ws::deflate::Settings;
use crate::codec::ws::handshake::refusal_fields;

const UPGRADE: &str = "Upgrade: websocket\r\n";
const CONNECTION: &str = "Connection: Upgrade\r\n";
const THE_KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";

/// One line of a good request in the place of another, and what comes of it.
type Change = (&'static str, &'static str, u16, &'static str);

const NOT_ASKED: &str = "a request without Upgrade: websocket";
const NO_CONNECTION: &str = "a request for WebSocket without Connection: upgrade";
const BAD_KEY: &str = "a Sec-WebSocket-Key that is not 16 bytes in base64";
const BAD_VERSION: &str = "a Sec-WebSocket-Version that is not 13";
const BAD_PROTOCOL: &str = "a malformed Sec-WebSocket-Protocol";
const BAD_EXTENSIONS: &str = "a malformed Sec-WebSocket-Extensions";
const BODY: &str = "a request for WebSocket with a body";

const LINE: &str = "GET /chat?a=b HTTP/1.1\r\n";
const HOST: &str = "Host: server.example.com\r\n";

const MALFORMED: &[Change] = &[
    // The request line and what HTTP itself wants.
    (LINE, "POST /chat HTTP/1.1\r\n", 405, "a request for WebSocket that is not GET"),
    (LINE, "HEAD /chat HTTP/1.1\r\n", 405, "a request for WebSocket that is not GET"),
    (LINE, "OPTIONS * HTTP/1.1\r\n", 405, "a request for WebSocket that is not GET"),
    (LINE, "BREW /chat HTTP/1.1\r\n", 405, "a request for WebSocket that is not GET"),
    (LINE, "CONNECT a:1 HTTP/1.1\r\n", 405, "a request for WebSocket that is not GET"),
    (LINE, "get /chat HTTP/1.1\r\n", 405, "a request for WebSocket that is not GET"),
    (LINE, "GET /chat HTTP/1.0\r\n", 400, "a request for WebSocket in HTTP/1.0"),
    (LINE, "GET ws://a/chat HTTP/1.1\r\n", 400, "a target that does not go with its method"),
    (LINE, "GET /chat#a HTTP/1.1\r\n", 400, "a target with a character that is not allowed in it"),
    (HOST, "", 400, "no Host"),
    (HOST, "Host:\r\n", 400, "an empty Host"),
    (HOST, "Host: a b\r\n", 400, "a malformed Host"),
    (HOST, "Host: a\r\nHost: a\r\n", 400, "more than one Host"),
    (HOST, "Host: a\r\nContent-Length: 1\r\n", 400, BODY),
    (HOST, "Host: a\r\nTransfer-Encoding: chunked\r\n", 400, BODY),
    // Upgrade.
    (UPGRADE, "", 426, NOT_ASKED),
    (UPGRADE, "Upgrade:\r\n", 426, NOT_ASKED),
    (UPGRADE, "Upgrade: h2c\r\n", 426, NOT_ASKED),
    (UPGRADE, "Upgrade: web socket\r\n", 426, NOT_ASKED),
    (UPGRADE, "Upgrade: websocket/13\r\n", 426, NOT_ASKED),
    (UPGRADE, "Upgrade: websockets\r\n", 426, NOT_ASKED),
    (UPGRADE, "Upgrade: \"websocket\"\r\n", 426, NOT_ASKED),
    (UPGRADE, "Upgrade: websocket;a=b\r\n", 426, NOT_ASKED),
    (UPGRADE, "Upgrades: websocket\r\n", 426, NOT_ASKED),
    // Connection.
    (CONNECTION, "", 400, NO_CONNECTION),
    (CONNECTION, "Connection:\r\n", 400, NO_CONNECTION),
    (CONNECTION, "Connection: keep-alive\r\n", 400, NO_CONNECTION),
    (CONNECTION, "Connection: keep-alive Upgrade\r\n", 400, NO_CONNECTION),
    (CONNECTION, "Connection: websocket\r\n", 400, NO_CONNECTION),
    (CONNECTION, "Connection: upgrades\r\n", 400, NO_CONNECTION),
    (CONNECTION, "Connection: close\r\nProxy-Connection: upgrade\r\n", 400, NO_CONNECTION),
    // The key.
    (THE_KEY, "", 400, "no Sec-WebSocket-Key"),
    (THE_KEY, "Sec-WebSocket-Key:\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: a\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ===\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==a\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWU=\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWVl\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ?==\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: dGhlIHNhbXBsZSB1b2_jZQ==\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: dGhlIHNhbXBs ZSBub25jZQ==\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: \"dGhlIHNhbXBsZSBub25jZQ==\"\r\n", 400, BAD_KEY),
    (THE_KEY, "Sec-WebSocket-Key: ========================\r\n", 400, BAD_KEY),
    (
        THE_KEY,
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==\r\n",
        400,
        BAD_KEY,
    ),
    (
        THE_KEY,
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        400,
        "more than one Sec-WebSocket-Key",
    ),
    // The version.
    (VERSION, "", 426, "no Sec-WebSocket-Version"),
    (VERSION, "Sec-WebSocket-Version:\r\n", 426, BAD_VERSION),
    (VERSION, "Sec-WebSocket-Version: 8\r\n", 426, BAD_VERSION),
    (VERSION, "Sec-WebSocket-Version: 14\r\n", 426, BAD_VERSION),
    (VERSION, "Sec-WebSocket-Version: 013\r\n", 426, BAD_VERSION),
    (VERSION, "Sec-WebSocket-Version: 13.0\r\n", 426, BAD_VERSION),
    (VERSION, "Sec-WebSocket-Version: 13, 8\r\n", 426, BAD_VERSION),
    (VERSION, "Sec-WebSocket-Version: thirteen\r\n", 426, BAD_VERSION),
    (VERSION, "Sec-WebSocket-Version: -13\r\n", 426, BAD_VERSION),
    (
        VERSION,
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n",
        400,
        "more than one Sec-WebSocket-Version",
    ),
    // What may be there.
    (HOST, "Host: a\r\nOrigin: a\r\nOrigin: b\r\n", 400, "more than one Origin"),
    (HOST, "Host: a\r\nSec-WebSocket-Protocol: a b\r\n", 400, BAD_PROTOCOL),
    (HOST, "Host: a\r\nSec-WebSocket-Protocol: a, b/c\r\n", 400, BAD_PROTOCOL),
    (HOST, "Host: a\r\nSec-WebSocket-Protocol: \"a\"\r\n", 400, BAD_PROTOCOL),
    (HOST, "Host: a\r\nSec-WebSocket-Protocol: a;b\r\n", 400, BAD_PROTOCOL),
    (HOST, "Host: a\r\nSec-WebSocket-Protocol: \u{e4}\r\n", 400, BAD_PROTOCOL),
    (HOST, "Host: a\r\nSec-WebSocket-Protocol: a, b, a\r\n", 400, "the same subprotocol twice"),
    (
        HOST,
        "Host: a\r\nSec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n",
        400,
        "the same subprotocol twice",
    ),
    (HOST, "Host: a\r\nSec-WebSocket-Extensions: a;\r\n", 400, BAD_EXTENSIONS),
    (HOST, "Host: a\r\nSec-WebSocket-Extensions: a b\r\n", 400, BAD_EXTENSIONS),
    (HOST, "Host: a\r\nSec-WebSocket-Extensions: a;b=\"c d\"\r\n", 400, BAD_EXTENSIONS),
    (HOST, "Host: a\r\nSec-WebSocket-Extensions: a;b=\"c\r\n", 400, BAD_EXTENSIONS),
    (
        HOST,
        "Host: a\r\nSec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: =\r\n",
        400,
        BAD_EXTENSIONS,
    ),
];

#[test]
fn malformed_requests_are_refused() {
    assert!(MALFORMED.len() > 60);
    for &(line, instead, status, words) in MALFORMED {
        let refused = request(&with(line, instead), |_| ()).expect_err(instead);
        assert_eq!(refused, (status, words), "{instead:?} for {line:?}");
    }
}

#[test]
fn too_many_subprotocols_are_refused() {
    let list = |count: usize| (0..count).map(|at| format!("p{at}")).collect::<Vec<_>>().join(",");
    for (count, fits) in [(100, true), (101, false)] {
        let fields = format!("{HOST}Sec-WebSocket-Protocol: {}\r\n", list(count));
        let seen = request(&with(HOST, &fields), |upgrade| upgrade.protocols().len());
        assert_eq!(seen, if fits { Ok(100) } else { Err((400, "too many subprotocols")) });
    }
}

#[test]
fn an_origin_has_to_be_text() {
    let mut bytes = with(HOST, "Host: a\r\nOrigin: x\r\n").into_bytes();
    let at = bytes.windows(3).position(|it| it == b" x\r").unwrap();
    bytes[at + 1] = 0xff;
    let mut slots = crate::codec::http::Slots::new();
    let limits = crate::codec::http::HeadLimits::default();
    let parsed = crate::codec::http::RequestHead::parse(&bytes, &mut slots, &limits);
    let refused = super::Upgrade::parse(&parsed.unwrap().unwrap().0).unwrap_err();
    assert_eq!((refused.status.code(), refused.why), (400, "an Origin that is no text"));
}

#[test]
fn the_same_is_asked_for_in_other_ways() {
    for (line, instead) in [
        (UPGRADE, "upgrade: WebSocket\r\n"),
        (UPGRADE, "UPGRADE:\tWEBSOCKET \r\n"),
        (UPGRADE, "Upgrade: h2c, websocket\r\n"),
        (UPGRADE, "Upgrade: h2c\r\nUpgrade: websocket\r\n"),
        (UPGRADE, "Upgrade: ,websocket ,\r\n"),
        (CONNECTION, "connection: upgrade\r\n"),
        (CONNECTION, "Connection: keep-alive, UPGRADE\r\n"),
        (CONNECTION, "Connection: upgrade ,TE\r\n"),
        (CONNECTION, "Connection: keep-alive\r\nConnection: Upgrade\r\n"),
        (THE_KEY, "SEC-WEBSOCKET-KEY:   dGhlIHNhbXBsZSBub25jZQ== \r\n"),
        (VERSION, "Sec-Websocket-Version:13\r\n"),
        (LINE, "GET http://server.example.com/chat HTTP/1.1\r\n"),
        (HOST, "Host: [::1]:8080\r\n"),
        (HOST, "Host: a\r\nContent-Length: 0\r\n"),
        (HOST, "Host: a\r\nSec-WebSocket-Extensions:\r\nSec-WebSocket-Protocol: ,\r\n"),
        // Fields that only answers have.
        (HOST, "Host: a\r\nSec-WebSocket-Accept: a\r\n"),
    ] {
        let accept = request(&with(line, instead), |upgrade| {
            upgrade.answer(None).str("Sec-WebSocket-Accept").map(str::to_owned)
        });
        assert_eq!(accept, Ok(Some(ACCEPT.to_owned())), "{instead:?}");
    }
    // RFC 4648 3.5: bits that are not needed.
    let loose = THE_KEY.replace("ZQ==", "ZR==");
    assert_eq!(request(&with(THE_KEY, &loose), |_| ()), Ok(()));
}

#[test]
fn an_answer_has_what_was_chosen() {
    let fields = "Host: a\r\nOrigin: https://a.example\r\nSec-WebSocket-Protocol: chat, superchat\r\n\
                  sec-websocket-protocol: Chat\r\nSec-WebSocket-Extensions: foo\r\n\
                  Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=\"10\"\r\n";
    let answer = request(&with(HOST, fields), |upgrade| {
        assert_eq!(upgrade.origin(), Some("https://a.example"));
        assert_eq!(upgrade.protocols(), ["chat", "superchat", "Chat"]);
        assert_eq!(upgrade.choose(["CHAT", "superchat", "chat"]), Some("superchat"));
        assert_eq!(upgrade.choose(["none"]), None);
        let agreement = upgrade.deflate(&Settings { server_takeover: true, ..Settings::default() });
        (upgrade.answer_with(Some("chat"), agreement.as_ref()), upgrade.answer(Some("other")))
    });
    let (answer, without) = answer.unwrap();
    let fields = answer.iter().map(|(name, value)| (name, str::from_utf8(value).unwrap()));
    assert_eq!(
        fields.collect::<Vec<_>>(),
        [
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Accept", ACCEPT),
            ("Sec-WebSocket-Protocol", "chat"),
            ("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=10"),
        ]
    );
    assert_eq!(without.len(), 2);
}

#[test]
fn who_is_refused_is_told_what_there_is() {
    let version = [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")];
    assert_eq!(refusal_fields(Status::UPGRADE_REQUIRED), version);
    assert_eq!(refusal_fields(Status::METHOD_NOT_ALLOWED), [("Allow", "GET")]);
    assert_eq!(refusal_fields(Status::BAD_REQUEST), []);
}

/// A good request, but for one line.
fn with(line: &str, instead: &str) -> String {
    assert!(THE_KEY.contains(KEY));
    let good = [LINE, HOST, UPGRADE, CONNECTION, THE_KEY, VERSION];
    let lines = good.map(|each| if each == line { instead } else { each });
    lines.concat() + "\r\n"
}
