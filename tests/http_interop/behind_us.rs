//! nginx answers the library's client.

use std::fs;

use sockeye::ErrorKind;
use sockeye::http::{Body, Client, Status};

use crate::common::{Design, Folder, Nginx, Setting, Stream, addr_of, tls_client};
use crate::on_both_designs;
use crate::site::{Site, content, summary};

on_both_designs!(
    nginx_serves_files,
    nginx_packs,
    nginx_redirects,
    nginx_ends_connections,
    nginx_takes_uploads,
    nginx_refuses_uploads,
    nginx_is_a_proxy,
);

/// nginx with some files, before nothing but what streams them, and a client.
struct Scene {
    site: Site,
    nginx: Nginx,
    client: Client,
}

impl Scene {
    /// `None` where there is no nginx.
    fn new(design: Design) -> Option<Self> {
        let (folder, site) = (Folder::new(), Site::new(Setting { design, stream: Stream::Tcp }));
        fs::create_dir(folder.path().join("www")).unwrap();
        for size in SIZES {
            folder.file(&format!("www/{size}"), content(size));
        }
        folder.file("www/page.html", "<p>packed</p>\n".repeat(10_000));
        let own = folder.path().display();
        let server = format!(
            "root {own}/www;\n\
             keepalive_timeout 20s;\n\
             location /moved {{ return 302 /100; }}\n\
             location /posted {{ return 303 /100; }}\n\
             location /kept {{ return 308 /put/kept; }}\n\
             location /round {{ return 301 /round; }}\n\
             location /two {{ alias {own}/www; keepalive_requests 2; }}\n\
             location /page.html {{ gzip on; gzip_min_length 1; }}\n\
             location /put {{ root {own}/www; dav_methods PUT DELETE; create_full_put_path on; }}\n\
             location /small {{ client_max_body_size 1k; proxy_pass http://{site}; }}\n\
             location /stream {{ proxy_pass http://{site}; proxy_http_version 1.1; }}\n",
            site = addr_of(&site.server)
        );
        let nginx = Nginx::start(folder, &server, "default_type text/plain;")?;
        let client = Client::builder(&site.service).tls(tls_client()).build().unwrap();
        Some(Self { site, nginx, client })
    }

    fn origins(&self) -> [String; 2] {
        [self.nginx.url(""), self.nginx.tls_url("")]
    }
}

/// Around what fits into a buffer, a record of TLS, or a queue.
const SIZES: [usize; 8] = [0, 1, 100, 16_384, 65_535, 65_537, 300_000, 5_000_000];

fn nginx_serves_files(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let client = &scene.client;
    for origin in scene.origins() {
        for size in SIZES {
            let url = format!("{origin}/{size}");
            let answer = client.get(&url).send().unwrap();
            assert!(answer.bytes() == &content(size), "{size} bytes");
            let head = client.head(&url).send().unwrap();
            assert_eq!(head.header("content-length"), Some(&*size.to_string()));
            let mut streamed = client.get(&url).stream().unwrap();
            assert_eq!(summary(&mut streamed).unwrap(), summary(&*content(size)).unwrap());
        }
        let url = format!("{origin}/300000");
        let tag = client.get(&url).send().unwrap().header("etag").unwrap().to_owned();
        let same = client.get(&url).header("If-None-Match", tag).send().unwrap();
        assert_eq!((same.status(), same.bytes().len()), (Status::NOT_MODIFIED, 0));
        let part = client.get(&url).header("Range", "bytes=1000-1999").send().unwrap();
        assert_eq!(part.status(), Status::PARTIAL_CONTENT);
        assert!(part.bytes() == &content(300_000)[1000..2000]);
        let beyond = client.get(&url).header("Range", "bytes=300000-").send().unwrap();
        assert_eq!(beyond.status(), Status::RANGE_NOT_SATISFIABLE);
        let missing = client.get(format!("{origin}/missing")).send().unwrap();
        assert_eq!(missing.status(), Status::NOT_FOUND);
        let chunked = client.get(format!("{origin}/stream?bytes=300000")).send().unwrap();
        assert_eq!(chunked.header("transfer-encoding"), Some("chunked"));
        assert!(chunked.bytes() == &content(300_000));
    }
    assert_eq!(client.connections(), 2, "one to each origin");
}

