//! What goes to the standard streams. Nobody may be reading them, and that stops no benchmark:
//! failures to write are ignored.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Prints results, at once.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Tells what went wrong.
pub(crate) fn complain(error: impl Display) {
    let _ = writeln!(io::stderr(), "error: {error}");
}

/// Tells what somebody should know who did not mean it.
pub(crate) fn warn(what: &str) {
    let _ = writeln!(io::stderr(), "warning: {what}");
}
