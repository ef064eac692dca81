//! What a client asks a server for (RFC 6455 4.2).

use std::str;

use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use super::{NAME, VERSION, accept_key};
use crate::codec::http::{
    Fields, Headers, Method, Rejection, RequestHead, Status, Version, syntax,
};
use crate::codec::ws::deflate::{self, Agreement, Extension, Settings, extensions};

/// A request for WebSocket, as a server reads it.
///
/// ```
/// use sockeye::http::parse::{HeadLimits, RequestHead, Slots};
/// use sockeye::ws::parse::Upgrade;
///
/// // RFC 6455 1.3.
/// let request = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
///     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///     Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n";
/// let mut slots = Slots::new();
/// let parsed = RequestHead::parse(request, &mut slots, &HeadLimits::default()).unwrap();
/// let (head, _) = parsed.expect("the head is complete");
///
/// let upgrade = Upgrade::parse(&head).unwrap();
/// let protocol = upgrade.choose(["superchat", "chat"]);
/// let fields = upgrade.answer(protocol);
/// assert_eq!(fields.str("Sec-WebSocket-Accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
/// assert_eq!(fields.str("Sec-WebSocket-Protocol"), Some("superchat"));
/// ```
#[derive(Clone, Debug)]
pub struct Upgrade<'b> {
    key: &'b [u8],
    origin: Option<&'b str>,
    protocols: Vec<&'b str>,
    extensions: Vec<Extension<'b>>,
}

impl<'b> Upgrade<'b> {
    /// Whether the request asks for WebSocket, well or badly: what is no such request may be meant for
    /// somebody else.
    pub fn is_wanted(headers: &Headers<'_>) -> bool {
        headers.contains_token("Upgrade", NAME)
    }

    /// Reads a request's head, whose `Host` was checked when it was parsed.
    ///
    /// # Errors
    ///
    /// What is wrong, with the status of the answer, which is to have the
    /// [fields](refusal_fields) that go with it.
    pub fn parse(head: &RequestHead<'b>) -> Result<Self, Rejection> {
        check_line(head)?;
        let headers = &head.headers;
        check_version(headers)?;
        let key = only(headers, "Sec-WebSocket-Key")
            .map_err(|()| Rejection::bad("more than one Sec-WebSocket-Key"))?
            .ok_or(Rejection::bad("no Sec-WebSocket-Key"))?;
        if !is_key(key) {
            return Err(Rejection::bad("a Sec-WebSocket-Key that is not 16 bytes in base64"));
        }
        let extensions = extensions(headers.all("Sec-WebSocket-Extensions"))
            .ok_or(Rejection::bad("a malformed Sec-WebSocket-Extensions"))?;
        let (origin, protocols) = (origin(headers)?, protocols(headers)?);
        Ok(Self { key, origin, protocols, extensions })
    }

    /// Where the page is from that asks, as browsers say.
    pub const fn origin(&self) -> Option<&'b str> {
        self.origin
    }

    /// The subprotocols that the client speaks, the one it likes best first.
    pub fn protocols(&self) -> &[&'b str] {
        &self.protocols
    }

    /// The first of these subprotocols that the client speaks.
    pub fn choose<'a>(&self, ours: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        ours.into_iter().find(|ours| self.protocols.contains(ours))
    }

    /// How messages can be compressed.
    pub(crate) fn deflate(&self, settings: &Settings) -> Option<Agreement> {
        deflate::agree(&self.extensions, settings)
    }

    /// The fields of the answer 101, but `Connection: upgrade`; messages are then not compressed. A
    /// subprotocol that the client did not ask for is left out, since it would have to fail then
    /// (RFC 6455 4.1).
    pub fn answer(&self, protocol: Option<&str>) -> Fields {
        self.answer_with(protocol, None)
    }

    /// The same, with what was agreed to of compression.
    pub(crate) fn answer_with(
        &self,
        protocol: Option<&str>,
        agreement: Option<&Agreement>,
    ) -> Fields {
        let mut fields = Fields::new();
        let mut set = |name: &str, value: &[u8]| {
            let set = fields.append(name, value);
            set.expect("tokens, base64 and parameters have no control characters");
        };
        set("Upgrade", NAME.as_bytes());
        set("Sec-WebSocket-Accept", &accept_key(self.key));
        if let Some(protocol) = protocol.filter(|name| self.protocols.contains(name)) {
            set("Sec-WebSocket-Protocol", protocol.as_bytes());
        }
        if let Some(agreement) = agreement {
            set("Sec-WebSocket-Extensions", agreement.answer.as_bytes());
        }
        fields
    }
}