fn nginx_packs(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let page = "<p>packed</p>\n".repeat(10_000);
    for origin in scene.origins() {
        let get = || scene.client.get(format!("{origin}/page.html"));
        let answer = get().send().unwrap();
        assert_eq!((answer.text().unwrap(), answer.header("content-encoding")), (&*page, None));
        let mut streamed = get().stream().unwrap();
        assert_eq!(summary(&mut streamed).unwrap(), summary(page.as_bytes()).unwrap());
        let packed = get().unpack(false).header("Accept-Encoding", "gzip").send().unwrap();
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        assert!(
            packed.bytes().len() < page.len() / 10 && packed.bytes().starts_with(&[0x1f, 0x8b])
        );
        let plain = get().unpack(false).send().unwrap();
        assert_eq!((plain.text().unwrap(), plain.header("content-encoding")), (&*page, None));
    }
}

fn nginx_redirects(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let client = &scene.client;
    for origin in scene.origins() {
        let answer = client.get(format!("{origin}/moved")).send().unwrap();
        assert!(answer.bytes() == &content(100));
        assert_eq!(answer.url().path(), "/100");
        let answer = client.post(format!("{origin}/posted")).body("x").send().unwrap();
        assert!(answer.bytes() == &content(100));
        let answer = client.get(format!("{origin}/moved")).redirects(0).send().unwrap();
        assert_eq!(answer.status(), Status::FOUND);
        let error = client.get(format!("{origin}/round")).send().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitReached, "{error}");
        let kept = content(200_000);
        let answer = client.put(format!("{origin}/kept")).body(kept.clone()).send().unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
        assert!(fs::read(scene.nginx.folder.path().join("www/put/kept")).unwrap() == kept);
    }
}

/// After two requests each, so that every other request needs a new one.
fn nginx_ends_connections(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    for origin in scene.origins() {
        for _ in 0..25 {
            let answer = scene.client.get(format!("{origin}/two/300000")).send().unwrap();
            assert!(answer.bytes() == &content(300_000));
        }
        let replies = (0..25).map(|_| scene.client.get(format!("{origin}/two/100")).start());
        for reply in replies.collect::<Vec<_>>() {
            assert!(reply.wait(crate::common::LIMIT).unwrap().bytes() == &content(100));
        }
    }
}

fn nginx_takes_uploads(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let (client, data) = (&scene.client, content(3_000_000));
    for origin in scene.origins() {
        let reader = || Body::reader(std::io::Cursor::new(data.clone()), None);
        let put = |name: &str| client.put(format!("{origin}/put/{name}"));
        for (name, call) in [
            ("whole", put("whole").body(data.clone())),
            ("chunked", put("chunked").body(reader())),
            ("asked", put("asked").expect_continue(true).body(data.clone())),
            ("asked_chunked", put("asked_chunked").expect_continue(true).body(reader())),
        ] {
            let answer = call.send().unwrap();
            assert!(answer.status().is_success(), "{answer:?}");
            let file = scene.nginx.folder.path().join("www/put").join(name);
            assert!(fs::read(&file).unwrap() == data, "{name}");
            let answer = client.delete(format!("{origin}/put/{name}")).send().unwrap();
            assert_eq!((answer.status(), file.exists()), (Status::NO_CONTENT, false));
        }
    }
}

/// Of what is asked without TLS; a tunnel it does not make.
fn nginx_is_a_proxy(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let server = "location / { proxy_pass http://$http_host$request_uri; }";
    let Some(proxy) = Nginx::start(Folder::new(), server, "") else { return };
    let builder = Client::builder(&scene.site.service).tls(tls_client());
    let client = builder.proxy(proxy.url("")).build().unwrap();
    for size in [0, 100, 300_000] {
        let answer = client.get(scene.nginx.url(&format!("/{size}"))).send().unwrap();
        assert!(answer.bytes() == &content(size), "{size} bytes");
    }
    let answer = client.get(scene.nginx.url("/moved")).send().unwrap();
    assert_eq!(answer.url().to_string(), scene.nginx.url("/100"));
    let url = format!("http://{}/echo", addr_of(&scene.site.server));
    assert_eq!(client.post(url).body("a=b").send().unwrap().text().unwrap(), "a=b");
    assert!(client.get(scene.nginx.tls_url("/100")).send().is_err());
}

/// It answers before it has got them, and closes the connection over them.
fn nginx_refuses_uploads(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    for origin in scene.origins() {
        for expects in [true, false] {
            let call = scene.client.put(format!("{origin}/small")).body(vec![7; 2000]);
            let answer = call.expect_continue(expects).send().unwrap();
            assert_eq!(answer.status(), Status::CONTENT_TOO_LARGE);
        }
        let answer = scene.client.get(format!("{origin}/100")).send().unwrap();
        assert!(answer.bytes() == &content(100));
    }
    assert_eq!(scene.site.server.metrics().begun, 0);
}
