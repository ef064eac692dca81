//! Cookies, if they are wanted.

use sockeye::http::{CookieJar, Request, Response, Status, Url};

use crate::common::Setting;
use crate::on_tcp;
use crate::scene::{World, client};

on_tcp!(cookies_are_given_back_if_wanted, redirections_set_cookies_too, jars_are_exchanged);

/// Sets what the path says, or tells what it is given.
fn jar(request: &mut Request<'_>) -> Response {
    match request.query("set") {
        Some(cookie) => {
            let response = Response::redirect(Status::SEE_OTHER, "/told");
            response.header("Set-Cookie", cookie)
        }
        None => Response::text(request.header("cookie").unwrap_or("none").to_owned()),
    }
}

fn cookies_are_given_back_if_wanted(setting: Setting) {
    let world = World::new(setting, jar);
    let wanting = client(&world.service).cookies(true).build().unwrap();
    for (client, told) in [(&world.client, "none"), (&wanting, "a=1")] {
        let answer = client.get(world.url("/")).query(&[("set", "a=1; Path=/")]).send().unwrap();
        assert_eq!(answer.text().unwrap(), told);
    }
    // Of all clones together.
    let clone = wanting.clone();
    clone.get(world.url("/")).query(&[("set", "b=2; Path=/")]).send().unwrap();
    let get = || wanting.get(world.url("/"));
    assert_eq!(get().send().unwrap().text().unwrap(), "a=1; b=2");
    assert_eq!(get().header("Cookie", "c=3").send().unwrap().text().unwrap(), "c=3");
}

fn redirections_set_cookies_too(setting: Setting) {
    let world = World::new(setting, jar);
    let client = client(&world.service).cookies(true).build().unwrap();
    let call = client.get(world.url("/")).redirects(0).query(&[("set", "a=1; Path=/other")]);
    assert_eq!(call.send().unwrap().status(), Status::SEE_OTHER);
    let told = |path: &str| client.get(world.url(path)).send().unwrap().text().unwrap().to_owned();
    assert_eq!((&*told("/"), &*told("/other")), ("none", "a=1"));
}

fn jars_are_exchanged(setting: Setting) {
    let world = World::new(setting, jar);
    assert!(world.client.cookies().is_none());
    let client = client(&world.service).cookies(true).build().unwrap();
    client.get(world.url("/")).query(&[("set", "a=1; Path=/")]).send().unwrap();
    assert_eq!(client.cookies().map(|jar| jar.len()), Some(1));
    let mut jar = CookieJar::new();
    assert!(jar.store(b"b=2", &Url::parse(&world.url("/")).unwrap(), 0));
    client.set_cookies(jar);
    assert_eq!(client.get(world.url("/")).send().unwrap().text().unwrap(), "b=2");
}
