//! Responses, and what a client is told of them.

/// A response, behind which the connection ends.
pub(crate) struct Answer {
    /// What is peculiar about it; no two have the same.
    pub(crate) name: String,
    /// What was asked for.
    pub(crate) request: &'static str,
    /// All that is received.
    pub(crate) bytes: Vec<u8>,
    /// What comes of it.
    pub(crate) outcome: Outcome,
}

/// What comes of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All of it.
    Whole {
        /// Its status.
        status: u16,
        /// Its body.
        body: &'static str,
        /// Whether another request could have been sent on the connection.
        stays_open: bool,
    },
    /// The connection ended before it did.
    Cut,
    /// It is no HTTP.
    Refused,
}

/// All responses.
pub(crate) fn answers() -> Vec<Answer> {
    let mut answers = Vec::new();
    for group in [lines(), fields(), framing(), without_bodies(), chunks()] {
        answers.extend(group);
    }
    answers
}

fn whole(name: &str, bytes: impl AsRef<[u8]>, body: &'static str) -> Answer {
    let outcome = Outcome::Whole { status: 200, body, stays_open: true };
    Answer { name: name.into(), request: "GET", bytes: bytes.as_ref().into(), outcome }
}

fn last(name: &str, bytes: impl AsRef<[u8]>, body: &'static str) -> Answer {
    let outcome = Outcome::Whole { status: 200, body, stays_open: false };
    Answer { outcome, ..whole(name, bytes, body) }
}

fn cut(name: &str, bytes: impl AsRef<[u8]>) -> Answer {
    Answer { outcome: Outcome::Cut, ..whole(name, bytes, "") }
}

fn refused(name: &str, bytes: impl AsRef<[u8]>) -> Answer {
    Answer { outcome: Outcome::Refused, ..whole(name, bytes, "") }
}

/// An answer to a request of another method, or of another status, that has no body.
fn bodiless(request: &'static str, status: u16, fields: &str) -> Answer {
    Answer {
        request,
        outcome: Outcome::Whole { status, body: "", stays_open: true },
        ..whole(
            &format!("{status} to {request} with {fields:?}"),
            format!("HTTP/1.1 {status} Some Reason\r\n{fields}\r\n"),
            "",
        )
    }
}

fn ok(fields: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n{body}")
}

