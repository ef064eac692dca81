//! What a client begins with.

use std::fmt::Write as _;

/// A request for WebSocket, to be spoilt.
#[derive(Clone)]
pub(crate) struct Ask {
    line: String,
    fields: Vec<(String, String)>,
    rest: String,
}

/// That of RFC 6455 1.3, and the answer to it.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

impl Ask {
    /// For this path, as it has to be.
    pub(crate) fn new(path: &str) -> Self {
        let fields = [
            ("Host", "example.com"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", KEY),
            ("Sec-WebSocket-Version", "13"),
        ];
        let fields = fields.map(|(name, value)| (name.into(), value.into())).into();
        Self { line: format!("GET {path} HTTP/1.1"), fields, rest: String::new() }
    }

    pub(crate) fn line(self, line: &str) -> Self {
        Self { line: line.into(), ..self }
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// One more of this name.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// In place of those of this name.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With this behind its head.
    pub(crate) fn then(self, rest: &str) -> Self {
        Self { rest: rest.into(), ..self }
    }

    pub(crate) fn offering(self, extensions: &str) -> Self {
        self.and("Sec-WebSocket-Extensions", extensions)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.line);
        for (name, value) in &self.fields {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        text.push_str("\r\n");
        text.push_str(&self.rest);
        text.into()
    }
}
