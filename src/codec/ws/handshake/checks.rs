//! What holds for whatever bytes: for tests, and for the fuzz target.

use super::{Agreed, Asked, Key, Request, Upgrade};
use crate::codec::http::{Fields, HeadLimits, RequestHead, ResponseHead, Slots};
use crate::codec::ws::deflate::{Settings, extensions};

/// Reads bytes as a request, as a response, and as a list of extensions: what is agreed to can be
/// said, and is what the other side understands.
#[track_caller]
pub fn handshake(bytes: &[u8]) {
    let _ = extensions([bytes].into_iter());
    request(bytes);
    response(bytes);
}

#[track_caller]
fn request(bytes: &[u8]) {
    let mut slots = Slots::new();
    let parsed = RequestHead::parse(bytes, &mut slots, &HeadLimits::default());
    let Ok(Some((head, _))) = parsed else { return };
    let Ok(upgrade) = Upgrade::parse(&head) else { return };
    let agreement = upgrade.deflate(&Settings::default());
    for protocol in upgrade.protocols().iter().copied().map(Some).chain([None, Some("\r\n")]) {
        let chosen = protocol.filter(|name| !name.contains('\r'));
        let answer = upgrade.answer_with(protocol, agreement.as_ref());
        assert_eq!(answer.str("Sec-WebSocket-Protocol"), chosen);
        assert_eq!(answer.contains("Sec-WebSocket-Extensions"), agreement.is_some());
    }
}

#[track_caller]
fn response(bytes: &[u8]) {
    let mut slots = Slots::new();
    let parsed = ResponseHead::parse(bytes, &mut slots, &HeadLimits::default());
    let Ok(Some((head, _))) = parsed else { return };
    let (key, protocols) = (Key::new(*b"the sample nonce"), ["a".to_owned(), "b".to_owned()]);
    let settings = Settings { server_takeover: true, ..Settings::default() };
    let asked = Asked { key: &key, protocols: &protocols, deflate: Some(&settings) };
    let Ok(agreed) = Agreed::check(&head, &asked) else { return };
    assert_eq!(head.status.code(), 101);
    assert!(agreed.protocol.is_none_or(|protocol| ["a", "b"].contains(&protocol)));
    if let Some(deflate) = agreed.deflate {
        let bits = 8..=15;
        assert!(bits.contains(&deflate.server_bits) && bits.contains(&deflate.client_bits));
    }
    // What was asked for is a request.
    let extra = Fields::new();
    let request = Request { authority: "a", target: "/", origin: None, asked, extra: &extra };
    let mut out = Vec::new();
    assert!(request.write(&mut out).is_ok());
}
