//! What is appended to what is sent.

use super::chunk;
use crate::codec::http::write::{self, Connection};
use crate::codec::http::{Fields, Length, Method, Status, chunk_head, last_chunk};

#[test]
fn lines_are_written_as_they_are_read() {
    let status = |status| written(|out| write::status_line(out, status));
    assert_eq!(status(Status::OK), "HTTP/1.1 200 OK\r\n");
    assert_eq!(status(Status::NOT_FOUND), "HTTP/1.1 404 Not Found\r\n");
    assert_eq!(status(Status::new(299).unwrap()), "HTTP/1.1 299 \r\n");
    let line = written(|out| write::request_line(out, Method::Get, "/a?b"));
    assert_eq!(line, "GET /a?b HTTP/1.1\r\n");
}

#[test]
fn fields_are_written_with_their_ends() {
    let length = |length| written(|out| write::length(out, length));
    assert_eq!(length(Length::None), "");
    assert_eq!(length(Length::UntilEnd), "");
    assert_eq!(length(Length::Exactly(0)), "Content-Length: 0\r\n");
    assert_eq!(length(Length::Exactly(u64::MAX)), "Content-Length: 18446744073709551615\r\n");
    assert_eq!(length(Length::Chunked), "Transfer-Encoding: chunked\r\n");
    let connection = |connection| written(|out| write::connection(out, connection));
    assert_eq!(connection(Connection::Unsaid), "");
    assert_eq!(connection(Connection::KeepAlive), "Connection: keep-alive\r\n");
    assert_eq!(connection(Connection::Close), "Connection: close\r\n");
    assert_eq!(connection(Connection::Upgrade), "Connection: upgrade\r\n");
    let date = written(|out| write::date(out, b"Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_eq!(date, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
}

#[test]
fn numbers_are_written_in_digits() {
    for number in [0, 1, 9, 10, 99, 100, 12_345, u64::from(u32::MAX), u64::MAX] {
        assert_eq!(written(|out| write::decimal(out, number)), number.to_string());
        assert_eq!(written(|out| chunk_head(out, number)), format!("{number:x}\r\n"));
    }
}

#[test]
fn an_empty_chunk_is_only_the_last_one() {
    let mut trailers = Fields::new();
    trailers.append("A", "b").unwrap();
    let body = written(|out| {
        chunk(out, b"");
        chunk(out, b"0123456789");
        chunk(out, b"");
        last_chunk(out, &trailers);
    });
    assert_eq!(body, "a\r\n0123456789\r\n0\r\nA: b\r\n\r\n");
    assert_eq!(written(|out| last_chunk(out, &Fields::new())), "0\r\n\r\n");
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}
