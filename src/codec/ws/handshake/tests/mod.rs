//! Handshakes.

mod key;
mod properties;
mod requests;
mod responses;
mod written;

use super::{Agreed, Asked, Key, Refusal, Upgrade};
use crate::codec::http::{HeadLimits, RequestHead, ResponseHead, Slots};

/// The key of RFC 6455 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What a server makes of a request, or the status and the words of its answer.
fn request<T>(bytes: &str, see: impl FnOnce(Upgrade<'_>) -> T) -> Result<T, (u16, &'static str)> {
    let mut slots = Slots::new();
    let parsed = RequestHead::parse(bytes.as_bytes(), &mut slots, &HeadLimits::default());
    let parsed = parsed.map(|parsed| parsed.expect("the head is complete"));
    let upgrade = parsed.and_then(|(head, _)| Upgrade::parse(&head));
    upgrade.map(see).map_err(|rejection| (rejection.status.code(), rejection.why))
}

/// What a client that has sent the key makes of a response to what it asked.
fn response<T>(
    bytes: &str,
    asked: &Asked<'_>,
    see: impl FnOnce(Agreed<'_>) -> T,
) -> Result<T, Refusal> {
    let mut slots = Slots::new();
    let parsed = ResponseHead::parse(bytes.as_bytes(), &mut slots, &HeadLimits::default());
    let (head, _) = parsed.expect("it is HTTP").expect("the head is complete");
    Agreed::check(&head, asked).map(see)
}

fn key() -> Key {
    Key::new(*b"the sample nonce")
}
