//! Files, folders, methods and media types.

use std::fs;
use std::time::Duration;

use sockeye::http::Files;
use sockeye::http::files::media_type;

use super::{LONG_AGO, LONG_AGO_TEXT, Site, head, old_file};
use crate::answer::Answer;
use crate::common::Folder;

#[test]
fn a_file_is_served_with_what_is_known_of_it() {
    let folder = Folder::new();
    old_file(&folder, "a.css", "body {}", LONG_AGO);
    let mut site = Site::new(Files::new(folder.path()).max_age(Duration::from_secs(3600)));
    for _from_disk_then_from_memory in 0..2 {
        let answer = site.get("/a.css");
        assert_eq!((answer.status, answer.text()), (200, "body {}"));
        assert_eq!(answer.field("content-type"), Some("text/css; charset=utf-8"));
        assert_eq!(answer.field("content-length"), Some("7"));
        assert_eq!(answer.field("last-modified"), Some(LONG_AGO_TEXT));
        assert_eq!(answer.field("accept-ranges"), Some("bytes"));
        assert_eq!(answer.field("cache-control"), Some("max-age=3600"));
        assert_eq!(answer.field("vary"), None);
        let etag = answer.field("etag").unwrap();
        assert!(etag.starts_with("\"7-") && etag.ends_with('"'), "{etag}");
    }
}

#[test]
fn an_etag_tells_versions_apart_and_survives_a_restart() {
    let folder = Folder::new();
    let tag = |contents: &str, changed| {
        old_file(&folder, "a", contents, changed);
        Site::of(&folder).get("/a").field("etag").unwrap().to_owned()
    };
    let first = tag("one", LONG_AGO);
    assert_eq!(tag("one", LONG_AGO), first);
    assert_ne!(tag("one", LONG_AGO + 1), first);
    assert_ne!(tag("three", LONG_AGO), first);
}

#[test]
fn what_has_just_changed_has_a_weak_etag() {
    let folder = Folder::new();
    folder.file("a", "new");
    assert!(Site::of(&folder).get("/a").field("etag").unwrap().starts_with("W/\""));
}

#[test]
fn a_folder_means_its_index() {
    let folder = Folder::new();
    old_file(&folder, "index.html", "home", LONG_AGO);
    old_file(&folder, "docs/index.html", "docs", LONG_AGO);
    old_file(&folder, "docs/b c/index.html", "deep", LONG_AGO);
    fs::create_dir(folder.path().join("empty")).unwrap();
    let mut site = Site::of(&folder);
    for _ in 0..2 {
        for (path, wanted) in [
            ("/", "home"),
            ("/index.html", "home"),
            ("/?query", "home"),
            ("/docs/", "docs"),
            ("/docs/index.html", "docs"),
            ("/%64ocs/", "docs"),
            ("/docs/b%20c/", "deep"),
        ] {
            let answer = site.get(path);
            assert_eq!((answer.status, answer.text()), (200, wanted), "{path}");
            assert_eq!(answer.field("content-type"), Some("text/html; charset=utf-8"), "{path}");
        }
        for path in [
            "/empty/",
            "/index.html/",
            "/nothing",
            "/nothing/",
            "/docs/nothing.html",
            "/docs//",
            "//docs/",
            "/./docs/",
            "/docs/./",
        ] {
            assert_eq!(site.get(path).status, 404, "{path}");
        }
    }
}

#[test]
fn a_folder_without_its_slash_is_redirected_there() {
    let folder = Folder::new();
    old_file(&folder, "docs/b c/ü/index.html", "deep", LONG_AGO);
    fs::create_dir(folder.path().join("example.org")).unwrap();
    let mut site = Site::of(&folder);
    for (path, location) in [
        ("/docs", "/docs/"),
        ("/docs?a=b&c", "/docs/?a=b&c"),
        ("/docs/b%20c", "/docs/b%20c/"),
        ("/docs/b%20c/%c3%bc", "/docs/b%20c/%C3%BC/"),
        ("http://x/docs", "/docs/"),
    ] {
        let answer = site.get(path);
        assert_eq!((answer.status, answer.field("location")), (301, Some(location)), "{path}");
    }
    // Not to another server.
    assert_eq!(site.get("//example.org").status, 404);
    old_file(&folder, "index.html", "home", LONG_AGO);
    let mut site = Site::new(Files::new(folder.path()).prefix("/static"));
    assert_eq!(site.get("/static/").text(), "home");
    assert_eq!(site.get("/static").field("location"), Some("/static/"));
    assert_eq!(site.get("/static/docs").field("location"), Some("/static/docs/"));
}

