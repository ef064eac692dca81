//! Clients of other makes ask the library's server.

use crate::common::{LIMIT, Setting};
use crate::make::Make;
use crate::site::{RUN, Site};
use crate::{on_sockets, on_tcp};

on_sockets!(others_talk);
on_tcp!(
    others_compress,
    others_say_what_they_want,
    others_are_closed,
    others_close,
    others_see_a_shutdown,
    others_are_refused,
    others_break_rules,
);

fn others_talk(setting: Setting) {
    for make in Make::all() {
        let site = Site::new(setting);
        assert_eq!(site.asked_by(make, &["talks"]), RUN, "{make:?}");
        assert_eq!(site.next(), "open /echo");
        assert_eq!(site.next(), "4000 (private): closed by the peer with 4000: thank you");
    }
}

fn others_compress(setting: Setting) {
    for make in Make::all() {
        for (path, offer, agreed) in [
            ("/deflate", "{}", "permessage-deflate"),
            (
                "/deflate",
                r#"{"server_no_context_takeover": true, "client_no_context_takeover": true}"#,
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            ),
            (
                "/deflate",
                r#"{"server_max_window_bits": 9, "client_max_window_bits": 10}"#,
                "permessage-deflate; server_max_window_bits=9; client_max_window_bits=10",
            ),
            (
                "/frugal",
                "{}",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                 server_max_window_bits=10; client_max_window_bits=9",
            ),
        ] {
            let (received, sent) = exchanged(setting, make, [path, offer], agreed);
            assert!(received.max(sent) < 150_000, "{make:?} {offer}: {received} and {sent}");
        }
        // So short a window is for nobody's compressor here.
        let short = ["/deflate", r#"{"server_max_window_bits": 8}"#];
        let agreed = "permessage-deflate; server_max_window_bits=8";
        let (received, sent) = exchanged(setting, make, short, agreed);
        assert!(received < 150_000 && sent > 600_000, "{make:?}: {received} and {sent}");
        let (received, sent) = exchanged(setting, make, ["/echo", "{}"], "none");
        assert!(received.min(sent) > 600_000, "{make:?}: {received} and {sent}");
    }
}

/// The bytes that the server has received and sent while a client was there that compresses.
fn exchanged(setting: Setting, make: Make, wanted: [&str; 2], agreed: &str) -> (u64, u64) {
    let site = Site::new(setting);
    let said = site.asked_by(make, &["compresses", wanted[0], wanted[1]]);
    let same =
        "long same\nlong same\nlong same\nshort same\nempty same\nrandom same\npieces same\n";
    assert_eq!(said, format!("{agreed}\n{same}"), "{make:?} {wanted:?}");
    site.server.shutdown(LIMIT).unwrap();
    let stats = site.server.metrics().stats;
    (stats.bytes_received, stats.bytes_sent)
}

fn others_say_what_they_want(setting: Setting) {
    for make in Make::all() {
        let site = Site::new(setting);
        assert_eq!(site.asked_by(make, &["reads"]), "/facts a b c v2\nv2\n", "{make:?}");
    }
}

fn others_are_closed(setting: Setting) {
    for make in Make::all() {
        let site = Site::new(setting);
        assert_eq!(site.asked_by(make, &["is_closed"]), "closed 4001 enough of it\n", "{make:?}");
        assert_eq!(site.next(), "open /close");
        assert_eq!(site.next(), "4001 (private): closed by this side with 4001: enough of it");
    }
}

fn others_close(setting: Setting) {
    for make in Make::all() {
        let site = Site::new(setting);
        assert_eq!(site.asked_by(make, &["closes"]), "closed 4002 \n", "{make:?}");
        assert_eq!(site.next(), "open /echo");
        assert_eq!(site.next(), "4002 (private): closed by the peer with 4002: mine");
    }
}

fn others_see_a_shutdown(setting: Setting) {
    for make in Make::all() {
        let site = Site::new(setting);
        let client = site.client(make, &["waits"]);
        assert_eq!(site.next(), "open /echo");
        site.server.shutdown(LIMIT).unwrap();
        assert_eq!(client.finish(Vec::new()).text(), "closed 1001 \n", "{make:?}");
        assert_eq!(site.next(), "1001 (going away): shut down");
    }
}

fn others_are_refused(setting: Setting) {
    for make in Make::all() {
        let site = Site::new(setting);
        assert_eq!(site.asked_by(make, &["is_refused"]), "403 Sign in first\n", "{make:?}");
    }
}

fn others_break_rules(setting: Setting) {
    for make in Make::all() {
        let site = Site::new(setting);
        let said = site.asked_by(make, &["errs"]);
        let wanted = [
            "half a character 1007",
            "no UTF-8 1007",
            "an opcode of nothing 1002",
            "a reserved bit 1002",
            "no mask 1002",
            "a ping in pieces 1002",
            "the middle of nothing 1002",
            "close with 1005 1002",
            "1001 bytes 1009",
            "1001 bytes of few 1009",
        ];
        assert_eq!(said.lines().count(), wanted.len(), "{make:?}: {said}");
        for (line, wanted) in said.lines().zip(wanted) {
            assert!(line.starts_with(wanted), "{make:?}: {line} instead of {wanted}");
        }
        // One may have ended after the next has begun.
        let told = (0..2 * wanted.len()).map(|_| site.next());
        let ends = told.filter(|told| !told.starts_with("open"));
        let mut codes: Vec<u16> = ends.map(|end| end[..4].parse().unwrap()).collect();
        codes.sort_unstable();
        assert_eq!(codes, [1002, 1002, 1002, 1002, 1002, 1002, 1007, 1007, 1009, 1009], "{make:?}");
    }
}
