//! Requests that a client writes.

use super::{KEY, key, request};
use crate::codec::http::Fields;
use crate::codec::ws::deflate::Settings;
use crate::codec::ws::handshake::{Asked, InvalidRequest, Request};

#[test]
fn a_request_says_what_is_asked_for() {
    let mut extra = Fields::new();
    extra.append("Cookie", "a=b").unwrap();
    extra.append("Authorization", "Bearer c").unwrap();
    let protocols = ["chat".to_owned(), "superchat".to_owned()];
    let settings = Settings { server_takeover: true, ..Settings::default() };
    let asked = Asked { key: &key(), protocols: &protocols, deflate: Some(&settings) };
    let origin = Some("https://example.com");
    let text = written(&Request { origin, asked, extra: &extra, ..plain(asked, &extra) }).unwrap();
    assert_eq!(
        text,
        format!(
            "GET /chat?room=1 HTTP/1.1\r\nHost: server.example.com:8080\r\nConnection: upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\
             Origin: https://example.com\r\nSec-WebSocket-Protocol: chat, superchat\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
             Cookie: a=b\r\nAuthorization: Bearer c\r\n\r\n"
        )
    );
    let seen = request(&text, |upgrade| {
        assert_eq!((upgrade.origin(), upgrade.protocols()), (origin, &["chat", "superchat"][..]));
        upgrade.deflate(&settings).is_some()
    });
    assert_eq!(seen, Ok(true));
}

#[test]
fn a_request_for_nothing_special_is_short() {
    let (key, extra) = (key(), Fields::new());
    let asked = Asked { key: &key, protocols: &[], deflate: None };
    let text = written(&plain(asked, &extra)).unwrap();
    assert_eq!(text.lines().count(), 7);
    assert_eq!(request(&text, |upgrade| upgrade.deflate(&Settings::default())), Ok(None));
}

#[test]
fn what_the_handshake_needs_is_not_to_be_set() {
    let asked = Asked { key: &key(), protocols: &[], deflate: None };
    for name in [
        "Host",
        "host",
        "Upgrade",
        "CONNECTION",
        "Content-Length",
        "Transfer-Encoding",
        "Sec-WebSocket-Key",
        "sec-websocket-version",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Anything",
    ] {
        let mut extra = Fields::new();
        extra.append("A", "b").unwrap();
        extra.append(name, "1").unwrap();
        let refused = written(&plain(asked, &extra)).unwrap_err();
        assert_eq!(refused, InvalidRequest::Reserved(name.into()));
        assert_eq!(refused.to_string(), format!("the header {name} is the handshake's own"));
    }
    let mut extra = Fields::new();
    extra.append("Origin", "a").unwrap();
    extra.append("Sec-WebSocke", "a").unwrap();
    assert!(written(&plain(asked, &extra)).is_ok());
    let twice = Request { origin: Some("b"), ..plain(asked, &extra) };
    assert_eq!(written(&twice), Err(InvalidRequest::Reserved("Origin".into())));
}

#[test]
fn what_cannot_be_said_is_refused() {
    let (key, extra) = (key(), Fields::new());
    let protocols = |names: &[&str]| names.iter().copied().map(String::from).collect::<Vec<_>>();
    for (names, words) in [
        (&["a b"][..], "the subprotocol \"a b\" is no token"),
        (&["a", ""], "the subprotocol \"\" is no token"),
        (&["a,b"], "the subprotocol \"a,b\" is no token"),
        (&["a\r\nb"], "the subprotocol \"a\\r\\nb\" is no token"),
        (&["a", "b", "a"], "the subprotocol \"a\" is there twice"),
    ] {
        let asked = Asked { key: &key, protocols: &protocols(names), deflate: None };
        let refused = written(&plain(asked, &extra)).unwrap_err();
        assert_eq!(refused.to_string(), words);
    }
    let asked = Asked { key: &key, protocols: &[], deflate: None };
    let refused = written(&Request { origin: Some("a\r\nB: c"), ..plain(asked, &extra) });
    assert_eq!(refused, Err(InvalidRequest::Field("Origin")));
    assert_eq!(refused.unwrap_err().to_string(), "the header Origin has a control character");
}

fn plain<'a>(asked: Asked<'a>, extra: &'a Fields) -> Request<'a> {
    let authority = "server.example.com:8080";
    Request { authority, target: "/chat?room=1", origin: None, asked, extra }
}

/// What is appended; nothing if it is refused.
fn written(request: &Request<'_>) -> Result<String, InvalidRequest> {
    let mut out = b"before".to_vec();
    let result = request.write(&mut out);
    let text = String::from_utf8(out.split_off(6)).unwrap();
    assert!(out == b"before" && (result.is_ok() || text.is_empty()));
    result.map(|()| text)
}
