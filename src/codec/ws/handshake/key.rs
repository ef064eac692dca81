//! What shows that the server has understood (RFC 6455 1.3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// What a client's request has in `Sec-WebSocket-Key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key([u8; 24]);

impl Key {
    /// A key of 16 bytes that nobody can know before (RFC 6455 4.1).
    pub(crate) fn new(random: [u8; 16]) -> Self {
        Self(encode(&random))
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }
}

/// What `Sec-WebSocket-Accept` has to say for this key.
pub(crate) fn accept_key(key: &[u8]) -> [u8; 28] {
    let hash = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    encode(&hash)
}

fn encode<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut text = [0; N];
    let written = STANDARD.encode_slice(bytes, &mut text);
    debug_assert_eq!(written, Ok(N));
    text
}

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
