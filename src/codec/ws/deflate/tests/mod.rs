//! Messages and agreements.

mod corrupt;
mod examples;
mod limits;
mod negotiation;
mod offers;
mod round_trips;

use super::{Extension, Inflater, Settings, extensions};
use crate::codec::ws::Failure;
use crate::codec::ws::Inflate;

/// A whole message, inflated.
fn inflate(inflater: &mut Inflater, message: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    inflater.inflate(message, true, usize::MAX, &mut out)?;
    Ok(out)
}

/// What a field says; it is well-formed.
fn list(field: &str) -> Vec<Extension<'_>> {
    extensions([field.as_bytes()].into_iter()).expect("it is well-formed")
}

/// Of who takes everything.
fn settings() -> Settings {
    Settings { server_takeover: true, ..Settings::default() }
}
