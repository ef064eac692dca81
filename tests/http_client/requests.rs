//! What is sent.

use sockeye::ErrorKind;
use sockeye::http::multipart::Boundary;
use sockeye::http::{Body, Request, Response, Status};

use crate::common::{LIMIT, Setting};
use crate::on_tcp;
use crate::scene::{Scene, World, assert_failed};

on_tcp!(
    the_head_is_as_it_should_be,
    lengths_are_set,
    unknown_lengths_go_in_chunks,
    credentials_and_queries_are_encoded,
    forms_with_files_are_sent,
    what_is_no_request_is_not_sent,
    a_body_may_be_asked_for,
    a_body_that_nobody_asks_for_is_sent_after_a_second,
    a_body_that_fails_fails_the_call,
);

/// Of a request that is answered.
fn sent(scene: &Scene, call: sockeye::http::client::Call, body: usize) -> (String, Vec<u8>) {
    let reply = call.start();
    let mut wire = scene.accept();
    let head = wire.head();
    let body = wire.0.receive(body);
    wire.say("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    assert_eq!(reply.wait(LIMIT).unwrap().status(), Status::NO_CONTENT);
    (head, body)
}

fn the_head_is_as_it_should_be(setting: Setting) {
    let scene = Scene::new(setting);
    let host = scene.url.trim_start_matches("http://").to_owned();
    let (head, _) = sent(&scene, scene.client.get(scene.url("/a b?c#d")).header("X-A", "b"), 0);
    let version = env!("CARGO_PKG_VERSION");
    let wanted = format!(
        "GET /a%20b?c HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sockeye/{version}\r\nAccept: */*\r\n\
         X-A: b\r\nAccept-Encoding: gzip, deflate\r\n\r\n"
    );
    assert_eq!(head, wanted);
    let call = scene.client.get(scene.url("/")).unpack(false).header("Host", "other");
    let call = call.header("accept", "text/html").add_header("Accept", "text/plain");
    let (head, _) = sent(&scene, call.header("Connection", "close"), 0);
    assert!(head.contains("\r\nHost: other\r\n") && !head.contains(&host), "{head}");
    assert!(head.contains("accept: text/html\r\nAccept: text/plain\r\n"), "{head}");
    assert!(head.contains("\r\nConnection: close\r\n") && !head.contains("Encoding"), "{head}");
}

fn lengths_are_set(setting: Setting) {
    let scene = Scene::new(setting);
    let length = |head: String| {
        let line = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        line.map(str::to_owned)
    };
    let lie = |call: sockeye::http::client::Call| call.header("Content-Length", "999");
    let (head, _) = sent(&scene, lie(scene.client.get(scene.url("/"))), 0);
    assert_eq!(length(head), None);
    let (head, _) = sent(&scene, lie(scene.client.post(scene.url("/"))), 0);
    assert_eq!(length(head).as_deref(), Some("0"));
    for size in [1, 1024, 1025, 300_000] {
        let call = lie(scene.client.put(scene.url("/")).body(vec![b'x'; size]));
        let (head, body) = sent(&scene, call, size);
        assert_eq!(length(head), Some(size.to_string()));
        assert_eq!(body, vec![b'x'; size]);
    }
    let reader = Body::reader(&b"0123456789"[..], 10);
    let (head, body) = sent(&scene, scene.client.put(scene.url("/")).body(reader), 10);
    assert_eq!((length(head).as_deref(), &body[..]), (Some("10"), &b"0123456789"[..]));
}

fn unknown_lengths_go_in_chunks(setting: Setting) {
    let scene = Scene::new(setting);
    let pieces = Body::pieces(["one", "", "three"].map(|piece| Ok(piece.into())));
    let call = scene.client.post(scene.url("/")).body(pieces);
    let wanted = b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n";
    let (head, body) = sent(&scene, call, wanted.len());
    assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
    assert!(!head.contains("Content-Length"), "{head}");
    assert_eq!(body, wanted);
}

fn credentials_and_queries_are_encoded(setting: Setting) {
    let scene = Scene::new(setting);
    let pairs = [("q", "a&b=c d"), ("ü", "")];
    let call = scene.client.get(scene.url("/?x#y")).query(&pairs).basic_auth("me", "p:w");
    let (head, _) = sent(&scene, call, 0);
    assert!(head.starts_with("GET /?x&q=a%26b%3Dc+d&%C3%BC= HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nAuthorization: Basic bWU6cDp3\r\n"), "{head}");
    let url = scene.url("/").replace("http://", "http://a%40b:secret@");
    let (head, _) = sent(&scene, scene.client.get(&url), 0);
    assert!(head.contains("\r\nAuthorization: Basic YUBiOnNlY3JldA==\r\n"), "{head}");
    let (head, _) = sent(&scene, scene.client.get(&url).bearer("t"), 0);
    assert!(head.contains("\r\nAuthorization: Bearer t\r\n"), "{head}");
    let form = [("a", "1 2"), ("b", "&")];
    let (head, body) = sent(&scene, scene.client.post(scene.url("/")).form(&form), 11);
    assert!(head.contains("Content-Type: application/x-www-form-urlencoded\r\n"), "{head}");
    assert_eq!(body, b"a=1+2&b=%26");
    let (head, body) = sent(&scene, scene.client.post(scene.url("/")).json(&[1, 2]), 5);
    assert!(head.contains("Content-Type: application/json\r\n"), "{head}");
    assert_eq!(body, b"[1,2]");
}

fn forms_with_files_are_sent(setting: Setting) {
    let world = World::new(setting, |request: &mut Request<'_>| {
        let media = request.header("content-type").unwrap_or_default().to_owned();
        Response::content("a/b", request.body().to_vec()).header("X-Media", media)
    });
    let call = world.client.post(world.url("/")).multipart(|form| {
        form.text("title", "a \"b\"")?.file("file", "c.txt", "text/plain", "data")?;
        Ok(())
    });
    let answer = call.send().unwrap();
    let boundary = Boundary::from_content_type(answer.header("x-media").unwrap()).unwrap();
    let body = answer.text().unwrap();
    assert_eq!(body.matches(boundary.as_str()).count(), 3, "{body}");
    assert!(body.contains("filename=\"c.txt\"") && body.contains("data"), "{body}");
    let wrong = world.client.post(world.url("/")).multipart(|form| {
        form.text("a\r\nb", "")?;
        Ok(())
    });
    assert_failed(wrong.send(), ErrorKind::Invalid, "control character");
}

