//! What a proxy has said.

use std::fmt;

use crate::codec::proxy::{self, Ends, Tlvs, Transport, Version};
use crate::error::Violation;
use crate::net::{Endpoint, UnixName};

/// What a proxy has said of a session's connection:
/// [`Session::proxy_header`](crate::raw::Session::proxy_header).
///
/// ```
/// use sockeye::raw;
///
/// fn on_open(session: &mut raw::Session<'_>) {
///     let Some(header) = session.proxy_header() else { return };
///     println!("for {:?}, by TLS: {}", header.authority(), header.tls().is_some());
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    version: Version,
    ends: Option<(Endpoint, Endpoint)>,
    transport: Transport,
    extras: Box<[u8]>,
}

/// One of the things that a header may say besides addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// The protocol that the client has agreed on with the proxy, as ALPN names it (`h2`).
    Alpn(&'a [u8]),
    /// The name of the host that the client wanted: in TLS the server name.
    Authority(&'a str),
    /// The proxy's id of the connection, of at most 128 bytes.
    UniqueId(&'a [u8]),
    /// What is known of the client's TLS.
    Tls(Tls<'a>),
    /// The network namespace that the connection came to.
    Namespace(&'a [u8]),
    /// Another, by its type: 0xE0 to 0xEF are the proxies' own.
    Other(u8, &'a [u8]),
}

/// What a proxy has said of the client's TLS, which ends at the proxy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tls<'a>(&'a [u8]);

impl Header {
    /// Reads the header that `data` begins with, and tells how long it is: for what does not come
    /// over a session, such as datagrams. `None` when there is less than a header.
    ///
    /// ```
    /// use sockeye::proxy::Header;
    ///
    /// let data = b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\nhello";
    /// let (header, length) = Header::read(data)?.expect("a whole header");
    /// assert_eq!(header.source().unwrap().to_string(), "192.0.2.1:56324");
    /// assert_eq!(&data[length..], b"hello");
    /// assert_eq!(Header::read(&data[..9])?, None);
    /// assert!(Header::read(b"hello").is_err());
    /// # Ok::<(), sockeye::Violation>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The rule that it breaks.
    pub fn read(data: &[u8]) -> Result<Option<(Self, usize)>, Violation> {
        let read = proxy::read(data, usize::MAX)?;
        Ok(read.map(|(header, length)| (header.into(), length)))
    }

    /// The version of the protocol: 1 or 2.
    pub fn version(&self) -> u8 {
        match self.version {
            Version::V1 => 1,
            Version::V2 => 2,
        }
    }

    /// From where the client has connected to the proxy. `None` when the proxy speaks for itself or
    /// does not know.
    pub fn source(&self) -> Option<&Endpoint> {
        self.ends.as_ref().map(|(source, _)| source)
    }

    /// Where the client has connected to. `None` when the proxy speaks for itself or does not know.
    pub fn destination(&self) -> Option<&Endpoint> {
        self.ends.as_ref().map(|(_, destination)| destination)
    }

    /// Whether the client has sent datagrams to the proxy rather than a stream.
    pub fn is_datagram(&self) -> bool {
        self.transport == Transport::Datagram
    }

    /// What the header says besides, in its order.
    pub fn values(&self) -> impl Iterator<Item = Value<'_>> {
        Tlvs::new(&self.extras).useful().map(Value::of)
    }

    /// See [`Value::Alpn`].
    pub fn alpn(&self) -> Option<&[u8]> {
        self.find(|value| if let Value::Alpn(name) = value { Some(name) } else { None })
    }

    /// See [`Value::Authority`].
    pub fn authority(&self) -> Option<&str> {
        self.find(|value| if let Value::Authority(name) = value { Some(name) } else { None })
    }

    /// See [`Value::UniqueId`].
    pub fn unique_id(&self) -> Option<&[u8]> {
        self.find(|value| if let Value::UniqueId(id) = value { Some(id) } else { None })
    }

    /// See [`Value::Tls`]. `None` also when the proxy says nothing, though there may be TLS.
    pub fn tls(&self) -> Option<Tls<'_>> {
        self.find(|value| if let Value::Tls(tls) = value { Some(tls) } else { None })
    }

    fn find<'a, T>(&'a self, pick: impl FnMut(Value<'a>) -> Option<T>) -> Option<T> {
        self.values().find_map(pick)
    }
}

impl<'a> Value<'a> {
    fn of((kind, value): (u8, &'a [u8])) -> Self {
        match kind {
            0x01 => Self::Alpn(value),
            // Whose UTF-8 is checked with the header.
            0x02 => str::from_utf8(value).map_or(Self::Other(kind, value), Self::Authority),
            0x05 => Self::UniqueId(value),
            0x20 => Self::Tls(Tls(value)),
            0x30 => Self::Namespace(value),
            _ => Self::Other(kind, value),
        }
    }
}

impl<'a> Tls<'a> {
    /// Whether the client has come by TLS at all.
    pub fn is_used(&self) -> bool {
        self.has(0x01)
    }

    /// Whether the client has shown a certificate on this connection.
    pub fn has_certificate(&self) -> bool {
        self.has(0x02)
    }

    /// Whether it has done so in this TLS session, perhaps on an earlier connection.
    pub fn has_session_certificate(&self) -> bool {
        self.has(0x04)
    }

    /// Whether it has shown a certificate that the proxy has verified.
    pub fn is_verified(&self) -> bool {
        let shown = self.has_certificate() || self.has_session_certificate();
        shown && proxy::tls_fields(self.0).is_some_and(|(_, unverified, _)| unverified == 0)
    }

    /// The version of TLS: `TLSv1.3`.
    pub fn version(&self) -> Option<&'a [u8]> {
        self.find(0x21)
    }

    /// The common name in the client's certificate. It says who that is only if it
    /// [is verified](Self::is_verified).
    pub fn common_name(&self) -> Option<&'a [u8]> {
        self.find(0x22)
    }

    /// The cipher's name.
    pub fn cipher(&self) -> Option<&'a [u8]> {
        self.find(0x23)
    }

    /// The algorithm by which the proxy's certificate is signed.
    pub fn signature_algorithm(&self) -> Option<&'a [u8]> {
        self.find(0x24)
    }

    /// The algorithm of the proxy's key.
    pub fn key_algorithm(&self) -> Option<&'a [u8]> {
        self.find(0x25)
    }

    fn has(&self, bit: u8) -> bool {
        proxy::tls_fields(self.0).is_some_and(|(present, ..)| present & bit != 0)
    }

    fn find(&self, wanted: u8) -> Option<&'a [u8]> {
        let (_, _, mut values) = proxy::tls_fields(self.0)?;
        values.find_map(|(kind, value)| (kind == wanted).then_some(value))
    }
}

