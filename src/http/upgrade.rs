//! What a connection speaks behind HTTP.

use crate::raw;
use crate::session::{Protocol, Session, Speech};

/// A protocol that takes over a connection.
pub(crate) trait Upgrade: Send {
    /// Sets the session to it. The protocol's `on_open` comes next.
    fn begin(self: Box<Self>, session: &mut Session<'_>) -> Box<dyn Protocol>;
}

impl<H: raw::Handler> Upgrade for raw::Adaptor<H> {
    fn begin(self: Box<Self>, session: &mut Session<'_>) -> Box<dyn Protocol> {
        session.speak(&Speech::Raw);
        self
    }
}
