//! nginx passes on to the library's server what others ask.

use std::io::{BufRead, BufReader};

use sockeye::http::{Body, Client, Event, Status};

use crate::common::{Design, LIMIT, Nginx, Peer, Setting, Stream, addr_of, eventually, tls_client};
use crate::on_both_designs;
use crate::site::{GATHERED, LARGE, Site, content, summary};

on_both_designs!(
    what_is_asked_passes_a_proxy,
    a_proxy_keeps_its_connections,
    large_bodies_pass_a_proxy,
    events_pass_a_proxy,
    an_upgrade_passes_a_proxy,
    a_proxy_hears_when_its_client_leaves,
);

/// The library's server, nginx before it, and a client before that.
struct Scene {
    site: Site,
    nginx: Nginx,
    client: Client,
}

impl Scene {
    /// `None` where there is no nginx.
    fn new(design: Design) -> Option<Self> {
        let site = Site::new(Setting { design, stream: Stream::Tcp });
        let http = format!(
            "upstream site {{ server {}; keepalive 2; }}\n\
             map $http_upgrade $passed {{ default upgrade; '' ''; }}",
            addr_of(&site.server)
        );
        let server = "location / {\n\
             proxy_pass http://site;\n\
             proxy_http_version 1.1;\n\
             proxy_set_header Connection $passed;\n\
             proxy_set_header Upgrade $http_upgrade;\n\
             proxy_buffering off;\n\
             proxy_request_buffering off;\n\
             }\n\
             location /old/ {\n\
             proxy_pass http://site/;\n\
             }\n";
        let nginx = Nginx::start(crate::common::Folder::new(), server, &http)?;
        let client = Client::builder(&site.service).tls(tls_client()).build().unwrap();
        Some(Self { site, nginx, client })
    }
}

fn what_is_asked_passes_a_proxy(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let client = &scene.client;
    // HTTP/1.0 is what nginx speaks behind `/old` by default, without keeping connections.
    for origin in [scene.nginx.url(""), scene.nginx.tls_url(""), scene.nginx.url("/old")] {
        let get = |path: &str| client.get(format!("{origin}{path}")).send().unwrap();
        assert_eq!(get("/hello").text().unwrap(), "hello\n");
        assert_eq!(get("/late").text().unwrap(), "late\n");
        assert_eq!(get("/nowhere").status(), Status::NOT_FOUND);
        assert_eq!(get("/empty").status(), Status::NO_CONTENT);
        assert!(get("/stream?bytes=300000").bytes() == &content(300_000));
        assert!(get("/packed/stream?bytes=300000&text=1").bytes() == &content(300_000));
        let head = client.head(format!("{origin}/files/large.bin")).send().unwrap();
        assert_eq!(head.header("content-length"), Some("1000000"));
        let call = client.get(format!("{origin}/files/large.bin"));
        let part = call.header("Range", "bytes=10-19").send().unwrap();
        assert_eq!(part.status(), Status::PARTIAL_CONTENT);
        assert!(part.bytes() == &content(LARGE)[10..20]);
        let posted = client.post(format!("{origin}/echo")).body("a=b").send().unwrap();
        assert_eq!(posted.text().unwrap(), "a=b");
    }
}

fn a_proxy_keeps_its_connections(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    for number in 0..100 {
        let text = format!("{number}");
        let url = scene.nginx.url("/echo");
        let answer = scene.client.post(url).body(text.clone()).send().unwrap();
        assert_eq!(answer.text().unwrap(), text);
    }
    let begun = scene.site.server.metrics().begun;
    assert!(begun <= 2, "{begun} connections for a hundred requests");
}

fn large_bodies_pass_a_proxy(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let (client, data) = (&scene.client, content(20_000_000));
    let wanted = summary(&*data).unwrap();
    for origin in [scene.nginx.url(""), scene.nginx.tls_url("")] {
        let count = || client.put(format!("{origin}/count"));
        for call in [
            count().body(data.clone()),
            count().body(Body::reader(std::io::Cursor::new(data.clone()), None)),
            count().expect_continue(true).body(data.clone()),
        ] {
            assert_eq!(call.send().unwrap().text().unwrap(), wanted);
        }
        let url = format!("{origin}/stream?bytes={}", data.len());
        let mut answer = client.get(url).stream().unwrap();
        assert_eq!(summary(&mut answer).unwrap(), wanted);
        let refused = client.put(format!("{origin}/echo")).body(vec![7; GATHERED + 1]).send();
        assert_eq!(refused.unwrap().status(), Status::CONTENT_TOO_LARGE);
    }
}

fn events_pass_a_proxy(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let answer = scene.client.get(scene.nginx.url("/events")).start_stream();
    let events = scene.site.events.recv_timeout(LIMIT).unwrap();
    events.send_within(&Event::new("one"), LIMIT).unwrap();
    let mut lines = BufReader::new(answer.wait(LIMIT).unwrap()).lines();
    let mut next = || lines.next().map(Result::unwrap);
    assert_eq!((next().as_deref(), next().as_deref()), (Some("data: one"), Some("")));
    events.send_within(&Event::new("two"), LIMIT).unwrap();
    assert_eq!((next().as_deref(), next().as_deref()), (Some("data: two"), Some("")));
    events.finish();
    assert_eq!(next(), None);
}

fn an_upgrade_passes_a_proxy(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let mut peer = Peer::at(scene.nginx.addr);
    peer.send("GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(peer.receive(1));
    }
    assert!(head.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
    for word in ["hello", "there"] {
        peer.send(word);
        peer.expect(word.to_uppercase());
    }
}

fn a_proxy_hears_when_its_client_leaves(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let answer = scene.client.get(scene.nginx.url("/events")).start_stream();
    let events = scene.site.events.recv_timeout(LIMIT).unwrap();
    drop(answer.wait(LIMIT).unwrap());
    eventually("the server knows that nobody listens", || events.is_closed());
}
