//! Bodies in chunks.

use super::{BODY_LIMIT, Case, bad, good, post, refused};

pub(super) fn cases() -> Vec<Case> {
    [sizes(), extensions(), data(), trailers(), lengths()].concat()
}

fn chunked(body: &str) -> String {
    post("Transfer-Encoding: chunked\r\n", body)
}

/// A chunk of a byte whose size is written so.
fn sized(size: &str) -> String {
    chunked(&format!("{size}\r\nb\r\n0\r\n\r\n"))
}

fn sizes() -> Vec<Case> {
    let mut cases = vec![
        good("an empty body in chunks", chunked("0\r\n\r\n")),
        good("a size with leading zeroes", sized("0000000000000001")),
        good("a size in small letters", chunked("a\r\n0123456789\r\n0\r\n\r\n")),
        good("a size in capitals", chunked("A\r\n0123456789\r\n0\r\n\r\n")),
        good("many zeroes for the last chunk", chunked("0000000000000000\r\n\r\n")),
        bad("a size of 17 digits", sized("00000000000000001")),
        bad("a size that overflows", sized("10000000000000001")),
        bad("a last size of 17 digits", chunked("00000000000000000\r\n\r\n")),
        refused(413, "the largest size", sized("ffffffffffffffff")),
        refused(413, "a size that would be negative", sized("8000000000000000")),
        bad("a size without an end", chunked(&"0".repeat(1000))),
        bad("LF behind a size", chunked("1\nb\r\n0\r\n\r\n")),
        bad("LF behind the last size", chunked("1\r\nb\r\n0\n\r\n")),
        bad("CR behind a size", chunked("1\rb\r\n0\r\n\r\n")),
        bad("two CR behind a size", chunked("1\r\r\nb\r\n0\r\n\r\n")),
        bad("an empty line before a size", chunked("\r\n1\r\nb\r\n0\r\n\r\n")),
        bad("no chunk", chunked("x\r\n")),
    ];
    for size in [
        "", " 1", "1 ", "\t1", "1\t", "+1", "-1", "-0", "0x1", "x1", "1x", "1h", "1_", "1.0",
        "1,1", "\"1\"", "1=", "g", "1 1", "1\0", "\x001", "１", "ä", "1:", "1/", "1@", "1G", "1`",
    ] {
        cases.push(bad(&format!("a size of {size:?}"), sized(size)));
    }
    cases
}

fn extensions() -> Vec<Case> {
    let long = |len: usize| format!("1;{}", "b".repeat(len - 1));
    vec![
        good("an extension", sized("1;b")),
        good("an extension with a value", sized("1;b=c")),
        good("an extension with spaces", sized("1; b = c")),
        good("an extension in quotes", sized("1;b=\"c;d\"")),
        good("extensions", sized("1;b;c=d")),
        good("an extension of nothing", sized("1;")),
        good("an extension of the last chunk", chunked("0;b\r\n\r\n")),
        good("the longest extension", sized(&long(16 * 1024))),
        refused(413, "an extension that is too long", sized(&long(16 * 1024 + 1))),
        refused(413, "an extension without an end", chunked(&long(20_000))),
        refused(413, "many extensions", chunked(&"1;b\r\nc\r\n".repeat(8_193))),
        bad("an extension without a size", sized(";b")),
        bad("an extension behind a space", sized("1 ;b")),
        bad("an extension with a LF", sized("1;b\nc")),
        bad("an extension with a LF at its end", chunked("1;b\nb\r\n0\r\n\r\n")),
        bad("an extension with a CR", sized("1;b\rc")),
        bad("an extension with a NUL", sized("1;b\0c")),
        bad("an extension with a line in quotes", sized("1;b=\"\n\"")),
        bad("an extension with a DEL", sized("1;\x7f")),
    ]
}

