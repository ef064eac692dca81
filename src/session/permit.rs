//! What a connection holds as long as it lasts.

use std::any::Any;
use std::fmt;

/// What a [`Filter`](crate::server::Filter) lets a connection in with: a value that is dropped when
/// the connection is gone, behind its handler's `on_close`, or when a later filter refuses it.
///
/// Exactly one drop for each permit, on whatever thread; a panic in it is reported as the server's
/// other errors are, and stops nothing else.
///
/// ```
/// use sockeye::server::Permit;
///
/// let counted = Permit::new(std::sync::Arc::new(()));
/// let free = Permit::none();
/// # drop((counted, free));
/// ```
#[must_use = "a permit that is dropped is given back"]
pub struct Permit(Option<Box<dyn Any + Send>>);

impl Permit {
    /// A permit with nothing to give back. It costs nothing, neither here nor in the session.
    pub fn none() -> Self {
        Self(None)
    }

    /// A permit that gives back by dropping this value.
    pub fn new(value: impl Send + 'static) -> Self {
        Self(Some(Box::new(value)))
    }

    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() { "Permit::none()" } else { "Permit" })
    }
}
