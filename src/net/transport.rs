//! What a session reads and writes: a stream as it is, or TLS over one.
//!
//! The session lends its worker's buffer to each call, so that an idle connection keeps none.

use std::io::{self, IoSlice};
use std::task::Waker;

use mio::{Registry, Token};

#[cfg(feature = "tls")]
use super::tls::Layer;
use super::{Endpoint, SHORT_READ_DRAINS, SHORT_WRITE_FILLS, Stream};
use crate::error::Result;
#[cfg(feature = "tls")]
use crate::error::{Error, ErrorKind};

#[derive(Debug)]
pub(crate) enum Transport {
    Plain(Stream),
    #[cfg(feature = "tls")]
    Tls(Box<Layer>),
}

/// What an event has told of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// There was none.
    None,
    /// It may have something to read, or room again.
    Ready,
    /// It is to be read up to its end, which may lie behind whatever is there.
    Hangup,
}

/// How far a handshake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handshake {
    /// It waits for the next event.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "nobody shakes hands"))]
    Blocked,
    /// It is done; whether there may be something to read without a further event.
    Done { more: bool },
}

/// What a read has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// So many bytes, at the front of the buffer. `drained`: there is nothing more before the
    /// next event, unless an event since the last read told of the stream's end.
    Data { count: usize, drained: bool },
    /// The peer has finished sending.
    End,
}

/// What has become of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Bytes taken over.
    pub(crate) count: usize,
    /// There is no more room before the next event.
    pub(crate) full: bool,
}

impl Transport {
    /// Bytes to be read at most, but for what the transport needs besides.
    pub(crate) const READ: usize = 64 * 1024;

    /// What the buffers that are lent to it hold. Smaller ones are made up for, at a price.
    pub(crate) const BUFFER: usize = Self::READ + 18 * 1024;

    /// TLS as a server.
    #[cfg(feature = "tls")]
    pub(crate) fn accept(stream: Stream, config: &super::tls::ServerConfig) -> Result<Self> {
        Ok(Self::Tls(Box::new(Layer::accept(stream, config)?)))
    }

    /// TLS as a client of this host.
    #[cfg(feature = "tls")]
    pub(crate) fn connect(
        stream: Stream,
        config: &super::tls::ClientConfig,
        host: &str,
    ) -> Result<Self> {
        Ok(Self::Tls(Box::new(Layer::connect(stream, config, host)?)))
    }

    /// TLS with who is behind a proxy.
    #[cfg(all(feature = "http", feature = "tls"))]
    pub(crate) fn connect_through(
        stream: Stream,
        config: &super::tls::ClientConfig,
        tunnel: &super::Tunnel,
    ) -> Result<Self> {
        Ok(Self::Tls(Box::new(Layer::connect_through(stream, config, tunnel)?)))
    }