/// The fields that an answer of this status to a request for WebSocket has to have: name and value.
/// What names `Upgrade` also has `Connection: upgrade`.
pub fn refusal_fields(status: Status) -> &'static [(&'static str, &'static str)] {
    match status {
        // RFC 9110 15.5.6.
        Status::METHOD_NOT_ALLOWED => &[("Allow", "GET")],
        // RFC 9110 15.5.22, RFC 6455 4.4.
        Status::UPGRADE_REQUIRED => &[("Upgrade", NAME), ("Sec-WebSocket-Version", VERSION)],
        _ => &[],
    }
}

/// What is said before the fields of WebSocket itself.
fn check_line(head: &RequestHead<'_>) -> Result<(), Rejection> {
    if head.method != Method::Get {
        let why = "a request for WebSocket that is not GET";
        return Err(Rejection::new(Status::METHOD_NOT_ALLOWED, why));
    }
    if head.version < Version::Http11 {
        return Err(Rejection::bad("a request for WebSocket in HTTP/1.0"));
    }
    if !Upgrade::is_wanted(&head.headers) {
        let why = "a request without Upgrade: websocket";
        return Err(Rejection::new(Status::UPGRADE_REQUIRED, why));
    }
    if !head.headers.contains_token("Connection", "upgrade") {
        return Err(Rejection::bad("a request for WebSocket without Connection: upgrade"));
    }
    if !head.length().is_empty() {
        return Err(Rejection::bad("a request for WebSocket with a body"));
    }
    Ok(())
}

/// RFC 6455 4.2.2: who speaks another version is told which one there is.
fn check_version(headers: &Headers<'_>) -> Result<(), Rejection> {
    match only(headers, "Sec-WebSocket-Version") {
        Ok(Some(version)) if version == VERSION.as_bytes() => Ok(()),
        Ok(Some(_)) => {
            Err(Rejection::new(Status::UPGRADE_REQUIRED, "a Sec-WebSocket-Version that is not 13"))
        }
        Ok(None) => Err(Rejection::new(Status::UPGRADE_REQUIRED, "no Sec-WebSocket-Version")),
        Err(()) => Err(Rejection::bad("more than one Sec-WebSocket-Version")),
    }
}

fn origin<'b>(headers: &Headers<'b>) -> Result<Option<&'b str>, Rejection> {
    let origin = only(headers, "Origin").map_err(|()| Rejection::bad("more than one Origin"))?;
    origin.map(str::from_utf8).transpose().map_err(|_| Rejection::bad("an Origin that is no text"))
}

/// RFC 6455 4.1, 11.3.4: tokens, in one field or more, none of them twice.
fn protocols<'b>(headers: &Headers<'b>) -> Result<Vec<&'b str>, Rejection> {
    let mut found = Vec::new();
    for field in headers.all("Sec-WebSocket-Protocol") {
        for element in syntax::elements(field).filter(|element| !element.is_empty()) {
            let token = str::from_utf8(element).ok().filter(|_| syntax::is_token(element));
            let token = token.ok_or(Rejection::bad("a malformed Sec-WebSocket-Protocol"))?;
            if found.contains(&token) {
                return Err(Rejection::bad("the same subprotocol twice"));
            }
            if found.len() == MOST_PROTOCOLS {
                return Err(Rejection::bad("too many subprotocols"));
            }
            found.push(token);
        }
    }
    Ok(found)
}

/// The field of this name, of which there may be no second one.
pub(super) fn only<'b>(headers: &Headers<'b>, name: &str) -> Result<Option<&'b [u8]>, ()> {
    let mut all = headers.all(name);
    let first = all.next();
    if all.next().is_some() { Err(()) } else { Ok(first) }
}

fn is_key(key: &[u8]) -> bool {
    let mut bytes = [0; 18];
    KEYS.decode_slice(key, &mut bytes) == Ok(16)
}

/// Nothing is done with what they are of, so that bits that are not needed don't matter (RFC 4648 3.5).
const KEYS: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Each is compared with all before.
const MOST_PROTOCOLS: usize = 100;
