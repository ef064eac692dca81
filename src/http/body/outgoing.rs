//! A body that is being sent, piece by piece as the peer takes it.

use bytes::Bytes;

use super::Kind;
use super::pipe::Taken;
use crate::codec::http::{Fields, Length, chunk_head, last_chunk};
use crate::error::{Error, ErrorKind};
use crate::session::Session;

/// What is left of a body, behind a head that has said how it is framed.
pub(crate) struct Outgoing {
    body: Kind,
    framing: Framing,
}

enum Framing {
    /// So many bytes are left of those that the head has announced.
    Left(u64),
    Chunks,
    /// The connection's end is the body's.
    UntilEnd,
}

/// How far a body is.
pub(crate) enum Progress {
    /// There is more: when the peer has taken some, or when the session is woken.
    More,
    /// It is queued as a whole.
    Done,
    /// The rest will not come: the peer must not take what it has for all.
    Failed(Error),
}

impl Outgoing {
    pub(crate) fn new(session: &Session<'_>, body: Kind, length: Length) -> Self {
        body.wakes(session);
        let framing = match length {
            Length::Exactly(left) => Framing::Left(left),
            Length::Chunked => Framing::Chunks,
            Length::None | Length::UntilEnd => Framing::UntilEnd,
        };
        Self { body, framing }
    }

    /// The peer waits for its end.
    pub(crate) fn may_end(&self) -> bool {
        !matches!(&self.body, Kind::Pipe(outlet, _) if outlet.is_endless())
    }

    /// Ends a body that would go on for ever.
    pub(crate) fn stop(&self, session: &mut Session<'_>) {
        if let Framing::Chunks = self.framing {
            session.compose(|out| last_chunk(out, &Fields::new()));
        }
    }

    /// Queues more, as much as a slow peer shall find queued.
    pub(crate) fn go_on(&mut self, session: &mut Session<'_>) -> Progress {
        let most = session.high_mark().min(AHEAD);
        for _ in 0..PIECES {
            if session.queued() >= most || !session.is_open() {
                return Progress::More;
            }
            match self.next(session) {
                Taken::Data(data) => self.send(session, data),
                Taken::Nothing => return Progress::More,
                Taken::End(trailers) => return self.end(session, &trailers),
                Taken::Failed(error) => return Progress::Failed(error),
            }
        }
        session.waker().wake();
        Progress::More
    }

    fn next(&mut self, session: &mut Session<'_>) -> Taken {
        if let Framing::Left(0) = self.framing {
            return Taken::End(Fields::new());
        }
        self.body.next(session)
    }

    fn send(&mut self, session: &mut Session<'_>, mut data: Bytes) {
        match &mut self.framing {
            Framing::UntilEnd => session.compose_shared(data),
            Framing::Left(left) => {
                // More than was announced would be taken for the next message.
                data.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= data.len() as u64;
                session.compose_shared(data);
            }
            // An empty chunk would be the last one.
            Framing::Chunks if data.is_empty() => {}
            Framing::Chunks => {
                session.compose(|out| chunk_head(out, data.len() as u64));
                session.compose_shared(data);
                session.compose(|out| out.extend_from_slice(b"\r\n"));
            }
        }
    }

    fn end(&self, session: &mut Session<'_>, trailers: &Fields) -> Progress {
        match self.framing {
            Framing::Left(0) | Framing::UntilEnd => {}
            Framing::Chunks => session.compose(|out| last_chunk(out, trailers)),
            Framing::Left(left) => {
                let short = Error::new(ErrorKind::Closed, "send a body");
                let short = short.because(format_args!("it ended {left} bytes too early"));
                return Progress::Failed(short);
            }
        }
        Progress::Done
    }
}

impl Kind {
    /// Has the session woken when there is more.
    fn wakes(&self, session: &Session<'_>) {
        match self {
            Self::Pipe(outlet, _) => outlet.wakes(session.waker()),
            Self::Filtered(filtered) => filtered.body().wakes(session),
            Self::Empty | Self::Whole(_) | Self::Source(..) => {}
        }
    }

    /// What is next of what is not in memory as a whole.
    pub(super) fn next(&mut self, session: &mut Session<'_>) -> Taken {
        match self {
            Self::Pipe(outlet, _) => outlet.take(),
            Self::Filtered(filtered) => filtered.next(session),
            Self::Source(source, _) => {
                match session.fenced("read a body", |_| source.next(SLICE)) {
                    Some(Ok(Some(data))) => Taken::Data(data),
                    Some(Ok(None)) => Taken::End(Fields::new()),
                    Some(Err(error)) => Taken::Failed(Error::io("read a body", error)),
                    None => Taken::Failed(Error::new(ErrorKind::Panicked, "read a body")),
                }
            }
            Self::Empty | Self::Whole(_) => Taken::End(Fields::new()),
        }
    }
}

/// Bodies up to this go with their head in one piece.
pub(crate) const COPY: usize = 1024;

/// Pieces that are asked for before other sessions have their turn: a source may have many small ones,
/// or none with anything in it.
const PIECES: usize = 256;

/// Bytes that are asked of a source at once.
const SLICE: usize = 64 << 10;

/// Bytes of a body that are queued ahead of what the peer takes. A body in memory that is not longer
/// goes as one piece, with its head in one `writev`.
pub(super) const AHEAD: usize = 256 << 10;
