//! What a program wants of compression.

/// How messages are compressed, if the peer goes along (`permessage-deflate`, RFC 7692).
///
/// Either side may ask for less than the other wants: what is used is what both allow.
///
/// ```
/// use sockeye::ws::Deflate;
///
/// // A server that keeps a compressor for no connection, and asks little of its clients'.
/// let frugal = Deflate { server_takeover: false, client_bits: 10, ..Deflate::default() };
/// assert_eq!((frugal.level, frugal.min_size), (6, 64));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Whether what a server sends is compressed with the help of what it has sent before. Default:
    /// no. It makes small messages that are alike much smaller, and costs the memory of a
    /// compressor for each connection. Without it, one compressor does for all connections of a thread,
    /// and what goes to many is compressed once.
    pub server_takeover: bool,
    /// The same of what a client sends.
    pub client_takeover: bool,
    /// How far back a server's messages may refer, as a power of two: 9 to 15, which is the default,
    /// for 512 bytes to 32 KiB. Others are taken for the nearest.
    pub server_bits: u8,
    /// The same of a client's. A server can ask for less than 15 only if the client's offer lets it
    /// (RFC 7692 7.1.2.2), as those of browsers do.
    pub client_bits: u8,
    /// How hard to look for what is alike: 1, the fastest, to 9, the smallest; 0 is not to look at
    /// all, more than 9 is 9. Default: 6.
    pub level: u32,
    /// Messages of fewer bytes are not compressed. Default: 64.
    pub min_size: usize,
}

impl Settings {
    /// The bits as a peer can be asked for.
    pub(super) fn bits(&self) -> (u8, u8) {
        (self.server_bits.clamp(9, 15), self.client_bits.clamp(9, 15))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            server_takeover: true,
            client_takeover: true,
            server_bits: 15,
            client_bits: 15,
            level: 6,
            min_size: 64,
        }
    }
}
