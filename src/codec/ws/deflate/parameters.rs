//! The extension's parameters (RFC 7692 7.1).

use super::Extension;

/// What an offer or an answer says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_max_window_bits: Option<u8>,
    pub(super) client_max_window_bits: Option<Bits>,
}

/// What is said of how far back a client's messages refer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bits {
    /// That the server may choose (RFC 7692 7.1.2.2), in an offer only.
    Any,
    AtMost(u8),
}

/// Why parameters are not to be accepted, in words that end the sentence "the peer has sent ..".
pub(super) type Objection = &'static str;

impl Parameters {
    pub(super) fn parse(extension: &Extension<'_>) -> Result<Self, Objection> {
        let mut parsed = Self::default();
        for (name, value) in &extension.parameters {
            parsed.add(name, value.as_deref())?;
        }
        Ok(parsed)
    }

    fn add(&mut self, name: &str, value: Option<&str>) -> Result<(), Objection> {
        match name {
            "server_no_context_takeover" => flag(&mut self.server_no_context_takeover, value),
            "client_no_context_takeover" => flag(&mut self.client_no_context_takeover, value),
            "server_max_window_bits" => {
                let bits = value.ok_or(NO_BITS).and_then(bits)?;
                once(&mut self.server_max_window_bits, bits)
            }
            "client_max_window_bits" => {
                let bits = value.map_or(Ok(Bits::Any), |value| bits(value).map(Bits::AtMost))?;
                once(&mut self.client_max_window_bits, bits)
            }
            _ => Err("permessage-deflate with a parameter that it has not"),
        }
    }
}

fn flag(flag: &mut bool, value: Option<&str>) -> Result<(), Objection> {
    if value.is_some() {
        return Err("permessage-deflate with a value for a parameter that has none");
    }
    if std::mem::replace(flag, true) { Err(TWICE) } else { Ok(()) }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Objection> {
    if place.replace(value).is_some() { Err(TWICE) } else { Ok(()) }
}

/// RFC 7692 7.1.2.1: 8 to 15, without leading zeros.
fn bits(value: &str) -> Result<u8, Objection> {
    match value.as_bytes() {
        [digit @ b'8'..=b'9'] => Ok(digit - b'0'),
        [b'1', digit @ b'0'..=b'5'] => Ok(10 + digit - b'0'),
        _ => Err("permessage-deflate with window bits that are not 8 to 15"),
    }
}

const TWICE: Objection = "permessage-deflate with the same parameter twice";

pub(super) const NO_BITS: Objection = "permessage-deflate with window bits that have no value";
