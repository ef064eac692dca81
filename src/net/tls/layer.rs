//! The record layer: TLS over a stream, in the buffers of whoever calls.
//!
//! Ciphertext is received into the worker's buffer and decrypted there; what is sent is encrypted
//! into it, four full records at a time, and written with one system call. A connection keeps
//! what is incomplete or could not be sent, and nothing while it is idle. rustls hands each
//! record out in an allocation of its own (its unbuffered interface, 0.23); the copy out of it is
//! what puts the records of one read together, so that a handler is called once for all of them.
//!
//! ```text
//!   reading:  | plaintext, put together ..  | room for one record | ciphertext ..   |
//!   writing:  | four records, to be written at once ..            | a record's pieces |
//! ```

use std::fmt;
use std::io::{self, IoSlice};
use std::mem;

use super::describe::refused;
use super::engine::{Engine, Step};
use super::{ClientConfig, Info, ServerConfig};
use crate::error::{Error, ErrorKind, Result};
#[cfg(feature = "http")]
use crate::net::tunnel::{Passage, Tunnel};
use crate::net::{
    Handshake, News, Received, SHORT_READ_DRAINS, SHORT_WRITE_FILLS, Stream, Transport, Written,
};

/// Plaintext in a record (RFC 8446 5.1).
const RECORD: usize = 1 << 14;

/// Records that are written at once.
const RECORDS: usize = 4;

/// Room for a record of whatever version and cipher: at most 256 bytes more than its plaintext,
/// and the header (RFC 8446 5.2; TLS 1.2 ciphers of rustls add less).
const SEALED: usize = RECORD + 256 + 5;

/// Room in front of the ciphertext.
const HEADROOM: usize = SEALED;

/// What the callers' buffers should hold.
const BUFFER: usize = RECORDS * SEALED + RECORD;

const _: () = assert!(BUFFER <= Transport::BUFFER && HEADROOM < BUFFER);

/// Reads without any data in it that one call makes, before others have their turn.
const READS: usize = 4;

pub(crate) struct Layer {
    stream: Stream,
    engine: Engine,
    /// Ciphertext without its end, and what rustls wants to see again with it.
    cipher: Vec<u8>,
    /// Plaintext that the session had no room for.
    plain: Vec<u8>,
    /// Ciphertext that the system had no room for, or that waits to go with the next data.
    unsent: Vec<u8>,
    /// Bytes of the session's that are in there, at most.
    held: usize,
    /// Plaintext that is encrypted at once.
    batch: usize,
    /// Told when the plaintext before it has been handed out.
    failure: Option<io::Error>,
    /// The peer has said `close_notify`.
    peer_closed: bool,
    /// This side has.
    closed: bool,
    /// Nothing has been done yet.
    fresh: bool,
    /// What comes before the handshake.
    #[cfg(feature = "http")]
    passage: Option<Box<Passage>>,
}

impl Layer {
    /// The server's side of a stream.
    pub(crate) fn accept(stream: Stream, config: &ServerConfig) -> Result<Self> {
        let config = config.current();
        let failed = |error| Error::new(ErrorKind::Tls, "begin to shake hands").caused_by(error);
        let engine = Engine::server(&config).map_err(failed)?;
        Ok(Self::new(stream, engine, config.max_fragment_size))
    }

    /// The client's side of a stream to this host.
    pub(crate) fn connect(stream: Stream, config: &ClientConfig, host: &str) -> Result<Self> {
        let engine = Engine::client(config.rustls(), config.server_name(host)?);
        let failed = |error| Error::new(ErrorKind::Tls, "shake hands with").caused_by(error);
        let engine = engine.map_err(|error| failed(error).on(host))?;
        Ok(Self::new(stream, engine, config.rustls().max_fragment_size))
    }

    fn new(stream: Stream, engine: Engine, fragment: Option<usize>) -> Self {
        Self {
            stream,
            engine,
            cipher: Vec::new(),
            plain: Vec::new(),
            unsent: Vec::new(),
            held: 0,
            batch: batch(fragment),
            failure: None,
            peer_closed: false,
            closed: false,
            fresh: true,
            #[cfg(feature = "http")]
            passage: None,
        }
    }

    /// The client's side of a stream to a proxy, through which it speaks with somebody else.
    #[cfg(feature = "http")]
    pub(crate) fn connect_through(
        stream: Stream,
        config: &ClientConfig,
        tunnel: &Tunnel,
    ) -> Result<Self> {
        let mut layer = Self::connect(stream, config, &tunnel.host)?;
        layer.passage = Some(Box::new(Passage::new(tunnel)));
        Ok(layer)
    }

    /// Whether the handshake may begin: not before the tunnel is there.
    #[cfg(feature = "http")]
    fn has_passed(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let Some(passage) = &mut self.passage else { return Ok(true) };
        let Some(early) = passage.go_on(&mut self.stream, buffer)? else { return Ok(false) };
        self.passage = None;
        self.begin_with(early);
        Ok(true)
    }

