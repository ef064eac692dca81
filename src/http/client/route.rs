//! Where requests are sent to.

use crate::codec::http::Url;

/// What connections are kept for: whatever is asked for at the same one may go the same way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Route {
    /// What is connected to.
    pub(super) address: String,
    pub(super) tls: bool,
}

impl Route {
    pub(super) fn to(url: &Url) -> Self {
        Self { address: url.address(), tls: url.is_tls() }
    }
}