fn what_is_no_request_is_not_sent(setting: Setting) {
    let scene = Scene::new(setting);
    let get = || scene.client.get(scene.url("/"));
    let injected = get().header("X", "a\r\nY: b").send();
    assert_failed(injected, ErrorKind::Invalid, "a control character");
    assert_failed(get().header("X Y", "a").send(), ErrorKind::Invalid, "no token");
    assert_failed(get().bearer("a\nb").send(), ErrorKind::Invalid, "a control character");
    for url in ["", "/", "localhost", "ftp://a/", "http://", "http://a:99999/", "http://a b/"] {
        let (kind, text) = crate::scene::failed(scene.client.get(url).send());
        assert_eq!(kind, ErrorKind::AddressInvalid, "{url}: {text}");
    }
    let connect = scene.client.request(sockeye::http::Method::Connect, scene.url("/"));
    assert_failed(connect.send(), ErrorKind::Invalid, "for proxies");
    let trace = scene.client.trace(scene.url("/")).body("x");
    assert_failed(trace.send(), ErrorKind::Invalid, "no body");
    let wrong = sockeye::http::Client::builder(&scene.service).header("a:b", "");
    assert_failed(wrong.build(), ErrorKind::Invalid, "no token");
    scene.listener.assert_nobody_waits();
}

fn a_body_may_be_asked_for(setting: Setting) {
    let scene = Scene::new(setting);
    let put = || scene.client.put(scene.url("/")).body("the body").expect_continue(true);
    let reply = put().start();
    let mut wire = scene.accept();
    assert!(wire.head().contains("\r\nExpect: 100-continue\r\nContent-Length: 8\r\n"));
    wire.say("HTTP/1.1 100 Continue\r\n\r\n");
    wire.0.expect("the body");
    wire.say("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(reply.wait(LIMIT).unwrap().status(), Status::NO_CONTENT);
    // The answer comes instead: the body never goes, nor can anything else go on this connection.
    let reply = put().start();
    wire.head();
    wire.say("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(reply.wait(LIMIT).unwrap().status(), Status::FORBIDDEN);
    assert_eq!(wire.0.receive_to_end(), b"");
    // It is not understood: sent again as if it had not been asked.
    let reply = put().start();
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    let mut wire = scene.accept();
    assert!(!wire.head().contains("Expect"));
    wire.0.expect("the body");
    wire.say("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(reply.wait(LIMIT).unwrap().status(), Status::NO_CONTENT);
}

fn a_body_that_nobody_asks_for_is_sent_after_a_second(setting: Setting) {
    let scene = Scene::new(setting);
    let call = scene.client.put(scene.url("/")).body("the body").header("Expect", "100-continue");
    let reply = call.start();
    let mut wire = scene.accept();
    wire.head();
    wire.0.expect("the body");
    wire.say("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(reply.wait(LIMIT).unwrap().status(), Status::NO_CONTENT);
}

fn a_body_that_fails_fails_the_call(setting: Setting) {
    let scene = Scene::new(setting);
    let broken = || std::iter::once_with(|| Err(std::io::Error::other("the disk is gone")));
    let reply = scene.client.put(scene.url("/")).body(Body::pieces(broken())).start();
    let mut wire = scene.accept();
    wire.0.receive_what_comes();
    assert_failed(reply.wait(LIMIT), ErrorKind::Canceled, "the disk is gone");
    let short = Body::reader(&b"only this"[..], 100);
    let reply = scene.client.put(scene.url("/")).body(short).start();
    scene.accept().0.receive_what_comes();
    assert_failed(reply.wait(LIMIT), ErrorKind::Closed, "91 bytes too early");
    let panicking = std::iter::once_with(|| panic!("a body's panic"));
    let reply = scene.client.put(scene.url("/")).body(Body::pieces(panicking)).start();
    scene.accept().0.receive_what_comes();
    assert_failed(reply.wait(LIMIT), ErrorKind::Panicked, "body");
}
