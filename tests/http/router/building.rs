//! Mistakes that a program does not start with.

use std::panic::catch_unwind;

use sockeye::http::Router;

/// What the panic says.
fn why(build: fn() -> Router) -> String {
    let panic = catch_unwind(move || drop(build())).unwrap_err();
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()))
        .unwrap()
}

#[test]
fn paths_that_are_none_are_refused() {
    let no = |path: &str, why: &str| format!("no route can be added for `GET {path}`: {why}");
    let wrong = no("a", "it does not begin with `/`");
    assert_eq!(why(|| Router::new().get("a", "")), wrong);
    assert_eq!(why(|| Router::new().get("/{a", "")), no("/{a", "a `{` is not closed"));
    let wrong = no("/{a}{b}", "");
    assert!(why(|| Router::new().get("/{a}{b}", "")).starts_with(&wrong));
    let wrong = no("/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}", "it has more than 8 names");
    assert_eq!(why(|| Router::new().get("/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}", "")), wrong);
}

#[test]
fn routes_that_cannot_be_told_apart_are_refused() {
    let twice = why(|| Router::new().get("/{a}", "").put("/{b}", "").get("/{b}", ""));
    assert_eq!(twice, "no route can be added for `GET /{b}`: there is such a route already");
    let any = why(|| Router::new().any("/a", "").any("/%61", ""));
    assert_eq!(any, "no route can be added for `any method /%61`: there is such a route already");
    let conflict = why(|| Router::new().get("/a/{b}", "").get("/a/{*c}", ""));
    let wanted = "no route can be added for `GET /a/{*c}`: nobody could tell which of it and `/a/{b}` is meant";
    assert_eq!(conflict, wanted);
}

#[test]
fn prefixes_that_are_none_are_refused() {
    let no = |prefix: &str, why: &str| format!("no router can be nested at `{prefix}`: {why}");
    let nest = |prefix: &'static str| Router::new().nest(prefix, Router::new());
    drop(nest("/a/{b}"));
    assert_eq!(why(|| Router::new().nest("/a/", Router::new())), no("/a/", "it ends with `/`"));
    let wrong = no("a", "it does not begin with `/`");
    assert_eq!(why(|| Router::new().nest("a", Router::new())), wrong);
    let wrong = no("/{*a}", "a router cannot be nested behind `*`");
    assert_eq!(why(|| Router::new().nest("/{*a}", Router::new())), wrong);
    let wrong = no("/a{b}", "a name is not a whole segment");
    assert_eq!(why(|| Router::new().nest("/a{b}", Router::new())), wrong);
    let twice = why(|| Router::new().nest("/{a}", Router::new().get("/{a}", "")));
    assert_eq!(twice, "no route can be added for `GET /{a}/{a}`: it has two names `a`");
}

#[test]
fn there_is_one_fallback_for_a_prefix() {
    let other = || Router::new().fallback("b");
    assert_eq!(
        why(|| Router::new().fallback("a").fallback("b")),
        "the router has a fallback already"
    );
    drop(Router::new().fallback("a").nest("/b", other()));
    let nested = || Router::new().fallback("a").nest("/", Router::new().fallback("b"));
    assert_eq!(why(nested), "two routers at `/` have a fallback");
    let nested = || Router::new().nest("/", Router::new().fallback("b")).fallback("a");
    assert_eq!(why(nested), "the router has a fallback already");
}

#[test]
fn a_router_says_what_it_has() {
    let router = Router::new().get("/a", "").nest("/b", Router::new().any("/{c}", ""));
    assert_eq!(format!("{router:?}"), r#"["GET /a", "any method /b/{c}"]"#);
}