#[test]
fn a_prefix_is_needed_and_left_out() {
    let folder = Folder::new();
    old_file(&folder, "a", "a", LONG_AGO);
    for prefix in ["/static", "static", "/static/"] {
        let mut site = Site::new(Files::new(folder.path()).prefix(prefix));
        for _ in 0..2 {
            assert_eq!(site.get("/static/a").text(), "a");
            for path in ["/a", "/statica", "/static", "/stati/a", "/static/static/a"] {
                let status = site.ask("GET", path, &[]).status;
                assert_ne!(status, 200, "{path}");
            }
        }
    }
}

#[test]
fn another_index_or_none() {
    let folder = Folder::new();
    old_file(&folder, "index.html", "html", LONG_AGO);
    old_file(&folder, "home.txt", "text", LONG_AGO);
    let mut site = Site::new(Files::new(folder.path()).index("home.txt"));
    assert_eq!(site.get("/").text(), "text");
    let mut site = Site::new(Files::new(folder.path()).index(None));
    assert_eq!(site.get("/").status, 404);
    assert_eq!(site.get("/index.html").text(), "html");
}

#[test]
fn head_is_get_without_the_body() {
    let folder = Folder::new();
    old_file(&folder, "small", "some text", LONG_AGO);
    old_file(&folder, "empty", "", LONG_AGO);
    old_file(&folder, "big", vec![7; 3 << 20], LONG_AGO);
    let mut site = Site::of(&folder);
    for path in ["/small", "/empty", "/big", "/nothing"] {
        for _ in 0..2 {
            let (got, asked) = (site.get(path), site.ask("HEAD", path, &[]));
            assert_eq!(head(&got), head(&asked), "{path}");
            assert_eq!(got.field("content-length"), Some(&*got.body.len().to_string()), "{path}");
            assert_eq!(asked.body, b"", "{path}");
        }
    }
}

#[test]
fn other_methods_are_refused() {
    let folder = Folder::new();
    old_file(&folder, "a", "a", LONG_AGO);
    let mut site = Site::of(&folder);
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        let answer = site.ask(method, "/a", &[]);
        let wanted = (405, Some("GET, HEAD, OPTIONS"));
        assert_eq!((answer.status, answer.field("allow")), wanted, "{method}");
    }
    let answer = site.ask("OPTIONS", "/a", &[]);
    assert_eq!((answer.status, answer.field("allow")), (204, Some("GET, HEAD, OPTIONS")));
    let answer = site.peer.feed("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
    assert_eq!(Answer::only(answer).status, 405, "before the body has come");
}

