//! What a head means for its body and for the connection (RFC 9112 6.3, 9.3).

use std::str;

use super::facts::{Facts, said};
use super::{Method, RequestHead, ResponseHead, Status, Version};

/// How a message says where its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Length {
    /// There is no body.
    None,
    /// So many bytes.
    Exactly(u64),
    /// In chunks, the last of which is empty.
    Chunked,
    /// With the connection; of responses only.
    UntilEnd,
}

impl Length {
    /// Whether it is known to have no bytes.
    pub const fn is_empty(self) -> bool {
        matches!(self, Self::None | Self::Exactly(0))
    }
}

impl<'b> RequestHead<'b> {
    /// How the body is framed: [`Length::None`] if the head says nothing.
    pub const fn length(&self) -> Length {
        match self.facts.length() {
            Some(length) => length,
            None => Length::None,
        }
    }

    /// Whether the client wants the connection to outlive the answer (RFC 9112 9.3).
    pub fn keeps_alive(&self) -> bool {
        keeps_alive(self.version, &self.facts)
    }

    /// Whether the client waits for `100 Continue` before it sends its body. It is to get that, or
    /// another answer.
    pub const fn expects_continue(&self) -> bool {
        self.facts.say(said::CONTINUE) && !self.length().is_empty()
    }

    /// The protocols that the client would rather speak, most wanted first (RFC 9110 7.8), such as
    /// `websocket`.
    pub fn upgrade(&self) -> Option<&'b str> {
        let wanted = self.facts.upgrade.filter(|_| self.facts.say(said::UPGRADE))?;
        str::from_utf8(wanted).ok()
    }

    /// Who is asked, with the port if one was named: the target's authority, or else `Host`.
    /// Only requests of HTTP/1.0 may lack it.
    pub fn host(&self) -> Option<&'b str> {
        str::from_utf8(self.facts.host?).ok()
    }
}

impl<'b> ResponseHead<'b> {
    /// How the body is framed, which depends on what was asked for.
    ///
    /// Answers to HEAD and those of status 1xx, 204 and 304 have none, whatever their fields say.
    /// What follows a successful answer to CONNECT is no body either, but the tunnel.
    pub const fn length(&self, request: Method) -> Length {
        let tunnel = matches!(request, Method::Connect) && self.status.is_success();
        if matches!(request, Method::Head) || self.status.is_bodiless() || tunnel {
            return Length::None;
        }
        match self.facts.length() {
            Some(length) => length,
            None => Length::UntilEnd,
        }
    }

    /// Whether the server means the connection to outlive the response (RFC 9112 9.3). One whose
    /// length is [`Length::UntilEnd`] it does not outlive.
    pub fn keeps_alive(&self) -> bool {
        keeps_alive(self.version, &self.facts)
    }

    /// The protocol that is spoken from here on, of a response `101 Switching Protocols`.
    pub fn upgrade(&self) -> Option<&'b str> {
        let switches = self.status == Status::SWITCHING_PROTOCOLS && self.facts.say(said::UPGRADE);
        str::from_utf8(self.facts.upgrade.filter(|_| switches)?).ok()
    }
}

fn keeps_alive(version: Version, facts: &Facts<'_>) -> bool {
    !facts.say(said::CLOSE) && (version == Version::Http11 || facts.say(said::KEEP_ALIVE))
}
