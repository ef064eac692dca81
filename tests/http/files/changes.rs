//! Files that change while they are served.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use sockeye::http::{self, Cache, Files};

use super::{LONG_AGO, Site, old_file, set_changed};
use crate::answer::{Answer, get};
use crate::common::{Design, Folder, Peer, addr_of, eventually, serve};
use crate::on_both_designs;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn changes_are_seen() {
    let folder = Folder::new();
    old_file(&folder, "docs/index.html", "one", LONG_AGO);
    let mut site = Site::of(&folder);
    let both = ["/docs/", "/docs/index.html"];
    let is =
        |site: &mut Site, wanted: &str| both.iter().all(|path| site.get(path).text() == wanted);
    assert!(is(&mut site, "one"));
    old_file(&folder, "docs/index.html", "two", LONG_AGO + 1);
    eventually("written over", || is(&mut site, "two"));
    old_file(&folder, "new", "three", LONG_AGO);
    fs::rename(folder.path().join("new"), folder.path().join("docs/index.html")).unwrap();
    eventually("replaced by one of the same age", || is(&mut site, "three"));
    fs::rename(folder.path().join("docs"), folder.path().join("gone")).unwrap();
    eventually("moved away", || both.iter().all(|path| site.get(path).status == 404));
    assert_eq!(site.get("/gone/").text(), "three");
    fs::rename(folder.path().join("gone"), folder.path().join("docs")).unwrap();
    assert!(is(&mut site, "three"), "moved back");
    fs::remove_file(folder.path().join("docs/index.html")).unwrap();
    eventually("removed", || both.iter().all(|path| site.get(path).status == 404));
}

#[test]
fn a_compressed_sibling_is_seen_when_it_comes_and_goes() {
    let folder = Folder::new();
    old_file(&folder, "a.js", "plain", LONG_AGO);
    let mut site = Site::of(&folder);
    let mut body = || site.get_with("/a.js", &[("Accept-Encoding", "gzip")]).text().to_owned();
    assert_eq!(body(), "plain");
    old_file(&folder, "a.js.gz", "gzipped", LONG_AGO);
    eventually("it comes", || body() == "gzipped");
    fs::remove_file(folder.path().join("a.js.gz")).unwrap();
    eventually("it goes", || body() == "plain");
}

#[test]
fn the_folder_itself_may_be_exchanged() {
    let folder = Folder::new();
    old_file(&folder, "www/a", "one", LONG_AGO);
    old_file(&folder, "next/a", "two", LONG_AGO);
    let www = folder.path().join("www");
    let mut site = Site::new(Files::new(&www));
    assert_eq!(site.get("/a").text(), "one");
    fs::rename(&www, folder.path().join("before")).unwrap();
    eventually("it is gone", || site.get("/a").status == 404);
    fs::rename(folder.path().join("next"), &www).unwrap();
    assert_eq!(site.get("/a").text(), "two");
}

/// No watcher sees that: the link is outside of what it watches.
#[cfg(unix)]
#[test]
fn a_link_to_the_folder_may_be_exchanged() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new();
    old_file(&folder, "1/a", "one", LONG_AGO);
    old_file(&folder, "2/a", "two", LONG_AGO);
    let link = folder.path().join("www");
    symlink("1", &link).unwrap();
    let mut site = Site::new(Files::new(&link));
    assert_eq!(site.get("/a").text(), "one");
    symlink("2", folder.path().join("new")).unwrap();
    fs::rename(folder.path().join("new"), &link).unwrap();
    eventually("the link leads elsewhere", || site.get("/a").text() == "two");
}

#[test]
fn a_folder_in_a_cache_is_kept_up_to_date() {
    let folder = Folder::new();
    old_file(&folder, "a.txt", "one", LONG_AGO);
    let cache = Cache::new(1 << 20);
    cache.insert_path(folder.path(), "/s", "*.txt", HOUR).unwrap();
    let body = |key| cache.find(key).map(|cached| cached.body());
    old_file(&folder, "a.txt", "two", LONG_AGO + 1);
    eventually("changed", || body("/s/a.txt").is_some_and(|body| body == "two"));
    old_file(&folder, "b.txt", "new", LONG_AGO);
    old_file(&folder, "b.css", "new", LONG_AGO);
    eventually("new", || body("/s/b.txt").is_some_and(|body| body == "new"));
    old_file(&folder, "sub/deep/c.txt", "deep", LONG_AGO);
    eventually("in new folders", || body("/s/sub/deep/c.txt").is_some_and(|body| body == "deep"));
    let (sub, sub2) = (folder.path().join("sub"), folder.path().join("sub2"));
    // Windows renames no folder while one of its files is open, as they are when they are read.
    eventually("renamed", || fs::rename(&sub, &sub2).is_ok());
    eventually("moved", || body("/s/sub2/deep/c.txt").is_some_and(|body| body == "deep"));
    eventually("moved away", || body("/s/sub/deep/c.txt").is_none());
    fs::remove_file(folder.path().join("a.txt")).unwrap();
    eventually("removed", || body("/s/a.txt").is_none());
    assert!(body("/s/b.css").is_none());
    assert_eq!(cache.len(), 2);
}

