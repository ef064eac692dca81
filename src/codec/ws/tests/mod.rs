//! Frames through the codec.

mod compressed;
mod heads;
mod kept;
mod masks;
mod properties;
mod reader;
mod refused;
mod utf8;

use self::reader::{Heard, Seen, read};
use super::parse::Decoder;
use super::{Event, Failure, Head, Kind, Opcode, Role};

/// Appends a frame as the peer of `role` sends it.
fn frame(out: &mut Vec<u8>, role: Role, (fin, opcode): (bool, Opcode), payload: &[u8]) {
    let mask = (role == Role::Server).then_some([0x37, 0xFA, 0x21, payload.len() as u8]);
    Head { fin, compressed: false, opcode, len: payload.len() as u64, mask }.write(out);
    let start = out.len();
    out.extend_from_slice(payload);
    super::mask(&mut out[start..], mask.unwrap_or_default(), 0);
}
