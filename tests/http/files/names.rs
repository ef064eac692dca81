//! Names that systems do not agree about.

use std::fs;

use sockeye::http::Files;

use super::{LONG_AGO, Site, old_file};
use crate::common::Folder;

#[test]
fn the_case_of_letters_counts_on_every_system() {
    let folder = Folder::new();
    old_file(&folder, "a.txt", "a", LONG_AGO);
    old_file(&folder, "Sub/index.html", "b", LONG_AGO);
    let other = fs::canonicalize(folder.path().join("A.TXT"));
    if other.is_ok_and(|path| path.ends_with("A.TXT")) {
        return; // Such a system does not tell what the file is called.
    }
    for files in [Files::new(folder.path()), Files::new(folder.path()).cache(0)] {
        let mut site = Site::new(files);
        // Also when it is in memory already.
        for _ in 0..2 {
            for path in ["/a.txt", "/Sub/", "/Sub/index.html"] {
                assert_eq!(site.get(path).status, 200, "{path}");
            }
            for path in ["/A.txt", "/a.TXT", "/sub/", "/sub/index.html", "/Sub/INDEX.html"] {
                assert_eq!(site.get(path).status, 404, "{path}");
            }
        }
    }
}

/// They are names like others where there are no such devices.
#[test]
fn devices_of_windows_are_no_files_there() {
    let folder = Folder::new();
    let names = ["aux.js", "con", "NUL.txt", "com1.html"];
    if !cfg!(windows) {
        names.iter().for_each(|name| old_file(&folder, name, "a file", LONG_AGO));
    }
    let mut site = Site::of(&folder);
    for name in names {
        let wanted = if cfg!(windows) { 404 } else { 200 };
        assert_eq!(site.get(&format!("/{name}")).status, wanted, "{name}");
    }
}

#[cfg(windows)]
#[test]
fn a_file_that_is_locked_is_there_later() {
    use std::os::windows::fs::OpenOptionsExt;

    let folder = Folder::new();
    let path = folder.file("a.txt", "a");
    let mut site = Site::new(Files::new(folder.path()).cache(0));
    let alone = fs::OpenOptions::new().read(true).share_mode(0).open(&path).unwrap();
    let answer = site.get("/a.txt");
    assert_eq!((answer.status, answer.field("retry-after")), (503, Some("1")));
    drop(alone);
    assert_eq!(site.get("/a.txt").text(), "a");
}
