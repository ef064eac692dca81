//! What is an answer, and what is none.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use sockeye::ErrorKind;

use crate::common::{Design, LIMIT, SHORT, Setting, Stream};
use crate::scene::{Scene, accept, agreement, close_frame, frame, key, takeover};
use crate::{on_all_streams, on_tcp};

on_all_streams!(what_comes_with_the_answer_is_heard);
on_tcp!(
    an_answer_is_read_whatever_the_pieces,
    informational_answers_are_skipped,
    what_is_no_answer_is_refused,
    a_subprotocol_that_was_asked_for_is_taken,
    an_answer_that_ends_too_early_is_none,
    an_answer_that_does_not_come_times_out,
    an_answer_and_a_close_at_once,
);

/// Frames of all sorts, and what is told of them.
fn frames() -> (Vec<u8>, [&'static str; 5]) {
    let frames = [
        frame(0x81, "one"),
        frame(0x01, "t"),
        frame(0x89, "p"),
        frame(0x80, "wo"),
        frame(0x82, [7]),
        close_frame(1001, "bye"),
    ];
    let told = [
        "text one",
        "ping [112]",
        "text two",
        "binary [7]",
        "close 1001: closed by the peer with 1001: bye",
    ];
    (frames.concat(), told)
}

/// What is told of an answer with frames behind it, sent in these pieces.
fn told_of(scene: &Scene, cuts: &[usize]) -> Vec<String> {
    let (builder, told) = scene.client();
    let client = builder.connect(&scene.service).unwrap();
    let mut wire = scene.accept();
    let bytes = [agreement(&key(&wire.head()), "").into_bytes(), frames().0].concat();
    let mut at = 0;
    for cut in cuts.iter().copied().chain([bytes.len()]) {
        let cut = cut.min(bytes.len()).max(at);
        wire.say(&bytes[at..cut]);
        at = cut;
    }
    wire.0.finish();
    client.wait_disconnected(LIMIT).unwrap();
    drop(client);
    told.all()
}

fn expected() -> Vec<String> {
    ["open / None"].into_iter().chain(frames().1).map(str::to_owned).collect()
}

fn what_comes_with_the_answer_is_heard(setting: Setting) {
    assert_eq!(told_of(&Scene::new(setting), &[]), expected());
}

fn an_answer_is_read_whatever_the_pieces(setting: Setting) {
    let scene = Scene::new(setting);
    let len = agreement(&accept("a key of some 24 bytes.."), "").len();
    for cut in (1..40).chain(len - 40..len + frames().0.len()) {
        assert_eq!(told_of(&scene, &[cut]), expected(), "cut at {cut}");
    }
}

#[test]
fn the_cuts_do_not_matter() {
    let design = Design::LoopPerThread;
    let scene = Scene::new(Setting { design, stream: Stream::Memory });
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) };
    let seeded = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, seeded);
    let cuts = prop::collection::vec(1..200usize, 0..20);
    let heard = |mut cuts: Vec<usize>| {
        cuts.sort_unstable();
        prop_assert_eq!(told_of(&scene, &cuts), expected());
        Ok(())
    };
    runner.run(&cuts, heard).unwrap();
}

fn informational_answers_are_skipped(setting: Setting) {
    let scene = Scene::new(setting);
    let (builder, told) = scene.client();
    let client = builder.connect(&scene.service).unwrap();
    let mut wire = scene.accept();
    let key = key(&wire.head());
    wire.say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    wire.say(agreement(&key, ""));
    client.wait_connected(LIMIT).unwrap();
    told.expect("open / None");
}

