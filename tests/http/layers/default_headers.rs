use sockeye::http::layers::DefaultHeaders;
use sockeye::http::{Request, Response, Router};

use crate::asking::Asker;

#[test]
fn what_an_answer_says_itself_counts() {
    let own = |_: &mut Request<'_>| Response::html("x").header("x-frame-options", "SAMEORIGIN");
    let layer =
        DefaultHeaders::new().header("X-Frame-Options", "DENY").header("Content-Type", "a/b");
    let layer = layer.header("Link", "<1>").header("link", "<2>");
    let mut site = Asker::new(Router::new().get("/", own).layer(layer));
    let answer = site.ask("GET /");
    assert_eq!(answer.fields.all("x-frame-options").collect::<Vec<_>>(), [b"SAMEORIGIN"]);
    assert_eq!(answer.fields.all("content-type").count(), 1);
    assert_eq!(answer.field("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.fields.all("link").collect::<Vec<_>>(), [b"<1>", b"<2>"]);
    let answer = site.ask("OPTIONS /");
    assert_eq!(answer.field("x-frame-options"), Some("DENY"));
    assert_eq!(answer.field("content-type"), Some("a/b"));
    assert_eq!(site.ask_with("PUT /", &[], b"body").field("x-frame-options"), Some("DENY"));
}

#[test]
#[should_panic(
    expected = "`X-A` cannot be added to answers: it is a header's value with a control"
)]
fn what_is_no_field_is_refused() {
    drop(DefaultHeaders::new().header("X-A", "a\r\nb"));
}
