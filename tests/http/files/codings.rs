//! Files beside files, compressed.

use sockeye::http::Files;

use super::{LONG_AGO, Site, old_file};
use crate::common::Folder;

fn folder() -> Folder {
    let folder = Folder::new();
    old_file(&folder, "both.js", "plain", LONG_AGO);
    old_file(&folder, "both.js.gz", "gzipped", LONG_AGO);
    old_file(&folder, "both.js.br", "brotli", LONG_AGO + 1);
    old_file(&folder, "gzip.js", "plain", LONG_AGO);
    old_file(&folder, "gzip.js.gz", "gzipped", LONG_AGO);
    old_file(&folder, "stale.js", "plain", LONG_AGO);
    old_file(&folder, "stale.js.gz", "gzipped", LONG_AGO - 1);
    old_file(&folder, "none.js", "plain", LONG_AGO);
    old_file(&folder, "alone.css.gz", "gzipped", LONG_AGO);
    folder
}

#[test]
fn the_coding_is_what_the_client_likes_best() {
    let folder = folder();
    for files in [Files::new(folder.path()), Files::new(folder.path()).cache(0)] {
        let mut site = Site::new(files);
        for (path, accept, coding) in [
            ("/both.js", Some("gzip, deflate, br"), Some("br")),
            ("/both.js", Some("gzip;q=1, br;q=0.5"), Some("gzip")),
            ("/both.js", Some("gzip"), Some("gzip")),
            ("/both.js", Some("x-gzip"), Some("gzip")),
            ("/both.js", Some("*"), Some("br")),
            ("/both.js", Some("deflate"), None),
            ("/both.js", Some("identity, br;q=0.1"), None),
            ("/both.js", Some(""), None),
            ("/both.js", Some("br;q=0, gzip;q=0"), None),
            ("/both.js", Some("*;q=0"), None),
            ("/both.js", None, None),
            ("/gzip.js", Some("gzip, br"), Some("gzip")),
            ("/gzip.js", Some("br"), None),
            ("/stale.js", Some("gzip"), None),
            ("/none.js", Some("gzip, br"), None),
        ] {
            let fields = accept.map(|accept| ("Accept-Encoding", accept));
            let answer = site.get_with(path, fields.as_slice());
            let body = match coding {
                Some("br") => "brotli",
                Some(_) => "gzipped",
                None => "plain",
            };
            assert_eq!((answer.status, answer.text()), (200, body), "{path} {accept:?}");
            assert_eq!(answer.field("content-encoding"), coding, "{path} {accept:?}");
            assert_eq!(answer.field("content-type"), Some("text/javascript; charset=utf-8"));
            let varies = matches!(path, "/both.js" | "/gzip.js");
            assert_eq!(answer.field("vary"), varies.then_some("Accept-Encoding"), "{path}");
        }
        let answer = site.get_with("/alone.css", &[("Accept-Encoding", "gzip")]);
        assert_eq!(answer.status, 404, "it is not there");
        let answer = site.get("/alone.css.gz");
        assert_eq!(answer.field("content-encoding"), None, "it is an archive");
        assert_eq!(answer.field("content-type"), Some("application/gzip"));
    }
}

#[test]
fn each_coding_is_a_version_of_its_own() {
    let folder = folder();
    for files in [Files::new(folder.path()), Files::new(folder.path()).cache(0)] {
        let mut site = Site::new(files);
        let mut tags = ["gzip", "br", "identity"].map(|coding| {
            let answer = site.get_with("/both.js", &[("Accept-Encoding", coding)]);
            answer.field("etag").unwrap().to_owned()
        });
        let gzip = tags[0].clone();
        let ask = |site: &mut Site, coding| {
            let fields = [("Accept-Encoding", coding), ("If-None-Match", &*gzip)];
            site.get_with("/both.js", &fields)
        };
        let answer = ask(&mut site, "gzip");
        assert_eq!((answer.status, answer.field("vary")), (304, Some("Accept-Encoding")));
        assert_eq!(ask(&mut site, "br").status, 200);
        tags.sort();
        assert!(tags[0] != tags[1] && tags[1] != tags[2], "{tags:?}");
        let fields = [("Accept-Encoding", "gzip"), ("Range", "bytes=4-")];
        let answer = site.get_with("/both.js", &fields);
        assert_eq!((answer.status, answer.text()), (206, "ped"));
        assert_eq!(answer.field("content-encoding"), Some("gzip"));
    }
}

#[test]
fn codings_can_be_switched_off() {
    let folder = folder();
    let mut site = Site::new(Files::new(folder.path()).precompressed(false));
    let answer = site.get_with("/both.js", &[("Accept-Encoding", "gzip")]);
    assert_eq!((answer.text(), answer.field("vary")), ("plain", None));
}

#[test]
fn an_index_is_compressed_too() {
    let folder = Folder::new();
    old_file(&folder, "index.html", "plain", LONG_AGO);
    old_file(&folder, "index.html.gz", "gzipped", LONG_AGO);
    let mut site = Site::of(&folder);
    for _ in 0..2 {
        let answer = site.get_with("/", &[("Accept-Encoding", "gzip")]);
        assert_eq!((answer.text(), answer.field("content-encoding")), ("gzipped", Some("gzip")));
        assert_eq!(answer.field("content-type"), Some("text/html; charset=utf-8"));
    }
}