fn what_is_no_answer_is_refused(setting: Setting) {
    const HEAD: &str = "HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: upgrade\r\n";
    type Make = fn(&str) -> String;
    let table: [(Make, &str); 14] = [
        (|_| agreement("another key", ""), "a Sec-WebSocket-Accept that is not for the key"),
        (
            |key| agreement(key, "").replace(&accept(key), &accept(key).to_lowercase()),
            "that is not for the key",
        ),
        (|_| format!("{HEAD}\r\n"), "no Sec-WebSocket-Accept"),
        (
            |key| agreement(key, &format!("Sec-WebSocket-Accept: {}\r\n", accept(key))),
            "more than one Sec-WebSocket-Accept",
        ),
        (|key| agreement(key, "").replace("Upgrade: websocket", "A: b"), "without Upgrade"),
        (|key| agreement(key, "").replace("websocket", "h2c"), "without Upgrade"),
        (|key| agreement(key, "").replace("Connection: Upgrade", "A: b"), "without Connection"),
        (|key| agreement(key, "").replace("1.1", "1.0"), "HTTP/1.0"),
        (|key| agreement(key, "Sec-WebSocket-Extensions: permessage-deflate\r\n"), "extension"),
        (|key| agreement(key, "Sec-WebSocket-Extensions: a b;;\r\n"), "Sec-WebSocket-Extensions"),
        (
            |key| agreement(key, "Sec-WebSocket-Protocol: chat\r\n"),
            "a subprotocol that was not asked for",
        ),
        (|_| "SSH-2.0-OpenSSH_9.6\r\n".to_owned(), ""),
        (|_| "\u{15}\u{3}\u{1}\0\u{2}\u{2}P\r\n".to_owned(), ""),
        (|_| format!("{HEAD}A: {}\r\n\r\n", "b".repeat(70_000)), "too"),
    ];
    let scene = Scene::new(setting);
    for (at, (answer, words)) in table.into_iter().enumerate() {
        let (error, told) = scene.ask(answer);
        let said = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{at}: {said}");
        let peer = scene.listener.endpoint().to_string();
        assert!(said.starts_with(&format!("cannot connect to {peer}: ")), "{at}: {said}");
        assert!(said.contains("the peer has sent") && said.contains(words), "{at}: {said}");
        assert_eq!(told.rest(), [""; 0], "{at}");
    }
}

/// Asked for and answered otherwise.
fn a_subprotocol_that_was_asked_for_is_taken(setting: Setting) {
    let scene = Scene::new(setting);
    let fields = [
        ("Sec-WebSocket-Protocol: b\r\n", true),
        ("Sec-WebSocket-Protocol: B\r\n", false),
        ("Sec-WebSocket-Protocol: a, b\r\n", false),
        ("Sec-WebSocket-Extensions: permessage-deflate\r\n", true),
        ("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99\r\n", false),
        ("Sec-WebSocket-Extensions: permessage-deflate; what\r\n", false),
        ("Sec-WebSocket-Extensions: x-other\r\n", false),
    ];
    for (field, good) in fields {
        let (builder, _told) = scene.client();
        let builder = builder.subprotocols(["a", "b"]).deflate(takeover());
        let client = builder.connect(&scene.service).unwrap();
        let mut wire = scene.accept();
        wire.agree(field);
        let connected = client.wait_connected(LIMIT);
        assert_eq!(connected.is_ok(), good, "{field}: {connected:?}");
    }
}

fn an_answer_that_ends_too_early_is_none(setting: Setting) {
    let scene = Scene::new(setting);
    let len = agreement(&accept("a key of some 24 bytes.."), "").len();
    for most in [0, 1, 12, 60, len - 1] {
        let (error, told) = scene.ask(|key| agreement(key, "")[..most].to_owned());
        assert_eq!(error.kind(), ErrorKind::Closed, "{most}: {error}");
        assert!(error.to_string().contains("closed by the peer"), "{most}: {error}");
        assert_eq!(told.rest(), [""; 0]);
    }
}

fn an_answer_that_does_not_come_times_out(setting: Setting) {
    let scene = Scene::new(setting);
    for said in ["", "HTTP/1.1 101 Switching"] {
        let (builder, told) = scene.client();
        let client = builder.connect_timeout(SHORT).connect(&scene.service).unwrap();
        let mut wire = scene.accept();
        wire.say(said);
        let error = client.wait_connected(LIMIT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
        assert_eq!(told.rest(), [""; 0]);
        wire.0.receive_what_comes();
    }
    // An open connection has no such limit.
    let (client, told, mut wire) =
        scene.connected_with(|builder| builder.connect_timeout(20 * SHORT));
    wire.say(frame(0x81, "late"));
    told.expect("text late");
    assert!(client.is_connected());
}

fn an_answer_and_a_close_at_once(setting: Setting) {
    let scene = Scene::new(setting);
    let (builder, told) = scene.client();
    let client = builder.connect(&scene.service).unwrap();
    let mut wire = scene.accept();
    let answer = agreement(&key(&wire.head()), "").into_bytes();
    // Not even a goodbye.
    wire.0.send_last([answer, frame(0x81, "all")].concat());
    for expected in ["open / None", "text all", "close 1006: cut off without a goodbye"] {
        told.expect(expected);
    }
    client.wait_disconnected(LIMIT).unwrap();
}
