//! Routers in routers.

use sockeye::http::{Next, Request, Response, Router};

use crate::answer::Answer;
use crate::asking::Asker;

/// A layer that adds its name to the answer.
fn mark(
    name: &'static str,
) -> impl Fn(&mut Request<'_>, Next<'_>) -> Response + Send + Sync + 'static {
    move |request, next| {
        next.run(request).map(move |mut answer| {
            answer.add_header("Mark", name);
            answer
        })
    }
}

/// Who has answered, from the outermost layer on.
fn marks(answer: &Answer) -> String {
    let marks = answer.fields.all("mark").collect::<Vec<_>>();
    marks.iter().rev().map(|mark| String::from_utf8_lossy(mark)).collect()
}

fn states(request: &mut Request<'_>) -> String {
    format!("{:?} {:?}", request.state::<u8>(), request.state::<&str>())
}

#[test]
fn nested_routes_are_below_the_prefix() {
    let inner = || {
        Router::new().get("/", "root").get("/{id}", |request: &mut Request<'_>| {
            format!("{:?} {:?}", request.param("of"), request.param("id"))
        })
    };
    let mut site = Asker::new(Router::new().nest("/", inner()).nest("/{of}/x", inner()));
    for (path, wanted) in [
        ("/", "root"),
        ("/a", "None Some(\"a\")"),
        ("/a/x", "root"),
        ("/a/x/b", "Some(\"a\") Some(\"b\")"),
        ("/a/x/", "Not Found"),
    ] {
        assert_eq!(site.ask(&format!("GET {path}")).text(), wanted, "{path}");
    }
}

#[test]
fn layers_are_around_all_that_a_router_answers() {
    let inner = Router::new().get("/a", "a").layer(mark("3")).layer(mark("4"));
    let middle = Router::new().layer(mark("2")).nest("/inner", inner).get("/a", "a");
    let mut site =
        Asker::new(Router::new().nest("/middle", middle).get("/a", "a").layer(mark("1")));
    for (line, status, wanted) in [
        ("GET /a", 200, "1"),
        ("PUT /a", 405, "1"),
        ("OPTIONS /a", 204, "1"),
        ("GET /b", 404, "1"),
        ("OPTIONS *", 204, "1"),
        ("GET /middle/a", 200, "12"),
        ("GET /middle", 404, "12"),
        ("GET /middle/b", 404, "12"),
        ("GET /middlex", 404, "1"),
        ("GET /middle/inner/a", 200, "1234"),
        ("PUT /middle/inner/a", 405, "1234"),
        ("GET /middle/inner/b/c", 404, "1234"),
        ("GET /%6didd%6Ce/%69nner/b/c", 404, "1234"),
    ] {
        let answer = site.ask(line);
        assert_eq!((answer.status, &*marks(&answer)), (status, wanted), "{line}");
    }
}

#[test]
fn routers_at_one_prefix_keep_their_own() {
    let open = Router::new().get("/a", "a").get("/c", "c").layer(mark("1"));
    let closed = Router::new().get("/b", "b").put("/c", "c").layer(mark("2"));
    let mut site = Asker::new(Router::new().nest("/x", open).nest("/x", closed));
    for (line, wanted) in [
        ("GET /x/a", "1"),
        ("GET /x/b", "2"),
        ("GET /x/c", "1"),
        ("PUT /x/c", "2"),
        ("DELETE /x/c", "1"),
        ("DELETE /x/d", "1"),
        ("GET /", ""),
    ] {
        assert_eq!(marks(&site.ask(line)), wanted, "{line}");
    }
}

#[test]
fn state_is_inherited_and_the_inner_one_counts() {
    let inner = Router::new().state("inner").get("/", states).fallback(states);
    let plain =
        Router::new().get("/", states).nest("/deep", Router::new().get("/", states).state(7_u8));
    let router = Router::new().nest("/inner", inner).nest("/plain", plain).get("/", states);
    let mut site = Asker::new(router.state(1_u8).state("outer").state(2_u8));
    for (path, wanted) in [
        ("/", "Some(2) Some(\"outer\")"),
        ("/inner", "Some(2) Some(\"inner\")"),
        ("/inner/x", "Some(2) Some(\"inner\")"),
        ("/plain", "Some(2) Some(\"outer\")"),
        ("/plain/deep", "Some(7) Some(\"outer\")"),
    ] {
        assert_eq!(site.ask(&format!("GET {path}")).text(), wanted, "{path}");
    }
    assert_eq!(Asker::new(Router::new().get("/", states)).ask("GET /").text(), "None None");
}

#[test]
fn the_nearest_fallback_answers() {
    let who = |name: &'static str| {
        move |request: &mut Request<'_>| {
            format!("{name} {:?} {:?}", request.param("id"), request.state::<u8>())
        }
    };
    let deep = Router::new().layer(mark("3")).state(3_u8);
    let inner =
        Router::new().fallback(who("inner")).layer(mark("2")).state(2_u8).nest("/deep", deep);
    let router = Router::new().nest("/a/{id}", inner).nest("/b", Router::new().layer(mark("b")));
    let mut site = Asker::new(router.fallback(who("outer")).layer(mark("1")));
    for (path, wanted, marked) in [
        ("/", "outer None None", "1"),
        ("/a", "outer None None", "1"),
        ("/a/", "outer None None", "1"),
        ("/a/7", "inner Some(\"7\") Some(2)", "12"),
        ("/%61/%37%2F/x", "inner Some(\"7/\") Some(2)", "12"),
        // With the layers of the place, and the state of who answers.
        ("/a/7/deep/x", "inner Some(\"7\") Some(2)", "123"),
        ("/b/x", "outer None None", "1b"),
    ] {
        let answer = site.ask(&format!("PUT {path}"));
        assert_eq!((answer.text(), &*marks(&answer)), (wanted, marked), "{path}");
    }
}

#[test]
fn a_router_may_be_a_handler() {
    let inner = Router::new().get("/a/b", states).state(1_u8);
    let router = Router::new().any("/a/{*rest}", inner).state("outer").get("/c", states);
    let mut site = Asker::new(router);
    assert_eq!(site.ask("GET /a/b").text(), "Some(1) None");
    assert_eq!(site.ask("GET /a/c").status, 404);
    assert_eq!(site.ask("GET /c").text(), "None Some(\"outer\")");
}
