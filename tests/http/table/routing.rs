//! Host, Connection, Expect and Upgrade.

use super::{Case, bad, get, good, last, post, refused};

pub(super) fn cases() -> Vec<Case> {
    [hosts(), connections(), expectations(), upgrades()].concat()
}

fn hosts() -> Vec<Case> {
    let with = |fields: &str| format!("GET / HTTP/1.1\r\n{fields}\r\n");
    let absolute = |fields: &str| format!("GET http://b/ HTTP/1.1\r\n{fields}\r\n");
    let mut cases = vec![
        good("Host with a port", with("Host: a:80\r\n")),
        good("Host with an empty port", with("Host: a:\r\n")),
        good("Host in capitals", with("HOST: A.EXAMPLE\r\n")),
        good("Host with an IPv4 address", with("Host: 127.0.0.1:8080\r\n")),
        good("Host with an IPv6 address", with("Host: [::1]\r\n")),
        good("Host with an IPv6 address and a port", with("Host: [::ffff:1.2.3.4]:80\r\n")),
        good("Host with signs", with("Host: a_b-c.d~e\r\n")),
        good("Host with an escape", with("Host: a%20b\r\n")),
        good("Host behind other fields", with("B: c\r\nD: e\r\nHost: a\r\n")),
        good("an empty Host with an absolute target", absolute("Host:\r\n")),
        good("another Host than that of the target", absolute("Host: c\r\n")),
        good("an empty Host for all", "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n"),
        bad("no Host", with("")),
        bad("no Host but others", with("B: c\r\n")),
        bad("no Host for all", "OPTIONS * HTTP/1.1\r\n\r\n"),
        bad("no Host with an absolute target", absolute("")),
        bad("Host twice", with("Host: a\r\nHost: b\r\n")),
        bad("the same Host twice", with("Host: a\r\nHost: a\r\n")),
        bad("Host three times", with("Host: a\r\nB: c\r\nhost: a\r\nHOST: a\r\n")),
        bad("Host twice, once empty", with("Host:\r\nHost: a\r\n")),
        bad("Host twice in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
        bad("Host twice with an absolute target", absolute("Host: b\r\nHost: b\r\n")),
        bad("a malformed Host with an absolute target", absolute("Host: b/c\r\n")),
        bad("a malformed Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n"),
        bad("an empty Host", with("Host:\r\n")),
        bad("a blank Host", with("Host: \t\r\n")),
        bad("an empty Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost:\r\n\r\n"),
    ];
    for host in [
        "a b",
        "a,b",
        "a, b",
        "a/",
        "a/b",
        "/",
        "user@a",
        "@",
        "a?b",
        "a#b",
        "a\\b",
        "a\"",
        "a<b>",
        "a|b",
        "a^b",
        "a`b",
        "{a}",
        "http://a",
        "a:b",
        "a:80b",
        "a:-1",
        "a:+80",
        "a: 80",
        "a :80",
        "a:65536",
        "a:99999999999999999999",
        "a:80:80",
        ":80",
        ":",
        "::1",
        "[::1",
        "::1]",
        "[]",
        "[]:80",
        "[a]b",
        "[::1]80",
        "[::1]:x",
        "[::g]",
        "[[::1]]",
        "[v1.a]",
        "ä.example",
        "a\tb",
    ] {
        cases.push(bad(&format!("Host: {host}"), with(&format!("Host: {host}\r\n"))));
    }
    cases
}

fn connections() -> Vec<Case> {
    let old = |fields: &str| format!("GET / HTTP/1.0\r\n{fields}\r\n");
    vec![
        last("close", get("Connection: close\r\n")),
        last("close in capitals", get("CONNECTION: CLOSE\r\n")),
        last("close among others", get("Connection: b, Close ,c\r\n")),
        last("close in a second line", get("Connection: keep-alive\r\nConnection: close\r\n")),
        last("close and keep-alive", get("Connection: close, keep-alive\r\n")),
        good("keep-alive", get("Connection: keep-alive\r\n")),
        good("options of nobody's", get("Connection: b, c\r\n")),
        good("an option that begins as close", get("Connection: closed, not-close\r\n")),
        good("no options", get("Connection: , ,\r\n")),
        good("close that is no option", get("Connection: \"close\"\r\n")),
        good("keep-alive of HTTP/1.0", old("Connection: Keep-Alive\r\n")),
        good("keep-alive of HTTP/1.0 among others", old("Connection: b, keep-alive\r\n")),
        last("close and keep-alive of HTTP/1.0", old("Connection: keep-alive, close\r\n")),
        last("other options of HTTP/1.0", old("Connection: b\r\n")),
        last("a field named as the option", old("Keep-Alive: timeout=5\r\n")),
    ]
}

fn expectations() -> Vec<Case> {
    let with = |value: &str| post(&format!("Content-Length: 1\r\nExpect: {value}\r\n"), "b");
    vec![
        good("100-continue", with("100-continue")),
        good("100-continue in capitals", with("100-CONTINUE")),
        good("100-continue twice", with("100-continue, 100-continue")),
        good("100-continue without a body", get("Expect: 100-continue\r\n")),
        good("no expectation", with("")),
        last("100-continue of HTTP/1.0", "GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"),
        refused(417, "another expectation", with("200-ok")),
        refused(417, "another expectation besides", with("100-continue, b")),
        refused(417, "another expectation in a second line", with("100-continue\r\nExpect: b")),
        refused(417, "an expectation with a value", with("100-continue=b")),
        refused(417, "two words for an expectation", with("100 continue")),
    ]
}

fn upgrades() -> Vec<Case> {
    vec![
        good("Upgrade to nobody's", get("Connection: upgrade\r\nUpgrade: b/1\r\n")),
        good("Upgrade without the option", get("Upgrade: websocket\r\n")),
        good("the option without Upgrade", get("Connection: upgrade\r\n")),
        good("Upgrade to HTTP/2", get("Connection: Upgrade\r\nUpgrade: h2c\r\n")),
    ]
}
