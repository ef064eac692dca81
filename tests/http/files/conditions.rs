//! Requests with conditions (RFC 9110 13).

use std::time::Duration;

use sockeye::http::Files;

use super::{LONG_AGO, LONG_AGO_TEXT, Site, old_file};
use crate::common::Folder;

const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

#[test]
fn conditions_decide_by_their_precedence() {
    let folder = Folder::new();
    old_file(&folder, "a.txt", "text", LONG_AGO);
    let (match_, none) = ("If-Match", "If-None-Match");
    let (since, unmodified) = ("If-Modified-Since", "If-Unmodified-Since");
    for files in [Files::new(folder.path()), Files::new(folder.path()).cache(0)] {
        let mut site = Site::new(files);
        let etag = &*site.get("/a.txt").field("etag").unwrap().to_owned();
        let weak = &*format!("W/{etag}");
        let list = &*format!("\"a\", {etag}, \"b\"");
        let cases: &[(&[(&str, &str)], u16)] = &[
            (&[(none, etag)], 304),
            (&[(none, weak)], 304),
            (&[(none, list)], 304),
            (&[(none, "*")], 304),
            (&[(none, "\"a\""), (none, etag)], 304),
            (&[(none, "\"a\"")], 200),
            (&[(none, "nonsense")], 200),
            (&[(since, LONG_AGO_TEXT)], 304),
            (&[(since, "Sunday, 06-Nov-94 08:49:37 GMT")], 304),
            (&[(since, AFTER)], 304),
            (&[(since, BEFORE)], 200),
            (&[(since, "nonsense")], 200),
            (&[(none, "\"a\""), (since, AFTER)], 200),
            (&[(none, etag), (since, BEFORE)], 304),
            (&[(match_, etag)], 200),
            (&[(match_, "*")], 200),
            (&[(match_, list)], 200),
            (&[(match_, weak)], 412),
            (&[(match_, "\"a\"")], 412),
            (&[(unmodified, LONG_AGO_TEXT)], 200),
            (&[(unmodified, AFTER)], 200),
            (&[(unmodified, BEFORE)], 412),
            (&[(unmodified, "nonsense")], 200),
            (&[(match_, etag), (unmodified, BEFORE)], 200),
            (&[(match_, etag), (none, etag)], 304),
            (&[(match_, "\"a\""), (none, etag)], 412),
            (&[(none, etag), ("Range", "bytes=0-1")], 304),
            (&[(none, "\"a\""), ("Range", "bytes=0-1")], 206),
            (&[(match_, "\"a\""), ("Range", "bytes=99-")], 412),
        ];
        for (fields, status) in cases {
            for method in ["GET", "HEAD"] {
                let answer = site.ask(method, "/a.txt", fields);
                let status = if (method, *status) == ("HEAD", 206) { 200 } else { *status };
                assert_eq!(answer.status, status, "{method} {fields:?}");
                if status == 304 || method == "HEAD" {
                    assert_eq!(answer.body, b"", "{method} {fields:?}");
                }
            }
        }
        assert_eq!(site.get("/a.txt").text(), "text", "the connection has stayed");
    }
}

#[test]
fn conditions_do_not_matter_for_what_is_not_there() {
    let folder = Folder::new();
    let mut site = Site::of(&folder);
    for fields in [("If-None-Match", "*"), ("If-Match", "\"a\""), ("Range", "bytes=0-")] {
        assert_eq!(site.get_with("/a", &[fields]).status, 404, "{fields:?}");
    }
}

#[test]
fn a_304_says_what_caches_need() {
    let folder = Folder::new();
    old_file(&folder, "a.txt", "text", LONG_AGO);
    let mut site = Site::new(Files::new(folder.path()).max_age(Duration::from_secs(60)));
    let whole = site.get("/a.txt");
    let answer = site.get_with("/a.txt", &[("If-None-Match", "*")]);
    for name in ["etag", "last-modified", "cache-control"] {
        assert_eq!(answer.field(name), whole.field(name), "{name}");
        assert!(answer.field(name).is_some(), "{name}");
    }
    for name in ["content-type", "content-length", "transfer-encoding"] {
        assert_eq!(answer.field(name), None, "{name}");
    }
}
