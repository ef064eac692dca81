//! The field `Sec-WebSocket-Extensions` (RFC 6455 9.1).

use std::borrow::Cow;
use std::str;

use crate::codec::http::syntax;

/// An extension that is offered or agreed to, with its parameters as they were said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extension<'b> {
    pub(crate) name: &'b str,
    pub(crate) parameters: Vec<(&'b str, Option<Cow<'b, str>>)>,
}

/// The extensions that the fields of this name list together; `None` if one of them is malformed, with
/// which the handshake has to fail.
pub(crate) fn extensions<'b>(fields: impl Iterator<Item = &'b [u8]>) -> Option<Vec<Extension<'b>>> {
    let mut found = Vec::new();
    for field in fields {
        let mut rest = Rest(field);
        rest.skip_blanks();
        while !rest.0.is_empty() {
            // RFC 9110 5.6.1.2: elements may be empty.
            if !rest.skip(b',') {
                found.push(rest.extension()?);
                if !rest.0.is_empty() && !rest.skip(b',') {
                    return None;
                }
            }
        }
    }
    Some(found)
}

/// What is not read yet. White space is skipped behind everything.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn extension(&mut self) -> Option<Extension<'b>> {
        let name = self.token()?;
        let mut parameters = Vec::new();
        while self.skip(b';') {
            let name = self.token()?;
            let value = if self.skip(b'=') { Some(self.value()?) } else { None };
            parameters.push((name, value));
        }
        Some(Extension { name, parameters })
    }

    fn value(&mut self) -> Option<Cow<'b, str>> {
        match self.0.first()? {
            b'"' => self.quoted().map(Cow::Owned),
            _ => self.token().map(Cow::Borrowed),
        }
    }

    /// What is in quotation marks has to be a token, too.
    fn quoted(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut bytes = self.0.iter().enumerate().skip(1);
        loop {
            match bytes.next()? {
                (at, b'"') => {
                    self.0 = &self.0[at + 1..];
                    self.skip_blanks();
                    return syntax::is_token(value.as_bytes()).then_some(value);
                }
                (_, b'\\') => value.push(char::from(*bytes.next()?.1)),
                (_, byte) => value.push(char::from(*byte)),
            }
        }
    }

    fn token(&mut self) -> Option<&'b str> {
        let len = self.0.iter().take_while(|byte| syntax::is_token(&[**byte])).count();
        let (token, rest) = self.0.split_at(len);
        self.0 = rest;
        self.skip_blanks();
        str::from_utf8(token).ok().filter(|token| !token.is_empty())
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.0.first() == Some(&byte);
        if found {
            self.0 = &self.0[1..];
            self.skip_blanks();
        }
        found
    }

    fn skip_blanks(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }
}
