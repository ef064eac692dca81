//! What a client asks with.

use sockeye::ws::Deflate;

use crate::common::{Setting, Stream};
use crate::scene::{Scene, field};
use crate::{on_all_streams, on_tcp};

on_all_streams!(the_request_says_where_to);
on_tcp!(the_request_says_what_is_wanted, who_asks_is_in_the_url, each_connection_has_its_key);

fn the_request_says_where_to(setting: Setting) {
    let scene = Scene::new(setting);
    for (path, target) in [("/a/b?c=d&e", "/a/b?c=d&e"), ("/ü#part", "/%C3%BC"), ("/", "/")] {
        let (builder, _told) = scene.client_of(path);
        let _client = builder.connect(&scene.service).unwrap();
        let head = scene.accept().head();
        assert!(head.starts_with(&format!("GET {target} HTTP/1.1\r\n")), "{head}");
        let host = match setting.stream {
            Stream::Tcp | Stream::Tls => scene.listener.endpoint().to_string(),
            _ => "localhost".to_owned(),
        };
        assert_eq!(field(&head, "host"), Some(&*host));
        assert_eq!(field(&head, "upgrade"), Some("websocket"));
        assert!(field(&head, "connection").unwrap().eq_ignore_ascii_case("upgrade"), "{head}");
        assert_eq!(field(&head, "sec-websocket-version"), Some("13"));
        for not_asked in ["origin", "authorization", "sec-websocket-protocol"] {
            assert_eq!(field(&head, not_asked), None);
        }
        assert_eq!(field(&head, "sec-websocket-extensions"), None);
    }
}

fn the_request_says_what_is_wanted(setting: Setting) {
    let scene = Scene::new(setting);
    let (builder, _told) = scene.client();
    let _client = builder
        .header("X-Token", "t")
        .header("User-Agent", "mine")
        .origin("https://page.example")
        .subprotocols(["a", "b"])
        .deflate(Deflate::default())
        .connect(&scene.service)
        .unwrap();
    let head = scene.accept().head();
    for (name, value) in [
        ("x-token", "t"),
        ("user-agent", "mine"),
        ("origin", "https://page.example"),
        ("sec-websocket-protocol", "a, b"),
    ] {
        assert_eq!(field(&head, name), Some(value), "{name}");
    }
    assert!(field(&head, "sec-websocket-extensions").unwrap().starts_with("permessage-deflate"));
}

fn who_asks_is_in_the_url(setting: Setting) {
    let scene = Scene::new(setting);
    let authority = scene.url.split_once("//").unwrap().1;
    let url = format!("ws://me:p%40ss@{authority}/");
    // `me:p@ss`
    for (own, expected) in [(None, "Basic bWU6cEBzcw=="), (Some("Bearer t"), "Bearer t")] {
        let (teller, _told) = crate::scene::Teller::new();
        let builder = sockeye::ws::client(&url, teller);
        let builder = match own {
            Some(value) => builder.header("Authorization", value),
            None => builder,
        };
        let _client = builder.connect(&scene.service).unwrap();
        let head = scene.accept().head();
        assert_eq!(field(&head, "authorization"), Some(expected));
        assert_eq!(field(&head, "host"), Some(authority));
    }
}

fn each_connection_has_its_key(setting: Setting) {
    let scene = Scene::new(setting);
    let mut keys: Vec<_> = (0..5)
        .map(|_| {
            let (builder, _told) = scene.client();
            let _client = builder.connect(&scene.service).unwrap();
            crate::scene::key(&scene.accept().head())
        })
        .collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 5);
    assert!(keys.iter().all(|key| key.len() == 24 && key.ends_with("==")), "{keys:?}");
}
