//! What a session tells of its TLS.

use rustls::pki_types::CertificateDer;
use rustls::{CommonState, HandshakeKind};

use super::Version;

/// What was agreed on in a handshake, and who the peer is. It borrows from the session.
///
/// ```
/// use sockeye::tls;
///
/// fn describe(tls: &tls::Info<'_>) -> String {
///     let name = tls.server_name().unwrap_or("no name");
///     format!("{} with {} for {name}", tls.version(), tls.cipher_suite())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Info<'a> {
    version: Version,
    cipher_suite: &'static str,
    alpn: Option<&'a [u8]>,
    server_name: Option<&'a str>,
    peer: &'a [CertificateDer<'static>],
    resumed: bool,
}

impl<'a> Info<'a> {
    /// The version of TLS.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The cipher suite by its name in IANA's registry, but for version 1.3 with the prefix
    /// `TLS13_` instead of `TLS_`: `TLS13_AES_256_GCM_SHA384`.
    pub fn cipher_suite(&self) -> &'static str {
        self.cipher_suite
    }

    /// The application protocol that was agreed on (RFC 7301), such as `b"h2"`; `None` if either
    /// side named none.
    pub fn alpn(&self) -> Option<&'a [u8]> {
        self.alpn
    }

    /// The name that the client asked for (RFC 6066 3), in lower case. On a client it is what this
    /// client asked for. `None` where the client asked for none, as for an IP address.
    pub fn server_name(&self) -> Option<&'a str> {
        self.server_name
    }

    /// The peer's own certificate in DER. `None` on a server whose client has not shown one.
    pub fn peer_certificate(&self) -> Option<&'a [u8]> {
        self.peer.first().map(|certificate| &**certificate)
    }

    /// All certificates that the peer has shown, in DER, its own first. It has been verified that
    /// the first leads to a trusted root; those after it are what the peer offered for that.
    pub fn peer_certificates(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.peer.iter().map(|certificate| &**certificate)
    }

    /// Whether an earlier session was resumed rather than a new one agreed on. The certificates
    /// are those of the earlier session then; they have not been verified again.
    pub fn resumed(&self) -> bool {
        self.resumed
    }

    /// What a finished handshake led to; `None` before that. Which name was asked for, servers and
    /// clients know from elsewhere.
    pub(crate) fn new(state: &'a CommonState, server_name: Option<&'a str>) -> Option<Self> {
        Some(Self {
            version: Version::of(state.protocol_version()?)?,
            // rustls' suites are known by name, all of them.
            cipher_suite: state.negotiated_cipher_suite()?.suite().as_str().unwrap_or("unknown"),
            alpn: state.alpn_protocol(),
            server_name,
            peer: state.peer_certificates().unwrap_or_default(),
            resumed: state.handshake_kind()? == HandshakeKind::Resumed,
        })
    }
}
