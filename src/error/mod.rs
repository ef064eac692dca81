//! What can go wrong outside of a session: one [`Error`] that says what was attempted, on which
//! address, and why it failed. How a session ends is told by a
//! [`CloseReason`](crate::CloseReason).

mod violation;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

pub use violation::Violation;

/// The result of the library's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure: what was attempted, on which address, and why it did not work.
///
/// Cheap to clone, so that a hook and a blocked caller can both be told.
///
/// ```
/// use sockeye::{ErrorKind, Server, Service, raw};
///
/// let service = Service::builder().threads(1).start()?;
/// let first = Server::builder(&service, raw::server(|_| raw::Discard)).listen("127.0.0.1:0")?;
/// let taken = first.local_addr().to_string();
/// let error = Server::builder(&service, raw::server(|_| raw::Discard)).listen(&*taken).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::AddressInUse);
/// assert!(error.to_string().starts_with(&format!("cannot bind {taken}: ")));
/// # service.stop()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    attempt: &'static str,
    address: Option<String>,
    detail: Option<String>,
    source: Option<Arc<io::Error>>,
}

/// Why something failed; what a program decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is no address, or the address does not exist on this machine.
    AddressInvalid,
    /// Somebody else has the address.
    AddressInUse,
    /// The operating system forbids it.
    PermissionDenied,
    /// The name could not be resolved.
    Unresolved,
    /// The peer refused the connection.
    Refused,
    /// There is no way to the peer's host or network.
    Unreachable,
    /// The time limit passed.
    TimedOut,
    /// The caller took it back, or dropped what it belongs to.
    Canceled,
    /// The connection is closed, or was never there.
    Closed,
    /// The service, server or client is stopped.
    Stopped,
    /// It runs already.
    AlreadyRunning,
    /// The call waits, and this is a thread that must not: one of the service's own.
    WouldDeadlock,
    /// A bounded queue is full, or a limit of connections, groups or rooms is reached.
    LimitReached,
    /// The process or the system has no file descriptors or memory left for it.
    OutOfResources,
    /// A callback panicked; the error's text holds its message.
    Panicked,
    /// It is not allowed as it is: a message too long for its codec, say, or a name that is taken.
    Invalid,
    /// The platform does not offer it.
    Unsupported,
    /// A certificate, a key, a TLS configuration or a handshake is not accepted; the error's text
    /// names the rule, certificate error or alert.
    Tls,
    /// Any other failure of the operating system: see the error's source.
    Io,
}

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was attempted: an infinitive such as "bind" or "connect to".
    pub fn attempt(&self) -> &str {
        self.0.attempt
    }

    /// The address it was attempted on, where there is one.
    pub fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// The operating system's error beneath, where there is one.
    pub fn io_error(&self) -> Option<&io::Error> {
        self.0.source.as_deref()
    }

    pub(crate) fn new(kind: ErrorKind, attempt: &'static str) -> Self {
        Self(Box::new(Inner { kind, attempt, address: None, detail: None, source: None }))
    }

    pub(crate) fn io(attempt: &'static str, source: io::Error) -> Self {
        let mut error = Self::new(ErrorKind::of(&source), attempt);
        error.0.source = Some(Arc::new(source));
        error
    }

    /// The same failure, seen from what was wanted.
    pub(crate) fn attempting(mut self, attempt: &'static str) -> Self {
        self.0.attempt = attempt;
        self
    }

    /// An error of a kind that the source alone does not tell.
    #[cfg(feature = "tls")]
    pub(crate) fn caused_by(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync + 'static>>,
    ) -> Self {
        self.0.source = Some(Arc::new(io::Error::new(io::ErrorKind::InvalidData, source)));
        self
    }

    /// The same, of a kind that the operating system's error does not tell.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix sockets have such"))]
    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn on(mut self, address: impl fmt::Display) -> Self {
        self.0.address = Some(address.to_string());
        self
    }

    pub(crate) fn because(mut self, detail: impl fmt::Display) -> Self {
        self.0.detail = Some(detail.to_string());
        self
    }
}

