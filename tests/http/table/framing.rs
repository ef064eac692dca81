//! Content-Length and Transfer-Encoding: where others have been made to see two requests in one.

use super::{BODY_LIMIT, Case, bad, get, good, post, refused};

pub(super) fn cases() -> Vec<Case> {
    [lengths(), codings(), both()].concat()
}

fn lengths() -> Vec<Case> {
    let with = |value: &str| post(&format!("Content-Length: {value}\r\n"), "b");
    let body = "b".repeat(BODY_LIMIT as usize);
    let longest = post(&format!("Content-Length: {BODY_LIMIT}\r\n"), &body);
    let longer = post(&format!("Content-Length: {}\r\n", BODY_LIMIT + 1), &body);
    let mut cases = vec![
        good("a length", with("1")),
        good("a length with leading zeroes", with("000000000000000000000000000001")),
        good("a length with spaces around it", with(" \t1\t ")),
        good("a length in a field in capitals", post("CONTENT-LENGTH: 1\r\n", "b")),
        good("a length of nothing", post("Content-Length: 0\r\n", "")),
        good("a body of GET", get("Content-Length: 1\r\n") + "b"),
        good("the longest body", longest),
        refused(413, "a body that is too long", longer),
        refused(413, "the largest length", with("18446744073709551615")),
        bad("a length that overflows", with("18446744073709551616")),
        bad("a length that overflows to 1", with("18446744073709551617")),
        bad("a length of many digits", with(&"9".repeat(1000))),
        bad("the same length twice", post("Content-Length: 1\r\nContent-Length: 1\r\n", "b")),
        bad("two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "b")),
        bad("two lengths in two cases", post("Content-Length: 1\r\ncontent-length: 0\r\n", "b")),
        bad("two lengths apart", post("Content-Length: 1\r\nB: c\r\nContent-Length: 0\r\n", "b")),
        bad("a second length that is empty", post("Content-Length: 1\r\nContent-Length:\r\n", "b")),
    ];
    for value in [
        "", "+1", "-1", "-0", "1,1", "1, 1", "1,", ",1", "1;b", "1 1", "1 b", "1b", "b", "0x1",
        "0b1", "1.0", "1e0", "1_0", "\"1\"", "'1'", "#1", "१", "1\u{a0}", "infinity", "NaN", "(1)",
        "1/1",
    ] {
        cases.push(bad(&format!("a length of {value:?}"), with(value)));
    }
    cases
}

fn codings() -> Vec<Case> {
    let whole = "1\r\nb\r\n0\r\n\r\n";
    let with = |value: &str| post(&format!("Transfer-Encoding: {value}\r\n"), whole);
    let two = |one: &str, other: &str| {
        post(&format!("Transfer-Encoding: {one}\r\nTransfer-Encoding: {other}\r\n"), whole)
    };
    let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n";
    let mut cases = vec![
        good("chunked", with("chunked")),
        good("chunked in capitals", with("CHUNKED")),
        good("chunked in a field in capitals", post("TRANSFER-ENCODING: Chunked\r\n", whole)),
        good("chunked with spaces around it", with(" \tchunked\t ")),
        bad("chunked in HTTP/1.0", old),
        bad(
            "chunked kept in HTTP/1.0",
            old.replace("\r\n\r\n1", "\r\nConnection: keep-alive\r\n\r\n1"),
        ),
        bad("chunked in two lines", two("chunked", "chunked")),
        bad("chunked and an empty line", two("chunked", "")),
        bad("an empty line and chunked", two("", "chunked")),
        bad("chunked and gzip in two lines", two("chunked", "gzip")),
        bad("chunked and identity in two lines", two("chunked", "identity")),
        refused(501, "gzip and chunked in two lines", two("gzip", "chunked")),
        bad("chunked behind a vertical tab", with("\x0bchunked")),
        bad("chunked before a form feed", with("chunked\x0c")),
    ];
    for value in [
        "",
        ",",
        "chunked,",
        ",chunked",
        "gzip,,chunked",
        "chunked, chunked",
        "chunked,chunked",
        "chunked, gzip",
        "chunked, identity",
        "chunked;b",
        "chunked;b=c",
        "chunked ;",
        "chunked; ",
        "\"chunked\"",
        "'chunked",
        "chun ked",
        "chunked b",
        "b chunked",
        "chunked:",
        "chunked/1",
        "(chunked)",
        "chunked\u{a0}",
        "chunkeď",
        ";",
        "gzip chunked",
        "=chunked",
    ] {
        // An apostrophe may be in a token: it makes another coding of it.
        let status = if value == "'chunked" { 501 } else { 400 };
        cases.push(refused(status, &format!("a coding of {value:?}"), with(value)));
    }
    for value in [
        "identity",
        "gzip",
        "deflate",
        "compress",
        "x-chunked",
        "chunke",
        "chunkedd",
        "xchunked",
        "chunked-",
        "gzip, chunked",
        "identity, chunked",
        "gzip;q=1, chunked",
        "cow",
        "chunked.",
        "*",
    ] {
        cases.push(refused(501, &format!("a coding of {value:?}"), with(value)));
    }
    cases
}

fn both() -> Vec<Case> {
    let with = |fields: &str| post(fields, "0\r\n\r\n");
    vec![
        bad("a length and chunked", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
        bad("chunked and a length", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")),
        bad(
            "chunked and a length of 0",
            with("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"),
        ),
        bad("a length and identity", with("Content-Length: 5\r\nTransfer-Encoding: identity\r\n")),
        bad("a length and an empty coding", with("Content-Length: 5\r\nTransfer-Encoding:\r\n")),
        bad(
            "a malformed length and chunked",
            with("Content-Length: b\r\nTransfer-Encoding: chunked\r\n"),
        ),
        bad(
            "chunked with a space before the colon",
            with("Content-Length: 5\r\nTransfer-Encoding : chunked\r\n"),
        ),
        bad(
            "chunked with a tab before the colon",
            with("Content-Length: 5\r\nTransfer-Encoding\t: chunked\r\n"),
        ),
        bad(
            "chunked on a folded line",
            with("Content-Length: 5\r\nB: c\r\n Transfer-Encoding: chunked\r\n"),
        ),
        bad(
            "chunked behind a bare CR",
            with("Content-Length: 5\r\nB: c\rTransfer-Encoding: chunked\r\n"),
        ),
        bad(
            "chunked behind a bare LF",
            with("Content-Length: 5\r\nB: c\nTransfer-Encoding: chunked\r\n"),
        ),
        bad("chunked behind a NUL", with("Content-Length: 5\r\n\0Transfer-Encoding: chunked\r\n")),
        good(
            "chunked with an underscore",
            post("Content-Length: 5\r\nTransfer_Encoding: chunked\r\n", "0\r\n\r\n"),
        ),
        good(
            "a length named by Connection",
            post("Connection: content-length\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
        ),
    ]
}
