//! What a server's certificate must be for: the name, or the address, of its host.

use rustls::pki_types::{DnsName, ServerName};

use crate::error::{Error, ErrorKind, Result};

/// A name or an IP address, as URLs and the system write it. The dot at the end of an absolute name
/// is in no certificate, nor is the zone of an address (RFC 4007 11).
pub(super) fn parse(host: &str) -> Result<ServerName<'static>> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    let name = bare.strip_suffix('.').unwrap_or(bare).to_owned();
    match ServerName::try_from(name) {
        Ok(ServerName::DnsName(name)) => {
            Ok(ServerName::DnsName(DnsName::to_lowercase_owned(&name)))
        }
        Ok(other) => Ok(other),
        Err(_) => Err(Error::new(ErrorKind::Tls, "verify a server as")
            .on(host)
            .caused_by("a certificate is for an IP address or a host's name in ASCII")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_addresses() {
        for (host, wanted) in [
            ("localhost", "localhost"),
            ("WWW.Example.org.", "www.example.org"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]", "fe80::1"),
        ] {
            assert_eq!(parse(host).unwrap().to_str(), wanted, "{host}");
        }
    }

    #[test]
    fn what_no_certificate_is_for_is_refused() {
        for host in ["", "*", "a b", "bücher.example", "-", "a..b"] {
            let error = parse(host).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Tls, "{host}");
            assert!(error.to_string().starts_with("cannot verify a server as "), "{error}");
        }
    }
}
