//! Folders within routers.

use sockeye::http::{Files, Next, Request, Response, Router, Status};

use super::{LONG_AGO, Site, old_file};
use crate::common::Folder;

fn folder() -> Folder {
    let folder = Folder::new();
    old_file(&folder, "index.html", "home", LONG_AGO);
    old_file(&folder, "a b.txt", "text", LONG_AGO);
    old_file(&folder, "sub/index.html", "sub", LONG_AGO);
    old_file(&folder, "api", "file", LONG_AGO);
    folder
}

/// What a mount has, wherever that is.
#[track_caller]
fn is_served(site: &mut Site, mount: &str) {
    for _ in 0..2 {
        for (path, wanted) in [
            ("/", "home"),
            ("/index.html", "home"),
            ("/a%20b.txt", "text"),
            ("/%61%20b.txt", "text"),
            ("/sub/", "sub"),
        ] {
            let answer = site.get(&format!("{mount}{path}"));
            assert_eq!((answer.status, answer.text()), (200, wanted), "{mount}{path}");
        }
        assert_eq!(site.get(&format!("{mount}/sub//")).status, 404);
        let answer = site.get(&format!("{mount}/sub?a"));
        let location = format!("{mount}/sub/?a");
        assert_eq!((answer.status, answer.field("location")), (301, Some(&*location)), "{mount}");
        for path in ["/nothing", "/../index.html", "/%2e%2e/a", "/a%20b.txt/"] {
            assert_eq!(site.get(&format!("{mount}{path}")).status, 404, "{mount}{path}");
        }
    }
}

#[test]
fn a_folder_is_served_below_its_prefix() {
    let folder = folder();
    let router = Router::new().files("/", folder.path()).get("/api", "route");
    let mut site = Site::new(router);
    is_served(&mut site, "");
    assert_eq!(site.get("/api").text(), "route");
    let router = Router::new().files("/s/t", folder.path()).get("/s/t/api", "route");
    let mut site = Site::new(router);
    is_served(&mut site, "/s/t");
    assert_eq!(site.get("/s/t").field("location"), Some("/s/t/"));
    assert_eq!(site.get("/s/t/api").text(), "route");
    for path in ["/", "/s", "/s/", "/s/t2", "/index.html"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    assert_eq!(site.get("/%73/t/index.html").text(), "home");
    assert_eq!(site.get("/%73/t/sub").field("location"), Some("/%73/t/sub/"));
}

#[test]
fn a_router_with_a_folder_can_be_nested() {
    let folder = folder();
    for (prefix, outer) in [("/", "/app"), ("/static", "/app")] {
        let inner = Router::new().files(prefix, folder.path());
        let mut site = Site::new(Router::new().nest(outer, inner));
        let mount = format!("{outer}{}", prefix.trim_end_matches('/'));
        is_served(&mut site, &mount);
        assert_eq!(site.get(&mount).field("location"), Some(&*format!("{mount}/")));
    }
    let inner = Router::new().files("/", folder.path());
    let mut site = Site::new(Router::new().nest("/{user}", inner));
    is_served(&mut site, "/me");
    is_served(&mut site, "/%C3%BC");
    let answer = site.get("/\\example.org/sub");
    if answer.status == 301 {
        assert_eq!(answer.field("location"), Some("/%5Cexample.org/sub/"), "no other server");
    }
}

#[test]
fn methods_are_the_routers() {
    let folder = folder();
    let router = Router::new()
        .files("/", folder.path())
        .layer(|request: &mut Request<'_>, next: Next<'_>| next.run(request).header("X", "1"));
    let mut site = Site::new(router);
    for path in ["/index.html", "/", "/nothing"] {
        let answer = site.ask("POST", path, &[]);
        assert_eq!((answer.status, answer.field("allow")), (405, Some("GET, HEAD, OPTIONS")));
        assert_eq!(site.ask("OPTIONS", path, &[]).status, 204);
    }
    let answer = site.ask("HEAD", "/index.html", &[]);
    assert_eq!((answer.status, answer.field("content-length")), (200, Some("4")));
    assert_eq!(answer.field("x"), Some("1"));
}

#[test]
fn who_answers_for_what_is_no_file() {
    let folder = folder();
    let page = |request: &mut Request<'_>| {
        Response::html(format!("app at {}", request.raw_path())).with_status(Status::ACCEPTED)
    };
    let files = Files::new(folder.path()).not_found(page);
    let mut site = Site::new(Router::new().files("/app", files));
    assert_eq!(site.get("/app/").text(), "home");
    for path in ["/app/users/7", "/app/sub/nothing", "/app/../secret"] {
        let answer = site.get(path);
        assert_eq!((answer.status, answer.text()), (202, &*format!("app at {path}")));
    }
    let mut site = Site::new(Files::new(folder.path()).prefix("/s").not_found(page));
    assert_eq!(site.get("/elsewhere").status, 202);
    assert_eq!(site.ask("POST", "/s/x", &[]).status, 405);
}

#[test]
#[should_panic(expected = "no route can be added")]
fn two_folders_cannot_have_one_prefix() {
    drop(Router::new().files("/s", "a").files("/s", "b"));
}
