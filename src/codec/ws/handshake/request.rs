//! What a client asks for (RFC 6455 4.1).

use std::error::Error;
use std::fmt;

use super::{Key, NAME, VERSION};
use crate::codec::http::{Fields, InvalidField, Method, syntax, write};
use crate::codec::ws::deflate::{self, Settings};

/// What the answer is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// A new one for each connection.
    pub(crate) key: &'a Key,
    /// The subprotocols, the one that is liked best first.
    pub(crate) protocols: &'a [String],
    /// How messages may be compressed.
    pub(crate) deflate: Option<&'a Settings>,
}

/// A request for WebSocket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// As `Host` says it.
    pub(crate) authority: &'a str,
    /// The path and the query.
    pub(crate) target: &'a str,
    pub(crate) origin: Option<&'a str>,
    pub(crate) asked: Asked<'a>,
    /// The program's own.
    pub(crate) extra: &'a Fields,
}

impl Request<'_> {
    /// Appends the request. Of `authority` and `target`, that they are of a parsed URL is the caller's
    /// to see to.
    ///
    /// # Errors
    ///
    /// What cannot be asked for; nothing is appended then.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), InvalidRequest> {
        let fields = self.fields()?;
        write::request_line(out, Method::Get, self.target);
        write::field(out, "Host", self.authority.as_bytes());
        write::connection(out, write::Connection::Upgrade);
        write::fields(out, &fields);
        write::fields(out, self.extra);
        write::end(out);
        Ok(())
    }

    fn fields(&self) -> Result<Fields, InvalidRequest> {
        self.check_extra()?;
        let mut fields = Fields::new();
        let mut set = |name: &'static str, value: &[u8]| {
            let invalid = |_: InvalidField| InvalidRequest::Field(name);
            fields.append(name, value).map_err(invalid)
        };
        set("Upgrade", NAME.as_bytes())?;
        set("Sec-WebSocket-Version", VERSION.as_bytes())?;
        set("Sec-WebSocket-Key", self.asked.key.as_bytes())?;
        if let Some(origin) = self.origin {
            set("Origin", origin.as_bytes())?;
        }
        if !self.asked.protocols.is_empty() {
            check_protocols(self.asked.protocols)?;
            set("Sec-WebSocket-Protocol", self.asked.protocols.join(", ").as_bytes())?;
        }
        if let Some(settings) = self.asked.deflate {
            set("Sec-WebSocket-Extensions", deflate::offer(settings).as_bytes())?;
        }
        Ok(fields)
    }

    fn check_extra(&self) -> Result<(), InvalidRequest> {
        let ours = |name: &str| {
            let starts = name.get(..PREFIX.len()).is_some_and(|it| it.eq_ignore_ascii_case(PREFIX));
            let origin = self.origin.is_some() && name.eq_ignore_ascii_case("Origin");
            starts || origin || OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name))
        };
        match self.extra.iter().find(|(name, _)| ours(name)) {
            Some((name, _)) => Err(InvalidRequest::Reserved(name.into())),
            None => Ok(()),
        }
    }
}

/// Why a request cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InvalidRequest {
    /// A field of the program's that the handshake needs for itself.
    Reserved(String),
    /// A value with control characters.
    Field(&'static str),
    /// A subprotocol that is no token (RFC 6455 4.1).
    Protocol(String),
    /// A subprotocol that is there twice.
    Twice(String),
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reserved(name) => write!(f, "the header {name} is the handshake's own"),
            Self::Field(name) => write!(f, "the header {name} has a control character"),
            Self::Protocol(name) => write!(f, "the subprotocol {name:?} is no token"),
            Self::Twice(name) => write!(f, "the subprotocol {name:?} is there twice"),
        }
    }
}

impl Error for InvalidRequest {}

fn check_protocols(protocols: &[String]) -> Result<(), InvalidRequest> {
    for (at, name) in protocols.iter().enumerate() {
        if !syntax::is_token(name.as_bytes()) {
            return Err(InvalidRequest::Protocol(name.clone()));
        }
        if protocols[..at].contains(name) {
            return Err(InvalidRequest::Twice(name.clone()));
        }
    }
    Ok(())
}

const PREFIX: &str = "Sec-WebSocket-";

/// A body would be taken for frames.
const OURS: [&str; 5] = ["Host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding"];
