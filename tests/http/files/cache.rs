//! What is kept in memory.

use std::time::{Duration, Instant};

use sockeye::http::{Body, Cache, Files, Request, Response, Router, Status};
use sockeye::{Bytes, ErrorKind};

use super::{LONG_AGO, Site, head, old_file};
use crate::common::{Folder, SHORT, eventually};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn content_is_found_until_it_is_removed() {
    let cache = Cache::new(1 << 20);
    assert!(cache.is_empty() && cache.find("/a").is_none() && !cache.remove("/a"));
    cache.add("/a", "first", HOUR).unwrap();
    let first = cache.find("/a").unwrap();
    cache.add("/a", "second", None).unwrap();
    cache.add("/b", vec![1, 2, 3], HOUR).unwrap();
    assert_eq!((cache.find("/a").unwrap().body(), cache.len()), (Bytes::from("second"), 2));
    assert_eq!((first.key(), first.body()), ("/a", Bytes::from("first")), "who has it keeps it");
    assert!(cache.remove("/a"));
    assert!(!cache.remove("/a") && cache.find("/a").is_none());
    cache.clear();
    assert_eq!((cache.len(), cache.bytes()), (0, 0));
}

#[test]
fn content_is_served() {
    let cache = Cache::new(1 << 20);
    cache.add("/a b", "text", HOUR).unwrap();
    let json = Response::content("application/json", "{}").header("ETag", "\"v1\"");
    cache.add("/json", json.header("Cache-Control", "no-store"), HOUR).unwrap();
    let mut site = Site::new(cache.clone());
    let answer = site.get("/a%20b?query");
    assert_eq!((answer.status, answer.text()), (200, "text"));
    assert_eq!(answer.field("cache-control"), Some("max-age=3600"));
    assert_eq!(answer.field("content-type"), Some("text/plain; charset=utf-8"));
    let etag = answer.field("etag").unwrap().to_owned();
    assert_eq!(site.get_with("/a%20b", &[("If-None-Match", &etag)]).status, 304);
    assert_eq!(site.get_with("/a%20b", &[("Range", "bytes=1-2")]).text(), "ex");
    assert_eq!(head(&site.ask("HEAD", "/a%20b", &[])), head(&answer));
    let answer = site.get("/json");
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    assert_eq!(answer.field("etag"), Some("\"v1\""));
    assert_eq!(answer.field("content-type"), Some("application/json"));
    for (method, path) in [("GET", "/c"), ("POST", "/json"), ("GET", "/a+b"), ("GET", "/%ff")] {
        assert_eq!(site.ask(method, path, &[]).status, 404, "{method} {path}");
    }
    cache.add("/json", "other", HOUR).unwrap();
    assert_eq!(site.get("/json").text(), "other");
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let cache = Cache::new(1 << 20).file_limit(1000);
    let kind = |content: Response| cache.add("/a", content, HOUR).unwrap_err().kind();
    assert_eq!(kind(Status::NOT_FOUND.into()), ErrorKind::Invalid);
    assert_eq!(kind(Response::later().0), ErrorKind::Invalid);
    assert_eq!(kind(Response::text("a").header("A", "\n")), ErrorKind::Invalid);
    let stream = Body::pieces([Ok(Bytes::from("a"))]);
    assert_eq!(kind(Response::ok().with_body(stream)), ErrorKind::Invalid);
    assert_eq!(kind(Response::text("x".repeat(1001))), ErrorKind::LimitReached);
    assert!(cache.add("/a", "x".repeat(1000), HOUR).is_ok());
    let error = Cache::new(100).add("/key", "x".repeat(100), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitReached);
    assert!(error.to_string().contains("/key"), "{error}");
}

#[test]
fn what_has_expired_is_gone() {
    let cache = Cache::new(1 << 20);
    let begun = Instant::now();
    cache.add("/short", "a", SHORT).unwrap();
    cache.add("/long", "b", HOUR).unwrap();
    cache.add("/never", "c", None).unwrap();
    cache.add("/ever", "d", Duration::MAX).unwrap();
    let early = cache.find("/short").is_some();
    assert!(early || begun.elapsed() >= SHORT);
    eventually("the content has expired", || cache.find("/short").is_none());
    assert!(begun.elapsed() >= SHORT);
    assert_eq!(cache.len(), 3);
    cache.add("/short", "a", SHORT).unwrap();
    eventually("nobody asks, and it is not counted", || cache.len() == 3);
}

#[test]
fn what_nobody_wants_goes_first() {
    let cache = Cache::new(100_000);
    for number in 0..1000 {
        cache.add(&format!("/{number}"), vec![0; 1000], HOUR).unwrap();
        assert!(cache.bytes() <= 100_000);
        assert!(cache.find("/0").is_some(), "wanted again and again, after {number}");
    }
    let left = cache.len();
    assert!((50..100).contains(&left), "{left}");
    for number in 0..100_000 {
        cache.add(&format!("/empty/{number}"), "", HOUR).unwrap();
    }
    assert!(cache.bytes() <= 100_000 && cache.len() < 1000, "nothing takes nothing");
}

