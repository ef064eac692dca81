use sockeye::http::layers::{BasicAuth, BearerAuth, User};
use sockeye::http::{self, BodyReader, Later, Request, Router};

use crate::asking::Asker;

fn who(request: &mut Request<'_>) -> String {
    request.get::<User>().map_or("nobody", |user| user.name()).into()
}

fn club() -> Asker {
    let auth = BasicAuth::new("The \"club\"")
        .user("Aladdin", "open sesame")
        .user("ü", "")
        .user("a", "b:c");
    let auth = auth.check(|name, password| name == "checked" && password == "1");
    let upload = http::streamed(|_: &mut Request<'_>, _: BodyReader, _: Later| panic!("let in"));
    Asker::new(Router::new().any("/", who).post("/upload", upload).layer(auth))
}

#[test]
fn who_knows_a_password_is_let_in() {
    for (credentials, name) in [
        // RFC 7617 2.
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin"),
        ("basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", "Aladdin"),
        ("BASIC  w7w6", "ü"),
        ("Basic YTpiOmM=", "a"),
        ("Basic Y2hlY2tlZDox", "checked"),
    ] {
        let field = format!("Authorization: {credentials}");
        assert_eq!(club().ask_with("GET /", &[&field], b"").text(), name, "{credentials}");
        assert_eq!(club().ask_with("PUT /", &[&field], b"body").text(), name, "{credentials}");
    }
}

#[test]
fn others_are_not() {
    for credentials in [
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZTE=", // one more
        "Basic QWxhZGRpbjpvcGVuIHNlc2Ft",     // one less
        "Basic QWxhZGRpbjo=",                 // none
        "Basic w7w6YQ==",                     // some for none
        "Basic YTpi",                         // up to a colon
        "Basic Y2hlY2tlZDoy",
        "Basic QWxhZGRpbg==", // no colon
        "Basic /zov",         // no UTF-8
        "Basic ???",
        "Basic ",
        "Basic",
        "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "",
        "Basic YTpiOmM=\r\nAuthorization: Basic YTpiOmM=",
    ] {
        let answer = club().ask_with("GET /", &[&format!("Authorization: {credentials}")], b"");
        assert_eq!(answer.status, 401, "{credentials}");
        let wanted = "Basic realm=\"The \\\"club\\\"\", charset=\"UTF-8\"";
        assert_eq!(answer.field("www-authenticate"), Some(wanted));
    }
    assert_eq!(club().ask("GET /none").status, 401);
}

#[test]
fn a_body_is_not_asked_for() {
    let announced = ["Content-Length: 5", "Expect: 100-continue"];
    assert_eq!(club().ask_with("PUT /", &announced, b"").status, 401);
    assert_eq!(club().ask_with("POST /upload", &announced, b"").status, 401);
}

#[test]
fn who_has_a_good_token_is_let_in() {
    let auth = BearerAuth::new("api", |request: &mut Request<'_>, token: &str| {
        request.insert(token.len());
        token.starts_with("good")
    });
    let len = |request: &mut Request<'_>| format!("{:?}", request.get::<usize>());
    let mut site = Asker::new(Router::new().any("/", len).layer(auth));
    let good = ["Authorization: Bearer good.one"];
    assert_eq!(site.ask_with("GET /", &good, b"").text(), "Some(8)");
    assert_eq!(site.ask_with("PUT /", &good, b"body").text(), "Some(8)");
    let answer = site.ask_with("GET /", &["Authorization: Bearer bad"], b"");
    let wanted = Some("Bearer realm=\"api\", error=\"invalid_token\"");
    assert_eq!((answer.status, answer.field("www-authenticate")), (401, wanted));
    let answer = site.ask("GET /");
    assert_eq!(
        (answer.status, answer.field("www-authenticate")),
        (401, Some("Bearer realm=\"api\""))
    );
}

#[test]
#[should_panic(expected = "a colon in the name `a:b`")]
fn nobody_can_say_a_name_with_a_colon() {
    drop(BasicAuth::new("").user("a:b", "c"));
}

#[test]
#[should_panic(expected = "a control character in the realm \"a\\nb\"")]
fn a_realm_stays_in_its_line() {
    drop(BasicAuth::new("a\nb"));
}

#[test]
fn passwords_are_not_shown() {
    let shown = format!("{:?}", BasicAuth::new("").user("me", "secret"));
    assert_eq!(shown, "BasicAuth { users: [\"me\"], .. }");
}
