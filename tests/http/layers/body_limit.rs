use sockeye::http::layers::BodyLimit;
use sockeye::http::{
    self, BodyReader, Handler, Later, Limits, Receiver, Reception, Request, Response, Router,
};
use sockeye::raw;
use sockeye::testing::Harness;

use crate::answer::{Answer, post, post_chunked};

/// Gets its body in pieces.
struct Pieces;

impl Handler for Pieces {
    fn handle(&self, _: &mut Request<'_>) -> Response {
        Response::text("whole")
    }

    fn begin(&self, _: &mut Request<'_>) -> Reception {
        Reception::Each(Box::new(Count(0)))
    }
}

struct Count(usize);

impl Receiver for Count {
    fn on_data(&mut self, _: &mut raw::Session<'_>, data: &[u8]) -> Option<Response> {
        self.0 += data.len();
        assert!(self.0 <= 8, "more than it may have");
        None
    }

    fn on_end(self: Box<Self>, _: &mut Request<'_>) -> Response {
        Response::text(self.0.to_string())
    }
}

fn len(request: &mut Request<'_>) -> String {
    request.body().len().to_string()
}

fn site() -> Harness {
    let streamed = http::streamed(|_: &mut Request<'_>, mut body: BodyReader, later: Later| {
        std::thread::spawn(move || match body.read_all(100) {
            Ok(body) => later.answer(body.len().to_string()),
            Err(error) => later.answer(error.to_string()),
        });
    });
    let wide = Router::new().post("/wide", len).layer(BodyLimit::new(32));
    let router = Router::new().post("/", len).post("/pieces", Pieces).post("/streamed", streamed);
    let router = router.nest("/", wide).layer(BodyLimit::new(8));
    Harness::new(http::server_with(Limits::default().body(16), router))
}

/// The answer to a body of so many bytes, announced or in chunks.
fn ask(path: &str, bytes: usize) -> [(u16, String); 2] {
    let body = "x".repeat(bytes);
    [post(path, &body), post_chunked(path, &body)].map(|request| {
        let mut peer = site();
        let mut answer = peer.feed(request);
        peer.run_until(std::time::Duration::from_secs(20), |peer| {
            answer.extend(peer.take());
            !answer.is_empty()
        });
        let answer = Answer::only(answer);
        assert_eq!(answer.status == 413, answer.fields.contains_token("connection", "close"));
        (answer.status, if answer.status == 200 { answer.text().into() } else { String::new() })
    })
}

#[test]
fn bodies_may_have_so_many_bytes() {
    for path in ["/", "/pieces", "/streamed"] {
        for answer in ask(path, 8) {
            assert_eq!(answer, (200, "8".into()), "{path}");
        }
        for answer in ask(path, 9) {
            assert_eq!(answer, (413, String::new()), "{path}");
        }
    }
}

#[test]
fn the_innermost_counts_also_beyond_the_servers() {
    assert_eq!(ask("/wide", 32), [(200, "32".into()), (200, "32".into())]);
    assert_eq!(ask("/wide", 33), [(413, String::new()), (413, String::new())]);
}

#[test]
fn too_much_is_not_asked_for() {
    let request =
        "POST /pieces HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
    let answer = Answer::only(site().feed(request));
    assert_eq!(answer.status, 413);
}
