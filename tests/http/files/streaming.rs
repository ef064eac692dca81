//! Long files, which are read while they are sent.

use std::fs::{self, File};
use std::io::Write;

use sockeye::http::{self, Files};
use sockeye::testing::{Harness, Side};

use super::{LONG_AGO, Site, old_file};
use crate::answer::{Answer, get};
use crate::common::Folder;

/// More than is sent ahead.
const LONG: usize = 3 << 20;

fn contents() -> Vec<u8> {
    (0..LONG).map(|at| (at / 251 + at) as u8).collect()
}

/// A site whose client has read little of the answer.
fn begun(folder: &Folder) -> Harness {
    let side = Side::from(http::server(Files::new(folder.path()))).capacity(4096);
    let mut peer = Harness::new(side);
    peer.pause();
    assert_eq!(peer.feed(get("/a", "")), b"");
    peer
}

#[test]
fn a_long_file_arrives() {
    let folder = Folder::new();
    old_file(&folder, "a", contents(), LONG_AGO);
    let mut site = Site::of(&folder);
    for _ in 0..2 {
        let answer = site.get("/a");
        assert_eq!(answer.field("content-length"), Some(&*LONG.to_string()));
        assert!(answer.body == contents());
    }
    let answer = site.get_with("/a", &[("Range", "bytes=1000000-2999999")]);
    assert!(answer.body == contents()[1_000_000..3_000_000]);
    assert_eq!(site.get("/b").status, 404, "the connection has stayed");
    let answer = Answer::only(begun(&folder).resume());
    assert!(answer.body == contents(), "to who is slow");
}

#[test]
fn one_that_is_removed_or_replaced_meanwhile_arrives_as_it_was() {
    let folder = Folder::new();
    for replaced in [false, true] {
        old_file(&folder, "a", contents(), LONG_AGO);
        let mut peer = begun(&folder);
        if replaced {
            folder.file("new", "other");
            fs::rename(folder.path().join("new"), folder.path().join("a")).unwrap();
        } else {
            fs::remove_file(folder.path().join("a")).unwrap();
        }
        assert!(Answer::only(peer.resume()).body == contents());
        let answer = Answer::only(peer.feed(get("/a", "")));
        assert_eq!(answer.status, if replaced { 200 } else { 404 });
    }
}

#[test]
fn one_that_grows_is_sent_as_announced() {
    let folder = Folder::new();
    old_file(&folder, "a", contents(), LONG_AGO);
    let mut peer = begun(&folder);
    let mut file = File::options().append(true).open(folder.path().join("a")).unwrap();
    file.write_all(&contents()).unwrap();
    assert!(Answer::only(peer.resume()).body == contents());
    assert!(peer.closed().is_none() && !peer.is_finished());
}

#[test]
fn one_that_shrinks_is_cut_off() {
    let folder = Folder::new();
    old_file(&folder, "a", contents(), LONG_AGO);
    let mut peer = begun(&folder);
    File::options().write(true).open(folder.path().join("a")).unwrap().set_len(1 << 20).unwrap();
    let answer = peer.resume();
    assert!((4096..2 << 20).contains(&answer.len()), "{}", answer.len());
    assert!(peer.closed().is_some(), "who waits for the rest is told");
}

#[test]
fn two_ranges_far_apart() {
    let folder = Folder::new();
    let contents = contents();
    old_file(&folder, "a", &contents, LONG_AGO);
    let mut site = Site::of(&folder);
    let answer = site.get_with("/a", &[("Range", "bytes=2000000-2999999,0-999999")]);
    assert_eq!(answer.field("content-length"), Some(&*answer.body.len().to_string()));
    let at = |part: &[u8]| answer.body.windows(part.len()).position(|window| window == part);
    let (second, first) = (at(&contents[2_000_000..3_000_000]), at(&contents[..1_000_000]));
    assert!(second.unwrap() < first.unwrap(), "in the order they were asked for");
}

#[test]
fn an_empty_file_is_a_file() {
    let folder = Folder::new();
    old_file(&folder, "a", "", LONG_AGO);
    for files in [Files::new(folder.path()), Files::new(folder.path()).cache(0)] {
        let mut site = Site::new(files);
        for _ in 0..2 {
            let answer = site.get("/a");
            assert_eq!((answer.status, answer.field("content-length")), (200, Some("0")));
            assert_eq!(answer.body, b"");
        }
    }
}

#[test]
fn a_growing_file_is_not_kept() {
    let folder = Folder::new();
    folder.file("log", "line\n");
    let mut site = Site::of(&folder);
    assert_eq!(site.get("/log").text(), "line\n");
    folder.file("log", "line\nline\n");
    crate::common::eventually("the new line is there", || site.get("/log").body.len() == 10);
}
