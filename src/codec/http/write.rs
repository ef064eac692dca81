//! Heads of messages that are sent, appended to what is sent.

use super::{Fields, Length, Method, Status};

/// What a message says of the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Connection {
    /// Nothing: it goes on, in HTTP/1.1.
    #[default]
    Unsaid,
    /// It goes on; to be said to who speaks HTTP/1.0.
    KeepAlive,
    /// It ends behind this message.
    Close,
    /// It speaks another protocol from here on.
    Upgrade,
}

/// Appends `HTTP/1.1 200 OK` with its line's end. What is said to HTTP/1.0 is said in HTTP/1.1
/// too (RFC 9110 2.5).
#[inline]
pub(crate) fn status_line(out: &mut Vec<u8>, status: Status) {
    if status == Status::OK {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        return;
    }
    out.extend_from_slice(b"HTTP/1.1 ");
    decimal(out, status.code().into());
    // The space is there without a phrase too (RFC 9112 4).
    out.push(b' ');
    out.extend_from_slice(status.phrase().as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends `GET /target HTTP/1.1` with its line's end. That the target has only visible characters
/// is the caller's to see to.
pub(crate) fn request_line(out: &mut Vec<u8>, method: Method, target: &str) {
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// Appends a field that is known to be good.
pub(crate) fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Appends the fields.
#[inline]
pub(crate) fn fields(out: &mut Vec<u8>, fields: &Fields) {
    out.extend_from_slice(fields.as_bytes());
}

/// Appends what says how the body is framed: nothing for [`Length::None`], which is to say that
/// there must be none, and for [`Length::UntilEnd`].
#[inline]
pub(crate) fn length(out: &mut Vec<u8>, length: Length) {
    match length {
        Length::None | Length::UntilEnd => {}
        Length::Exactly(bytes) => {
            out.extend_from_slice(b"Content-Length: ");
            decimal(out, bytes);
            out.extend_from_slice(b"\r\n");
        }
        Length::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
    }
}

/// Appends what is said of the connection.
#[inline]
pub(crate) fn connection(out: &mut Vec<u8>, connection: Connection) {
    out.extend_from_slice(match connection {
        Connection::Unsaid => b"",
        Connection::KeepAlive => b"Connection: keep-alive\r\n",
        Connection::Close => b"Connection: close\r\n",
        Connection::Upgrade => b"Connection: upgrade\r\n",
    });
}

/// Appends the date, in the form of RFC 9110 5.6.7.
#[inline]
pub(crate) fn date(out: &mut Vec<u8>, date: &[u8; 29]) {
    out.extend_from_slice(b"Date: ");
    out.extend_from_slice(date);
    out.extend_from_slice(b"\r\n");
}

/// Appends the type of the content.
#[inline]
pub(crate) fn content_type(out: &mut Vec<u8>, media: &str) {
    out.extend_from_slice(b"Content-Type: ");
    out.extend_from_slice(media.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends the empty line.
#[inline]
pub(crate) fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
}

/// Appends a number in digits.
#[inline]
pub(crate) fn decimal(out: &mut Vec<u8>, number: u64) {
    match number {
        0..10 => out.push(b'0' + number as u8),
        10..100 => out.extend_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]),
        _ => long_decimal(out, number),
    }
}

fn long_decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; LONGEST_DECIMAL];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

const LONGEST_DECIMAL: usize = 20;
