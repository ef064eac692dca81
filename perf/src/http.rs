//! Benchmarks over HTTP: requests that are answered with themselves.

use std::time::Duration;

use sockeye::http::parse::{BodyDecoder, HeadLimits, Part, ResponseHead, Slots};
use sockeye::http::{self, Method, Request, Response, Status};
use sockeye::raw::{self, ClientProtocol, CloseReason, ServerProtocol, Session};
use sockeye::{Client, Result};

use crate::client::Link;
use crate::talk::Talk;

/// Answers `TRACE` with the request, as the clients of this pair want it, and the rest with a greeting.
pub fn trace() -> ServerProtocol {
    http::server(|request: &mut Request<'_>| match request.method() {
        Method::Trace => Response::trace(request),
        _ => Response::content("text/plain", "Hello, World!"),
    })
}

/// A client's side of a benchmark, with messages of so many bytes in the requests' heads.
pub fn talk(talk: impl Talk, size: usize) -> ClientProtocol {
    raw::client(Talking { talk, size, held: Vec::new() })
}

/// A client that sends requests with messages of so many bytes.
#[derive(Debug)]
pub struct HttpLink {
    /// The client itself.
    pub client: Client,
    /// Bytes of one message.
    pub size: usize,
}

impl Link for HttpLink {
    fn wait_connected(&self, within: Duration) -> Result<()> {
        self.client.wait_connected(within)
    }

    fn send(&self, data: &[u8]) -> Result<()> {
        let requests = requests(data, self.size);
        // In one turn, so that no answer to the first gets in between.
        self.client.handle().post(move |session| {
            session.send(requests);
        })
    }
}

/// A request for each message, which is in its head.
fn requests(data: &[u8], size: usize) -> Vec<u8> {
    let mut requests = Vec::new();
    for message in data.chunks(size) {
        requests.extend_from_slice(b"TRACE / HTTP/1.1\r\nHost: localhost\r\nMessage: ");
        for byte in message {
            requests.extend([byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]));
        }
        requests.extend_from_slice(b"\r\n\r\n");
    }
    requests
}

/// The message that comes back in the body of an answer; nothing that is one, if it is none.
fn message(body: &[u8]) -> Vec<u8> {
    let lines = body.split(|byte| *byte == b'\n');
    let line = lines.filter_map(|line| line.strip_prefix(b"Message: ")).next();
    let digits = line.unwrap_or_default().trim_ascii_end();
    digits.chunks_exact(2).map(|pair| (value(pair[0]) << 4) | value(pair[1])).collect()
}

fn value(digit: u8) -> u8 {
    (digit as char).to_digit(16).unwrap_or_default() as u8
}

struct Talking<T> {
    talk: T,
    size: usize,
    /// The beginning of an answer.
    held: Vec<u8>,
}

impl<T: Talk> Talking<T> {
    /// Takes the next answer, which must be there as a whole; `None` when it is not.
    fn answer(&self, data: &mut &[u8]) -> std::result::Result<Option<Vec<u8>>, String> {
        let mut slots = Slots::new();
        let parsed = ResponseHead::parse(data, &mut slots, &HeadLimits::default());
        let parsed = parsed.map_err(|rejection| rejection.to_string())?;
        let Some((head, len)) = parsed else { return Ok(None) };
        if head.status != Status::OK {
            return Err(format!("an answer says {}", head.status));
        }
        let decoder = BodyDecoder::new(head.length(Method::Trace), LONGEST);
        let mut decoder = decoder.map_err(|rejection| rejection.to_string())?;
        let (mut rest, mut body) = (&data[len..], Vec::new());
        while let Some(part) = decoder.next(&mut rest).map_err(|rejection| rejection.to_string())? {
            match part {
                Part::Data(part) => body.extend_from_slice(part),
                Part::End => break,
            }
        }
        if !decoder.is_done() {
            return Ok(None);
        }
        *data = rest;
        Ok(Some(message(&body)))
    }
}

impl<T: Talk> raw::Handler for Talking<T> {
    fn on_data(&mut self, session: &mut Session<'_>, data: &[u8]) {
        self.held.extend_from_slice(data);
        let held = std::mem::take(&mut self.held);
        let (mut rest, mut messages) = (&held[..], Vec::new());
        loop {
            match self.answer(&mut rest) {
                Ok(Some(message)) => messages.extend(message),
                Ok(None) => break,
                Err(error) => {
                    self.talk.closed(&error);
                    return session.close();
                }
            }
        }
        self.held = rest.to_vec();
        let count = self.talk.received(&messages);
        messages.clear();
        self.talk.next(count).for_each(|piece| messages.extend_from_slice(piece));
        session.send(requests(&messages, self.size));
    }

    fn on_close(&mut self, _session: &mut Session<'_>, reason: &CloseReason) {
        self.talk.closed(&reason.to_string());
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Bytes of the longest body that is taken.
const LONGEST: u64 = 1 << 20;
