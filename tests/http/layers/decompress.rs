use std::io::Read;

use flate2::Compression;
use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};
use sockeye::http::layers::{BodyLimit, Decompress};
use sockeye::http::{self, BodyReader, Later, Limits, Request, Router};
use sockeye::testing::Harness;

use crate::answer::Answer;
use crate::asking::Asker;

fn gzip(data: &[u8]) -> Vec<u8> {
    packed(GzEncoder::new(data, Compression::best()))
}

fn packed(mut from: impl Read) -> Vec<u8> {
    let mut packed = Vec::new();
    from.read_to_end(&mut packed).unwrap();
    packed
}

fn echo(request: &mut Request<'_>) -> String {
    String::from_utf8_lossy(request.body()).into_owned()
}

fn site(most: usize) -> Asker {
    Asker::new(Router::new().post("/", echo).layer(Decompress::new(most)))
}

#[test]
fn handlers_get_what_the_client_had() {
    let text = "Call me Ishmael. ".repeat(500);
    let data = text.as_bytes();
    let best = Compression::best();
    let mut site = site(10_000);
    for (coding, body) in [
        ("gzip", gzip(data)),
        ("X-GZip", gzip(data)),
        ("deflate", packed(ZlibEncoder::new(data, best))),
        ("deflate", packed(DeflateEncoder::new(data, best))),
        ("identity", data.to_vec()),
        ("", data.to_vec()),
    ] {
        let answer = site.ask_with("POST /", &[&format!("Content-Encoding: {coding}")], &body);
        assert_eq!((answer.status, answer.text()), (200, &*text), "{coding}");
    }
    assert_eq!(site.ask_with("POST /", &[], data).text(), text);
    assert_eq!(site.ask_with("POST /", &["Content-Encoding: gzip"], b"").text(), "");
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = gzip(&vec![0; 20 << 20]);
    assert!(bomb.len() < 30_000);
    let answer = site(1000).ask_with("POST /", &["Content-Encoding: gzip"], &bomb);
    assert_eq!(answer.status, 413);
    let mut exact = site(1000);
    for (len, status) in [(1000, 200), (1001, 413)] {
        let answer = exact.ask_with("POST /", &["Content-Encoding: gzip"], &gzip(&vec![b'x'; len]));
        assert_eq!(answer.status, status, "{len}");
    }
}

#[test]
fn what_does_not_unpack_is_told() {
    let whole = gzip(b"Call me Ishmael.");
    let mut broken = whole.clone();
    let end = broken.len() - 5;
    broken[end] ^= 1;
    let mut site = site(1000);
    for body in [&whole[..whole.len() - 1], &broken, b"plain", b"\x1f"] {
        let answer = site.ask_with("POST /", &["Content-Encoding: gzip"], body);
        assert_eq!(answer.status, 400, "{}", body.escape_ascii());
    }
    assert_eq!(site.ask_with("POST /", &["Content-Encoding: gzip"], &whole).status, 200);
}

#[test]
fn other_codings_are_refused_before_the_body() {
    for coding in ["br", "gzip, gzip", "zstd", "\u{fc}"] {
        let coding = format!("Content-Encoding: {coding}");
        let fields = [&*coding, "Content-Length: 9", "Expect: 100-continue"];
        let answer = site(1000).ask_with("POST /", &fields, b"");
        assert_eq!(answer.status, 415, "{coding}");
        assert_eq!(answer.field("accept-encoding"), Some("gzip, deflate"));
    }
}

#[test]
fn it_is_done_once_and_with_everything_else() {
    struct Kept(u8);
    let outer = http::layers::before(|request: &mut Request<'_>| {
        request.insert(Kept(7));
        Ok::<_, ()>(())
    });
    let all = |request: &mut Request<'_>| {
        let kept = request.get::<Kept>().map(|kept| kept.0);
        format!("{} {:?} {:?} {kept:?}", echo(request), request.param("id"), request.state::<u8>())
    };
    let inner = Router::new().post("/{id}", all).layer(Decompress::new(100));
    let router =
        Router::new().nest("/", inner).layer(outer).layer(Decompress::new(100)).state(9_u8);
    let answer =
        Asker::new(router).ask_with("POST /a", &["Content-Encoding: gzip"], &gzip(b"body"));
    assert_eq!(answer.text(), "body Some(\"a\") Some(9) Some(7)");
}

#[test]
fn a_handler_of_pieces_gets_it_as_a_whole() {
    let streamed = http::streamed(|_: &mut Request<'_>, mut body: BodyReader, later: Later| {
        std::thread::spawn(move || later.answer(body.read_all(100).unwrap_or_default()));
    });
    let router =
        Router::new().post("/", streamed).layer(Decompress::new(100)).layer(BodyLimit::new(50));
    let mut peer = Harness::new(http::server_with(Limits::default().body(1), router));
    let body = gzip(b"body");
    let head = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut answer = peer.feed([head.as_bytes(), &body].concat());
    peer.run_until(std::time::Duration::from_secs(20), |peer| {
        answer.extend(peer.take());
        !answer.is_empty()
    });
    let answer = Answer::only(answer);
    assert_eq!((answer.status, answer.text()), (200, "body"));
}
