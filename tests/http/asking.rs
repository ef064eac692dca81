//! Asks a handler without a socket.

use sockeye::http::{self, Handler};
use sockeye::testing::Harness;

use crate::answer::Answer;

/// A connection to a handler.
pub(crate) struct Asker(pub(crate) Harness);

impl Asker {
    pub(crate) fn new(handler: impl Handler) -> Self {
        Self(Harness::new(http::server(handler)))
    }

    /// Asks with a line, such as `GET /`.
    #[track_caller]
    pub(crate) fn ask(&mut self, line: &str) -> Answer {
        self.ask_with(line, &[], b"")
    }

    /// Asks with fields, such as `Accept: */*`, and a body if it is not empty.
    #[track_caller]
    pub(crate) fn ask_with(&mut self, line: &str, fields: &[&str], body: &[u8]) -> Answer {
        let mut request = format!("{line} HTTP/1.1\r\nHost: x\r\n");
        fields.iter().for_each(|field| request.extend([field, "\r\n"]));
        if !body.is_empty() {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let answer = self.0.feed([request.as_bytes(), b"\r\n", body].concat());
        let method = line.split(' ').next().unwrap().parse().unwrap();
        let mut rest = &*answer;
        let taken = Answer::take(&mut rest, method);
        assert!(rest.is_empty(), "{} bytes behind the answer", rest.len());
        taken
    }
}
