//! Frames as the RFC has them, written and read without the library's help.

use std::fmt;

/// What a server has sent.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// FIN, RSV1 to RSV3, and the opcode.
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;

/// What clients of the tests mask with. Not of equal bytes, so that its phase matters.
pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

impl Frame {
    pub(crate) fn new(first: u8, payload: impl AsRef<[u8]>) -> Self {
        Self { first, payload: payload.as_ref().into() }
    }

    pub(crate) fn text(text: impl AsRef<[u8]>) -> Self {
        Self::new(FIN | TEXT, text)
    }

    pub(crate) fn binary(data: impl AsRef<[u8]>) -> Self {
        Self::new(FIN | BINARY, data)
    }

    pub(crate) fn ping(data: impl AsRef<[u8]>) -> Self {
        Self::new(FIN | PING, data)
    }

    pub(crate) fn pong(data: impl AsRef<[u8]>) -> Self {
        Self::new(FIN | PONG, data)
    }

    pub(crate) fn close(code: u16, reason: impl AsRef<[u8]>) -> Self {
        Self::new(FIN | CLOSE, [&code.to_be_bytes(), reason.as_ref()].concat())
    }

    /// Without a code.
    pub(crate) fn bare_close() -> Self {
        Self::new(FIN | CLOSE, [])
    }

    /// The code and words of a close.
    #[track_caller]
    pub(crate) fn closes_with(&self) -> (u16, &str) {
        assert_eq!(self.first, FIN | CLOSE, "no close: {self:?}");
        let (code, reason) = self.payload.split_first_chunk().expect("a code");
        (u16::from_be_bytes(*code), std::str::from_utf8(reason).unwrap())
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.first & RSV1 != 0
    }

    /// As a client sends it.
    pub(crate) fn masked(&self) -> Vec<u8> {
        masked(self.first, &self.payload)
    }

    /// The frame that `data` begins with, if all of it is there; `data` is advanced. A server must
    /// have written it as it has to.
    #[track_caller]
    pub(crate) fn take(data: &mut &[u8]) -> Option<Self> {
        let (&[first, second], _) = data.split_first_chunk()?;
        assert_eq!(second & 0x80, 0, "a server does not mask");
        let (start, len) = match second {
            126 => {
                let len = u16::from_be_bytes(*data.get(2..)?.first_chunk()?);
                assert!(len > 125, "not the shortest form of {len}");
                (4, u64::from(len))
            }
            127 => {
                let len = u64::from_be_bytes(*data.get(2..)?.first_chunk()?);
                assert!(len > 0xFFFF && len < 1 << 63, "not the shortest form of {len}");
                (10, len)
            }
            len => (2, u64::from(len)),
        };
        let end = start + usize::try_from(len).unwrap();
        let payload = data.get(start..end)?.to_vec();
        *data = &data[end..];
        let control = first & 0x8 != 0;
        assert!(!control || (first & FIN != 0 && payload.len() <= 125), "no control frame");
        Some(Self { first, payload })
    }

    /// All of them, with nothing behind the last.
    #[track_caller]
    pub(crate) fn all(data: impl AsRef<[u8]>) -> Vec<Self> {
        let mut rest = data.as_ref();
        let frames = std::iter::from_fn(|| Self::take(&mut rest)).collect();
        assert!(rest.is_empty(), "{} bytes of an incomplete frame", rest.len());
        frames
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.payload[..self.payload.len().min(80)];
        write!(f, "{:02x} {} {}", self.first, self.payload.len(), shown.escape_ascii())
    }
}

/// A client's frame.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len();
    let mut bytes = match len {
        ..126 => vec![first, 0x80 | len as u8],
        126..0x1_0000 => [&[first, 0xFE][..], &(len as u16).to_be_bytes()].concat(),
        _ => [&[first, 0xFF][..], &(len as u64).to_be_bytes()].concat(),
    };
    bytes.extend(KEY);
    bytes.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// Clients' frames behind each other.
pub(crate) fn all_masked(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(Frame::masked).collect()
}

/// The message in so many frames.
pub(crate) fn fragmented(opcode: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let last = pieces.len() - 1;
    let frame = |(at, piece): (usize, &&[u8])| {
        let fin = if at == last { FIN } else { 0 };
        masked(fin | if at == 0 { opcode } else { CONTINUATION }, piece)
    };
    pieces.iter().enumerate().flat_map(frame).collect()
}
