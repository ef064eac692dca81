//! Where requests are sent to.

use super::proxy::Proxy;
use crate::codec::http::Url;

/// What connections are kept for: whatever is asked for at the same one may go the same way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Route {
    /// What is connected to.
    pub(super) address: String,
    pub(super) tls: bool,
    pub(super) through: Through,
}

/// What is at the end of the connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Through {
    /// Who is asked.
    Nothing,
    /// A proxy, which is told whom to ask.
    Forward,
    /// A proxy, which has connected to this host, of this name.
    Tunnel { address: String, host: String },
}

impl Route {
    /// The way to what is asked; sockets of this machine are no matter for a proxy.
    pub(super) fn to(url: &Url, proxy: Option<&Proxy>) -> Self {
        let tls = url.is_tls();
        let (Some(proxy), Some(host)) = (proxy, url.host()) else {
            return Self { address: url.address(), tls, through: Through::Nothing };
        };
        let through = match tls {
            true => Through::Tunnel { address: url.address(), host: host.to_owned() },
            false => Through::Forward,
        };
        Self { address: proxy.address.clone(), tls, through }
    }
}
