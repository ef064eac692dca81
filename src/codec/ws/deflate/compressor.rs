//! Messages that are sent (RFC 7692 7.2.1).

use flate2::{Compress, Compression, FlushCompress};

use super::TAIL;

/// Compresses messages, each with the help of those before, unless it is [reset](Self::reset).
#[derive(Debug)]
pub(crate) struct Compressor {
    inner: Compress,
}

impl Compressor {
    /// For references of up to `1 << bits` bytes, 9 to 15; `level` is 0 to 9.
    pub(crate) fn new(bits: u8, level: u32) -> Self {
        let level = Compression::new(level.min(9));
        Self { inner: Compress::new_with_window_bits(level, false, bits.clamp(9, 15)) }
    }

    /// Appends the message, compressed. The peer has to get it: messages behind it may refer to it.
    ///
    /// What is appended depends on the messages since the last reset alone, for those of up to 64 KiB.
    /// For longer ones it may have some bytes more, as `out` has room.
    pub(crate) fn compress(&mut self, message: &[u8], out: &mut Vec<u8>) {
        if message.is_empty() {
            // RFC 7692 7.2.3.6; a second flush in a row would do nothing.
            return out.push(0);
        }
        let mut rest = message;
        loop {
            // A flush that finds no room is repeated, and marked again.
            out.reserve(bound(rest.len().min(AT_ONCE)));
            let before = self.inner.total_in();
            let done = self.inner.compress_vec(rest, out, FlushCompress::Sync);
            done.expect("a stream that is not finished takes data");
            rest = &rest[(self.inner.total_in() - before) as usize..];
            if rest.is_empty() && out.len() < out.capacity() {
                break;
            }
        }
        debug_assert!(out.ends_with(&TAIL));
        out.truncate(out.len() - TAIL.len());
    }

    /// Forgets what was sent: the next message is compressed as a new compressor would.
    ///
    /// Without context takeover this is done for each message. With it, behind a message that the peer
    /// got compressed by another compressor, since then this one does not know how far back its own are.
    pub(crate) fn reset(&mut self) {
        self.inner.reset();
    }
}

/// More than the most that so many bytes become, with the end of what came before them.
fn bound(len: usize) -> usize {
    len + len / 4 + 64
}

/// Bytes whose worst case there shall be room for.
const AT_ONCE: usize = 64 << 10;
