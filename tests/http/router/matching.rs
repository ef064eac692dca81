//! Paths and methods.

use sockeye::http::{Method, Request, Router, Status};

use crate::asking::Asker;

fn ask(router: Router, line: &str) -> (u16, String) {
    let answer = Asker::new(router).ask(line);
    (answer.status, answer.text().into())
}

/// Says the parameter.
fn say(name: &'static str) -> impl Fn(&mut Request<'_>) -> String + Send + Sync + 'static {
    move |request| format!("{name}={}", request.param(name).unwrap_or_else(|| "?".into()))
}

#[test]
fn text_counts_before_names_whatever_the_order() {
    let router = || {
        let router = Router::new().get("/{*all}", say("all")).get("/users/{id}", say("id"));
        router.get("/users/me", "me").get("/users/{id}/photo.{kind}", say("kind")).get("/", "root")
    };
    let mut site = Asker::new(router());
    for (path, wanted) in [
        ("/", "root"),
        ("/users/me", "me"),
        ("/users/you", "id=you"),
        ("/users/mee", "id=mee"),
        ("/users/1/photo.png", "kind=png"),
        ("/users/1/photos", "all=users/1/photos"),
        ("/users/", "all=users/"),
        ("/users", "all=users"),
        ("//", "all=/"),
        ("/users/you?id=me", "id=you"),
        ("http://host/users/you?x", "id=you"),
    ] {
        assert_eq!(site.ask(&format!("GET {path}")).text(), wanted, "{path}");
    }
}

#[test]
fn names_stand_for_something() {
    let mut site = Asker::new(Router::new().get("/a/{b}", say("b")).get("/c/{*d}", say("d")));
    for path in ["/a/", "/a", "/a/b/", "/a/b/c", "/c/", "/c", "/", "/A/b"] {
        assert_eq!(site.ask(&format!("GET {path}")).status, 404, "{path}");
    }
}

#[test]
fn spellings_of_a_path_are_the_same_path() {
    let router = Router::new().get("/{name}", say("name")).get("/admin/{name}", say("name"));
    let mut site = Asker::new(router.get("/straße/a b", "there").any("/%7Euser/{x}", say("x")));
    for (path, wanted) in [
        ("/%61dmin", "name=admin"),
        // A layer around `/admin` is not got around.
        ("/%61dm%69n/%78", "name=x"),
        ("/admin/a%2Fb", "name=a/b"),
        ("/%61dmin/a%2fb%20%c3%bc", "name=a/b ü"),
        ("/admin%2Fa", "name=admin/a"),
        ("/stra%c3%9Fe/a%20b", "there"),
        ("/~user/%61%2f%62", "x=a/b"),
        ("/%7euser/a%ff%61", "x=a%ff%61"),
        ("/100%", "name=100%"),
        ("/%", "name=%"),
    ] {
        assert_eq!(site.ask(&format!("GET {path}")).text(), wanted, "{path}");
    }
}

#[test]
fn head_is_get_without_the_body() {
    let mut site =
        Asker::new(Router::new().get("/", "hello").get("/own", "get").head("/own", "head!"));
    for (path, len) in [("/", "5"), ("/own", "5")] {
        let answer = site.ask(&format!("HEAD {path}"));
        assert_eq!(
            (answer.status, answer.field("content-length"), answer.text()),
            (200, Some(len), "")
        );
    }
    assert_eq!(site.ask("GET /own").text(), "get");
}

