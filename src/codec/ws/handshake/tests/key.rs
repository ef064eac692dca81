//! The example of RFC 6455 1.3.

use super::{ACCEPT, KEY, key};
use crate::codec::ws::handshake::accept_key;

#[test]
fn the_key_is_the_nonce_in_base64() {
    assert_eq!(key().as_bytes(), KEY.as_bytes());
}

#[test]
fn what_is_accepted_is_made_of_the_key() {
    assert_eq!(accept_key(KEY.as_bytes()), ACCEPT.as_bytes());
}
