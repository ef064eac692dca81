//! What a client makes of the answer (RFC 6455 4.1).

use std::str;

use super::upgrade::only;
use super::{Asked, NAME, accept_key};
use crate::codec::http::{Headers, ResponseHead, Status, Version, syntax};
use crate::codec::ws::deflate::{self, Deflate, extensions};

/// What is spoken from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed<'b> {
    /// One of those that were asked for.
    pub(crate) protocol: Option<&'b str>,
    pub(crate) deflate: Option<Deflate>,
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The server does not want to: its answer is HTTP, with fields and a body.
    Status(Status),
    /// What the server has sent is no answer to a request for WebSocket, in words that end the sentence
    /// "the peer has sent ..".
    Malformed(&'static str),
}

impl<'b> Agreed<'b> {
    /// Reads the head of the answer to what was asked.
    pub(crate) fn check(head: &ResponseHead<'b>, asked: &Asked<'_>) -> Result<Self, Refusal> {
        if head.status != Status::SWITCHING_PROTOCOLS {
            return Err(Refusal::Status(head.status));
        }
        Self::check_fields(head, asked).map_err(Refusal::Malformed)
    }

    fn check_fields(head: &ResponseHead<'b>, asked: &Asked<'_>) -> Result<Self, &'static str> {
        let headers = &head.headers;
        if head.version < Version::Http11 {
            return Err("an answer to a request for WebSocket in HTTP/1.0");
        }
        let mut upgrades = headers.all("Upgrade").flat_map(syntax::elements);
        let first = upgrades.next().is_some_and(|name| name.eq_ignore_ascii_case(NAME.as_bytes()));
        if !first || upgrades.next().is_some() {
            return Err("an answer without Upgrade: websocket");
        }
        if !headers.contains_token("Connection", "upgrade") {
            return Err("an answer without Connection: upgrade");
        }
        let accept = only(headers, "Sec-WebSocket-Accept");
        let accept = accept.map_err(|()| "more than one Sec-WebSocket-Accept")?;
        if accept.ok_or("no Sec-WebSocket-Accept")? != accept_key(asked.key.as_bytes()) {
            return Err("a Sec-WebSocket-Accept that is not for the key");
        }
        let protocol = protocol(headers, asked)?;
        let extensions = extensions(headers.all("Sec-WebSocket-Extensions"))
            .ok_or("a malformed Sec-WebSocket-Extensions")?;
        Ok(Self { protocol, deflate: deflate::check(&extensions, asked.deflate)? })
    }
}

fn protocol<'b>(headers: &Headers<'b>, asked: &Asked<'_>) -> Result<Option<&'b str>, &'static str> {
    let chosen = only(headers, "Sec-WebSocket-Protocol");
    let Some(chosen) = chosen.map_err(|()| "more than one Sec-WebSocket-Protocol")? else {
        return Ok(None);
    };
    let chosen = str::from_utf8(chosen).ok();
    let chosen = chosen.filter(|chosen| asked.protocols.iter().any(|name| name == chosen));
    chosen.map(Some).ok_or("a subprotocol that was not asked for")
}
