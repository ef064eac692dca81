//! Compressed bodies, unpacked as they come.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

/// Undoes a content coding.
pub(crate) enum Unpack {
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Deflate(Deflate),
}

/// `deflate` is the zlib format (RFC 9110 8.4.1.2), but there are servers that send it bare.
pub(crate) struct Deflate {
    inner: Option<Decompress>,
    /// The first byte, while the second is awaited.
    first: Option<u8>,
    ended: bool,
}

impl Unpack {
    /// For a value of `Content-Encoding`; `None` if it is none that can be undone.
    pub(crate) fn of(coding: &str) -> Option<Self> {
        let is = |name: &str| coding.trim().eq_ignore_ascii_case(name);
        if is("gzip") || is("x-gzip") {
            return Some(Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))));
        }
        is("deflate").then(|| Self::Deflate(Deflate { inner: None, first: None, ended: false }))
    }

    /// Unpacks a piece of at most [`PIECE`] bytes to the end of `out`: so much at most is made at
    /// once of what somebody has packed to be large.
    pub(crate) fn feed(&mut self, piece: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => {
                decoder.write_all(piece)?;
                decoder.flush()?;
                out.append(decoder.get_mut());
                Ok(())
            }
            Self::Deflate(deflate) => deflate.feed(piece, out),
        }
    }

    /// There is no more: the rest of what is unpacked, if that was all.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => {
                decoder.try_finish()?;
                out.append(decoder.get_mut());
                Ok(())
            }
            Self::Deflate(deflate) if deflate.ended => Ok(()),
            Self::Deflate(_) => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Deflate {
    fn feed(&mut self, piece: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        let Some((&next, rest)) = piece.split_first() else { return Ok(()) };
        let first = self.first.take();
        if self.inner.is_none() {
            let Some(first) = first else {
                self.first = Some(next);
                return self.feed(rest, out);
            };
            self.inner = Some(Decompress::new(is_zlib(first, next)));
        }
        let Some(inner) = &mut self.inner else { return Ok(()) };
        for input in [first.as_slice(), piece] {
            self.ended = inflate(inner, input, self.ended, out)?;
        }
        Ok(())
    }
}

/// Whether the stream has ended.
fn inflate(
    inner: &mut Decompress,
    mut input: &[u8],
    mut ended: bool,
    out: &mut Vec<u8>,
) -> io::Result<bool> {
    while !input.is_empty() {
        if ended {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "data behind its end"));
        }
        out.reserve(PIECE);
        let before = (inner.total_in(), inner.total_out());
        let status = inner.decompress_vec(input, out, FlushDecompress::None)?;
        input = &input[(inner.total_in() - before.0) as usize..];
        ended = status == Status::StreamEnd;
        if before == (inner.total_in(), inner.total_out()) && !ended {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    drain(inner, ended, out)
}

/// What is unpacked may wait for room though all input is taken.
fn drain(inner: &mut Decompress, mut ended: bool, out: &mut Vec<u8>) -> io::Result<bool> {
    while !ended {
        out.reserve(PIECE);
        let before = inner.total_out();
        match inner.decompress_vec(&[], out, FlushDecompress::None) {
            Ok(status) => ended = status == Status::StreamEnd,
            Err(error) => return Err(error.into()),
        }
        if before == inner.total_out() {
            break;
        }
    }
    Ok(ended)
}

/// RFC 1950 2.2: the method is 8, and the first two bytes are a multiple of 31.
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

/// What deflate makes of these is half a megabyte at most: it packs 1,032 bytes into one.
pub(crate) const PIECE: usize = 512;

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::Compression;
    use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    #[test]
    fn every_cut_unpacks_the_same() {
        for (coding, packed) in packed(TEXT) {
            for cut in 0..=packed.len() {
                let (head, tail) = packed.split_at(cut);
                let mut unpack = Unpack::of(coding).unwrap();
                let mut out = Vec::new();
                unpack.feed(head, &mut out).unwrap();
                unpack.feed(tail, &mut out).unwrap();
                unpack.finish(&mut out).unwrap();
                assert_eq!(out, TEXT, "{coding} cut at {cut}");
            }
        }
    }

    #[test]
    fn what_is_cut_short_or_goes_on_is_refused() {
        for (coding, packed) in packed(TEXT) {
            for cut in 0..packed.len() {
                let mut unpack = Unpack::of(coding).unwrap();
                let mut out = Vec::new();
                let fed = unpack.feed(&packed[..cut], &mut out);
                let ended = fed.and_then(|()| unpack.finish(&mut out));
                assert!(ended.is_err() || cut == 0, "{coding} cut at {cut}");
            }
            let mut unpack = Unpack::of(coding).unwrap();
            let mut out = Vec::new();
            let fed = unpack.feed(&[&packed[..], b"xyz"].concat(), &mut out);
            assert!(fed.and_then(|()| unpack.finish(&mut out)).is_err(), "{coding}");
        }
    }

    #[test]
    fn a_piece_of_a_bomb_makes_little() {
        let zeroes = vec![0; 8 << 20];
        for (coding, packed) in packed(&zeroes) {
            let mut unpack = Unpack::of(coding).unwrap();
            let (mut out, mut whole) = (Vec::new(), 0);
            for piece in packed.chunks(PIECE) {
                out.clear();
                unpack.feed(piece, &mut out).unwrap();
                assert!(out.len() < 1 << 20, "{coding}: {}", out.len());
                whole += out.len();
            }
            out.clear();
            unpack.finish(&mut out).unwrap();
            assert_eq!(whole + out.len(), zeroes.len(), "{coding}");
        }
    }

    #[test]
    fn other_codings_are_left_alone() {
        for coding in ["br", "identity", "gzip, gzip", ""] {
            assert!(Unpack::of(coding).is_none(), "{coding}");
        }
    }

    const TEXT: &[u8] = b"one two three one two three one two three, and something else";

    fn packed(data: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let read = |mut from: Box<dyn Read + '_>| {
            let mut packed = Vec::new();
            from.read_to_end(&mut packed).unwrap();
            packed
        };
        let best = Compression::best();
        vec![
            ("gzip", read(Box::new(GzEncoder::new(data, best)))),
            ("X-GZIP", read(Box::new(GzEncoder::new(data, best)))),
            ("deflate", read(Box::new(ZlibEncoder::new(data, best)))),
            ("deflate", read(Box::new(DeflateEncoder::new(data, best)))),
        ]
    }
}