impl From<proxy::Header> for Header {
    fn from(header: proxy::Header) -> Self {
        let proxy::Header { version, ends, extras } = header;
        let (ends, transport) = match ends {
            Ends::Own => (None, Transport::Stream),
            Ends::Inet { source, destination, transport } => {
                let ends = (Endpoint::connected(source), Endpoint::connected(destination));
                (Some(ends), transport)
            }
            Ends::Unix { source, destination, transport } => {
                let end = |name: &[u8]| Endpoint::Unix(UnixName::of_sockaddr(name));
                (Some((end(&source[..]), end(&destination[..]))), transport)
            }
        };
        Self { version, ends, transport, extras }
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("version", &self.version())
            .field("source", &self.source())
            .field("destination", &self.destination())
            .field("values", &self.values().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Tls<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: Option<&[u8]>| value.map(|value| value.escape_ascii().to_string());
        f.debug_struct("Tls")
            .field("version", &text(self.version()))
            .field("common_name", &text(self.common_name()))
            .field("verified", &self.is_verified())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(source: &str, extras: &[u8]) -> Header {
        let address = source.parse().unwrap();
        let ends =
            Ends::Inet { source: address, destination: address, transport: Transport::Stream };
        proxy::Header { version: Version::V2, ends, extras: extras.into() }.into()
    }

    #[test]
    fn values_are_typed() {
        let header = header(
            "192.0.2.1:1",
            b"\x01\0\x02h2\x02\0\x09a.example\x05\0\x01i\x30\0\x02ns\xe0\0\0\x20\0\x11\x03\0\0\0\0\x21\0\x03TLS\x22\0\x03you",
        );
        assert_eq!(header.alpn(), Some(&b"h2"[..]));
        assert_eq!(header.authority(), Some("a.example"));
        assert_eq!(header.unique_id(), Some(&b"i"[..]));
        let tls = header.tls().unwrap();
        assert!(tls.is_used() && tls.has_certificate() && !tls.has_session_certificate());
        assert!(tls.is_verified());
        assert_eq!((tls.version(), tls.common_name()), (Some(&b"TLS"[..]), Some(&b"you"[..])));
        assert_eq!(
            (tls.cipher(), tls.key_algorithm(), tls.signature_algorithm()),
            (None, None, None)
        );
        let values = header.values().collect::<Vec<_>>();
        assert_eq!(values[3..5], [Value::Namespace(b"ns"), Value::Other(0xe0, b"")]);
        assert_eq!((values.len(), header.version()), (6, 2));
    }

    /// Section 2.2.6: without a certificate the field that says "verified" says nothing.
    #[test]
    fn no_certificate_is_none_that_is_verified() {
        let tls = |present, unverified| {
            let data = [0x20, 0, 5, present, 0, 0, 0, unverified];
            header("192.0.2.1:1", &data).tls().unwrap().is_verified()
        };
        assert!(!tls(1, 0) && !tls(3, 1) && !tls(0, 0));
        assert!(tls(3, 0) && tls(5, 0));
    }

    #[test]
    fn ipv4_in_the_guise_of_ipv6_is_ipv4() {
        let header = header("[::ffff:192.0.2.1]:80", b"");
        assert_eq!(header.source().unwrap().to_string(), "192.0.2.1:80");
    }
}
