//! Content codings (RFC 9110 8.4.1), of which flate2 does the deflating.

use std::cell::RefCell;
use std::io;

use bytes::Bytes;
use flate2::{Compression, Crc, FlushCompress, Status};

use crate::http::body::Filter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// Which is the zlib format (RFC 9110 8.4.1.2).
    Deflate,
}

impl Coding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }
}

pub(super) struct Encoder {
    deflate: Deflate,
    gzip: Option<Crc>,
    /// The client can read each piece when it has it.
    each: bool,
    begun: bool,
}

impl Encoder {
    pub(super) fn new(coding: Coding, level: u32, each: bool) -> Self {
        let gzip = coding == Coding::Gzip;
        let deflate = Deflate::take(level, !gzip);
        Self { deflate, gzip: gzip.then(Crc::new), each, begun: false }
    }

    /// All of it at once.
    pub(super) fn whole(mut self, data: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(data.len() / 2);
        self.add(data, FlushCompress::Finish, &mut out)?;
        self.deflate.give_back();
        Ok(out)
    }

    fn add(&mut self, data: &[u8], flush: FlushCompress, out: &mut Vec<u8>) -> io::Result<()> {
        if let Some(crc) = &mut self.gzip {
            if !self.begun {
                out.extend_from_slice(&GZIP);
            }
            crc.update(data);
        }
        self.begun = true;
        self.deflate.run(data, flush, out)?;
        if let (Some(crc), FlushCompress::Finish) = (&self.gzip, flush) {
            out.extend_from_slice(&crc.sum().to_le_bytes());
            out.extend_from_slice(&crc.amount().to_le_bytes());
        }
        Ok(())
    }
}

impl Filter for Encoder {
    fn piece(&mut self, piece: &[u8]) -> io::Result<Bytes> {
        let flush = if self.each { FlushCompress::Sync } else { FlushCompress::None };
        let mut out = Vec::new();
        self.add(piece, flush, &mut out)?;
        Ok(out.into())
    }

    fn end(&mut self) -> io::Result<Bytes> {
        let mut out = Vec::new();
        self.add(&[], FlushCompress::Finish, &mut out)?;
        Ok(out.into())
    }
}

/// A compressor, of which each thread keeps one of either format: it has over 300 KiB, which take
/// longer to get than a short text to be compressed.
struct Deflate {
    inner: flate2::Compress,
    level: u32,
    zlib: bool,
}

thread_local! {
    static KEPT: RefCell<[Option<Deflate>; 2]> = const { RefCell::new([None, None]) };
}

impl Deflate {
    fn take(level: u32, zlib: bool) -> Self {
        let kept = KEPT.with_borrow_mut(|kept| kept[usize::from(zlib)].take());
        kept.filter(|kept| kept.level == level).unwrap_or_else(|| Self {
            inner: flate2::Compress::new(Compression::new(level), zlib),
            level,
            zlib,
        })
    }

    fn give_back(mut self) {
        self.inner.reset();
        let format = usize::from(self.zlib);
        KEPT.with_borrow_mut(|kept| kept[format] = Some(self));
    }

    fn run(&mut self, mut data: &[u8], flush: FlushCompress, out: &mut Vec<u8>) -> io::Result<()> {
        loop {
            out.reserve(ROOM);
            let before = (self.inner.total_in(), out.len());
            let status = self.inner.compress_vec(data, out, flush)?;
            data = &data[(self.inner.total_in() - before.0) as usize..];
            // With room left, all that it was to write is written.
            let is_done = match flush {
                FlushCompress::Finish => status == Status::StreamEnd,
                _ => data.is_empty() && out.len() < out.capacity(),
            };
            if is_done {
                return Ok(());
            }
            if before == (self.inner.total_in(), out.len()) {
                return Err(io::Error::other("the compressor is stuck"));
            }
        }
    }
}

/// RFC 1952 2.3: deflated, without a name or time, by nobody says which system.
const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Bytes that are made at once.
const ROOM: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::{GzDecoder, ZlibDecoder};
    use proptest::prelude::*;

    use super::*;

    fn decoded(coding: Coding, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match coding {
            Coding::Gzip => GzDecoder::new(data).read_to_end(&mut out).unwrap(),
            Coding::Deflate => ZlibDecoder::new(data).read_to_end(&mut out).unwrap(),
        };
        out
    }

    fn any_coding() -> impl Strategy<Value = Coding> {
        prop_oneof![Just(Coding::Gzip), Just(Coding::Deflate)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_goes_in_comes_out(
            pieces in proptest::collection::vec(proptest::collection::vec(0_u8..20, 0..9_000), 0..4),
            coding in any_coding(),
            level in 1_u32..10,
            each: bool,
        ) {
            let whole = pieces.concat();
            let at_once = Encoder::new(coding, level, each).whole(&whole).unwrap();
            prop_assert_eq!(decoded(coding, &at_once), &whole[..]);
            let mut encoder = Encoder::new(coding, level, each);
            let mut made = Vec::new();
            for piece in &pieces {
                made.extend_from_slice(&encoder.piece(piece).unwrap());
            }
            made.extend_from_slice(&encoder.end().unwrap());
            prop_assert_eq!(decoded(coding, &made), &whole[..]);
        }
    }

    #[test]
    fn each_piece_can_be_read_when_it_is_there() {
        for coding in [Coding::Gzip, Coding::Deflate] {
            let mut encoder = Encoder::new(coding, 6, true);
            let mut made = Vec::new();
            for (count, piece) in ["data: 1\n\n", "data: 2\n\n"].into_iter().enumerate() {
                made.extend_from_slice(&encoder.piece(piece.as_bytes()).unwrap());
                let mut seen = vec![0; 9 * (count + 1)];
                match coding {
                    Coding::Gzip => GzDecoder::new(&*made).read_exact(&mut seen).unwrap(),
                    Coding::Deflate => ZlibDecoder::new(&*made).read_exact(&mut seen).unwrap(),
                }
                assert!(seen.ends_with(piece.as_bytes()));
            }
        }
    }
}