impl ErrorKind {
    fn of(error: &io::Error) -> Self {
        use io::ErrorKind as Os;
        match error.kind() {
            Os::AddrInUse => Self::AddressInUse,
            Os::AddrNotAvailable | Os::InvalidInput => Self::AddressInvalid,
            Os::PermissionDenied => Self::PermissionDenied,
            Os::ConnectionRefused => Self::Refused,
            Os::HostUnreachable | Os::NetworkUnreachable => Self::Unreachable,
            Os::TimedOut => Self::TimedOut,
            Os::NotConnected | Os::BrokenPipe | Os::ConnectionReset | Os::ConnectionAborted => {
                Self::Closed
            }
            Os::Unsupported => Self::Unsupported,
            _ if out_of_resources(error) => Self::OutOfResources,
            _ => Self::Io,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::AddressInvalid => "the address is not valid here",
            Self::AddressInUse => "the address is in use",
            Self::PermissionDenied => "permission denied",
            Self::Unresolved => "the name does not resolve",
            Self::Refused => "the connection was refused",
            Self::Unreachable => "there is no route",
            Self::TimedOut => "the time limit passed",
            Self::Canceled => "it was canceled",
            Self::Closed => "the connection is closed",
            Self::Stopped => "it is stopped",
            Self::AlreadyRunning => "it runs already",
            Self::WouldDeadlock => "the call would wait on one of the service's own threads",
            Self::LimitReached => "the limit is reached",
            Self::OutOfResources => "out of file descriptors or memory",
            Self::Panicked => "a callback panicked",
            Self::Invalid => "it is not allowed",
            Self::Unsupported => "the platform does not offer it",
            Self::Tls => "TLS failed",
            Self::Io => "the operating system failed",
        }
    }
}

/// Whether the process or the system ran out of descriptors, buffers or memory: what was asked
/// for may succeed later, once something is closed.
pub(crate) fn out_of_resources(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory
        || error.raw_os_error().is_some_and(|code| EXHAUSTED.contains(&code))
}

/// WSAEMFILE, WSAENOBUFS, WSA_NOT_ENOUGH_MEMORY.
#[cfg(windows)]
const EXHAUSTED: [i32; 3] = [10024, 10055, 8];

/// EMFILE, ENFILE, ENOMEM; ENOBUFS of Linux, the BSDs and System V, which means nothing that could
/// come from a socket on the others.
#[cfg(not(windows))]
const EXHAUSTED: [i32; 6] = [24, 23, 12, 105, 55, 132];

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, attempt, address, detail, source } = &*self.0;
        write!(f, "cannot {attempt}")?;
        if let Some(address) = address {
            write!(f, " {address}")?;
        }
        match source {
            // Its words have the source's in them.
            Some(_) if *kind == ErrorKind::Tls && detail.is_some() => {
                return write!(f, ": {}", detail.as_deref().unwrap_or_default());
            }
            Some(source) => write!(f, ": {source}")?,
            None => write!(f, ": {}", kind.text())?,
        }
        if let Some(detail) = detail {
            write!(f, " ({detail})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}: {self})", self.0.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = error.io_error().map_or(io::ErrorKind::Other, |error| error.kind());
        Self::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exhaustion_is_told_from_other_failures() {
        for code in EXHAUSTED {
            let error = Error::io("accept on", io::Error::from_raw_os_error(code)).on("[::]:80");
            assert_eq!(error.kind(), ErrorKind::OutOfResources, "{code}");
        }
        assert!(!out_of_resources(&io::Error::other("a bug")));
        assert!(!out_of_resources(&io::ErrorKind::WouldBlock.into()));
    }

    #[test]
    fn an_error_says_what_was_attempted_where_and_why() {
        let error = Error::new(ErrorKind::TimedOut, "connect to").on("a.example:80").because("2 s");
        assert_eq!(
            error.to_string(),
            "cannot connect to a.example:80: the time limit passed (2 s)"
        );
        assert_eq!((error.attempt(), error.address()), ("connect to", Some("a.example:80")));
    }
}
