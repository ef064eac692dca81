//! What stands before a frame's payload (RFC 6455 5.2).

use super::message::Message;
use super::{Failure, Opcode, Role, Rules};

/// What stands before a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The message ends with this frame.
    pub(crate) fin: bool,
    /// RSV1: the message that begins with this frame is compressed (RFC 7692 6).
    pub(crate) compressed: bool,
    pub(crate) opcode: Opcode,
    pub(crate) len: u64,
    pub(crate) mask: Option<[u8; 4]>,
}

impl Head {
    /// The longest.
    pub(crate) const MAX: usize = 14;

    /// The head at the beginning of the data, and its length, once all of it is there. What is wrong
    /// is found with its first byte.
    ///
    /// `begun` is the message that is not at its end.
    #[inline(always)]
    pub(super) fn parse(
        data: &[u8],
        rules: &Rules,
        begun: Option<&Message>,
    ) -> Result<Option<(Self, usize)>, Failure> {
        let Some(&first) = data.first() else { return Ok(None) };
        let opcode = check_first(first, rules, begun)?;
        let Some(&second) = data.get(1) else { return Ok(None) };
        check_second(second, rules, opcode)?;
        let Some((len, at)) = length(data, second & 0x7F)? else { return Ok(None) };
        if !opcode.is_control() {
            check_length(len, rules, begun, first & RSV1 != 0)?;
        }
        let (mask, end) = if second & MASKED == 0 {
            (None, at)
        } else {
            let Some((mask, _)) = data[at..].split_first_chunk() else { return Ok(None) };
            (Some(*mask), at + 4)
        };
        let (fin, compressed) = (first & FIN != 0, first & RSV1 != 0);
        Ok(Some((Self { fin, compressed, opcode, len, mask }, end)))
    }

    /// Appends it.
    #[inline(always)]
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let first = bit(self.fin, FIN) | bit(self.compressed, RSV1) | self.opcode as u8;
        let masked = bit(self.mask.is_some(), MASKED);
        // What fits is the shortest form, as it has to be.
        if let Ok(len @ 0..=125) = u8::try_from(self.len) {
            out.extend_from_slice(&[first, masked | len]);
        } else if let Ok(len) = u16::try_from(self.len) {
            out.extend_from_slice(&[first, masked | 126]);
            out.extend_from_slice(&len.to_be_bytes());
        } else {
            out.extend_from_slice(&[first, masked | 127]);
            out.extend_from_slice(&self.len.to_be_bytes());
        }
        if let Some(mask) = self.mask {
            out.extend_from_slice(&mask);
        }
    }
}

#[inline(always)]
fn check_first(first: u8, rules: &Rules, begun: Option<&Message>) -> Result<Opcode, Failure> {
    if first & RSV23 != 0 {
        return Err(Failure::protocol("a frame with a reserved bit"));
    }
    let Some(opcode) = Opcode::of(first) else {
        return Err(Failure::protocol("a frame of a reserved kind"));
    };
    if opcode.is_control() {
        if first & FIN == 0 {
            return Err(Failure::protocol("a control frame in fragments"));
        }
    } else if (opcode == Opcode::Continuation) != begun.is_some() {
        return Err(Failure::protocol(match begun {
            Some(_) => "a message inside of another",
            None => "a fragment of no message",
        }));
    }
    // RFC 7692 6.1: it stands on the first frame of a message.
    let may_be_compressed = rules.deflate && matches!(opcode, Opcode::Text | Opcode::Binary);
    if first & RSV1 != 0 && !may_be_compressed {
        return Err(Failure::protocol("a frame with a reserved bit"));
    }
    Ok(opcode)
}

#[inline(always)]
fn check_second(second: u8, rules: &Rules, opcode: Opcode) -> Result<(), Failure> {
    // RFC 6455 5.1.
    match (rules.role, second & MASKED != 0) {
        (Role::Server, false) => return Err(Failure::protocol("a frame without a mask")),
        (Role::Client, true) => return Err(Failure::protocol("a frame with a mask")),
        _ => {}
    }
    if opcode.is_control() && second & 0x7F > 125 {
        return Err(Failure::protocol("a control frame of more than 125 bytes"));
    }
    Ok(())
}

/// The payload's length, and where it ends; `short` is what the second byte says.
#[inline(always)]
fn length(data: &[u8], short: u8) -> Result<Option<(u64, usize)>, Failure> {
    match short {
        126 => middle_length(data),
        127 => long_length(data),
        len => Ok(Some((len.into(), 2))),
    }
}

fn middle_length(data: &[u8]) -> Result<Option<(u64, usize)>, Failure> {
    match data.get(2..4) {
        Some(&[0, ..=125]) => Err(Failure::protocol(NOT_SHORT)),
        Some(&[high, low]) => Ok(Some((u16::from_be_bytes([high, low]).into(), 4))),
        _ => Ok(None),
    }
}

fn long_length(data: &[u8]) -> Result<Option<(u64, usize)>, Failure> {
    let bytes = data.get(2..).unwrap_or_default();
    if bytes.first().is_some_and(|&byte| byte > 0x7F) {
        return Err(Failure::protocol("a frame of 2^63 bytes or more"));
    }
    if bytes.first_chunk() == Some(&[0; 6]) {
        return Err(Failure::protocol(NOT_SHORT));
    }
    Ok(bytes.first_chunk().map(|&len| (u64::from_be_bytes(len), 10)))
}

/// A message that cannot become short enough is too long now. How long a compressed one becomes is
/// not known before it is inflated.
#[inline(always)]
fn check_length(
    len: u64,
    rules: &Rules,
    begun: Option<&Message>,
    compressed: bool,
) -> Result<(), Failure> {
    if len > rules.max_frame as u64 {
        return Err(Failure::too_big(rules.max_frame));
    }
    let compressed = begun.map_or(compressed, Message::is_compressed);
    let before = begun.map_or(0, Message::len);
    // Neither is 2^63.
    if !compressed && before.saturating_add(len) > rules.max_message as u64 {
        return Err(Failure::too_big(rules.max_message));
    }
    Ok(())
}

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV23: u8 = 0x30;
const MASKED: u8 = 0x80;

const NOT_SHORT: &str = "a length that is not in its shortest form";
