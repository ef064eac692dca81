//! How a client and a server come to an agreement (RFC 7692 7.1).

use std::fmt::Write as _;

use super::parameters::{Bits, NO_BITS, Objection, Parameters};
use super::{Deflate, Extension, NAME, Settings};

/// What a server agrees to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    pub(crate) deflate: Deflate,
    /// For the field `Sec-WebSocket-Extensions` of its answer.
    pub(crate) answer: String,
}

/// The first of the offers that can be agreed to. Others are declined by not being answered
/// (RFC 7692 7): those of other extensions, and those that are malformed.
pub(crate) fn agree(offers: &[Extension<'_>], settings: &Settings) -> Option<Agreement> {
    let offers = offers.iter().filter(|offer| offer.name == NAME);
    let offer = offers.filter_map(|offer| Parameters::parse(offer).ok()).next()?;
    let (server_bits, client_bits) = settings.bits();
    let server_bits = server_bits.min(offer.server_max_window_bits.unwrap_or(15));
    let client_bits = match offer.client_max_window_bits {
        // It cannot be asked for less.
        None => 15,
        Some(Bits::Any) => client_bits,
        Some(Bits::AtMost(most)) => client_bits.min(most),
    };
    let deflate = Deflate {
        server_takeover: settings.server_takeover && !offer.server_no_context_takeover,
        client_takeover: settings.client_takeover && !offer.client_no_context_takeover,
        server_bits,
        client_bits,
    };
    let said = Parameters {
        server_no_context_takeover: !deflate.server_takeover,
        client_no_context_takeover: !deflate.client_takeover,
        server_max_window_bits: offer
            .server_max_window_bits
            .map(|_| server_bits)
            .or_else(|| less(server_bits)),
        client_max_window_bits: less(client_bits).map(Bits::AtMost),
    };
    Some(Agreement { deflate, answer: write(&said) })
}

/// What a client offers, for the field `Sec-WebSocket-Extensions` of its request.
pub(crate) fn offer(settings: &Settings) -> String {
    let (server_bits, client_bits) = settings.bits();
    write(&Parameters {
        server_no_context_takeover: !settings.server_takeover,
        client_no_context_takeover: !settings.client_takeover,
        server_max_window_bits: less(server_bits),
        client_max_window_bits: Some(less(client_bits).map_or(Bits::Any, Bits::AtMost)),
    })
}

/// What a client makes of the extensions in a server's answer; `None` if its offer is declined.
/// `settings` are those it has [offered](offer), if any.
///
/// # Errors
///
/// Why the handshake has to fail (RFC 6455 4.1, RFC 7692 7.1), in words that end the sentence "the peer
/// has sent ..".
pub(crate) fn check(
    answer: &[Extension<'_>],
    settings: Option<&Settings>,
) -> Result<Option<Deflate>, Objection> {
    let [first, others @ ..] = answer else { return Ok(None) };
    let Some(settings) = settings.filter(|_| answer.iter().all(|each| each.name == NAME)) else {
        return Err("an extension that was not offered");
    };
    if !others.is_empty() {
        return Err("permessage-deflate twice");
    }
    let answer = Parameters::parse(first)?;
    let (server_bits, client_bits) = settings.bits();
    let most = match answer.client_max_window_bits {
        None => 15,
        Some(Bits::AtMost(most)) => most,
        Some(Bits::Any) => return Err(NO_BITS),
    };
    if !settings.server_takeover && !answer.server_no_context_takeover {
        return Err("permessage-deflate without the server_no_context_takeover that was asked for");
    }
    if answer.server_max_window_bits.unwrap_or(15) > server_bits {
        return Err("permessage-deflate with more server_max_window_bits than were asked for");
    }
    Ok(Some(Deflate {
        server_takeover: !answer.server_no_context_takeover,
        client_takeover: settings.client_takeover && !answer.client_no_context_takeover,
        server_bits: answer.server_max_window_bits.unwrap_or(15),
        client_bits: client_bits.min(most),
    }))
}

fn write(parameters: &Parameters) -> String {
    let mut text = String::from(NAME);
    if parameters.server_no_context_takeover {
        text.push_str("; server_no_context_takeover");
    }
    if parameters.client_no_context_takeover {
        text.push_str("; client_no_context_takeover");
    }
    // To write to a string does not fail.
    if let Some(bits) = parameters.server_max_window_bits {
        let _ = write!(text, "; server_max_window_bits={bits}");
    }
    match parameters.client_max_window_bits {
        Some(Bits::Any) => text.push_str("; client_max_window_bits"),
        Some(Bits::AtMost(bits)) => drop(write!(text, "; client_max_window_bits={bits}")),
        None => {}
    }
    text
}

/// Bits that need to be said: 15 are those of nobody who says anything.
fn less(bits: u8) -> Option<u8> {
    (bits < 15).then_some(bits)
}