    /// Whether what goes out is what was written, and nothing else.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Whether [`handshake`](Self::handshake) comes before everything else.
    pub(crate) fn shakes_hands(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            #[cfg(feature = "tls")]
            Self::Tls(layer) => layer.is_handshaking(),
        }
    }

    /// Has the handshake begin with bytes that were read from the stream already. Gives them back
    /// where there is none.
    #[cfg_attr(not(feature = "tls"), expect(clippy::needless_pass_by_ref_mut))]
    pub(crate) fn begin_with(&mut self, early: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Plain(_) => early,
            #[cfg(feature = "tls")]
            Self::Tls(layer) => {
                layer.begin_with(early);
                Vec::new()
            }
        }
    }

    /// Goes on with the handshake, first without any news, then at every event until it is done.
    #[cfg_attr(
        not(feature = "tls"),
        expect(unused_variables, clippy::needless_pass_by_ref_mut, reason = "what TLS needs")
    )]
    pub(crate) fn handshake(&mut self, buffer: &mut [u8], news: News) -> io::Result<Handshake> {
        match self {
            Self::Plain(_) => Ok(Handshake::Done { more: true }),
            #[cfg(feature = "tls")]
            Self::Tls(layer) => layer.handshake(buffer, news),
        }
    }

    /// Reads at most `most` bytes to the front of the buffer, all of which may be overwritten.
    pub(crate) fn read(&mut self, buffer: &mut [u8], most: usize) -> io::Result<Received> {
        match self {
            Self::Plain(stream) => {
                let most = most.min(buffer.len()).min(Self::READ);
                Ok(match stream.read(&mut buffer[..most])? {
                    0 => Received::End,
                    count => Received::Data { count, drained: SHORT_READ_DRAINS && count < most },
                })
            }
            #[cfg(feature = "tls")]
            Self::Tls(layer) => layer.read(buffer, most),
        }
    }

    /// Writes as much as there is room for, and what is not [flushed](Self::is_flushed) before it.
    /// The buffer is scratch.
    #[cfg_attr(
        not(feature = "tls"),
        expect(unused_variables, clippy::needless_pass_by_ref_mut, reason = "what TLS needs")
    )]
    pub(crate) fn write(
        &mut self,
        slices: &[IoSlice<'_>],
        offered: usize,
        buffer: &mut [u8],
    ) -> io::Result<Written> {
        match self {
            Self::Plain(stream) => {
                let count = stream.write_vectored(slices)?;
                Ok(Written { count, full: SHORT_WRITE_FILLS && count < offered })
            }
            #[cfg(feature = "tls")]
            Self::Tls(layer) => layer.write(slices, buffer),
        }
    }

    /// Bytes that the transport has taken over and not handed to the system yet: at most one
    /// write's.
    pub(crate) fn held(&self) -> usize {
        match self {
            Self::Plain(_) => 0,
            #[cfg(feature = "tls")]
            Self::Tls(layer) => layer.held(),
        }
    }

    /// Whether the system has got everything, also what the transport has to say of its own. If
    /// not, a write, even of nothing, tries again.
    pub(crate) fn is_flushed(&self) -> bool {
        match self {
            Self::Plain(_) => true,
            #[cfg(feature = "tls")]
            Self::Tls(layer) => layer.is_flushed(),
        }
    }

    /// Says goodbye behind what was written: with TLS `close_notify`, then the stream's own end.
    /// False when that has to wait for room: to be called again when it is flushed.
    pub(crate) fn finish(&mut self) -> io::Result<bool> {
        match self {
            Self::Plain(stream) => stream.shutdown_write().map(|()| true),
            #[cfg(feature = "tls")]
            Self::Tls(layer) => layer.finish(),
        }
    }

    /// Closes at once; what was written and not yet sent is lost.
    pub(crate) fn abort(self) {
        match self {
            Self::Plain(stream) => stream.abort(),
            #[cfg(feature = "tls")]
            Self::Tls(layer) => layer.abort(),
        }
    }

    /// See [`Stream::take_error`].
    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.stream().take_error()
    }

    /// See [`Stream::fails_without_event`].
    pub(crate) fn fails_without_event(&self) -> bool {
        self.stream().fails_without_event()
    }

    /// See [`Stream::local_addr`].
    pub(crate) fn local_addr(&self) -> Option<Endpoint> {
        self.stream().local_addr()
    }

    /// See [`Stream::register`].
    pub(crate) fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        waker: impl FnOnce() -> Waker,
    ) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.register(registry, token, waker),
            #[cfg(feature = "tls")]
            Self::Tls(layer) => layer.stream_mut().register(registry, token, waker),
        }
    }

    /// See [`Stream::may_attach`]. Over TLS no byte that is sent is one of the session's.
    pub(crate) fn may_attach(&self, count: usize, len: usize) -> Result<()> {
        match self {
            Self::Plain(stream) => stream.may_attach(count, len),
            #[cfg(feature = "tls")]
            Self::Tls(_) => {
                let refused = Error::new(ErrorKind::Unsupported, "send descriptors to");
                Err(refused.because("TLS passes bytes only"))
            }
        }
    }

    /// What the handshake has agreed on.
    #[cfg(feature = "tls")]
    pub(crate) fn tls(&self) -> Option<super::tls::Info<'_>> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(layer) => layer.info(),
        }
    }

    /// What lies beneath.
    pub(crate) fn stream(&self) -> &Stream {
        match self {
            Self::Plain(stream) => stream,
            #[cfg(feature = "tls")]
            Self::Tls(layer) => layer.stream(),
        }
    }
}

impl From<Stream> for Transport {
    fn from(stream: Stream) -> Self {
        Self::Plain(stream)
    }
}
