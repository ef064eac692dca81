//! Names and values of fields.

use super::{Case, around, bad, get, good};

pub(super) fn cases() -> Vec<Case> {
    [names(), values(), spacing()].concat()
}

fn names() -> Vec<Case> {
    let mut cases = vec![
        good("a name of one letter", get("B: c\r\n")),
        good("a name of signs", get("!#$%&'*+-.^_`|~: c\r\n")),
        good("a name of digits", get("123: c\r\n")),
        good("a long name", get(&format!("{}: c\r\n", "B".repeat(10_000)))),
        good("the same name twice", get("B: c\r\nb: d\r\n")),
        good("a name that begins as another", get("Hostage: b\r\nContent-Length-Of: c\r\n")),
        bad("an empty name", get(": c\r\n")),
        bad("a space for a name", get(" : c\r\n")),
        bad("no colon", get("B\r\n")),
        bad("no colon, and a value", get("B c\r\n")),
        bad("a name in letters of another script", get("Bä: c\r\n")),
        bad("no colon in the first line", "GET / HTTP/1.1\r\nHost\r\n\r\n"),
    ];
    for byte in (0..=0x20).chain([0x7f, 0x80, 0xa0, 0xff]) {
        // A line's end makes it another line.
        if byte != b'\n' {
            let name = format!("a name with the byte {byte:#04x}");
            cases.push(bad(&name, around("GET / HTTP/1.1\r\nHost: a\r\nB", byte, "C: d\r\n\r\n")));
            let name = format!("a name that begins with the byte {byte:#04x}");
            cases.push(bad(&name, around("GET / HTTP/1.1\r\nHost: a\r\n", byte, "C: d\r\n\r\n")));
        }
    }
    for byte in *b"\"(),/;<=>?@[\\]{}" {
        let name = format!("a name with {}", char::from(byte));
        cases.push(bad(&name, around("GET / HTTP/1.1\r\nHost: a\r\nB", byte, "C: d\r\n\r\n")));
    }
    cases
}

fn values() -> Vec<Case> {
    let before = "GET / HTTP/1.1\r\nHost: a\r\nB: c";
    let mut cases = vec![
        good("an empty value", get("B:\r\n")),
        good("a blank value", get("B: \t \r\n")),
        good("a value with a colon", get("B: c: d\r\n")),
        good("a value with a tab", get("B: c\td\r\n")),
        good("a value in UTF-8", get("B: ä…\r\n")),
        good("a value that is no UTF-8", around(before, 0xff, "d\r\n\r\n")),
        good("a value in quotes", get("B: \"c\\\"d\"\r\n")),
        good("a long value", get(&format!("B: {}\r\n", "c".repeat(50_000)))),
    ];
    for byte in (0..0x20).chain([0x7f]) {
        // The tab is good, and a line's end makes it another line.
        if byte != b'\t' && byte != b'\n' {
            let name = format!("a value with the byte {byte:#04x}");
            cases.push(bad(&name, around(before, byte, "d\r\n\r\n")));
            let name = format!("a value of the byte {byte:#04x}");
            let before = "GET / HTTP/1.1\r\nHost: a\r\nB:";
            cases.push(bad(&name, around(before, byte, "\r\n\r\n")));
        }
    }
    cases
}

fn spacing() -> Vec<Case> {
    vec![
        good("no space behind the colon", get("B:c\r\n")),
        good("spaces behind the colon", get("B:  \t c\r\n")),
        good("spaces behind the value", get("B: c \t \r\n")),
        bad("a space before the colon", get("B : c\r\n")),
        bad("a tab before the colon", get("B\t: c\r\n")),
        bad("a space before the colon of Host", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        bad("a space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        bad("a tab before the first field", "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"),
        bad("a space before a field", get(" B: c\r\n")),
        bad("a folded value", get("B: c\r\n d\r\n")),
        bad("a value folded by a tab", get("B: c\r\n\td\r\n")),
        bad("a folded value of nothing", get("B:\r\n \r\n")),
        bad("a folded Host", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n"),
        bad("a folded length", get("Content-Length:\r\n 0\r\n")),
        bad("a folded coding", get("Transfer-Encoding:\r\n chunked\r\n")),
        bad("a line of spaces", get("  \r\n")),
    ]
}
