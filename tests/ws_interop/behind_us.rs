//! Servers of other makes answer the library's client.

use sockeye::ws::client::Builder;
use sockeye::ws::{self, Client, Deflate, Kind, OwnedMessage};
use sockeye::{ErrorKind, Service};

use crate::common::{Folder, LIMIT, Random, Running, Setting, Stream, certificate_pem, tls_client};
use crate::diary::{Diary, Entry, Reader};
use crate::make::Make;
use crate::site::{FRUGAL, KEEPING};
use crate::{on_sockets, on_tcp};

on_sockets!(others_are_talked_to);
on_tcp!(
    others_are_sent_less,
    others_hear_what_is_wanted,
    others_send_pieces,
    others_close_first,
    others_refuse,
    others_break_rules_too,
);

/// A server of another make, and what its clients need.
struct Scene {
    make: Make,
    server: Running,
    url: String,
    service: Service,
    _folder: Folder,
}

impl Scene {
    /// The parameters are of compression.
    fn new(make: Make, setting: Setting, parameters: Option<&str>) -> Self {
        let folder = Folder::new();
        let (chain, key) = certificate_pem();
        folder.file("server.pem", chain);
        folder.file("server.key", key);
        let kind = match setting.stream {
            Stream::Tcp => "tcp",
            Stream::Tls => "tls",
            _ => "unix",
        };
        let args: Vec<&str> = [kind].into_iter().chain(parameters).collect();
        let mut server = make.run("server", folder.path(), &args);
        let place = server.line();
        let url = match kind {
            "tcp" => format!("ws://127.0.0.1:{place}"),
            "tls" => format!("wss://127.0.0.1:{place}"),
            _ => format!("ws+unix:{}/{place}:", folder.path().display()),
        };
        Self { make, server, url, service: setting.service(), _folder: folder }
    }

    fn client(&self, path: &str, set: impl FnOnce(Builder) -> Builder) -> (Client, Reader) {
        let (diary, reader) = Diary::new();
        let builder = ws::client(format!("{}{path}", self.url), diary).tls(tls_client());
        (set(builder).connect(&self.service).unwrap(), reader)
    }

    /// The same, when it is connected; and the extensions that were agreed on.
    fn connected(
        &self,
        path: &str,
        set: impl FnOnce(Builder) -> Builder,
    ) -> (Client, Reader, String) {
        let (client, reader) = self.client(path, set);
        let extensions = reader.expect_open();
        (client, reader, extensions)
    }

    /// What the server says next begins so.
    #[track_caller]
    fn expect(&mut self, words: &str) {
        let line = self.server.line();
        assert!(line.starts_with(words), "{:?}: {line} instead of {words}", self.make);
    }
}

fn others_are_talked_to(setting: Setting) {
    for make in Make::all() {
        let mut scene = Scene::new(make, setting, None);
        let (client, reader, _) = scene.connected("/echo", |builder| builder);
        let handle = client.handle();
        let echo = |message: OwnedMessage| {
            handle.send_message_within(message.as_message(), LIMIT).unwrap();
            reader.expect_message(&message);
        };
        for text in ["hello", "", &"ü".repeat(40_000)] {
            echo(OwnedMessage::Text(text.to_owned()));
        }
        for len in [0, 1, 125, 126, 65_535, 65_536, 1 << 20] {
            echo(OwnedMessage::Binary(Random::new().bytes(len)));
        }
        assert!(handle.begin(Kind::Text, "one ").is_queued());
        assert!(handle.ping("between").is_queued());
        assert_eq!(reader.next(), Entry::Pong(b"between".to_vec()), "{make:?}");
        assert!(handle.go_on("").is_queued());
        assert!(handle.complete("two").is_queued());
        reader.expect_text("one two");
        let numbers = (0..1000_usize).map(|number| number.to_string().repeat(number % 300));
        let numbers: Vec<String> = numbers.collect();
        numbers.iter().for_each(|number| assert!(handle.text(number).is_queued()));
        numbers.iter().for_each(|number| reader.expect_text(number));
        client.close(4000, "thank you");
        reader.expect_close("4000 (private): closed by this side with 4000: thank you");
        scene.expect("/echo 4000 thank you");
    }
}

