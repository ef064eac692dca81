//! Request lines, and how lines end.

use super::{Case, around, bad, get, good, last, refused};

pub(super) fn cases() -> Vec<Case> {
    [before_the_line(), methods(), targets(), versions(), white_space(), ends(), lengths()].concat()
}

fn before_the_line() -> Vec<Case> {
    let request = get("");
    vec![
        good("plain", &request),
        good("one empty line before", format!("\r\n{request}")),
        good("two empty lines before", format!("\r\n\r\n{request}")),
        bad("three empty lines before", format!("\r\n\r\n\r\n{request}")),
        bad("many empty lines before", "\r\n".repeat(1000)),
        bad("a bare LF before", format!("\n{request}")),
        bad("a bare LF behind an empty line", format!("\r\n\n{request}")),
        bad("a bare CR before", format!("\r{request}")),
        bad("two CR before", format!("\r\r\n{request}")),
        bad("a space before", format!(" {request}")),
        bad("a tab before", format!("\t{request}")),
        bad("a NUL before", format!("\0{request}")),
        bad("a byte order mark before", format!("\u{feff}{request}")),
        bad("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        bad("SSH", b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        bad("a response", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ]
}

fn methods() -> Vec<Case> {
    let with = |method: &str| format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut cases = vec![
        good("HEAD", with("HEAD")),
        good("PUT", with("PUT")),
        good("DELETE", with("DELETE")),
        good("TRACE", with("TRACE")),
        good("PATCH", with("PATCH")),
        good("POST without a body", with("POST")),
        good("OPTIONS of a path", with("OPTIONS")),
        good("a method in lower case", with("get")),
        good("a method of its own", with("PROPFIND")),
        good("a method of 15 bytes", with("ABCDEFGHIJKLMNO")),
        good("a method of signs", with("!#$%&'*+-.^_`|~")),
        refused(501, "a method of 16 bytes", with("ABCDEFGHIJKLMNOP")),
        refused(501, "a method of 1000 bytes", with(&"M".repeat(1000))),
        bad("an empty method", with("")),
    ];
    for byte in [0, 1, b'\t', 0x0b, 0x1b, 0x7f, 0x80, 0xff] {
        let name = format!("a method with the byte {byte:#04x}");
        cases.push(bad(&name, around("GE", byte, "T / HTTP/1.1\r\nHost: a\r\n\r\n")));
    }
    for byte in *b"\"(),/:;<=>?@[\\]{}" {
        let name = format!("a method with {}", char::from(byte));
        cases.push(bad(&name, around("GE", byte, "T / HTTP/1.1\r\nHost: a\r\n\r\n")));
    }
    cases
}

fn targets() -> Vec<Case> {
    let with =
        |method: &str, target: &str| format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut cases = vec![
        good("a query", with("GET", "/a?b=c&d=%20")),
        good("an empty query", with("GET", "/a?")),
        good("a target of two slashes", with("GET", "//")),
        good("an escaped target", with("GET", "/%00%0d%0a%ff")),
        good("a target of doubtful characters", with("GET", "/|{}^`\"<>\\[]")),
        good("an absolute target", with("GET", "http://b/c?d")),
        good("an absolute target with a port", with("GET", "http://b:80/")),
        good("an absolute target with a scheme in capitals", with("GET", "HTTP://b/")),
        good("an absolute target of https", with("GET", "https://b/")),
        good("an absolute target without a path", with("GET", "http://b")),
        good("an absolute target with a query only", with("GET", "http://b?c")),
        good("an absolute target with an address", with("GET", "http://[::1]:80/")),
        good("OPTIONS of all", with("OPTIONS", "*")),
        bad("all of GET", with("GET", "*")),
        bad("all and more", with("OPTIONS", "*a")),
        bad("a relative target", with("GET", "a/b")),
        bad("a target that is a query", with("GET", "?a")),
        bad("a target of dots", with("GET", "../a")),
        bad("an authority of GET", with("GET", "a:80")),
        bad("an absolute target of another scheme", with("GET", "ftp://b/")),
        bad("an absolute target of a file", with("GET", "file:///etc/passwd")),
        bad("an absolute target with one slash", with("GET", "http:/b/")),
        bad("an absolute target without a host", with("GET", "http:///a")),
        bad("an absolute target with nothing", with("GET", "http://")),
        bad("an absolute target with a port only", with("GET", "http://:80/")),
        bad("an absolute target with a user", with("GET", "http://user@b/")),
        bad("an absolute target with a password", with("GET", "http://user:secret@b/")),
        bad("an absolute target with a comma", with("GET", "http://b,c/")),
        bad("an absolute target with a backslash", with("GET", "http://b\\c/")),
        bad("an absolute target with a bad port", with("GET", "http://b:c/")),
        bad("an absolute target with a large port", with("GET", "http://b:65536/")),
        bad("an absolute target with an open address", with("GET", "http://[::1/")),
        bad("CONNECT of a path", with("CONNECT", "/")),
        bad("CONNECT of all", with("CONNECT", "*")),
        bad("CONNECT without a port", with("CONNECT", "b")),
        bad("CONNECT with an empty port", with("CONNECT", "b:")),
        bad("CONNECT with a bad port", with("CONNECT", "b:c")),
        bad("CONNECT with a large port", with("CONNECT", "b:65536")),
        bad("CONNECT with a path", with("CONNECT", "b:80/")),
        bad("CONNECT of an address without a port", with("CONNECT", "[::1]")),
        bad("CONNECT of an absolute target", with("CONNECT", "http://b:80/")),
        bad("CONNECT with a user", with("CONNECT", "user@b:80")),
        bad("CONNECT without a host", with("CONNECT", ":80")),
        bad("a fragment", with("GET", "/a#b")),
        bad("a fragment in a query", with("GET", "/a?b#c")),
        bad("a fragment of an absolute target", with("GET", "http://b#c")),
        bad("a target in letters of another script", with("GET", "/ä")),
    ];
    for byte in [0, 1, b'\t', 0x0b, 0x0c, 0x1b, 0x7f, 0x80, 0xff] {
        let name = format!("a target with the byte {byte:#04x}");
        cases.push(bad(&name, around("GET /a", byte, "b HTTP/1.1\r\nHost: a\r\n\r\n")));
    }
    cases
}

fn versions() -> Vec<Case> {
    let with = |version: &str| format!("GET / {version}\r\nHost: a\r\n\r\n");
    vec![
        last("HTTP/1.0", with("HTTP/1.0")),
        last("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n"),
        good("HTTP/1.0 that is kept", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        good("HTTP/1.2", with("HTTP/1.2")),
        good("HTTP/1.9", with("HTTP/1.9")),
        bad("HTTP/1.2 without Host", "GET / HTTP/1.2\r\n\r\n"),
        bad("HTTP/1.2 with a bare LF", "GET / HTTP/1.2\nHost: a\r\n\r\n"),
        bad("HTTP/1.2 with a bare LF behind a field", "GET / HTTP/1.2\r\nHost: a\n\r\n"),
        bad("HTTP/1.2 with a malformed field", "GET / HTTP/1.2\r\nHost : a\r\n\r\n"),
        refused(505, "HTTP/0.9", with("HTTP/0.9")),
        refused(505, "HTTP/2.0", with("HTTP/2.0")),
        refused(505, "HTTP/3.0", with("HTTP/3.0")),
        refused(505, "HTTP/9.9", with("HTTP/9.9")),
        refused(505, "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        bad("HTTP/0.9 without a version", "GET /\r\n\r\n"),
        bad("HTTP/2", with("HTTP/2")),
        bad("HTTP/1", with("HTTP/1")),
        bad("HTTP/1.", with("HTTP/1.")),
        bad("HTTP/1.a", with("HTTP/1.a")),
        bad("HTTP/1.10", with("HTTP/1.10")),
        bad("HTTP/1.20", with("HTTP/1.20")),
        bad("HTTP/01.1", with("HTTP/01.1")),
        bad("HTTP/11", with("HTTP/11")),
        bad("HTTP/1,1", with("HTTP/1,1")),
        bad("HTTP/ 1.1", with("HTTP/ 1.1")),
        bad("HTTP /1.1", with("HTTP /1.1")),
        bad("HTTP-1.1", with("HTTP-1.1")),
        bad("http/1.1", with("http/1.1")),
        bad("HTTPS/1.1", with("HTTPS/1.1")),
        bad("HTTP/-1.1", with("HTTP/-1.1")),
        bad("a version of another protocol", with("RTSP/1.0")),
        bad("an empty version", with("")),
        bad("a version twice", with("HTTP/1.1 HTTP/1.1")),
        bad("a version with a NUL", with("HTTP/1.1\0")),
    ]
}

fn white_space() -> Vec<Case> {
    let line = |line: &str| format!("{line}\r\nHost: a\r\n\r\n");
    vec![
        bad("two spaces behind the method", line("GET  / HTTP/1.1")),
        bad("two spaces behind the target", line("GET /  HTTP/1.1")),
        bad("a space behind the version", line("GET / HTTP/1.1 ")),
        bad("a tab behind the version", line("GET / HTTP/1.1\t")),
        bad("a tab behind the method", line("GET\t/ HTTP/1.1")),
        bad("a tab behind the target", line("GET /\tHTTP/1.1")),
        bad("a tab and a space behind the method", line("GET \t/ HTTP/1.1")),
        bad("a vertical tab behind the target", line("GET /\x0bHTTP/1.1")),
        bad("a space in the target", line("GET /a b HTTP/1.1")),
        bad("no target", line("GET HTTP/1.1")),
        bad("an empty target", line("GET  HTTP/1.1")),
        bad("a method alone", line("GET")),
        bad("a method and a space", line("GET ")),
        bad("a target and a space", line("GET / ")),
    ]
}

fn ends() -> Vec<Case> {
    vec![
        bad("LF everywhere", "GET / HTTP/1.1\nHost: a\n\n"),
        bad("LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        bad("LF behind the first field", "GET / HTTP/1.1\r\nHost: a\nB: c\r\n\r\n"),
        bad("LF behind the last field", "GET / HTTP/1.1\r\nB: c\r\nHost: a\n\r\n"),
        bad("LF behind an empty value", "GET / HTTP/1.1\r\nHost: a\r\nB:\nC: d\r\n\r\n"),
        bad("LF behind a blank value", "GET / HTTP/1.1\r\nHost: a\r\nB: \t\n\r\n"),
        bad("LF behind white space", "GET / HTTP/1.1\r\nHost: a \n\r\n"),
        bad("LF for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        bad("LF for the empty line without fields", "GET / HTTP/1.0\r\n\n"),
        bad("LF and LF without fields", "GET / HTTP/1.0\n\n"),
        bad("LF and CR LF without fields", "GET / HTTP/1.0\n\r\n"),
        bad("LF CR", "GET / HTTP/1.1\n\rHost: a\n\r\n\r"),
        bad("CR behind the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n"),
        bad("CR behind a field", "GET / HTTP/1.1\r\nHost: a\rB: c\r\n\r\n"),
        bad("CR for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\rB: c\r\n\r\n"),
        bad("two CR behind the request line", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
        bad("two CR behind a field", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"),
        bad("two CR for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"),
        bad("CR in a target", "GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n"),
        bad("CR LF in a target", "GET /a\r\nb HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]
}

fn lengths() -> Vec<Case> {
    let target = |len: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(len));
    // With `GET /` and ` HTTP/1.1`.
    let longest = 8 * 1024 - 14;
    let field = |len: usize| get(&format!("B: {}\r\n", "c".repeat(len)));
    let longest_field = 64 * 1024 - get("B: \r\n").len();
    let fields = |count: usize| get(&"B: c\r\n".repeat(count - 1));
    vec![
        good("the longest request line", target(longest)),
        refused(414, "a request line that is too long", target(longest + 1)),
        refused(414, "a target without an end", format!("GET /{}", "a".repeat(100_000))),
        refused(414, "a query that is too long", target(0).replace('/', &"/?".repeat(8_000))),
        bad("a long target with a NUL", format!("GET /\0{}", "a".repeat(100_000))),
        good("the longest head", field(longest_field)),
        refused(431, "a head that is too long", field(longest_field + 1)),
        refused(
            431,
            "a field without an end",
            format!("{}B: {}", &get("")[..25], "c".repeat(70_000)),
        ),
        refused(431, "a name without an end", format!("{}{}", &get("")[..25], "c".repeat(70_000))),
        good("the most fields", fields(100)),
        refused(431, "a field too many", fields(101)),
        refused(431, "a thousand fields", fields(1000)),
        refused(431, "a field too many without an end", &fields(101)[..fields(101).len() - 2]),
        bad("a malformed field before too many", fields(101).replacen("B:", "B :", 1)),
    ]
}