#[test]
fn what_a_path_allows_is_told() {
    let router = || Router::new().put("/a", "put").get("/a", "get").post("/b", "post");
    let mut site = Asker::new(router());
    let answer = site.ask("DELETE /a");
    assert_eq!((answer.status, answer.field("allow")), (405, Some("GET, HEAD, OPTIONS, PUT")));
    assert_eq!(answer.text(), "Method Not Allowed");
    let answer = site.ask("OPTIONS /a");
    assert_eq!((answer.status, answer.field("allow")), (204, Some("GET, HEAD, OPTIONS, PUT")));
    let answer = site.ask("OPTIONS *");
    assert_eq!(
        (answer.status, answer.field("allow")),
        (204, Some("GET, HEAD, OPTIONS, POST, PUT"))
    );
    let answer = site.ask("HEAD /b");
    assert_eq!((answer.status, answer.field("allow")), (405, Some("OPTIONS, POST")));
    assert_eq!(site.ask("OPTIONS /c").status, 404);
    let own = router().options("/a", |_: &mut Request<'_>| Status::LOCKED);
    assert_eq!(Asker::new(own).ask("OPTIONS /a").status, 423);
}

#[test]
fn any_takes_what_is_left() {
    let purge: Method = "PURGE".parse().unwrap();
    let router = Router::new().get("/", "get").any("/", "any").route(purge, "/", "purge");
    let mut site = Asker::new(router);
    for (method, wanted) in [
        ("GET", "get"),
        ("PURGE", "purge"),
        ("PUT", "any"),
        ("OPTIONS", "any"),
        ("TRACE", "any"),
        ("purge", "any"),
    ] {
        assert_eq!(site.ask(&format!("{method} /")).text(), wanted, "{method}");
    }
    let all = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PURGE, PUT, TRACE";
    assert_eq!(site.ask("OPTIONS *").field("allow"), Some(all));
}

#[test]
fn each_method_has_its_function() {
    let router =
        Router::new().get("/", "GET").post("/", "POST").put("/", "PUT").patch("/", "PATCH");
    let mut site =
        Asker::new(router.delete("/", "DELETE").trace("/", "TRACE").options("/", "OPTIONS"));
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"] {
        assert_eq!(site.ask(&format!("{method} /")).text(), method);
    }
}

#[test]
fn what_has_no_route_is_the_fallbacks() {
    assert_eq!(ask(Router::new(), "GET /"), (404, "Not Found".into()));
    let router = || {
        Router::new().get("/a", "a").fallback(|request: &mut Request<'_>| {
            (Status::GONE, format!("{} {}", request.method(), request.target()))
        })
    };
    assert_eq!(ask(router(), "PUT /b?c"), (410, "PUT /b?c".into()));
    assert_eq!(ask(router(), "PUT /a").0, 405);
    assert_eq!(ask(router(), "CONNECT a:1"), (410, "CONNECT a:1".into()));
}

#[test]
fn an_end_of_a_path_is_redirected_on_request() {
    let router = || Router::new().get("/a", "a").post("/b/", "b").get("/c/{d}/", say("d"));
    let mut site = Asker::new(router().redirect_slashes(true));
    for (path, location) in [
        ("/a/", Some("/a")),
        ("/a/?b=c", Some("/a?b=c")),
        ("/b", Some("/b/")),
        ("/c/%78%2F", Some("/c/%78%2F/")),
        ("/a//", None),
        ("//a/", None),
        ("/c", None),
    ] {
        let answer = site.ask(&format!("GET {path}"));
        assert_eq!(answer.status, if location.is_some() { 308 } else { 404 }, "{path}");
        assert_eq!(answer.field("location"), location, "{path}");
    }
    assert_eq!(Asker::new(router()).ask("GET /a/").status, 404);
    let mut site = Asker::new(Router::new().get("//{host}/", "x").redirect_slashes(true));
    assert_eq!(site.ask("GET //evil.example").field("location"), None);
}

#[test]
fn what_has_no_route_needs_no_body() {
    let mut site = Asker::new(Router::new().get("/a", "a"));
    let answer = site.ask_with("PUT /a", &["Expect: 100-continue", "Content-Length: 99"], b"");
    assert_eq!((answer.status, answer.field("connection")), (405, Some("close")));
    let mut site = Asker::new(Router::new().get("/a", "a"));
    assert_eq!(site.ask_with("POST /b", &[], b"12345").status, 404);
    assert_eq!(site.ask("GET /a").text(), "a");
}
