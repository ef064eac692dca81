//! Connections to the library's own server, over every stream.

use sockeye::ws::{self, Deflate, Kind, Message};
use sockeye::{ErrorKind, Service};

use crate::common::{Design, LIMIT, Setting};
use crate::scene::{Scene, Teller, World, echo};
use crate::{on_all_streams, on_both_designs, on_tcp};

on_all_streams!(
    messages_go_both_ways,
    messages_are_compressed,
    what_is_sent_while_it_connects_is_sent_then,
);
on_tcp!(
    a_subprotocol_is_agreed_on,
    what_on_open_sends_goes_first,
    a_client_that_is_dropped_closes,
    a_port_that_refuses,
    middleware_sees_messages,
    what_waits_for_a_message_in_parts_is_its_own_sessions,
);
on_both_designs!(what_cannot_be_asked_for_is_refused_at_once);

fn messages_go_both_ways(setting: Setting) {
    let world = World::new(setting, echo());
    let (builder, told) = world.client("/a/b?c=d");
    let client = builder.connect(&world.service).unwrap();
    client.wait_connected(LIMIT).unwrap();
    told.expect("open /a/b None");
    let handle = client.handle();
    assert!(handle.text("hello").is_queued());
    assert!(handle.binary([1, 2, 3]).is_queued());
    assert!(handle.text("ü".repeat(40_000)).is_queued());
    assert!(handle.ping("p").is_queued());
    told.expect("text hello");
    told.expect("binary [1, 2, 3]");
    told.expect(&format!("text {}", "ü".repeat(40_000)));
    told.expect("pong [112]");
    client.close(4000, "enough");
    client.wait_disconnected(LIMIT).unwrap();
    told.expect("close 4000: closed by this side with 4000: enough");
}

fn messages_are_compressed(setting: Setting) {
    for takeover in [true, false] {
        let settings =
            Deflate { server_takeover: takeover, client_takeover: takeover, ..Deflate::default() };
        let world = World::new(setting, echo().deflate(settings));
        let (builder, told) = world.client("/");
        let client = builder.deflate(settings).connect(&world.service).unwrap();
        client.wait_connected(LIMIT).unwrap();
        told.expect("open / None");
        let long = "all work and no play ".repeat(1000);
        for _ in 0..3 {
            client.handle().text(&long);
            told.expect(&format!("text {long}"));
        }
        // Both ways.
        let bytes = client.metrics().stats;
        assert!(bytes.bytes_sent + bytes.bytes_received < 6000, "{bytes:?}");
    }
}

fn what_is_sent_while_it_connects_is_sent_then(setting: Setting) {
    let scene = Scene::new(setting);
    let (builder, told) = scene.client();
    let client = builder.queue_while_down(1000).connect(&scene.service).unwrap();
    assert!(client.handle().text("early").is_queued());
    let mut wire = scene.accept();
    let head = wire.head();
    assert!(client.handle().text("later").is_queued());
    wire.say(crate::scene::agreement(&crate::scene::key(&head), ""));
    assert_eq!(wire.frame().payload, b"early");
    assert_eq!(wire.frame().payload, b"later");
    told.expect("open / None");
}

fn a_subprotocol_is_agreed_on(setting: Setting) {
    let world = World::new(setting, echo().subprotocols(["v2", "v1"]));
    for (ours, expected) in
        [(vec!["v1", "v2"], "Some(\"v2\")"), (vec!["v1"], "Some(\"v1\")"), (vec!["v3"], "None")]
    {
        let (builder, told) = world.client("/");
        let _client = builder.subprotocols(ours).connect(&world.service).unwrap();
        told.expect(&format!("open / {expected}"));
    }
}

fn what_on_open_sends_goes_first(setting: Setting) {
    let scene = Scene::new(setting);
    let (teller, _told) = Teller::new();
    let teller = teller.on_open(|session| {
        session.text("first");
    });
    let client = ws::client(&scene.url, teller).queue_while_down(1000);
    let client = client.connect(&scene.service).unwrap();
    client.handle().text("second");
    let mut wire = scene.accept();
    wire.agree("");
    assert_eq!(wire.frame().payload, b"first");
    assert_eq!(wire.frame().payload, b"second");
}

fn a_client_that_is_dropped_closes(setting: Setting) {
    let scene = Scene::new(setting);
    let (client, told, mut wire) = scene.connected();
    drop(client);
    wire.expect_close(1001);
    wire.say(crate::scene::close_frame(1001, ""));
    wire.0.finish();
    told.expect("close 1001: shut down");
    assert_eq!(told.all(), [""; 0]);
}

