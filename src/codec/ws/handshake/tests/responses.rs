//! What a client makes of responses.

use super::{ACCEPT, key, response};
use crate::codec::http::Status;
use crate::codec::ws::deflate::{Deflate, Settings};
use crate::codec::ws::handshake::{Agreed, Asked, Refusal};

const LINE: &str = "HTTP/1.1 101 Switching Protocols\r\n";
const UPGRADE: &str = "Upgrade: websocket\r\n";
const CONNECTION: &str = "Connection: Upgrade\r\n";
const THE_ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

const NO_UPGRADE: &str = "an answer without Upgrade: websocket";
const NO_CONNECTION: &str = "an answer without Connection: upgrade";
const BAD_ACCEPT: &str = "a Sec-WebSocket-Accept that is not for the key";
const BAD_PROTOCOL: &str = "a subprotocol that was not asked for";
const BAD_EXTENSION: &str = "an extension that was not offered";

/// One line of a good response in the place of another, and what is wrong with it then.
const MALFORMED: &[(&str, &str, &str)] = &[
    (
        LINE,
        "HTTP/1.0 101 Switching Protocols\r\n",
        "an answer to a request for WebSocket in HTTP/1.0",
    ),
    (UPGRADE, "", NO_UPGRADE),
    (UPGRADE, "Upgrade:\r\n", NO_UPGRADE),
    (UPGRADE, "Upgrade: h2c\r\n", NO_UPGRADE),
    (UPGRADE, "Upgrade: websocket, h2c\r\n", NO_UPGRADE),
    (UPGRADE, "Upgrade: h2c, websocket\r\n", NO_UPGRADE),
    (UPGRADE, "Upgrade: websocket\r\nUpgrade: websocket\r\n", NO_UPGRADE),
    (UPGRADE, "Upgrade: websocket/13\r\n", NO_UPGRADE),
    (CONNECTION, "", NO_CONNECTION),
    (CONNECTION, "Connection: keep-alive\r\n", NO_CONNECTION),
    (CONNECTION, "Connection: websocket\r\n", NO_CONNECTION),
    (CONNECTION, "Connection: close\r\n", NO_CONNECTION),
    (THE_ACCEPT, "", "no Sec-WebSocket-Accept"),
    (THE_ACCEPT, "Sec-WebSocket-Accept:\r\n", BAD_ACCEPT),
    (THE_ACCEPT, "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", BAD_ACCEPT),
    (THE_ACCEPT, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo\r\n", BAD_ACCEPT),
    (THE_ACCEPT, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=a\r\n", BAD_ACCEPT),
    (THE_ACCEPT, "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n", BAD_ACCEPT),
    (THE_ACCEPT, "Sec-WebSocket-Key: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "no Sec-WebSocket-Accept"),
    (
        THE_ACCEPT,
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
        "more than one Sec-WebSocket-Accept",
    ),
    ("", "Sec-WebSocket-Protocol: other\r\n", BAD_PROTOCOL),
    ("", "Sec-WebSocket-Protocol: Chat\r\n", BAD_PROTOCOL),
    ("", "Sec-WebSocket-Protocol:\r\n", BAD_PROTOCOL),
    ("", "Sec-WebSocket-Protocol: chat, superchat\r\n", BAD_PROTOCOL),
    ("", "Sec-WebSocket-Protocol: chat,\r\n", BAD_PROTOCOL),
    (
        "",
        "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: superchat\r\n",
        "more than one Sec-WebSocket-Protocol",
    ),
    ("", "Sec-WebSocket-Extensions: foo\r\n", BAD_EXTENSION),
    ("", "Sec-WebSocket-Extensions: permessage-deflate, foo\r\n", BAD_EXTENSION),
    (
        "",
        "Sec-WebSocket-Extensions: permessage-deflate;\r\n",
        "a malformed Sec-WebSocket-Extensions",
    ),
    (
        "",
        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=7\r\n",
        "permessage-deflate with window bits that are not 8 to 15",
    ),
    (
        "",
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\
         Sec-WebSocket-Extensions: permessage-deflate\r\n",
        "permessage-deflate twice",
    ),
];

#[test]
fn malformed_responses_are_refused() {
    assert!(MALFORMED.len() > 25);
    for &(line, instead, words) in MALFORMED {
        assert_eq!(agreed(line, instead), Err(Refusal::Malformed(words)), "{instead:?}");
    }
}

#[test]
fn another_status_is_an_answer_in_http() {
    for (line, status) in [
        ("HTTP/1.1 200 OK\r\n", Status::OK),
        ("HTTP/1.1 100 Continue\r\n", Status::CONTINUE),
        ("HTTP/1.1 301 Moved\r\n", Status::MOVED_PERMANENTLY),
        ("HTTP/1.0 401 No\r\n", Status::UNAUTHORIZED),
        ("HTTP/1.1 426 Upgrade Required\r\n", Status::UPGRADE_REQUIRED),
        ("HTTP/1.1 503\r\n", Status::SERVICE_UNAVAILABLE),
    ] {
        assert_eq!(agreed(LINE, line), Err(Refusal::Status(status)), "{line:?}");
    }
}

#[test]
fn what_was_not_asked_for_is_not_taken() {
    let nothing = Asked { key: &key(), protocols: &[], deflate: None };
    let answer = |field: &str| with("", field);
    let refused = |field: &str| response(&answer(field), &nothing, |_| ()).unwrap_err();
    let protocol = refused("Sec-WebSocket-Protocol: chat\r\n");
    assert_eq!(protocol, Refusal::Malformed(BAD_PROTOCOL));
    let extension = refused("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    assert_eq!(extension, Refusal::Malformed(BAD_EXTENSION));
    assert_eq!(response(&answer(""), &nothing, |_| ()), Ok(()));
}

#[test]
fn an_answer_may_be_written_in_other_ways() {
    for (line, instead) in [
        (LINE, "HTTP/1.1 101\r\n"),
        (LINE, "HTTP/1.1 101 Web Socket Protocol Handshake\r\n"),
        (UPGRADE, "upgrade: WebSocket\r\n"),
        (CONNECTION, "CONNECTION: keep-alive, upgrade\r\n"),
        (CONNECTION, "Connection: keep-alive\r\nConnection: upgrade\r\n"),
        (THE_ACCEPT, "sec-websocket-accept:s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \r\n"),
        ("", "Content-Length: 0\r\nDate: today\r\nSec-WebSocket-Version: 13\r\n"),
        ("", "Sec-WebSocket-Extensions: ,\r\nSec-WebSocket-Extensions:\r\n"),
    ] {
        assert_eq!(agreed(line, instead), Ok((None, None)), "{instead:?}");
    }
}

#[test]
fn what_was_asked_for_is_agreed_to() {
    let fields = "Sec-WebSocket-Protocol: superchat\r\n\
                  Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n";
    let deflate =
        Deflate { server_takeover: true, client_takeover: false, server_bits: 15, client_bits: 15 };
    assert_eq!(agreed("", fields), Ok((Some("superchat".to_owned()), Some(deflate))));
    assert!(THE_ACCEPT.contains(ACCEPT));
}

type Found = (Option<String>, Option<Deflate>);

fn agreed(line: &str, instead: &str) -> Result<Found, Refusal> {
    let (key, protocols) = (key(), ["chat", "superchat"].map(String::from));
    let settings = Settings { server_takeover: true, ..Settings::default() };
    let asked = Asked { key: &key, protocols: &protocols, deflate: Some(&settings) };
    response(&with(line, instead), &asked, |Agreed { protocol, deflate }| {
        (protocol.map(String::from), deflate)
    })
}

/// A good response but for one line, or with these in addition.
fn with(line: &str, instead: &str) -> String {
    let lines = [LINE, UPGRADE, CONNECTION, THE_ACCEPT, ""];
    lines.map(|each| if each == line { instead } else { each }).concat() + "\r\n"
}