#[test]
fn hidden_files_are_shown_on_demand_only() {
    let folder = Folder::new();
    for name in [".env", ".git/config", "a/.b/c", "a/.well-known"] {
        old_file(&folder, name, "secret", LONG_AGO);
    }
    let paths = ["/.env", "/.git/config", "/a/.b/c", "/a/.well-known", "/%2eenv"];
    let mut site = Site::of(&folder);
    for path in paths {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    assert_eq!(site.get("/.git").status, 404, "no redirect that tells");
    let mut site = Site::new(Files::new(folder.path()).hidden(true));
    for path in paths {
        assert_eq!(site.get(path).text(), "secret", "{path}");
    }
    let mut site = Site::new(Files::new(folder.path().join(".git")));
    assert_eq!(site.get("/config").text(), "secret", "the folder itself may be hidden");
}

#[test]
fn a_folder_may_come_into_being_later() {
    let folder = Folder::new();
    let mut site = Site::new(Files::new(folder.path().join("www")));
    assert_eq!(site.get("/a").status, 404);
    old_file(&folder, "www/a", "a", LONG_AGO);
    assert_eq!(site.get("/a").text(), "a");
}

#[test]
fn names_may_be_anything() {
    let folder = Folder::new();
    let names = ["a b", "ü.txt", "100%", "a+b", "a%20b", "semi;colon", "#", "日本.html", "'"];
    // Windows has no such files.
    let more: &[&str] = if cfg!(windows) { &[] } else { &["q?", "\"", "a|b", "*"] };
    for &name in names.iter().chain(more) {
        old_file(&folder, name, name, LONG_AGO);
        let mut site = Site::of(&folder);
        let path = format!("/{}", sockeye::http::query::percent_encode(name));
        for _ in 0..2 {
            assert_eq!(site.get(&path).text(), name);
        }
    }
    // Each request means one file, also when the other one is in memory.
    let mut site = Site::of(&folder);
    for _ in 0..2 {
        assert_eq!(site.get("/a%2520b").text(), "a%20b");
        assert_eq!(site.get("/a%20b").text(), "a b");
    }
}

#[test]
fn media_types_are_those_in_use() {
    for (name, wanted) in MEDIA {
        assert_eq!(media_type(&format!("file.{name}")), *wanted, "{name}");
        assert_eq!(media_type(&format!("FILE.{}", name.to_uppercase())), *wanted, "{name}");
    }
    for name in ["file", "file.", ".html", "html", "", "a.html/b", "file.nobodyknows"] {
        assert_eq!(media_type(name), "application/octet-stream", "{name}");
    }
}

#[test]
fn media_types_can_be_set() {
    let folder = Folder::new();
    old_file(&folder, "a.vue", "x", LONG_AGO);
    old_file(&folder, "b.New", "x", LONG_AGO);
    let files = Files::new(folder.path()).mime("VUE", "text/x-vue").mime(".new", "x/new");
    let mut site = Site::new(files);
    assert_eq!(site.get("/a.vue").field("content-type"), Some("text/x-vue"));
    assert_eq!(site.get("/b.New").field("content-type"), Some("x/new"));
}

#[test]
#[should_panic(expected = "cannot be a media type")]
fn a_media_type_cannot_add_a_header() {
    drop(Files::new(".").mime("a", "text/plain\r\nSet-Cookie: a=b"));
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_forbidden() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let path = folder.file("a", "a");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    // Root may read everything.
    let wanted = if fs::read(&path).is_ok() { 200 } else { 403 };
    assert_eq!(Site::of(&folder).get("/a").status, wanted);
}

/// The table of fifty that is known from other servers, and what else is on the web.
const MEDIA: &[(&str, &str)] = &[
    ("html", "text/html; charset=utf-8"),
    ("htm", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("cjs", "text/javascript; charset=utf-8"),
    ("vue", "text/javascript; charset=utf-8"),
    ("xml", "text/xml; charset=utf-8"),
    ("atom", "application/atom+xml"),
    ("fastsoap", "application/fastsoap"),
    ("gzip", "application/gzip"),
    ("json", "application/json"),
    ("map", "application/json"),
    ("pdf", "application/pdf"),
    ("ps", "application/postscript"),
    ("soap", "application/soap+xml"),
    ("sql", "application/sql"),
    ("xslt", "text/xml; charset=utf-8"),
    ("zip", "application/zip"),
    ("zlib", "application/zlib"),
    ("aac", "audio/aac"),
    ("ac3", "audio/ac3"),
    ("mp3", "audio/mpeg"),
    ("ogg", "audio/ogg"),
    ("ttf", "font/ttf"),
    ("bmp", "image/bmp"),
    ("emf", "application/x-msmetafile"),
    ("gif", "image/gif"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("jpm", "image/jpm"),
    ("jpx", "image/jpx"),
    ("jrx", "image/jrx"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("tiff", "image/tiff"),
    ("wmf", "application/x-msmetafile"),
    ("http", "message/http"),
    ("s-http", "application/s-http"),
    ("mesh", "model/mesh"),
    ("vrml", "model/vrml"),
    ("csv", "text/csv; charset=utf-8"),
    ("plain", "text/plain; charset=utf-8"),
    ("richtext", "text/richtext; charset=utf-8"),
    ("rtf", "application/rtf"),
    ("rtx", "text/richtext; charset=utf-8"),
    ("sgml", "text/sgml; charset=utf-8"),
    ("strings", "text/strings; charset=utf-8"),
    ("url", "text/url; charset=utf-8"),
    ("H264", "video/h264"),
    ("H265", "video/H265"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("raw", "image/x-panasonic-rw"),
    ("txt", "text/plain; charset=utf-8"),
    ("md", "text/markdown; charset=utf-8"),
    ("ico", "image/vnd.microsoft.icon"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("otf", "font/otf"),
    ("wasm", "application/wasm"),
    ("webm", "video/webm"),
    ("gz", "application/gzip"),
    ("webmanifest", "application/manifest+json"),
];
