//! What a connection speaks behind HTTP.

use crate::raw;
use crate::session::Protocol;

/// A protocol that takes over a connection.
pub(crate) trait Upgrade: Send {
    fn into_protocol(self: Box<Self>) -> Box<dyn Protocol>;
}

impl<H: raw::Handler> Upgrade for raw::Adaptor<H> {
    fn into_protocol(self: Box<Self>) -> Box<dyn Protocol> {
        self
    }
}