fn data() -> Vec<Case> {
    vec![
        good("chunks", chunked("1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n")),
        good("a chunk that looks like one", chunked("5\r\n0\r\n\r\n\r\n0\r\n\r\n")),
        bad("a chunk longer than its size", chunked("1\r\nbc\r\n0\r\n\r\n")),
        bad("a chunk with CR only", chunked("1\r\nb\r0\r\n\r\n")),
        bad("a chunk with LF only", chunked("1\r\nb\n0\r\n\r\n")),
        bad("a chunk with nothing behind it", chunked("1\r\nb0\r\n\r\n")),
        bad("a chunk with two CR behind it", chunked("1\r\nb\r\r\n0\r\n\r\n")),
        bad("a chunk with an empty line behind it", chunked("1\r\nb\r\n\r\n0\r\n\r\n")),
        bad("a chunk shorter than its size", chunked("3\r\nb\r\n0\r\n\r\n")),
        bad("a chunk shorter than its size by one", chunked("2\r\nb\r\n0\r\n\r\n")),
    ]
}

fn trailers() -> Vec<Case> {
    let with = |lines: &str| chunked(&format!("1\r\nb\r\n0\r\n{lines}\r\n"));
    let mut cases = vec![
        good("a trailer", with("B: c\r\n")),
        good("trailers", with("B: c\r\nD:\r\nb: e\r\n")),
        good("the most trailers", with(&"B: c\r\n".repeat(100))),
        good("the longest trailer", with(&format!("B: {}\r\n", "c".repeat(16 * 1024 - 7)))),
        refused(431, "a trailer too many", with(&"B: c\r\n".repeat(101))),
        refused(
            431,
            "a trailer that is too long",
            with(&format!("B: {}\r\n", "c".repeat(16 * 1024 - 6))),
        ),
        refused(431, "a trailer without an end", with(&"b".repeat(20_000))),
        bad("a trailer without a colon", with("B\r\n")),
        bad("a trailer without a name", with(": c\r\n")),
        bad("a trailer with a space before its colon", with("B : c\r\n")),
        bad("a trailer with a space before it", with(" B: c\r\n")),
        bad("a folded trailer", with("B: c\r\n d\r\n")),
        bad("a trailer with a LF", with("B: c\n")),
        bad("a trailer with a CR", with("B: c\rD: e\r\n")),
        bad("a trailer with two CR", with("B: c\r\r\n")),
        bad("a trailer with a NUL", with("B: \0\r\n")),
        bad("a trailer in letters of another script", with("ä: b\r\n")),
        bad("LF for the last line", chunked("0\r\n\n")),
        bad("LF for the last line behind a trailer", chunked("0\r\nB: c\r\n\n")),
        bad("CR CR LF for the last line", chunked("0\r\n\r\r\n")),
        bad("a request for a trailer", chunked("0\r\nGET / HTTP/1.1\r\n\r\n")),
    ];
    for name in
        ["Content-Length", "Transfer-Encoding", "Host", "connection", "UPGRADE", "Trailer", "TE"]
    {
        cases.push(bad(&format!("a trailer {name}"), with(&format!("{name}: 1\r\n"))));
    }
    // These are not kept, but no reason to refuse it.
    for name in ["Authorization", "Content-Type", "Set-Cookie", "cookie", "Content-Encoding"] {
        cases.push(good(&format!("a trailer {name}"), with(&format!("{name}: b\r\n"))));
        let name = format!("a malformed trailer {name}");
        cases.push(bad(&name, with("Content-Type: \x01\r\n")));
    }
    cases
}

fn lengths() -> Vec<Case> {
    let whole = "b".repeat(BODY_LIMIT as usize);
    let half = "b".repeat(BODY_LIMIT as usize / 2);
    let halves = format!("8000\r\n{half}\r\n8000\r\n{half}\r\n");
    vec![
        good("the longest chunk", chunked(&format!("10000\r\n{whole}\r\n0\r\n\r\n"))),
        good("the longest chunks", chunked(&format!("{halves}0\r\n\r\n"))),
        refused(
            413,
            "a chunk that is too long",
            chunked(&format!("10001\r\n{whole}b\r\n0\r\n\r\n")),
        ),
        refused(413, "chunks that are too long", chunked(&format!("{halves}1\r\nb\r\n0\r\n\r\n"))),
        refused(
            413,
            "chunks without an end",
            chunked(&"1\r\nb\r\n".repeat(BODY_LIMIT as usize + 1)),
        ),
    ]
}