fn a_port_that_refuses(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let (teller, told) = Teller::new();
    let url = crate::scene::url(place.endpoint(), setting);
    let client = ws::client(url, teller).connect(&service).unwrap();
    assert_eq!(client.wait_connected(LIMIT).unwrap_err().kind(), ErrorKind::Refused);
    assert_eq!(told.rest(), [""; 0]);
}

/// Lets through what does not say "secret".
struct Discreet;

impl sockeye::middleware::Middleware for Discreet {
    fn on_received(
        &mut self,
        _: &mut sockeye::raw::Session<'_>,
        message: &mut std::borrow::Cow<'_, [u8]>,
    ) -> sockeye::middleware::Verdict {
        match message.windows(6).any(|word| word == b"secret") {
            true => sockeye::middleware::Verdict::Drop,
            false => sockeye::middleware::Verdict::Pass,
        }
    }
}

fn middleware_sees_messages(setting: Setting) {
    let world = World::new(setting, echo());
    let (builder, told) = world.client("/");
    let client = builder.with(Discreet).connect(&world.service).unwrap();
    client.wait_connected(LIMIT).unwrap();
    for text in ["one", "a secret", "two"] {
        client.handle().send_message_within(Message::Text(text), LIMIT).unwrap();
    }
    for expected in ["open / None", "text one", "text two"] {
        told.expect(expected);
    }
}

fn what_cannot_be_asked_for_is_refused_at_once(design: Design) {
    let service = design.service();
    type Set = fn(ws::client::Builder) -> ws::client::Builder;
    let good = "ws://127.0.0.1:9/";
    let table: [(&str, Set, ErrorKind, &str); 12] = [
        ("http://a/", |b| b, ErrorKind::AddressInvalid, "neither ws nor wss"),
        ("nonsense", |b| b, ErrorKind::AddressInvalid, "neither ws nor wss"),
        ("unix:/a:/", |b| b, ErrorKind::AddressInvalid, "neither ws nor wss"),
        ("ws://", |b| b, ErrorKind::AddressInvalid, "ws://: the address"),
        ("ws://u:secret@a:port/", |b| b, ErrorKind::AddressInvalid, "ws://a:port/"),
        ("ws+unix:", |b| b, ErrorKind::AddressInvalid, "no socket"),
        (good, |b| b.header("A b", "c"), ErrorKind::Invalid, ""),
        (good, |b| b.header("A", "b\r\nc: d"), ErrorKind::Invalid, ""),
        (good, |b| b.header("host", "b"), ErrorKind::Invalid, "host is the handshake's own"),
        (good, |b| b.header("Sec-WebSocket-Key", "b"), ErrorKind::Invalid, "handshake's own"),
        (good, |b| b.subprotocols(["a b"]), ErrorKind::Invalid, "is no token"),
        (good, |b| b.origin("a\nb"), ErrorKind::Invalid, "control character"),
    ];
    for (url, set, kind, words) in table {
        let error = connect_error(&service, url, set);
        assert_eq!(error.kind(), kind, "{url}: {error}");
        let said = error.to_string();
        assert!(said.contains(words) && !said.contains("secret"), "{url}: {said}");
    }
    service.stop().unwrap();
    assert_eq!(connect_error(&service, good, |builder| builder).kind(), ErrorKind::Stopped);
}

fn connect_error(
    service: &Service,
    url: &str,
    set: impl FnOnce(ws::client::Builder) -> ws::client::Builder,
) -> sockeye::Error {
    set(ws::client(url, Teller::new().0)).connect(service).unwrap_err()
}

/// One thread serves all of them.
fn what_waits_for_a_message_in_parts_is_its_own_sessions(setting: Setting) {
    let service = setting.with(1).start().unwrap();
    let world = World::on(service, setting, echo());
    let [(one, of_one), (two, of_two)] = [(); 2].map(|()| {
        let (builder, told) = world.client("/");
        (builder.connect(&world.service).unwrap(), told)
    });
    of_one.expect("open / None");
    of_two.expect("open / None");
    assert!(one.handle().begin(Kind::Text, "one ").is_queued());
    assert!(one.handle().ping("").is_queued());
    of_one.expect("pong []");
    assert!(two.handle().text("whole").is_queued());
    of_two.expect("text whole");
    assert!(two.handle().begin(Kind::Text, "two ").is_queued());
    assert!(two.handle().complete("ends").is_queued());
    of_two.expect("text two ends");
    assert!(one.handle().text("waits").is_queued());
    assert!(one.handle().complete("ends").is_queued());
    of_one.expect("text one ends");
    of_one.expect("text waits");
}
