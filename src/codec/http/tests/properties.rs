//! What holds for all messages, and for all bytes, however they are cut.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::{option, prop_assert, prop_assert_eq, sample};

use super::reader::{Message, Side, owned};
use super::{chunk, connection};
use crate::codec::http::{Fields, Length, Method, Status, last_chunk, write};

/// A message that is to be sent.
#[derive(Clone, Debug)]
struct Sent {
    line: Line,
    fields: Vec<(String, String)>,
    body: Body,
}

#[derive(Clone, Debug)]
enum Line {
    Request(Method, String),
    Response(Status),
}

#[derive(Clone, Debug)]
enum Body {
    None,
    Whole(Vec<u8>),
    Chunks(Vec<Vec<u8>>, Vec<(String, String)>),
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        requests in vec(sent(request_line()), 1..4),
        responses in vec(sent(response_line()), 1..4),
        cuts in vec(1..80_usize, 1..20),
    ) {
        for (side, messages) in [(Side::Server, requests), (Side::Client(Method::Get), responses)] {
            let mut bytes = Vec::new();
            messages.iter().for_each(|message| message.write(&mut bytes));
            let seen = connection(side).read(pieces(&bytes, &cuts));
            prop_assert_eq!((seen.rejection, seen.left), (None, 0));
            let expected = messages.iter().map(Sent::as_read).collect::<Vec<_>>();
            prop_assert_eq!(seen.messages, expected);
        }
    }

    #[test]
    fn damaged_messages_are_read_the_same_in_pieces(
        messages in vec(sent(request_line()), 1..3),
        damage in vec((any::<sample::Index>(), damage()), 0..4),
        cuts in vec(1..40_usize, 1..20),
    ) {
        let mut bytes = Vec::new();
        messages.iter().for_each(|message| message.write(&mut bytes));
        for (at, damage) in damage {
            let at = at.index(bytes.len());
            bytes.splice(at..at + usize::from(damage.len() == 1), damage);
        }
        check(&bytes, &cuts)?;
    }

    #[test]
    fn all_bytes_are_read_the_same_in_pieces(
        bytes in prop_oneof![vec(any::<u8>(), 0..200), vec(piece(), 0..30).prop_map(|all| all.concat())],
        cuts in vec(1..40_usize, 1..20),
    ) {
        check(&bytes, &cuts)?;
    }
}

fn check(bytes: &[u8], cuts: &[usize]) -> Result<(), proptest::test_runner::TestCaseError> {
    for side in [Side::Server, Side::Client(Method::Get), Side::Client(Method::Head)] {
        let whole = connection(side).read([bytes]);
        prop_assert_eq!(&connection(side).read(pieces(bytes, cuts)), &whole);
        prop_assert_eq!(&connection(side).read(bytes.chunks(1)), &whole);
        prop_assert!(whole.left <= bytes.len());
    }
    Ok(())
}

/// Pieces of these lengths, over and over.
fn pieces<'b>(mut bytes: &'b [u8], lengths: &[usize]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    for len in lengths.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at(bytes.len().min(*len));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

impl Sent {
    fn write(&self, out: &mut Vec<u8>) {
        match &self.line {
            Line::Request(method, target) => write::request_line(out, *method, target),
            Line::Response(status) => write::status_line(out, *status),
        }
        write::fields(out, &fields(&self.all_fields()));
        write::end(out);
        match &self.body {
            Body::None => {}
            Body::Whole(bytes) => out.extend_from_slice(bytes),
            Body::Chunks(chunks, trailers) => {
                chunks.iter().for_each(|data| chunk(out, data));
                last_chunk(out, &fields(trailers));
            }
        }
    }

