//! Paths that try to get out of the folder.

use std::fs;

use sockeye::http::Files;

use super::{LONG_AGO, Site, old_file};
use crate::common::Folder;

/// `www` is served, and `secret` lies beside it.
fn folder() -> Folder {
    let folder = Folder::new();
    old_file(&folder, "www/a.txt", "public", LONG_AGO);
    old_file(&folder, "www/sub/b.txt", "public", LONG_AGO);
    old_file(&folder, "secret", "secret", LONG_AGO);
    old_file(&folder, "www2/secret", "secret", LONG_AGO);
    folder
}

#[test]
fn no_path_leads_out() {
    let folder = folder();
    let www = folder.path().join("www");
    let absolute = folder.path().join("secret").display().to_string();
    let mut paths = ATTEMPTS.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    paths.push(absolute.clone());
    paths.push(format!("/{absolute}"));
    paths.push(format!("/file://{absolute}"));
    paths.push(absolute.replace('/', "%2f"));
    paths.push(format!("/{}/secret", "%2e%2e/".repeat(40)));
    paths.push(format!("/{}", "a".repeat(4000)));
    paths.push(format!("/{}x", "a/".repeat(2000)));
    for files in [Files::new(&www), Files::new(&www).cache(0), Files::new(&www).hidden(true)] {
        let mut site = Site::new(files);
        for path in &paths {
            let answer = site.get(path);
            assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
            assert!(!answer.text().contains("secret"), "{path}");
            if site.peer.closed().is_some() || site.peer.is_finished() {
                site = Site::new(Files::new(&www));
            }
        }
        assert_eq!(site.get("/a.txt").text(), "public");
        assert_eq!(site.get("/sub/%62.txt").text(), "public");
    }
}

#[test]
fn no_prefix_helps() {
    let folder = folder();
    let mut site = Site::new(Files::new(folder.path().join("www")).prefix("/s"));
    for path in ATTEMPTS {
        let answer = site.get(&format!("/s{path}"));
        assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
        if site.peer.is_finished() {
            site = Site::new(Files::new(folder.path().join("www")).prefix("/s"));
        }
    }
}

