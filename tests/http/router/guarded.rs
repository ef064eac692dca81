//! Files behind a router.

use std::fs;

use sockeye::http::{self, Next, Request, Response, Router, Status};
use sockeye::testing::Harness;

use crate::answer::{Answer, get};
use crate::common::Folder;

/// What a layer guards is not to be had on another way to the same file.
#[test]
fn files_behind_a_layer_have_one_path() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("admin")).unwrap();
    folder.file("admin/secret", "secret");
    let guard = |_: &mut Request<'_>, _: Next<'_>| Response::new(Status::UNAUTHORIZED);
    let admin = Router::new().files("/", folder.path()).layer(guard);
    let site = Router::new().nest("/admin", admin).files("/", folder.path());
    let mut peer = Harness::new(http::server(site));
    for (path, status) in [
        ("/admin/secret", 401),
        ("/%61dmin/secret", 401),
        ("//admin/secret", 404),
        ("/./admin/secret", 404),
        ("/%2e/admin/secret", 404),
        ("/x/../admin/secret", 404),
        ("/admin%2fsecret", 404),
        ("/admin//secret", 401),
    ] {
        let answer = Answer::only(peer.feed(get(path, "")));
        assert_eq!(answer.status, status, "{path}");
    }
}
