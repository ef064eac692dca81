//! What the header fields say of the connection and of the body, found in one pass.

use httparse::Header;

use super::raw::BARE_LF;
use super::{Length, Method, Rejection, Status, Version, authority, syntax};

/// What the fields of a head say that concerns the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts<'b> {
    /// Of a request: the authority of what is asked for, which may be the target's.
    pub(super) host: Option<&'b [u8]>,
    pub(super) upgrade: Option<&'b [u8]>,
    content_length: u64,
    said: u16,
}

/// What may be said: a bit each. Bytes of their own are slow to copy just after they were written.
pub(super) mod said {
    pub(in super::super) const CLOSE: u16 = 1;
    pub(in super::super) const KEEP_ALIVE: u16 = 1 << 1;
    pub(in super::super) const UPGRADE: u16 = 1 << 2;
    pub(in super::super) const CONTINUE: u16 = 1 << 3;
    pub(super) const LENGTH: u16 = 1 << 4;
    pub(super) const CHUNKED: u16 = 1 << 5;
    pub(super) const UNKNOWN_CODING: u16 = 1 << 6;
    pub(super) const UNKNOWN_EXPECTATION: u16 = 1 << 7;
    pub(super) const HOST_TWICE: u16 = 1 << 8;
}

impl<'b> Facts<'b> {
    /// Reads the fields of the head `bytes`, and sees to it that its lines end with CR LF, which
    /// `httparse` does not insist on.
    // In a function of its own, the facts would be copied twice, for 20 ns of the 90 that a small
    // request takes.
    #[inline(always)]
    pub(super) fn collect(bytes: &[u8], headers: &[Header<'b>]) -> Result<Self, Rejection> {
        let mut facts = Self::default();
        for header in headers {
            crlf_before(bytes, offset(bytes, header.name))?;
            facts.add(header.name.as_bytes(), header.value)?;
        }
        // The line before the empty line, and that one.
        crlf_before(bytes, bytes.len().wrapping_sub(2))?;
        crlf_before(bytes, bytes.len())?;
        Ok(facts)
    }

    /// Checks what holds for requests.
    #[inline(always)]
    pub(super) fn check_request(
        &mut self,
        method: Method,
        target: &'b str,
        version: Version,
    ) -> Result<(), Rejection> {
        self.check_both(version)?;
        if self.say(said::UNKNOWN_EXPECTATION) {
            return Err(Rejection::new(Status::EXPECTATION_FAILED, "an unknown expectation"));
        }
        self.check_host(version)?;
        match authority::of_target(method, target)? {
            Some(authority) => self.host = Some(authority.as_bytes()),
            // RFC 9110 4.2.1: an `http` URI without a host is to be rejected.
            None if self.host == Some(b"") && target != "*" => {
                return Err(Rejection::bad("an empty Host"));
            }
            None => {}
        }
        if version == Version::Http10 {
            // RFC 9110 7.8, 10.1.1: to be ignored.
            self.said &= !(said::CONTINUE | said::UPGRADE);
        }
        Ok(())
    }

    /// Checks what holds for responses, and for requests too (RFC 9112 6.1, 6.3).
    pub(super) fn check_both(&self, version: Version) -> Result<(), Rejection> {
        if !self.say(said::CHUNKED | said::UNKNOWN_CODING) {
            return Ok(());
        }
        if version == Version::Http10 {
            return Err(Rejection::bad("a Transfer-Encoding in HTTP/1.0"));
        }
        if self.say(said::LENGTH) {
            return Err(Rejection::bad("both a Transfer-Encoding and a Content-Length"));
        }
        if self.say(said::UNKNOWN_CODING) {
            return Err(Rejection::new(Status::NOT_IMPLEMENTED, "an unknown transfer coding"));
        }
        Ok(())
    }

    /// Whether the fields say any of these.
    pub(super) const fn say(&self, any: u16) -> bool {
        self.said & any != 0
    }

    /// How the body is framed, if the fields say so.
    pub(super) const fn length(&self) -> Option<Length> {
        if self.say(said::CHUNKED) {
            Some(Length::Chunked)
        } else if self.say(said::LENGTH) {
            Some(Length::Exactly(self.content_length))
        } else {
            None
        }
    }

    /// RFC 9112 3.2.
    fn check_host(&self, version: Version) -> Result<(), Rejection> {
        match self.host {
            _ if self.say(said::HOST_TWICE) => Err(Rejection::bad("more than one Host")),
            None if version == Version::Http11 => Err(Rejection::bad("no Host")),
            Some(host) if !host.is_empty() && !authority::is_authority(host) => {
                Err(Rejection::bad("a malformed Host"))
            }
            _ => Ok(()),
        }
    }

    #[inline(always)]
    fn add(&mut self, name: &[u8], value: &'b [u8]) -> Result<(), Rejection> {
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                self.set(said::HOST_TWICE, self.host.is_some());
                self.host = Some(value);
            }
            6 if name.eq_ignore_ascii_case(b"expect") => self.said |= expectations(value),
            7 if name.eq_ignore_ascii_case(b"upgrade") => {
                self.upgrade = self.upgrade.or(Some(value));
            }
            10 if name.eq_ignore_ascii_case(b"connection") => self.said |= options(value),
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                self.content_length = content_length(self.say(said::LENGTH), value)?;
                self.said |= said::LENGTH;
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                self.said = codings(self.said, value)?;
            }
            _ => {}
        }
        Ok(())
    }

    const fn set(&mut self, what: u16, holds: bool) {
        if holds {
            self.said |= what;
        }
    }
}

