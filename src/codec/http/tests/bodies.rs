//! Bodies: their limits, their ends, and what comes behind them.

use crate::codec::http::{BodyDecoder, Length, Part, Rejection, Status};
use crate::error::Violation;

#[test]
fn a_body_is_taken_without_what_follows_it() {
    for (length, bytes, body, rest) in [
        (Length::None, "next", "", "next"),
        (Length::Exactly(0), "next", "", "next"),
        (Length::Exactly(4), "bodynext", "body", "next"),
        (Length::Chunked, "4\r\nbody\r\n0\r\n\r\nnext", "body", "next"),
        (Length::Chunked, "0\r\nA: b\r\n\r\n\r\n", "", "\r\n"),
        (Length::UntilEnd, "all of it", "all of it", ""),
    ] {
        let (seen, decoder, left) = take(length, 100, bytes);
        assert_eq!((seen, left), (Ok(body.into()), rest), "{length:?} {bytes:?}");
        assert_eq!(decoder.is_done(), length != Length::UntilEnd, "{length:?} {bytes:?}");
    }
}

#[test]
fn a_body_over_the_limit_is_refused_as_soon_as_that_is_known() {
    let too_large = Status::CONTENT_TOO_LARGE;
    let refused = |length, limit| BodyDecoder::new(length, limit).map_err(|why| why.status).err();
    assert_eq!(refused(Length::Exactly(5), 4), Some(too_large));
    assert_eq!(refused(Length::Exactly(4), 4), None);
    assert_eq!(refused(Length::Exactly(1), 0), Some(too_large));
    for length in [Length::None, Length::Exactly(0), Length::Chunked, Length::UntilEnd] {
        assert_eq!(refused(length, 0), None);
    }
    for (length, bytes, refused) in [
        (Length::UntilEnd, "abcd", false),
        (Length::UntilEnd, "abcde", true),
        (Length::Chunked, "4\r\nabcd\r\n0\r\n\r\n", false),
        (Length::Chunked, "5\r\n", true),
        (Length::Chunked, "2\r\nab\r\n3\r\n", true),
    ] {
        let status = take(length, 4, bytes).0.map_err(|why| why.status);
        assert_eq!(status.err(), refused.then_some(too_large), "{bytes:?}");
    }
}

#[test]
fn what_is_under_the_limit_is_handed_out_before_the_refusal() {
    let mut decoder = BodyDecoder::new(Length::UntilEnd, 4).unwrap();
    let mut input = b"abcde".as_slice();
    assert_eq!(decoder.next(&mut input), Ok(Some(Part::Data(b"abcd"))));
    assert!(decoder.next(&mut input).is_err());
    assert_eq!(input, b"e");
}

#[test]
fn a_body_that_is_cut_short_is_incomplete() {
    for (length, bytes, end) in [
        (Length::None, "", Ok(())),
        (Length::Exactly(0), "", Ok(())),
        (Length::Exactly(4), "body", Ok(())),
        (Length::UntilEnd, "", Ok(())),
        (Length::UntilEnd, "body", Ok(())),
        (Length::Exactly(4), "bod", Err(Violation::Incomplete)),
        (Length::Exactly(u64::MAX), "body", Err(Violation::Incomplete)),
        (Length::Chunked, "", Err(Violation::Incomplete)),
        (Length::Chunked, "4\r\nbody\r\n", Err(Violation::Incomplete)),
        (Length::Chunked, "4\r\nbody\r\n0\r\n", Err(Violation::Incomplete)),
        (Length::Chunked, "4\r\nbody\r\n0\r\nA: b\r\n", Err(Violation::Incomplete)),
    ] {
        let mut decoder = take(length, u64::MAX, bytes).1;
        assert_eq!(decoder.end(), end, "{length:?} {bytes:?}");
        assert_eq!(decoder.is_done(), end.is_ok());
        assert_eq!(decoder.end(), end);
    }
}

#[test]
fn trailers_are_there_when_the_body_has_ended() {
    let mut decoder = BodyDecoder::new(Length::Chunked, 100).unwrap();
    let mut input = b"1\r\na\r\n0\r\nSum: 1\r\nCookie: a=b\r\nsum:2 \r\n".as_slice();
    assert_eq!(decoder.next(&mut input), Ok(Some(Part::Data(b"a"))));
    assert_eq!(decoder.next(&mut input), Ok(None));
    assert!(decoder.trailers().is_empty() && input.is_empty());
    assert_eq!(decoder.next(&mut b"\r\n".as_slice()), Ok(Some(Part::End)));
    // One of them is not to be believed there.
    let trailers = decoder.trailers().clone();
    assert!(trailers.iter().eq([("Sum", b"1".as_slice()), ("sum", b"2")]));
    assert_eq!(decoder.take_trailers(), trailers);
    assert!(decoder.trailers().is_empty());
}

#[test]
fn the_end_is_told_once() {
    for (length, bytes) in [(Length::None, ""), (Length::Chunked, "0\r\n\r\n")] {
        let mut decoder = BodyDecoder::new(length, 0).unwrap();
        let mut input = bytes.as_bytes();
        assert_eq!(decoder.next(&mut input), Ok(Some(Part::End)));
        let mut next = b"next".as_slice();
        assert_eq!((decoder.next(&mut next), next), (Ok(None), b"next".as_slice()));
    }
}

/// The body that `bytes` begin with, or what is wrong with it, and what is left of them.
fn take(length: Length, limit: u64, bytes: &str) -> (Result<String, Rejection>, BodyDecoder, &str) {
    let mut decoder = BodyDecoder::new(length, limit).unwrap();
    let (mut input, mut body) = (bytes.as_bytes(), Vec::new());
    let end = loop {
        match decoder.next(&mut input) {
            Ok(Some(Part::Data(data))) => body.extend_from_slice(data),
            Ok(Some(Part::End) | None) => break Ok(String::from_utf8(body).unwrap()),
            Err(why) => break Err(why),
        }
    };
    let left = &bytes[bytes.len() - input.len()..];
    (end, decoder, left)
}
