//! What holds for all heads.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, proptest};
use proptest::sample;

use super::ACCEPT;
use crate::codec::ws::handshake::checks;

proptest! {
    #[test]
    fn no_head_is_too_strange(lines in vec(line(), 0..8), damage in any::<(sample::Index, u8)>()) {
        for first in ["GET / HTTP/1.1\r\nHost: a\r\n", "HTTP/1.1 101 A\r\n"] {
            let mut head = format!("{first}{}\r\n", lines.concat()).into_bytes();
            checks::handshake(&head);
            let (at, byte) = damage;
            let at = at.index(head.len());
            head[at] = byte;
            checks::handshake(&head);
        }
    }
}

/// One that means something, or looks as if it did.
fn line() -> impl Strategy<Value = String> {
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let lines = [
        ("Upgrade", "websocket"),
        ("Connection", "upgrade"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Accept", ACCEPT),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Protocol", "a, b"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits=\"9\", x;y=z"),
        ("Origin", "null"),
    ];
    sample::select(lines.to_vec()).prop_map(|(name, value)| format!("{name}: {value}\r\n"))
}