#[test]
fn nothing_watches_what_was_removed() {
    let folder = Folder::new();
    old_file(&folder, "a", "one", LONG_AGO);
    let cache = Cache::new(1 << 20);
    cache.insert_path(folder.path(), "/", "*", HOUR).unwrap();
    cache.insert_path(folder.path(), "/", "?", HOUR).unwrap();
    assert_eq!(cache.len(), 1, "the same again is in place of the first");
    let other = Cache::new(1 << 20);
    other.insert_path(folder.path(), "/", "*", HOUR).unwrap();
    other.insert_path(folder.path(), "/again", "*", HOUR).unwrap();
    assert!(cache.remove_path(folder.path()));
    old_file(&folder, "b", "two", LONG_AGO);
    eventually("seen", || other.find("/b").is_some() && other.find("/again/b").is_some());
    assert!(cache.is_empty());
    other.clear();
    old_file(&folder, "c", "three", LONG_AGO);
    assert!(other.is_empty());
}

/// 200 requests at once, while the file is replaced again and again.
fn versions_never_mix(design: Design) {
    let folder = Folder::new();
    let write = |version: u8| {
        let contents = vec![version; 1000 * (1 + usize::from(version % 7))];
        old_file(&folder, ".new", contents, LONG_AGO + u64::from(version));
        fs::rename(folder.path().join(".new"), folder.path().join("a.txt")).unwrap();
    };
    write(0);
    let service = design.service();
    let server = serve(&service, http::server(Files::new(folder.path())));
    let addr = addr_of(&server);
    let done = Arc::new(AtomicBool::new(false));
    thread::scope(|scope| {
        let clients = (0..20).map(|_| scope.spawn(|| ten_versions(addr)));
        let clients = clients.collect::<Vec<_>>();
        let writing = Arc::clone(&done);
        let write = &write;
        let writer = scope.spawn(move || {
            let mut version = 0u8;
            while !writing.load(Ordering::Relaxed) {
                version = version.wrapping_add(1);
                write(version);
            }
        });
        let outcomes = clients.into_iter().map(|client| client.join()).collect::<Vec<_>>();
        done.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        assert!(outcomes.iter().all(Result::is_ok));
    });
    service.stop().unwrap();
}

fn ten_versions(addr: SocketAddr) {
    let peers = (0..10).map(|_| {
        let mut peer = Peer::at(addr);
        peer.send(get("/a.txt", "Connection: close\r\n"));
        peer
    });
    peers.collect::<Vec<_>>().into_iter().for_each(one_version);
}

fn one_version(mut peer: Peer) {
    let answer = Answer::only(peer.receive_to_end());
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("content-length"), Some(&*answer.body.len().to_string()));
    assert!(answer.body.iter().all(|byte| *byte == answer.body[0]), "two versions");
    assert_eq!(answer.body.len(), 1000 * (1 + usize::from(answer.body[0] % 7)));
}

on_both_designs!(versions_never_mix);

/// Nothing but a watcher can know.
#[test]
fn a_change_is_told_that_can_not_be_looked_up() {
    let folder = Folder::new();
    old_file(&folder, "a", "one", LONG_AGO);
    let mut site = Site::of(&folder);
    assert_eq!(site.get("/a").text(), "one");
    eventually("the change is told", || {
        // Again and again, as the watcher may be there after the first request only.
        old_file(&folder, "a", "two", LONG_AGO);
        site.get("/a").text() == "two"
    });
}

/// And this not even a watcher, behind a link.
#[cfg(unix)]
#[test]
fn a_young_file_is_read_again() {
    use std::time::SystemTime;

    let folder = Folder::new();
    let soon = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 3600;
    old_file(&folder, "sub/a", "one", soon);
    std::os::unix::fs::symlink("sub", folder.path().join("link")).unwrap();
    let mut site = Site::of(&folder);
    let first = site.get("/link/a");
    assert_eq!(first.text(), "one");
    old_file(&folder, "sub/a", "two", soon);
    eventually("it is read again", || site.get("/link/a").text() == "two");
    let second = site.get("/link/a");
    assert_eq!(first.field("etag"), second.field("etag"));
    assert!(second.field("etag").unwrap().starts_with("W/"), "as it does not tell them apart");
}

#[test]
fn a_time_that_goes_back_is_a_change() {
    let folder = Folder::new();
    old_file(&folder, "a", "one", LONG_AGO);
    let mut site = Site::of(&folder);
    let tag = site.get("/a").field("etag").unwrap().to_owned();
    set_changed(&folder.path().join("a"), LONG_AGO - 1000);
    eventually("it is another version", || site.get("/a").field("etag") != Some(&tag));
}