fn others_are_sent_less(setting: Setting) {
    let without = r#"{"server_no_context_takeover": true, "client_no_context_takeover": true}"#;
    let short = r#"{"server_max_window_bits": 9, "client_max_window_bits": 10}"#;
    for make in Make::all() {
        for (parameters, own, agreed) in [
            ("{}", KEEPING, vec!["permessage-deflate"]),
            (without, KEEPING, vec!["server_no_context_takeover", "client_no_context_takeover"]),
            (short, KEEPING, vec!["server_max_window_bits=9", "client_max_window_bits=10"]),
            ("{}", FRUGAL, vec!["server_no_context_takeover", "server_max_window_bits=10"]),
            (short, FRUGAL, vec!["server_no_context_takeover", "server_max_window_bits=9"]),
        ] {
            let scene = Scene::new(make, setting, Some(parameters));
            let (extensions, [sent, received]) = exchanged(&scene, own);
            let wrong = agreed.iter().find(|&&parameter| !extensions.contains(parameter));
            assert_eq!(wrong, None, "{make:?} {parameters} {own:?}: {extensions}");
            assert!(sent.max(received) < 150_000, "{make:?}: {sent} and {received}");
        }
        let scene = Scene::new(make, setting, None);
        let (extensions, [sent, received]) = exchanged(&scene, FRUGAL);
        assert_eq!(extensions, "", "{make:?}");
        assert!(sent.min(received) > 300_000, "{make:?}: {sent} and {received}");
    }
}

/// What was agreed on, and the bytes that a client has sent and received that compresses.
fn exchanged(scene: &Scene, settings: Deflate) -> (String, [u64; 2]) {
    let (client, reader, extensions) =
        scene.connected("/echo", |builder| builder.deflate(settings));
    let long = OwnedMessage::Text("all work and no play ".repeat(5000));
    let short = OwnedMessage::Text("hi".to_owned());
    let noise = OwnedMessage::Binary(Random::new().bytes(100_000));
    for message in [&long, &long, &long, &short, &noise, &long] {
        client.handle().send_message_within(message.as_message(), LIMIT).unwrap();
        reader.expect_message(message);
    }
    // A turn is counted at its end.
    client.close(1000, "");
    client.wait_disconnected(LIMIT).unwrap();
    let stats = client.metrics().stats;
    (extensions, [stats.bytes_sent, stats.bytes_received])
}

fn others_hear_what_is_wanted(setting: Setting) {
    for make in Make::all() {
        let scene = Scene::new(make, setting, None);
        let (client, reader, _) = scene.connected("/facts?word=a%20b", |builder| {
            builder.header("X-Word", "c").subprotocols(["v1", "v2"])
        });
        reader.expect_text("/facts?word=a%20b c v2");
        drop(client);
    }
}

fn others_send_pieces(setting: Setting) {
    for make in Make::all() {
        let mut scene = Scene::new(make, setting, None);
        let (client, reader, _) = scene.connected("/pieces", |builder| builder);
        assert_eq!(reader.next(), Entry::Ping(b"between".to_vec()), "{make:?}");
        reader.expect_text("one two");
        client.close(1000, "");
        scene.expect("pong between");
        scene.expect("/pieces 1000");
    }
}

fn others_close_first(setting: Setting) {
    for make in Make::all() {
        let mut scene = Scene::new(make, setting, None);
        let (client, reader, _) = scene.connected("/close", |builder| builder);
        assert!(client.handle().text("enough of it").is_queued());
        reader.expect_close("4001 (private): closed by the peer with 4001: enough of it");
        scene.expect("/close 4001");
    }
}

fn others_refuse(setting: Setting) {
    for make in Make::all() {
        let scene = Scene::new(make, setting, None);
        let (client, reader) = scene.client("/refused", |builder| builder);
        assert_eq!(client.wait_connected(LIMIT).unwrap_err().kind(), ErrorKind::Refused);
        assert_eq!(reader.next(), Entry::Refused("403 Sign in first".to_owned()), "{make:?}");
    }
}

fn others_break_rules_too(setting: Setting) {
    for make in Make::all() {
        let mut scene = Scene::new(make, setting, Some("{}"));
        for (path, code) in [
            ("/half", 1007),
            ("/no_text", 1007),
            ("/reserved", 1002),
            ("/opcode", 1002),
            ("/masked", 1002),
            ("/middle", 1002),
            ("/no_code", 1002),
            ("/large", 1009),
        ] {
            let (_client, reader, _) = scene.connected(path, |builder| builder.max_message(1000));
            reader.expect_close(&code.to_string());
            scene.expect(&format!("{path} {code}"));
        }
        let (_client, reader, extensions) =
            scene.connected("/large", |builder| builder.max_message(1000).deflate(KEEPING));
        assert!(extensions.starts_with("permessage-deflate"), "{make:?}: {extensions}");
        reader.expect_close("1009");
        scene.expect("/large 1009");
    }
}