/// RFC 9110 10.1.1.
fn expectations(value: &[u8]) -> u16 {
    let elements = syntax::elements(value).filter(|element| !element.is_empty());
    elements.fold(0, |said, element| match element.eq_ignore_ascii_case(b"100-continue") {
        true => said | said::CONTINUE,
        false => said | said::UNKNOWN_EXPECTATION,
    })
}

/// RFC 9110 7.6.1.
fn options(value: &[u8]) -> u16 {
    syntax::elements(value).fold(0, |said, option| match option.len() {
        5 if option.eq_ignore_ascii_case(b"close") => said | said::CLOSE,
        7 if option.eq_ignore_ascii_case(b"upgrade") => said | said::UPGRADE,
        10 if option.eq_ignore_ascii_case(b"keep-alive") => said | said::KEEP_ALIVE,
        _ => said,
    })
}

/// RFC 9110 8.6 allows to take the same length said twice for one. Who says it twice may be two who
/// disagree next time.
fn content_length(again: bool, value: &[u8]) -> Result<u64, Rejection> {
    if again {
        return Err(Rejection::bad("more than one Content-Length"));
    }
    syntax::decimal(value).ok_or(Rejection::bad("a malformed Content-Length"))
}

/// RFC 9112 6.1, 7: `chunked` once, and last.
fn codings(mut said: u16, value: &[u8]) -> Result<u16, Rejection> {
    for coding in syntax::elements(value) {
        let name = coding.split(|byte| *byte == b';').next().map_or(coding, syntax::trim);
        if said & said::CHUNKED != 0 {
            return Err(Rejection::bad("a transfer coding on top of chunked"));
        } else if coding.eq_ignore_ascii_case(b"chunked") {
            said |= said::CHUNKED;
        } else if !syntax::is_token(name) || name.eq_ignore_ascii_case(b"chunked") {
            return Err(Rejection::bad("a malformed Transfer-Encoding"));
        } else {
            said |= said::UNKNOWN_CODING;
        }
    }
    Ok(said)
}

/// Where a part of `bytes` begins.
fn offset(bytes: &[u8], part: &str) -> usize {
    (part.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize)
}

/// Of a line's end it is only not known whether CR is before its LF.
fn crlf_before(bytes: &[u8], line: usize) -> Result<(), Rejection> {
    if bytes.get(line.wrapping_sub(2)) == Some(&b'\r') { Ok(()) } else { Err(BARE_LF) }
}