    fn as_read(&self) -> Message {
        let trailers = match &self.body {
            Body::Chunks(_, trailers) => owned(fields(trailers).iter()),
            _ => Vec::new(),
        };
        Message {
            line: match &self.line {
                Line::Request(method, target) => format!("{method} {target} HTTP/1.1"),
                Line::Response(status) => format!("HTTP/1.1 {} {}", status.code(), status.phrase()),
            },
            fields: owned(fields(&self.all_fields()).iter()),
            length: Some(self.length()),
            keeps_alive: true,
            body: match &self.body {
                Body::None => Vec::new(),
                Body::Whole(bytes) => bytes.clone(),
                Body::Chunks(chunks, _) => chunks.concat(),
            },
            trailers,
            complete: true,
        }
    }

    fn all_fields(&self) -> Vec<(String, String)> {
        let mut written = Vec::new();
        write::length(&mut written, self.length());
        let own = match (&self.line, &*written) {
            (Line::Request(..), _) => Some(("Host".into(), "a".into())),
            // Else it would have a body until the connection's end.
            (Line::Response(_), b"") => Some(("Content-Length".into(), "0".into())),
            _ => None,
        };
        let framing = String::from_utf8(written).unwrap();
        let framing = framing.trim_end().split_once(": ");
        let framing = framing.map(|(name, value)| (name.into(), value.into()));
        self.fields.iter().cloned().chain(own).chain(framing).collect()
    }

    fn length(&self) -> Length {
        match (&self.body, &self.line) {
            (Body::None, Line::Request(..)) => Length::None,
            (Body::None, Line::Response(_)) => Length::Exactly(0),
            (Body::Whole(bytes), _) => Length::Exactly(bytes.len() as u64),
            (Body::Chunks(..), _) => Length::Chunked,
        }
    }
}

fn fields(list: &[(String, String)]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in list {
        fields.append(name, value).unwrap();
    }
    fields
}

fn sent(line: impl Strategy<Value = Line>) -> impl Strategy<Value = Sent> {
    let field = ("X-[a-z!~]{0,8}", "[!-~]?([ -~\té]{0,12}[!-~])?");
    let trailer = ("X-[a-z]{0,3}", "[!-~]{0,5}");
    let data = || vec(any::<u8>(), 0..40);
    let body = prop_oneof![
        Just(Body::None),
        data().prop_map(Body::Whole),
        (vec(data(), 0..4), vec(trailer, 0..3))
            .prop_map(|(chunks, trailers)| Body::Chunks(chunks, trailers)),
    ];
    (line, vec(field, 0..5), body).prop_map(|(line, fields, body)| Sent { line, fields, body })
}

fn request_line() -> impl Strategy<Value = Line> {
    let method = prop_oneof![Just("GET".to_string()), Just("POST".to_string()), "[A-Z]{1,15}"];
    // CONNECT wants another target.
    let method = method.prop_filter("its own form", |method| method != "CONNECT");
    let target = "/[a-z0-9/._~%!$&'()*+,;=:@-]{0,20}(\\?[a-z=&%]{0,10})?";
    let line = (method, target);
    line.prop_map(|(method, target)| Line::Request(method.parse().unwrap(), target))
}

fn response_line() -> impl Strategy<Value = Line> {
    let statuses = sample::select(vec![200, 201, 206, 301, 404, 500, 599]);
    statuses.prop_map(|code| Line::Response(Status::new(code).unwrap()))
}

/// What is put in the place of a byte, or between two.
fn damage() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        sample::select(b"\r\n \t:;,0\0".to_vec()).prop_map(|byte| vec![byte]),
        option::of(piece()).prop_map(Option::unwrap_or_default),
    ]
}

/// Pieces that messages are made of, so that something like one is put together.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&[u8]] = &[
        b"GET ",
        b"POST / HTTP/1.1\r\nHost: a\r\n",
        b"/",
        b" HTTP/1.1\r\n",
        b" HTTP/1.2\r\n",
        b" HTTP/1.0\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.3 204\r\n",
        b"Host: a\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Expect: 100-continue\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"3\r\nabc\r\n",
        b"0\r\n",
        b";x=\"y\"",
        b"0\r\n\r\n",
        b"abc",
        b": ",
        b" ",
    ];
    sample::select(pieces.to_vec()).prop_map(<[u8]>::to_vec)
}
