//! The fence around user code.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, ErrorKind, Result};

/// Runs a callback and turns a panic in it into an error with the panic's message.
///
/// What the callback was in the middle of may be half done, so callers drop or close it; nothing
/// else looks at it again, which is why it may be called unwind-safe.
pub(crate) fn contain<R>(what: &'static str, callback: impl FnOnce() -> R) -> Result<R> {
    catch_unwind(AssertUnwindSafe(callback))
        .map_err(|panic| Error::new(ErrorKind::Panicked, what).because(message(&*panic)))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("with a value that is no text")
}
