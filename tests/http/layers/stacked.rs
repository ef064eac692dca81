//! All layers around one router, over every stream.

use std::io::Read;

use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use sockeye::http::layers::{
    AccessLog, BasicAuth, BodyLimit, Compress, Cors, Decompress, DefaultHeaders, Limit, Timing,
    User,
};
use sockeye::http::{self, BodyReader, Later, Request, Response, Router};

use crate::answer::Answer;
use crate::common::{Peer, Setting};
use crate::on_all_streams;

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = Vec::new();
    GzEncoder::new(text.as_bytes(), Compression::fast()).read_to_end(&mut packed).unwrap();
    packed
}

fn gunzip(answer: &Answer) -> String {
    assert_eq!(answer.field("content-encoding"), Some("gzip"), "{answer:?}");
    let mut text = String::new();
    GzDecoder::new(&*answer.body).read_to_string(&mut text).unwrap();
    text
}

fn site(limit: &Limit) -> Router {
    let who = |request: &mut Request<'_>| request.get::<User>().map(|user| user.name().to_string());
    let later = |_: &mut Request<'_>| {
        let (response, later) = Response::later();
        std::thread::spawn(move || later.answer("later ".repeat(1000)));
        response
    };
    let shout = |request: &mut Request<'_>| request.text().map(str::to_uppercase);
    let upload = http::streamed(|_: &mut Request<'_>, mut body: BodyReader, later: Later| {
        std::thread::spawn(move || {
            later.answer(format!("{:?}", body.read_all(1 << 20).as_deref().map(<[u8]>::len)));
        });
    });
    let members = Router::new()
        .get("/", who)
        .put("/upload", upload)
        .layer(BasicAuth::new("club").user("Aladdin", "open sesame"))
        .layer(BodyLimit::new(1 << 20));
    Router::new()
        .layer(AccessLog::new())
        .layer(Timing::new())
        .layer(DefaultHeaders::new().header("X-Content-Type-Options", "nosniff"))
        .layer(Cors::new().any_origin())
        .layer(limit.clone())
        .layer(Compress::new())
        .layer(Decompress::new(1 << 20))
        .nest("/club", members)
        .get("/later", later)
        .post("/shout", shout)
}

fn all_layers_work_together(setting: Setting) {
    let service = setting.service();
    let limit = Limit::new(100);
    let served = setting.serve(&service, http::server(site(&limit)));
    let peers = (0..4).map(|_| {
        let mut peer = Peer::new(&served);
        let packed = gzip(&"shout ".repeat(1000));
        let common = "Host: x\r\nOrigin: https://a\r\nAccept-Encoding: gzip\r\n";
        let auth = "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n";
        // All at once: the answers come in this order.
        peer.send(format!("GET /later HTTP/1.1\r\n{common}\r\n"));
        let len = packed.len();
        peer.send(format!(
            "POST /shout HTTP/1.1\r\n{common}Content-Encoding: gzip\r\nContent-Length: {len}\r\n\r\n"
        ));
        peer.send(&packed);
        peer.send(format!("GET /club HTTP/1.1\r\n{common}\r\n"));
        peer.send(format!("GET /club HTTP/1.1\r\n{common}{auth}\r\n"));
        peer.send(format!("PUT /club/upload HTTP/1.1\r\n{common}{auth}Content-Length: 200000\r\n\r\n"));
        peer.send(vec![b'x'; 200_000]);
        peer.send(format!("GET /none HTTP/1.1\r\n{common}Connection: close\r\n\r\n"));
        peer
    });
    for mut peer in peers.collect::<Vec<_>>() {
        let answers = Answer::all(peer.receive_to_end());
        let [later, shout, stranger, who, upload, none] = &*answers else { panic!("{answers:?}") };
        assert_eq!((gunzip(later), gunzip(shout)), ("later ".repeat(1000), "SHOUT ".repeat(1000)));
        assert_eq!((stranger.status, who.text(), upload.text()), (401, "Aladdin", "Ok(200000)"));
        assert_eq!(none.status, 404);
        for answer in &answers {
            assert!(answer.field("server-timing").is_some(), "{answer:?}");
            assert_eq!(answer.field("x-content-type-options"), Some("nosniff"), "{answer:?}");
            assert_eq!(answer.field("access-control-allow-origin"), Some("*"), "{answer:?}");
        }
    }
    assert_eq!(limit.inside(), 0);
    service.stop().unwrap();
}

on_all_streams!(all_layers_work_together);
