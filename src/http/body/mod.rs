//! What follows a head.

mod filtered;
pub(crate) mod outgoing;
pub(crate) mod pipe;
mod reader;
mod sender;
mod source;

use std::fmt;
use std::io::{self, Read};

use bytes::Bytes;

use filtered::Filtered;
use outgoing::AHEAD;
use pipe::Outlet;
use source::{Pieces, Reading, Slices};

pub(crate) use filtered::Filter;
pub use reader::BodyReader;
pub use sender::BodySender;
pub use source::Source;

/// What a message says behind its head: nothing, bytes in memory, or bytes that are yet to come.
#[derive(Default)]
pub struct Body(pub(crate) Kind);

#[derive(Default)]
pub(crate) enum Kind {
    #[default]
    Empty,
    Whole(Bytes),
    /// Bytes that are asked for, and how many there will be if that is known.
    Source(Box<dyn Source>, Option<u64>),
    /// Bytes from other threads.
    Pipe(Outlet, Option<u64>),
    /// What is made of others.
    Filtered(Box<Filtered>),
}

impl Body {
    /// None.
    pub fn empty() -> Self {
        Self::default()
    }

    /// What a reader gives until its end, read on service threads when the peer has room for it: of a
    /// file, say. With a length, so many bytes are sent, and fewer are an error; without, HTTP/1.1
    /// sends them in chunks.
    pub fn reader(reader: impl Read + Send + 'static, len: impl Into<Option<u64>>) -> Self {
        Self(Kind::Source(Box::new(Reading(reader)), len.into()))
    }

    /// What an iterator gives.
    ///
    /// ```
    /// use sockeye::{Bytes, http::Body};
    ///
    /// let lines = (0..1_000_000).map(|line| Ok(Bytes::from(format!("line {line}\n"))));
    /// let body = Body::pieces(lines);
    /// assert_eq!(body.len(), None);
    /// ```
    pub fn pieces(
        pieces: impl IntoIterator<Item = io::Result<Bytes>, IntoIter: Send + 'static>,
    ) -> Self {
        Self(Kind::Source(Box::new(Pieces(pieces.into_iter())), None))
    }

    /// What a source of the program's own gives.
    pub fn source(source: impl Source, len: impl Into<Option<u64>>) -> Self {
        Self(Kind::Source(Box::new(source), len.into()))
    }

    /// What other threads write while it is being sent, of which at most 256 KiB wait. With a length, so
    /// many bytes are sent, and fewer are an error.
    ///
    /// ```
    /// use std::io::Write;
    /// use sockeye::http::Body;
    ///
    /// let (body, mut sender) = Body::channel(None);
    /// std::thread::spawn(move || {
    ///     for line in 0..1000 {
    ///         writeln!(sender, "{line}")?;
    ///     }
    ///     sender.finish();
    ///     Ok::<_, std::io::Error>(())
    /// });
    /// # drop(body);
    /// ```
    pub fn channel(len: impl Into<Option<u64>>) -> (Self, BodySender) {
        let (inlet, outlet) = pipe::pipe(pipe::WAITING);
        (Self(Kind::Pipe(outlet, len.into())), BodySender::new(inlet))
    }

    /// How many bytes there are; `None` when nobody knows yet.
    pub fn len(&self) -> Option<u64> {
        match &self.0 {
            Kind::Empty => Some(0),
            Kind::Whole(bytes) => Some(bytes.len() as u64),
            Kind::Source(_, len) | Kind::Pipe(_, len) => *len,
            Kind::Filtered(_) => None,
        }
    }

    /// True when there is certainly nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The bytes, if they are all in memory.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Empty => Some(&[]),
            Kind::Whole(bytes) => Some(bytes),
            Kind::Source(..) | Kind::Pipe(..) | Kind::Filtered(_) => None,
        }
    }

    /// The bytes, if they are all in memory.
    pub(crate) fn into_bytes(self) -> Option<Bytes> {
        match self.0 {
            Kind::Empty => Some(Bytes::new()),
            Kind::Whole(bytes) => Some(bytes),
            Kind::Source(..) | Kind::Pipe(..) | Kind::Filtered(_) => None,
        }
    }

    /// What a filter makes of it; how much that is nobody knows.
    pub(crate) fn filtered(self, filter: impl Filter + 'static) -> Self {
        let body = match self.0 {
            Kind::Whole(bytes) => Kind::Source(Box::new(Slices(bytes)), None),
            kind => kind,
        };
        Self(Kind::Filtered(Box::new(Filtered::new(body, Box::new(filter)))))
    }

    /// Bytes in memory that are too long to be queued in one piece become a source of slices.
    pub(crate) fn sliced(self) -> Self {
        match self.0 {
            Kind::Whole(bytes) if bytes.len() > AHEAD => {
                let len = bytes.len() as u64;
                Self(Kind::Source(Box::new(Slices(bytes)), Some(len)))
            }
            kind => Self(kind),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Whole(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Kind::Whole(bytes.into()))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self(Kind::Whole(Bytes::from_static(text.as_bytes())))
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Self(Kind::Whole(Bytes::from_static(bytes)))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.len() {
            Some(len) => write!(f, "Body({len} bytes)"),
            None => f.write_str("Body(..)"),
        }
    }
}
