//! Messages that tests can write by hand.

use sockeye::framed::Delimiter;

/// Lines of bytes, of at most 1000.
pub(crate) fn lines() -> Delimiter {
    Delimiter::new(b"\n").max(1000)
}
