//! The versions of TLS that are spoken here.

use std::fmt;

use rustls::{ProtocolVersion, SupportedProtocolVersion, version};

/// A version of TLS. Older ones than these are broken (RFC 8996) and not implemented.
///
/// ```
/// use sockeye::tls::Version;
///
/// assert!(Version::Tls12 < Version::Tls13);
/// assert_eq!(Version::Tls13.to_string(), "TLS 1.3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// RFC 5246, with authenticated encryption and ephemeral keys only.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl Version {
    pub(super) fn of(protocol: ProtocolVersion) -> Option<Self> {
        match protocol {
            ProtocolVersion::TLSv1_2 => Some(Self::Tls12),
            ProtocolVersion::TLSv1_3 => Some(Self::Tls13),
            _ => None,
        }
    }

    pub(super) fn supported(self) -> &'static SupportedProtocolVersion {
        match self {
            Self::Tls12 => &version::TLS12,
            Self::Tls13 => &version::TLS13,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}
