//! Parts of files (RFC 9110 14).

use sockeye::http::Files;

use super::{LONG_AGO, LONG_AGO_TEXT, Site, old_file};
use crate::common::Folder;

/// From memory, and from the disk.
fn sites(folder: &Folder) -> [Site; 2] {
    [Site::of(folder), Site::new(Files::new(folder.path()).cache(0))]
}

#[test]
fn one_range() {
    let folder = Folder::new();
    old_file(&folder, "a.txt", "0123456789", LONG_AGO);
    for mut site in sites(&folder) {
        for (range, part, said) in [
            ("bytes=0-4", "01234", "bytes 0-4/10"),
            ("bytes=0-0", "0", "bytes 0-0/10"),
            ("bytes=9-9", "9", "bytes 9-9/10"),
            ("bytes=5-", "56789", "bytes 5-9/10"),
            ("bytes=0-", "0123456789", "bytes 0-9/10"),
            ("bytes=-3", "789", "bytes 7-9/10"),
            ("bytes=-10", "0123456789", "bytes 0-9/10"),
            ("bytes=-99", "0123456789", "bytes 0-9/10"),
            ("bytes=8-99", "89", "bytes 8-9/10"),
            ("bytes=8-18446744073709551616", "89", "bytes 8-9/10"),
            ("BYTES=1-2", "12", "bytes 1-2/10"),
            // Adjoining ones are one.
            ("bytes=0-1,2-3", "0123", "bytes 0-3/10"),
            ("bytes=5-6,99-", "56", "bytes 5-6/10"),
        ] {
            let answer = site.get_with("/a.txt", &[("Range", range)]);
            assert_eq!((answer.status, answer.text()), (206, part), "{range}");
            assert_eq!(answer.field("content-range"), Some(said), "{range}");
            assert_eq!(answer.field("content-length"), Some(&*part.len().to_string()), "{range}");
            assert_eq!(answer.field("content-type"), Some("text/plain; charset=utf-8"));
            assert!(answer.field("etag").is_some());
        }
    }
}

#[test]
fn what_is_no_range_is_ignored() {
    let folder = Folder::new();
    old_file(&folder, "a.txt", "0123456789", LONG_AGO);
    old_file(&folder, "empty", "", LONG_AGO);
    for mut site in sites(&folder) {
        for range in ["", "bytes", "bytes=", "bytes=a-b", "bytes=4-2", "lines=0-1", "bytes=1"] {
            let answer = site.get_with("/a.txt", &[("Range", range)]);
            assert_eq!((answer.status, answer.text()), (200, "0123456789"), "{range}");
            assert_eq!(answer.field("content-range"), None, "{range}");
        }
        let many = (0..20).map(|n| format!("{n}-{n}")).collect::<Vec<_>>().join(",");
        let answer = site.get_with("/a.txt", &[("Range", &format!("bytes={many}"))]);
        assert_eq!(answer.status, 200, "too many");
        let answer = site.get_with("/a.txt", &[("Range", "bytes=0-1"), ("Range", "bytes=4-5")]);
        assert_eq!(answer.status, 200, "two fields of what is no list");
        let answer = site.ask("HEAD", "/a.txt", &[("Range", "bytes=0-1")]);
        assert_eq!((answer.status, answer.field("content-length")), (200, Some("10")));
        let answer = site.get_with("/empty", &[("Range", "bytes=0-")]);
        assert_eq!((answer.status, answer.text()), (200, ""));
    }
}

#[test]
fn ranges_with_nothing_in_them() {
    let folder = Folder::new();
    old_file(&folder, "a.txt", "0123456789", LONG_AGO);
    for mut site in sites(&folder) {
        for range in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99-,10-11"] {
            let answer = site.get_with("/a.txt", &[("Range", range)]);
            assert_eq!((answer.status, answer.text()), (416, ""), "{range}");
            assert_eq!(answer.field("content-range"), Some("bytes */10"), "{range}");
        }
    }
}

#[test]
fn several_ranges_are_parts() {
    let folder = Folder::new();
    let long = (0..200_000u32).map(|n| b'a' + (n % 26) as u8).collect::<Vec<_>>();
    old_file(&folder, "a.txt", &long, LONG_AGO);
    for mut site in sites(&folder) {
        let range = ("Range", "bytes=0-4, 150000-199999, 10-99, -1");
        let answer = site.get_with("/a.txt", &[range]);
        assert_eq!(answer.status, 206);
        assert_eq!(answer.field("content-range"), None);
        assert_eq!(answer.field("content-length"), Some(&*answer.body.len().to_string()));
        let media = answer.field("content-type").unwrap();
        let boundary = media.strip_prefix("multipart/byteranges; boundary=").unwrap();
        let mut wanted = Vec::new();
        for (start, end) in [(0, 5), (150_000, 200_000), (10, 100)] {
            if !wanted.is_empty() {
                wanted.extend(b"\r\n");
            }
            wanted.extend(format!("--{boundary}\r\n").into_bytes());
            wanted.extend(b"Content-Type: text/plain; charset=utf-8\r\n");
            let range = format!("Content-Range: bytes {start}-{}/200000\r\n\r\n", end - 1);
            wanted.extend(range.into_bytes());
            wanted.extend(&long[start..end]);
        }
        wanted.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
        assert!(answer.body == wanted, "{}", answer.body.escape_ascii());
        let again = site.get_with("/a.txt", &[range]);
        assert_ne!(again.field("content-type"), Some(media), "nobody can know the boundary");
    }
}

#[test]
fn if_range_wants_the_version_it_names() {
    let folder = Folder::new();
    old_file(&folder, "a.txt", "0123456789", LONG_AGO);
    for mut site in sites(&folder) {
        let etag = site.get("/a.txt").field("etag").unwrap().to_owned();
        let weak = format!("W/{etag}");
        for (if_range, status) in [
            (&*etag, 206),
            (LONG_AGO_TEXT, 206),
            (&weak, 200),
            ("\"other\"", 200),
            ("Sun, 06 Nov 1994 08:49:38 GMT", 200),
            ("Sun, 06 Nov 1994 08:49:36 GMT", 200),
            ("nonsense", 200),
            ("*", 200),
        ] {
            let fields = [("Range", "bytes=1-2"), ("If-Range", if_range)];
            assert_eq!(site.get_with("/a.txt", &fields).status, status, "{if_range}");
        }
    }
    folder.file("new.txt", "0123456789");
    let mut site = Site::of(&folder);
    let answer = site.get("/new.txt");
    for name in ["etag", "last-modified"] {
        let version = answer.field(name).unwrap();
        let fields = [("Range", "bytes=1-2"), ("If-Range", version)];
        assert_eq!(site.get_with("/new.txt", &fields).status, 200, "it may have changed since");
    }
    assert_eq!(site.get_with("/new.txt", &[("Range", "bytes=1-2")]).status, 206);
}