    /// Ciphertext that has been read already, before anything else is done.
    pub(crate) fn begin_with(&mut self, early: Vec<u8>) {
        self.cipher = early;
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.engine.is_handshaking()
    }

    /// Goes on with the handshake as far as possible. What this side sends last may still be unsent
    /// when it is done, to go with the first data.
    pub(crate) fn handshake(&mut self, buffer: &mut [u8], news: News) -> io::Result<Handshake> {
        #[cfg(feature = "http")]
        if !self.has_passed(buffer)? {
            return Ok(Handshake::Blocked);
        }
        if mem::replace(&mut self.fresh, false) {
            // A client speaks first, and may have spoken already.
            let early = mem::take(&mut self.cipher);
            let filled = HEADROOM + early.len();
            match buffer.get_mut(HEADROOM..filled) {
                Some(room) => room.copy_from_slice(&early),
                None => return Err(io::ErrorKind::OutOfMemory.into()),
            }
            self.decrypt(buffer, filled, 0);
        }
        let mut drained = news == News::None;
        while self.is_handshaking() {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            self.flush()?;
            if drained {
                return Ok(Handshake::Blocked);
            }
            let filled = match self.fill(buffer) {
                Ok((filled, short)) => {
                    drained = short && news != News::Hangup;
                    filled
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Handshake::Blocked);
                }
                Err(error) => return Err(error),
            };
            self.decrypt(buffer, filled, 0);
        }
        let more = !drained || !self.plain.is_empty() || self.failure.is_some() || self.peer_closed;
        Ok(Handshake::Done { more })
    }

    /// Reads at most `most` bytes to the front of the buffer.
    pub(crate) fn read(&mut self, buffer: &mut [u8], most: usize) -> io::Result<Received> {
        if !self.plain.is_empty() {
            let count = most.min(self.plain.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.plain[..count]);
            self.plain.drain(..count);
            return Ok(Received::Data { count, drained: false });
        }
        self.plain = Vec::new();
        for _ in 0..READS {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if self.peer_closed {
                return Ok(Received::End);
            }
            let (filled, drained) = self.fill(buffer)?;
            let count = self.decrypt(buffer, filled, most);
            let more = !self.plain.is_empty() || self.failure.is_some() || self.peer_closed;
            if count > 0 {
                return Ok(Received::Data { count, drained: drained && !more });
            }
            if drained && !more {
                return Err(io::ErrorKind::WouldBlock.into());
            }
        }
        Ok(Received::Data { count: 0, drained: false })
    }

    /// Writes as much as four records hold, behind what is unsent. Nothing is written behind an alert.
    pub(crate) fn write(
        &mut self,
        slices: &[IoSlice<'_>],
        buffer: &mut [u8],
    ) -> io::Result<Written> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let waits = self.unsent.len() > RECORD || slices.iter().all(|slice| slice.is_empty());
        if waits && !self.flush()? {
            return Ok(Written { count: 0, full: true });
        }
        if buffer.len() < BUFFER {
            // In a turn on the spot, within another session's.
            return self.write(slices, &mut vec![0; BUFFER]);
        }
        let (sealed, pieces) = buffer.split_at_mut(RECORDS * SEALED);
        let (count, sealed) = self.seal(slices, sealed, pieces)?;
        let full = self.send(sealed)?;
        self.held = (self.held + count).min(self.unsent.len());
        Ok(Written { count, full })
    }

    pub(crate) fn held(&self) -> usize {
        self.held
    }

    pub(crate) fn is_flushed(&self) -> bool {
        self.unsent.is_empty()
    }

    /// Says `close_notify`, and ends the stream behind it; false when there is no room yet.
    pub(crate) fn finish(&mut self) -> io::Result<bool> {
        if !mem::replace(&mut self.closed, true) && self.failure.is_none() {
            let said = self.engine.close_notify(&mut self.cipher, &mut self.unsent);
            said.map_err(io::Error::other)?;
        }
        if !self.flush()? {
            return Ok(false);
        }
        self.stream.shutdown_write().map(|()| true)
    }

    pub(crate) fn abort(self) {
        self.stream.abort();
    }

    pub(crate) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(crate) fn stream_mut(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// What was agreed on, once it is.
    pub(crate) fn info(&self) -> Option<Info<'_>> {
        Info::new(self.engine.common(), self.engine.server_name())
    }

    /// Receives behind the ciphertext that is there already. Tells where that ends in the buffer,
    /// and whether the stream is drained.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
        let from = HEADROOM + self.cipher.len();
        let room = buffer.get_mut(from..).unwrap_or_default();
        let most = room.len().min(Transport::READ);
        if most == 0 {
            let why = "the peer's message is longer than any should be";
            return Err(failed(rustls::Error::General(why.into())));
        }
        let count = self.stream.read(&mut room[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer[HEADROOM..from].copy_from_slice(&self.cipher);
        self.cipher.clear();
        Ok((from + count, SHORT_READ_DRAINS && count < most))
    }

    /// Decrypts all that is complete between the headroom and `filled`, `most` bytes of it to the
    /// front of the buffer and the rest to where it waits.
    fn decrypt(&mut self, buffer: &mut [u8], filled: usize, most: usize) -> usize {
        let (mut at, mut count) = (HEADROOM, 0);
        while let Some((done, incoming)) = buffer[..filled].split_at_mut_checked(at) {
            let waiting = &mut self.plain;
            let put = |payload: &[u8]| {
                let fits = if waiting.is_empty() { most.min(done.len()) - count } else { 0 };
                let (here, rest) = payload.split_at(payload.len().min(fits));
                done[count..count + here.len()].copy_from_slice(here);
                count += here.len();
                waiting.extend_from_slice(rest);
            };
            let (consumed, step) = self.engine.step(incoming, &mut self.unsent, put);
            at += consumed;
            match step {
                Ok(Step::Again) => {}
                Ok(Step::PeerClosed) => self.peer_closed = true,
                Ok(Step::Starved) => break,
                Err(error) => {
                    self.failure = Some(self.fail(error));
                    return count;
                }
            }
        }
        self.cipher.extend_from_slice(buffer.get(at..filled).unwrap_or_default());
        if self.cipher.is_empty() {
            self.cipher = Vec::new();
        }
        count
    }

    /// Encrypts as much as four records hold into `sealed`. Pieces are gathered, so that all records
    /// but the last are full.
    fn seal<'a>(
        &mut self,
        slices: &[IoSlice<'_>],
        sealed: &'a mut [u8],
        pieces: &mut [u8],
    ) -> io::Result<(usize, &'a [u8])> {
        let (mut count, mut length, mut gathered) = (0, 0, 0);
        for slice in slices {
            let mut rest = &slice[..slice.len().min(self.batch - count)];
            count += rest.len();
            while !rest.is_empty() {
                let whole = if slices.len() == 1 { rest.len() } else { rest.len() & !(RECORD - 1) };
                if gathered == 0 && whole > 0 {
                    length += self.encrypt(&rest[..whole], &mut sealed[length..])?;
                    rest = &rest[whole..];
                    continue;
                }
                let (piece, left) = rest.split_at(rest.len().min(RECORD - gathered));
                pieces[gathered..gathered + piece.len()].copy_from_slice(piece);
                gathered += piece.len();
                rest = left;
                if gathered == RECORD {
                    length += self.encrypt(&pieces[..RECORD], &mut sealed[length..])?;
                    gathered = 0;
                }
            }
        }
        length += self.encrypt(&pieces[..gathered], &mut sealed[length..])?;
        Ok((count, &sealed[..length]))
    }

    fn encrypt(&mut self, data: &[u8], sealed: &mut [u8]) -> io::Result<usize> {
        if data.is_empty() {
            return Ok(0);
        }
        let sealed = self.engine.encrypt(data, &mut self.cipher, &mut self.unsent, sealed);
        sealed.map_err(failed)
    }

    /// Writes what is unsent and then this, and keeps what there is no room for; true when the
    /// stream is full.
    fn send(&mut self, sealed: &[u8]) -> io::Result<bool> {
        let before = self.unsent.len();
        if before + sealed.len() == 0 {
            return Ok(false);
        }
        let slices = [IoSlice::new(&self.unsent), IoSlice::new(sealed)];
        let outcome = self.stream.write_vectored(if before == 0 { &slices[1..] } else { &slices });
        let (written, blocked) = match outcome {
            Ok(written) => (written, false),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => (0, true),
            Err(error) => return Err(error),
        };
        self.unsent.drain(..written.min(before));
        self.unsent.extend_from_slice(&sealed[written.saturating_sub(before)..]);
        if self.unsent.is_empty() {
            self.unsent = Vec::new();
        }
        self.held = self.held.min(self.unsent.len());
        Ok(blocked || (SHORT_WRITE_FILLS && !self.unsent.is_empty()))
    }

    /// Writes what is unsent; false when there is no room for all of it.
    fn flush(&mut self) -> io::Result<bool> {
        while !self.unsent.is_empty() {
            if self.send(&[])? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The alert is sent, if it can be, and nothing behind it.
    fn fail(&mut self, error: rustls::Error) -> io::Error {
        self.closed = true;
        if self.flush().is_ok() {
            let _ = self.stream.shutdown_write();
        }
        failed(error)
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer").field("stream", &self.stream).finish_non_exhaustive()
    }
}

/// What of records this long fits into [`RECORDS`] full ones. The size is rustls': with the header.
fn batch(fragment: Option<usize>) -> usize {
    let record = fragment.map_or(RECORD, |size| size.saturating_sub(5).clamp(1, RECORD));
    RECORDS * SEALED / (record + SEALED - RECORD) * record
}

/// What a session recognises as a failure of TLS, and gives as its reason.
fn failed(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, refused("speak TLS", error))
}
