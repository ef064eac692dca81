//! What a program wants of compression.

/// How messages are compressed, if the peer goes along (`permessage-deflate`, RFC 7692).
///
/// Either side may ask for less than the other wants: what is used is what both allow.
///
/// ```
/// use sockeye::ws::Deflate;
///
/// // Few connections, much that is alike, little bandwidth.
/// let small = Deflate { server_takeover: true, level: 6, min_size: 16, ..Deflate::default() };
/// assert_eq!((small.client_takeover, Deflate::default().level), (true, 1));
/// ```
///
/// # Memory
///
/// A compressor has 380 KB with 15 bits, 315 with 14, 282 with 13, 265 with 12, and 251 with 9; a
/// connection has its own only with takeover of what it sends. What inflates messages has 48 KB,
/// however many bits, and is a connection's own with takeover of what it receives.
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
    /// all, more than 9 is 9. Default: 1.
    ///
    /// 100 bytes of English text with takeover are 53 in 0.5 µs at 1, and 45 in 4.8 µs at 6; 10,000
    /// are 5027 in 38 µs, and 3564 in 126 µs. To begin anew for each message takes 4 µs more.
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
            server_takeover: false,
            client_takeover: true,
            server_bits: 15,
            client_bits: 15,
            level: 1,
            min_size: 64,
        }
    }
}