#[test]
fn a_hook_may_answer_instead() {
    let cache = Cache::new(1 << 20);
    cache.add("/a", "a", HOUR).unwrap();
    cache.add("/b", "b", HOUR).unwrap();
    let hooked = cache.on_cached(|request, cached| {
        assert_eq!(request.raw_path(), cached.key());
        (cached.key() == "/b").then(|| Response::text(format!("not {:?}", cached.body())))
    });
    let mut site = Site::new(hooked.before(|_: &mut Request<'_>| "handler"));
    assert_eq!(site.get("/a").text(), "a");
    assert_eq!(site.get("/b").text(), "not b\"b\"");
    assert_eq!(site.get("/c").text(), "handler");
    assert_eq!(site.ask("POST", "/a", &[]).text(), "handler");
}

#[test]
fn a_cache_goes_around_a_router() {
    let cache = Cache::new(1 << 20);
    cache.add("/a", "kept", HOUR).unwrap();
    let router = Router::new().get("/a", "a").post("/a", "posted").get("/b", "b").layer(cache);
    let mut site = Site::new(router);
    assert_eq!((site.get("/a").text(), site.get("/b").text()), ("kept", "b"));
    assert_eq!((site.ask("POST", "/a", &[]).text(), site.get("/c").status), ("posted", 404));
}

#[test]
fn a_hook_may_panic_and_use_the_cache() {
    let cache = Cache::new(1 << 20);
    cache.add("/a", "a", HOUR).unwrap();
    let other = cache.clone();
    let mut site = Site::new(cache.clone().on_cached(move |_, cached| {
        assert!(other.remove(cached.key()), "it was there");
        panic!("this is meant to happen")
    }));
    assert_eq!(site.get("/a").status, 500);
    assert_eq!(cache.len(), 0);
}

#[test]
fn files_and_content_can_share_a_cache() {
    let folder = Folder::new();
    old_file(&folder, "a.txt", "file", LONG_AGO);
    old_file(&folder, "b.txt", "file", LONG_AGO);
    let cache = Cache::new(1 << 20);
    cache.add("/s/b.txt", "content", HOUR).unwrap();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seeing = std::sync::Arc::clone(&seen);
    let hooked = cache.clone().on_cached(move |_, cached| {
        seeing.lock().unwrap().push(cached.key().to_owned());
        None
    });
    let mut site = Site::new(Files::new(folder.path()).prefix("s").cache_in(&hooked));
    assert_eq!(site.get("/s/a.txt").text(), "file");
    assert_eq!(site.get("/s/%61.txt").text(), "file");
    assert_eq!(site.get("/s/b.txt").text(), "content");
    assert_eq!(
        cache.find("/s/a.txt").unwrap().get("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(cache.len(), 2);
    assert_eq!(*seen.lock().unwrap(), ["/s/a.txt", "/s/a.txt", "/s/b.txt"]);
}

#[test]
fn only_small_files_are_kept() {
    let folder = Folder::new();
    old_file(&folder, "small", vec![1; 1000], LONG_AGO);
    old_file(&folder, "big", vec![1; 1001], LONG_AGO);
    let cache = Cache::new(1 << 20).file_limit(1000);
    let mut site = Site::new(Files::new(folder.path()).cache_in(&cache));
    assert_eq!((site.get("/small").body.len(), site.get("/big").body.len()), (1000, 1001));
    assert!(cache.find("/small").is_some() && cache.find("/big").is_none());
}

#[test]
fn a_folder_is_put_in_with_its_prefix() {
    let folder = Folder::new();
    for name in ["a.html", "b.css", "sub/c.html", "sub/d", ".hidden.html", ".git/e.html"] {
        old_file(&folder, name, name, LONG_AGO);
    }
    old_file(&folder, "long.html", vec![1; 2000], LONG_AGO);
    for (prefix, filter, keys) in [
        ("/", "*.*", &["/a.html", "/b.css", "/sub/c.html", "/sub/d"][..]),
        ("", "", &["/a.html", "/b.css", "/sub/c.html", "/sub/d"]),
        ("/s", "*.html", &["/s/a.html", "/s/sub/c.html"]),
        ("/s/", "?.?ss", &["/s/b.css"]),
        ("/s", "*.txt", &[]),
    ] {
        let cache = Cache::new(1 << 20).file_limit(1000);
        let count = cache.insert_path(folder.path(), prefix, filter, HOUR).unwrap();
        assert_eq!((count, cache.len()), (keys.len(), keys.len()), "{prefix} {filter}");
        for key in keys {
            let cached = cache.find(key).unwrap();
            assert!(key.ends_with(std::str::from_utf8(&cached.body()).unwrap()), "{key}");
            assert_eq!(cached.get("cache-control"), Some("max-age=3600"));
        }
        cache.add("/other", "", None).unwrap();
        assert!(cache.remove_path(folder.path()) && !cache.remove_path(folder.path()));
        assert_eq!(cache.len(), 1);
    }
    let cache = Cache::new(1 << 20);
    let missing = cache.insert_path(folder.path().join("no"), "/", "*", HOUR).unwrap_err();
    assert!(missing.to_string().contains("no"), "{missing}");
    assert!(cache.insert_path(folder.path().join("a.html"), "/", "*", HOUR).is_err());
}

#[test]
fn a_folder_outlives_its_timeout() {
    let folder = Folder::new();
    old_file(&folder, "a", "a", LONG_AGO);
    let cache = Cache::new(1 << 20);
    cache.insert_path(folder.path(), "/", "*", Duration::from_millis(1)).unwrap();
    let begun = Instant::now();
    while begun.elapsed() < 10 * Duration::from_millis(1) {
        assert_eq!(cache.find("/a").unwrap().body(), "a");
    }
    cache.remove("/a");
    assert!(cache.find("/a").is_none(), "removed is removed");
}
