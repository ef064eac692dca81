//! What the header fields say of the connection and of the body, found in one pass.

use httparse::Header;

use super::raw::BARE_LF;
use super::{Method, Rejection, Status, Version, authority, syntax};

/// What the fields of a head say that concerns the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts<'b> {
    /// Of a request: the authority of what is asked for, which may be the target's.
    pub(super) host: Option<&'b [u8]>,
    pub(super) upgrade: Option<&'b [u8]>,
    pub(super) content_length: Option<u64>,
    pub(super) chunked: bool,
    pub(super) close: bool,
    pub(super) keep_alive: bool,
    /// `Connection` says so.
    pub(super) upgrades: bool,
    pub(super) expects_continue: bool,
    repeated_host: bool,
    unknown_coding: bool,
    unknown_expectation: bool,
}

impl<'b> Facts<'b> {
    /// Reads the fields of the head `bytes`, and sees to it that its lines end with CR LF, which
    /// `httparse` does not insist on.
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

    /// With what holds for requests.
    pub(super) fn of_request(
        mut self,
        method: Method,
        target: &'b str,
        version: Version,
    ) -> Result<Self, Rejection> {
        self.checked(version)?;
        if self.unknown_expectation {
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
        // RFC 9110 10.1.1: of HTTP/1.0, it is to be ignored.
        self.expects_continue &= version == Version::Http11;
        self.upgrades &= version == Version::Http11;
        Ok(self)
    }

    /// With what holds for responses.
    pub(super) fn of_response(self, version: Version) -> Result<Self, Rejection> {
        self.checked(version)?;
        Ok(self)
    }

    /// What holds for both (RFC 9112 6.1, 6.3).
    fn checked(&self, version: Version) -> Result<(), Rejection> {
        let coded = self.chunked || self.unknown_coding;
        if coded && version == Version::Http10 {
            return Err(Rejection::bad("a Transfer-Encoding in HTTP/1.0"));
        }
        if coded && self.content_length.is_some() {
            return Err(Rejection::bad("both a Transfer-Encoding and a Content-Length"));
        }
        if self.unknown_coding {
            return Err(Rejection::new(Status::NOT_IMPLEMENTED, "an unknown transfer coding"));
        }
        Ok(())
    }

    /// RFC 9112 3.2.
    fn check_host(&self, version: Version) -> Result<(), Rejection> {
        match self.host {
            _ if self.repeated_host => Err(Rejection::bad("more than one Host")),
            None if version == Version::Http11 => Err(Rejection::bad("no Host")),
            Some(host) if !host.is_empty() && !authority::is_authority(host) => {
                Err(Rejection::bad("a malformed Host"))
            }
            _ => Ok(()),
        }
    }

    fn add(&mut self, name: &[u8], value: &'b [u8]) -> Result<(), Rejection> {
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                self.repeated_host = self.host.is_some();
                self.host = Some(value);
            }
            6 if name.eq_ignore_ascii_case(b"expect") => self.add_expect(value),
            7 if name.eq_ignore_ascii_case(b"upgrade") => {
                self.upgrade = self.upgrade.or(Some(value));
            }
            10 if name.eq_ignore_ascii_case(b"connection") => self.add_connection(value),
            14 if name.eq_ignore_ascii_case(b"content-length") => self.add_length(value)?,
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.add_coding(value)?,
            _ => {}
        }
        Ok(())
    }

    fn add_expect(&mut self, value: &[u8]) {
        for element in syntax::elements(value).filter(|element| !element.is_empty()) {
            let known = element.eq_ignore_ascii_case(b"100-continue");
            self.expects_continue |= known;
            self.unknown_expectation |= !known;
        }
    }

    fn add_connection(&mut self, value: &[u8]) {
        for element in syntax::elements(value) {
            self.close |= element.eq_ignore_ascii_case(b"close");
            self.keep_alive |= element.eq_ignore_ascii_case(b"keep-alive");
            self.upgrades |= element.eq_ignore_ascii_case(b"upgrade");
        }
    }

    /// RFC 9110 8.6 allows to take the same length said twice for one. Who says it twice may be two
    /// who disagree next time.
    fn add_length(&mut self, value: &[u8]) -> Result<(), Rejection> {
        if self.content_length.is_some() {
            return Err(Rejection::bad("more than one Content-Length"));
        }
        let length = syntax::decimal(value).ok_or(Rejection::bad("a malformed Content-Length"))?;
        self.content_length = Some(length);
        Ok(())
    }

    /// RFC 9112 6.1, 7: `chunked` once, and last.
    fn add_coding(&mut self, value: &[u8]) -> Result<(), Rejection> {
        for coding in syntax::elements(value) {
            let name = coding.split(|byte| *byte == b';').next().map_or(coding, syntax::trim);
            if self.chunked {
                return Err(Rejection::bad("a transfer coding on top of chunked"));
            } else if coding.eq_ignore_ascii_case(b"chunked") {
                self.chunked = true;
            } else if !syntax::is_token(name) || name.eq_ignore_ascii_case(b"chunked") {
                return Err(Rejection::bad("a malformed Transfer-Encoding"));
            } else {
                self.unknown_coding = true;
            }
        }
        Ok(())
    }
}

/// Where a part of `bytes` begins.
fn offset(bytes: &[u8], part: &str) -> usize {
    (part.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize)
}

/// Of a line's end it is only not known whether CR is before its LF.
fn crlf_before(bytes: &[u8], line: usize) -> Result<(), Rejection> {
    if bytes.get(line.wrapping_sub(2)) == Some(&b'\r') { Ok(()) } else { Err(BARE_LF) }
}