#[cfg(unix)]
#[test]
fn links_lead_out_on_demand_only() {
    use std::os::unix::fs::symlink;

    let folder = folder();
    let www = folder.path().join("www");
    symlink("../secret", www.join("relative")).unwrap();
    symlink(folder.path().join("secret"), www.join("absolute")).unwrap();
    symlink("..", www.join("up")).unwrap();
    symlink("../www2", www.join("beside")).unwrap();
    symlink("relative", www.join("twice")).unwrap();
    symlink("up/secret", www.join("through")).unwrap();
    let out = ["/relative", "/absolute", "/up/secret", "/beside/secret", "/twice", "/through"];
    let mut site = Site::new(Files::new(&www));
    for path in out {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    assert_eq!(site.get("/up").status, 404, "a folder outside is not told of");
    let mut site = Site::new(Files::new(&www).follow_outside(true));
    for path in out {
        assert_eq!(site.get(path).text(), "secret", "{path}");
    }
}

/// Somebody exchanges a folder for a link that leads out, while its file is being opened.
#[cfg(unix)]
#[test]
fn no_link_is_put_in_place_in_time() {
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    let folder = folder();
    old_file(&folder, "www/x/secret", "public", LONG_AGO);
    let (www, done) = (folder.path().join("www"), AtomicBool::new(false));
    symlink("../www2", www.join("link")).unwrap();
    let mut site = Site::new(Files::new(&www).cache(0));
    let found = thread::scope(|scope| {
        scope.spawn(|| {
            let exchange = |from: &str, to: &str| fs::rename(www.join(from), www.join(to)).unwrap();
            while !done.load(Ordering::Relaxed) {
                exchange("x", "y");
                exchange("link", "x");
                exchange("x", "link");
                exchange("y", "x");
            }
        });
        let answers = (0..2000).map(|_| site.get("/x/secret")).collect::<Vec<_>>();
        done.store(true, Ordering::Relaxed);
        answers
    });
    for answer in &found {
        assert!(answer.status == 404 || answer.text() == "public", "{answer:?}");
    }
    assert!(found.iter().any(|answer| answer.status == 200));
}

#[cfg(unix)]
#[test]
fn links_within_are_followed() {
    use std::os::unix::fs::symlink;

    let folder = folder();
    let www = folder.path().join("www");
    symlink("sub/b.txt", www.join("file")).unwrap();
    symlink("sub", www.join("folder")).unwrap();
    symlink(".", www.join("self")).unwrap();
    symlink("circle", www.join("circle")).unwrap();
    symlink("nothing", www.join("broken")).unwrap();
    old_file(&folder, "www/.hidden", "hidden", LONG_AGO);
    symlink(".hidden", www.join("shown")).unwrap();
    let mut site = Site::new(Files::new(&www));
    for path in ["/file", "/folder/b.txt", "/self/self/sub/b.txt"] {
        assert_eq!(site.get(path).text(), "public", "{path}");
    }
    for path in ["/circle", "/circle/", "/broken", "/shown"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    symlink(&www, folder.path().join("link")).unwrap();
    let mut site = Site::new(Files::new(folder.path().join("link")));
    assert_eq!(site.get("/a.txt").text(), "public", "the folder itself may be a link");
}

/// One that is opened would never be opened.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_opened() {
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    let folder = folder();
    let www = folder.path().join("www");
    let made = Command::new("mkfifo").arg(www.join("pipe")).status().unwrap();
    assert!(made.success());
    let _socket = UnixListener::bind(www.join("socket")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", www.join("zero")).unwrap();
    std::os::unix::fs::symlink("pipe", www.join("to-pipe")).unwrap();
    crate::common::bounded("asking for a pipe", move || {
        for outside in [false, true] {
            let mut site = Site::new(Files::new(&www).follow_outside(outside));
            for path in ["/pipe", "/socket", "/zero", "/to-pipe"] {
                assert_eq!(site.get(path).status, 404, "{path}");
            }
        }
    });
}

#[test]
fn a_file_in_memory_is_not_found_by_other_ways() {
    let folder = folder();
    fs::create_dir(folder.path().join("www/.d")).unwrap();
    let mut site = Site::new(Files::new(folder.path().join("www")));
    assert_eq!(site.get("/sub/b.txt").text(), "public");
    for path in ["/sub/../sub/b.txt", "/sub%2fb.txt", "/sub\\b.txt", "/.d/../sub/b.txt"] {
        assert!(matches!(site.get(path).status, 400 | 404), "{path}");
    }
}

const ATTEMPTS: &[&str] = &[
    "/../secret",
    "/..",
    "/../",
    "/sub/../../secret",
    "/sub/../a.txt",
    "/./../secret",
    "/.//../secret",
    "//../secret",
    "///../../secret",
    "/a.txt/../../secret",
    "/nothing/../../secret",
    "/%2e%2e/secret",
    "/%2E%2E/secret",
    "/.%2e/secret",
    "/%2e./secret",
    "/%2e%2e%2fsecret",
    "/..%2fsecret",
    "/..%2Fsecret",
    "/%2f..%2fsecret",
    "/sub%2f..%2f..%2fsecret",
    "/%252e%252e/secret",
    "/%252e%252e%252fsecret",
    "/..%252fsecret",
    "/%25%32%65%25%32%65/secret",
    "/%%32%65%%32%65/secret",
    "/..\\secret",
    "/\\..\\secret",
    "/..%5csecret",
    "/..%5Csecret",
    "/%2e%2e%5csecret",
    "/..%255csecret",
    "/sub\\..\\..\\secret",
    "/..;/secret",
    "/..;a=b/secret",
    "/;/../secret",
    "/..%3b/secret",
    "/.../secret",
    "/..../secret",
    "/....//secret",
    "/..../\\secret",
    "/.. /secret",
    "/..%20/secret",
    "/%20../secret",
    "/..%00/secret",
    "/..%00",
    "/../secret%00.txt",
    "/a.txt%00",
    "/%00",
    "/..%0a/secret",
    "/..%0d%0a/secret",
    "/..%09/secret",
    "/%c0%ae%c0%ae/secret",
    "/%c0%ae%c0%ae%c0%afsecret",
    "/%e0%80%ae%e0%80%ae/secret",
    "/..%c0%afsecret",
    "/..%c1%9csecret",
    "/%uff0e%uff0e/secret",
    "/%ef%bc%8e%ef%bc%8e/secret",
    "/%e2%80%a5/secret",
    "/..%ef%bc%8fsecret",
    "/..%e2%88%95secret",
    "/%ff/../secret",
    "/%",
    "/%2",
    "/%zz",
    "/~root/",
    "/~/secret",
    "/C:/secret",
    "/C:%5csecret",
    "/c:../secret",
    "/file:///etc/passwd",
    "/proc/self/environ",
    "/etc/passwd",
    "//etc/passwd",
    "/%2fetc%2fpasswd",
    "/../www2/secret",
    "/../www/a.txt",
    "/a.txt::$DATA",
    "/a.txt.",
    "/a.txt%20",
    "/A.TXT/.",
    "/secret",
];