fn lines() -> Vec<Answer> {
    let line = |line: &str| format!("{line}\r\nContent-Length: 1\r\n\r\nb");
    vec![
        whole("plain", line("HTTP/1.1 200 OK"), "b"),
        whole("a reason of several words", line("HTTP/1.1 200 All is well"), "b"),
        whole("an empty reason", line("HTTP/1.1 200 "), "b"),
        whole("no reason", line("HTTP/1.1 200"), "b"),
        whole("a reason in UTF-8", line("HTTP/1.1 200 Schön"), "b"),
        whole("HTTP/1.2", line("HTTP/1.2 200 OK"), "b"),
        whole("HTTP/1.2 without a reason", line("HTTP/1.2 200"), "b"),
        last("HTTP/1.0", line("HTTP/1.0 200 OK"), "b"),
        refused("HTTP/1.2 with a bad status", line("HTTP/1.2 20 OK")),
        refused("HTTP/1.2 with a reason too near", line("HTTP/1.2 200OK")),
        refused("HTTP/1.2 with a bad reason", line("HTTP/1.2 200 \0")),
        refused("HTTP/1.2 with LF", "HTTP/1.2 200 OK\nContent-Length: 0\r\n\r\n"),
        refused("HTTP/2", line("HTTP/2 200")),
        refused("HTTP/2.0", line("HTTP/2.0 200 OK")),
        refused("HTTP/0.9", line("HTTP/0.9 200 OK")),
        refused("http/1.1", line("http/1.1 200 OK")),
        refused("another protocol", line("ICY 200 OK")),
        refused("no version", "<html>\r\n</html>\r\n"),
        refused("a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        refused("a status of two digits", line("HTTP/1.1 20 OK")),
        refused("a status of four digits", line("HTTP/1.1 2000 OK")),
        refused("a status below 100", line("HTTP/1.1 099 OK")),
        refused("a status of 000", line("HTTP/1.1 000 OK")),
        refused("a status of letters", line("HTTP/1.1 2xx OK")),
        refused("a negative status", line("HTTP/1.1 -20 OK")),
        refused("a reason too near", line("HTTP/1.1 200OK")),
        refused("no status", line("HTTP/1.1")),
        refused("two spaces before the status", line("HTTP/1.1  200 OK")),
        refused("a tab before the status", line("HTTP/1.1\t200 OK")),
        refused("a tab behind the status", line("HTTP/1.1 200\tOK")),
        refused("a NUL in the reason", line("HTTP/1.1 200 O\0K")),
        refused("a CR in the reason", line("HTTP/1.1 200 O\rK")),
        refused("an empty line before", line("\r\nHTTP/1.1 200 OK")),
        refused("a LF before", line("\nHTTP/1.1 200 OK")),
        refused("a space before", line(" HTTP/1.1 200 OK")),
        refused("a long reason", line(&format!("HTTP/1.1 200 {}", "b".repeat(9000)))),
        refused("a reason without an end", format!("HTTP/1.1 200 {}", "b".repeat(9000))),
        cut("nothing", ""),
        cut("half a status line", "HTTP/1.1 20"),
        cut("half a head", "HTTP/1.1 200 OK\r\nContent-Le"),
        cut("a head without its empty line", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"),
    ]
}

fn fields() -> Vec<Answer> {
    vec![
        whole("an empty value", ok("B:\r\nContent-Length: 0\r\n", ""), ""),
        whole("a value that is no ASCII", ok("B: ä\r\nContent-Length: 0\r\n", ""), ""),
        whole("Host twice", ok("Host: a\r\nHost: b\r\nContent-Length: 0\r\n", ""), ""),
        whole("an expectation", ok("Expect: b\r\nContent-Length: 0\r\n", ""), ""),
        refused("LF behind the status line", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"),
        refused("LF behind a field", ok("B: c\nContent-Length: 0\r\n", "")),
        refused("LF for the empty line", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n"),
        refused("LF and LF", "HTTP/1.1 200 OK\n\n"),
        refused("LF and CR LF", "HTTP/1.1 200 OK\n\r\n"),
        refused("LF without a reason", "HTTP/1.1 200\n\r\n"),
        refused("CR behind a field", ok("B: c\rContent-Length: 0\r\n", "")),
        refused("a NUL in a value", ok("B: \0\r\n", "")),
        refused("a NUL in a name", ok("B\0: c\r\n", "")),
        refused("a space before the colon", ok("Content-Length : 0\r\n", "")),
        refused("a folded value", ok("B: c\r\n d\r\n", "")),
        refused("a space before the first field", ok(" B: c\r\n", "")),
        refused("no colon", ok("B\r\n", "")),
        refused("an empty name", ok(": b\r\n", "")),
        refused("too many fields", ok(&"B: c\r\n".repeat(101), "")),
        refused("a head that is too long", ok(&format!("B: {}\r\n", "c".repeat(66_000)), "")),
        last("close", ok("Connection: close\r\nContent-Length: 1\r\n", "b"), "b"),
        whole("keep-alive", ok("Connection: keep-alive\r\nContent-Length: 1\r\n", "b"), "b"),
        whole(
            "keep-alive of HTTP/1.0",
            "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nb",
            "b",
        ),
    ]
}

fn framing() -> Vec<Answer> {
    let mut answers = vec![
        last("to the end", ok("", "b"), "b"),
        last("to the end, and nothing", ok("", ""), ""),
        last("to the end of HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nb", "b"),
        last("to the end though kept", ok("Connection: keep-alive\r\n", "b"), "b"),
        cut("less than the length", ok("Content-Length: 2\r\n", "b")),
        cut("nothing of the length", ok("Content-Length: 2\r\n", "")),
        refused("the same length twice", ok("Content-Length: 1\r\nContent-Length: 1\r\n", "b")),
        refused("two lengths", ok("Content-Length: 1\r\nContent-Length: 2\r\n", "b")),
        refused(
            "a length and chunked",
            ok("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ),
        refused(
            "chunked in HTTP/1.0",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        refused("a body that is too large", ok("Content-Length: 18446744073709551615\r\n", "b")),
    ];
    for value in ["", "-1", "+1", "1,1", "1 1", "0x1", "b", "18446744073709551616"] {
        let bytes = ok(&format!("Content-Length: {value}\r\n"), "b");
        answers.push(refused(&format!("a length of {value:?}"), bytes));
    }
    for value in
        ["", "gzip", "identity", "gzip, chunked", "chunked, gzip", "chunked, chunked", "chunked;b"]
    {
        let bytes = ok(&format!("Transfer-Encoding: {value}\r\n"), "0\r\n\r\n");
        answers.push(refused(&format!("a coding of {value:?}"), bytes));
    }
    answers
}

fn without_bodies() -> Vec<Answer> {
    let mut answers = Vec::new();
    for fields in ["", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"] {
        for status in [204, 304] {
            answers.push(bodiless("GET", status, fields));
        }
        for status in [200, 404] {
            answers.push(bodiless("HEAD", status, fields));
        }
        answers.push(bodiless("CONNECT", 200, fields));
    }
    answers.push(bodiless("GET", 101, "Connection: upgrade\r\nUpgrade: b\r\n"));
    answers
}

fn chunks() -> Vec<Answer> {
    let with = |body: &str| ok("Transfer-Encoding: chunked\r\n", body);
    vec![
        whole("chunked", with("1\r\nb\r\n2;d=e\r\ncd\r\n0\r\n\r\n"), "bcd"),
        whole("chunked with trailers", with("1\r\nb\r\n0\r\nC: d\r\n\r\n"), "b"),
        last(
            "chunked and close",
            ok("Connection: close\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            "",
        ),
        cut("no chunk", with("")),
        cut("half a size", with("1")),
        cut("half a chunk", with("2\r\nb")),
        cut("a chunk without its end", with("1\r\nb")),
        cut("no last chunk", with("1\r\nb\r\n")),
        cut("half a last chunk", with("1\r\nb\r\n0\r\n")),
        cut("half a trailer", with("1\r\nb\r\n0\r\nC: d")),
        cut("no empty line behind a trailer", with("1\r\nb\r\n0\r\nC: d\r\n")),
        refused("a malformed size", with("b b\r\n")),
        refused("a size that overflows", with("10000000000000000\r\n")),
        refused("a chunk longer than its size", with("1\r\nbc\r\n")),
        refused("LF behind a size", with("1\nb\r\n")),
        refused("a malformed trailer", with("0\r\nB : c\r\n\r\n")),
        refused("a length for a trailer", with("0\r\nContent-Length: 1\r\n\r\n")),
    ]
}
