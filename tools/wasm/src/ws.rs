//! The handshake and frames of WebSocket.

use sockeye::http::Status;
use sockeye::http::parse::{HeadLimits, RequestHead, Slots};
use sockeye::ws::Code;
use sockeye::ws::parse::{Decoder, Event, Role, Upgrade, refusal_fields};

pub(crate) fn handshake() {
    // RFC 6455 1.3.
    let accept = answered("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    assert_eq!(accept, Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned()));
    assert_eq!(answered("Sec-WebSocket-Key: short\r\n"), Err(Status::BAD_REQUEST));
    assert_eq!(refusal_fields(Status::METHOD_NOT_ALLOWED), [("Allow", "GET")]);
}

fn answered(key: &str) -> Result<String, Status> {
    let request = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\n{key}\r\n"
    );
    let mut slots = Slots::new();
    let parsed = RequestHead::parse(request.as_bytes(), &mut slots, &HeadLimits::default());
    let (head, _) = parsed.expect("it is well-formed").expect("it is complete");
    let upgrade = Upgrade::parse(&head).map_err(|rejection| rejection.status)?;
    Ok(upgrade.answer(None).str("Sec-WebSocket-Accept").unwrap_or_default().to_owned())
}

pub(crate) fn frames() {
    // RFC 6455 5.7, and a close.
    let mut bytes =
        b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x82\0\0\0\0\x03\xe8".to_vec();
    let mut decoder = Decoder::new(Role::Server);
    let mut heard = Vec::new();
    for mut piece in bytes.clone().chunks_mut(1) {
        while let Some(event) = decoder.next(&mut piece).expect("it is well-formed") {
            heard.push(match event {
                Event::Text(text) => text.to_owned(),
                Event::Close(Some((Code::NORMAL, ""))) => "closed".to_owned(),
                other => format!("{other:?}"),
            });
        }
    }
    assert_eq!(heard, ["Hello", "closed"]);
    // To a client it would be no frame.
    let refused = Decoder::new(Role::Client).next(&mut &mut bytes[..]).map(|_| ());
    assert_eq!(refused.map_err(|failure| failure.code), Err(Code::PROTOCOL_ERROR));
}
