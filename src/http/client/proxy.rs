//! The proxy that a client's requests go through.

use super::credentials;
use crate::codec::http::Url;
use crate::error::{Error, ErrorKind, Result};

/// Who passes requests on.
#[derive(Clone)]
pub(super) struct Proxy {
    /// What is connected to.
    pub(super) address: String,
    /// The value of `Proxy-Authorization`.
    pub(super) authorization: Option<String>,
}

impl Proxy {
    pub(super) fn new(url: &str) -> Result<Self> {
        let url = Url::parse(url)?;
        if url.is_tls() {
            let error = Error::new(ErrorKind::Unsupported, "use the proxy").on(&url);
            return Err(error.because("it is spoken with without TLS"));
        }
        Ok(Self { address: url.address(), authorization: credentials::of(&url) })
    }
}

/// The way through a proxy to who speaks TLS.
#[cfg(feature = "tls")]
mod tunnel {
    use super::Proxy;
    use crate::client::Tunnel;
    use crate::codec::http::{HeadLimits, Method, ResponseHead, Slots, write};
    use crate::error::Violation;

    impl Proxy {
        /// Has the proxy connect to `address`, where `host` is (RFC 9110 9.3.6).
        pub(in super::super) fn tunnel(&self, address: &str, host: &str) -> Tunnel {
            let mut request = Vec::new();
            write::request_line(&mut request, Method::Connect, address);
            write::field(&mut request, "Host", address.as_bytes());
            if let Some(authorization) = &self.authorization {
                write::field(&mut request, "Proxy-Authorization", authorization.as_bytes());
            }
            write::end(&mut request);
            Tunnel { request: request.into(), answer, host: host.to_owned() }
        }
    }

    /// Looks for a proxy's answer, behind which the tunnel begins.
    fn answer(heard: &[u8]) -> Result<Option<usize>, Violation> {
        let mut at = 0;
        loop {
            let mut slots = Slots::new();
            let parsed = ResponseHead::parse(&heard[at..], &mut slots, &HeadLimits::default())?;
            let Some((head, len)) = parsed else { return Ok(None) };
            at += len;
            match head.status {
                status if status.is_informational() => {}
                status if status.is_success() => return Ok(Some(at)),
                status => {
                    let why = format!("no tunnel, as a proxy, but {status}");
                    return Err(Violation::malformed(why));
                }
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_tunnel_begins_behind_the_final_answer() {
            let heard = b"HTTP/1.1 103 \r\n\r\nHTTP/1.1 200 Connected\r\nA: b\r\n\r\nTLS";
            for len in 0..heard.len() - 3 {
                assert_eq!(answer(&heard[..len]), Ok(None), "{len}");
            }
            assert_eq!(answer(heard), Ok(Some(heard.len() - 3)));
            let refused = answer(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
            assert!(refused.unwrap_err().to_string().contains("407 Proxy Auth"));
            assert!(answer(b"SSH-2.0\r\n\r\n").is_err());
        }
    }
}
