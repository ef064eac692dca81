use std::time::Duration;

use sockeye::http::layers::Cors;
use sockeye::http::{Method, Router};

use crate::answer::Answer;
use crate::asking::Asker;

fn site(cors: Cors) -> Asker {
    Asker::new(Router::new().get("/", "hello").options("/", "own").layer(cors))
}

fn preflight(site: &mut Asker, origin: &str, further: &[&str]) -> Answer {
    let origin = format!("Origin: {origin}");
    let fields = [&[&*origin, "Access-Control-Request-Method: PUT"], further].concat();
    site.ask_with("OPTIONS /any", &fields, b"")
}

/// The fields about origins, without their common beginning.
fn said(answer: &Answer) -> Vec<String> {
    let common = "access-control-";
    let fields = answer.fields.iter().filter_map(|(name, value)| {
        let name = name.to_lowercase();
        Some(format!("{}={}", name.strip_prefix(common)?, String::from_utf8_lossy(value)))
    });
    fields.collect()
}

#[test]
fn only_listed_origins_are_let_in() {
    let cors = Cors::new().origin("https://a.example").origin("http://localhost:3000");
    let mut site = site(cors);
    for origin in ["https://a.example", "http://localhost:3000"] {
        let answer = site.ask_with("GET /", &[&format!("Origin: {origin}")], b"");
        assert_eq!((answer.text(), answer.field("vary")), ("hello", Some("Origin")));
        assert_eq!(said(&answer), [format!("allow-origin={origin}")]);
        assert!(preflight(&mut site, origin, &[]).field("access-control-allow-methods").is_some());
    }
    for origin in ["http://a.example", "https://a.example:1", "https://a.example.evil", "null", ""]
    {
        let answer = site.ask_with("GET /", &[&format!("Origin: {origin}")], b"");
        assert_eq!((answer.text(), answer.field("vary")), ("hello", Some("Origin")));
        assert_eq!(said(&answer), [""; 0]);
        let answer = preflight(&mut site, origin, &[]);
        assert_eq!((answer.status, said(&answer).len()), (204, 0), "{origin}");
        assert!(answer.fields.contains_token("vary", "origin"));
    }
    // A cache must not give those who come from elsewhere what has no permission.
    assert_eq!(site.ask("GET /").field("vary"), Some("Origin"));
    assert_eq!(site.ask_with("GET /none", &["Origin: https://a.example"], b"").status, 404);
    let answer = site.ask_with("PUT /", &["Origin: https://a.example"], b"body");
    assert_eq!((answer.status, said(&answer).len()), (405, 1));
}

#[test]
fn a_preflight_tells_all_that_is_allowed() {
    let cors = Cors::new()
        .origins(|origin| origin.ends_with(".example"))
        .methods([Method::Put, Method::Delete])
        .headers(["X-A", "X-B"])
        .expose(["X-C"])
        .credentials(true)
        .max_age(Duration::from_secs(60));
    let mut site = site(cors);
    let answer =
        preflight(&mut site, "https://x.example", &["Access-Control-Request-Headers: x-d"]);
    let wanted = [
        "allow-origin=https://x.example",
        "allow-methods=PUT, DELETE",
        "allow-headers=X-A, X-B",
        "allow-credentials=true",
        "max-age=60",
    ];
    assert_eq!((answer.status, said(&answer)), (204, wanted.map(String::from).to_vec()));
    let answer = site.ask_with("GET /", &["Origin: https://x.example"], b"");
    let wanted = ["allow-origin=https://x.example", "allow-credentials=true", "expose-headers=X-C"];
    assert_eq!(said(&answer), wanted);
    assert_eq!(said(&preflight(&mut site, "https://x.evil", &[])), [""; 0]);
}

#[test]
fn any_origin_is_any() {
    let mut site = site(Cors::new().any_origin().any_header());
    let answer = site.ask_with("GET /", &["Origin: https://x"], b"");
    assert_eq!((said(&answer), answer.field("vary")), (vec!["allow-origin=*".into()], None));
    let answer = preflight(&mut site, "https://x", &["Access-Control-Request-Headers: x-d, x-e"]);
    assert_eq!(answer.field("access-control-allow-headers"), Some("x-d, x-e"));
    assert_eq!(answer.field("access-control-allow-origin"), Some("*"));
}

#[test]
fn options_of_others_are_not_taken() {
    let mut site = site(Cors::new().any_origin());
    assert_eq!(site.ask_with("OPTIONS /", &["Origin: https://x"], b"").text(), "own");
    let asks = ["Access-Control-Request-Method: PUT"];
    assert_eq!(site.ask_with("OPTIONS /", &asks, b"").text(), "own");
}

#[test]
#[should_panic(expected = "credentials for any origin")]
fn credentials_are_not_for_any_origin() {
    drop(Cors::new().credentials(true).any_origin());
}

#[test]
#[should_panic(expected = "credentials for any origin")]
fn any_origin_has_no_credentials() {
    drop(Cors::new().any_origin().credentials(true));
}
