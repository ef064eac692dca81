//! What clients send and what they take, byte by byte.

use std::collections::HashSet;

use sockeye::ws::{self, Heartbeat, Kind};
use sockeye::{CloseReason, Limit, Sent, Violation};

use crate::common::{LIMIT, SHORT, Setting};
use crate::on_tcp;
use crate::scene::{Frame, Scene, frame};

on_tcp!(
    each_frame_has_its_mask,
    a_masked_frame_is_refused,
    what_is_no_frame_is_refused,
    pings_are_answered,
    a_server_that_does_not_answer_pings_is_left,
    messages_are_bounded,
    messages_are_sent_in_parts,
);

fn each_frame_has_its_mask(setting: Setting) {
    let scene = Scene::new(setting);
    let (client, _told, mut wire) = scene.connected();
    const COUNT: usize = 200;
    for _ in 0..COUNT {
        client.handle().text("the same");
    }
    let frames: Vec<Frame> = (0..COUNT).map(|_| wire.frame()).collect();
    assert!(frames.iter().all(|frame| frame.first == 0x81 && frame.payload == b"the same"));
    let masks: HashSet<_> = frames.iter().map(|frame| frame.mask).collect();
    // Two of 200 are alike once in 200 000 times.
    assert!(masks.len() >= COUNT - 1, "{} masks", masks.len());
}

fn a_masked_frame_is_refused(setting: Setting) {
    let scene = Scene::new(setting);
    let (client, told, mut wire) = scene.connected();
    wire.say(b"\x81\x81\x01\x02\x03\x04a");
    let words = wire.expect_close(1002);
    assert!(words.contains("mask"), "{words}");
    wire.0.finish();
    told.expect_close("1002: the peer has sent");
    client.wait_disconnected(LIMIT).unwrap();
}

fn what_is_no_frame_is_refused(setting: Setting) {
    let scene = Scene::new(setting);
    let table: [(&[u8], u16); 6] = [
        (b"\xc1\x01a", 1002),
        (b"\x83\x01a", 1002),
        (b"\x80\x01a", 1002),
        (b"\x09\x01a", 1002),
        (b"\x81\x01\xff", 1007),
        (b"\x88\x02\x03\xed", 1002),
    ];
    for (bytes, code) in table {
        let (_client, told, mut wire) = scene.connected();
        wire.say(bytes);
        wire.expect_close(code);
        wire.0.finish();
        told.expect_close(&code.to_string());
    }
}

fn pings_are_answered(setting: Setting) {
    let scene = Scene::new(setting);
    let (_client, told, mut wire) = scene.connected();
    wire.say(frame(0x89, "are you there"));
    let pong = wire.frame();
    assert_eq!((pong.first, &*pong.payload), (0x8a, b"are you there".as_slice()));
    assert!(told.next().starts_with("ping"));
    wire.say(frame(0x8a, [1]));
    told.expect("pong [1]");
}

fn a_server_that_does_not_answer_pings_is_left(setting: Setting) {
    let scene = Scene::new(setting);
    let heartbeat = Heartbeat::every(SHORT / 5).missed(2);
    let (client, told, mut wire) = scene.connected_with(|builder| builder.heartbeat(heartbeat));
    assert_eq!(wire.frame().first, 0x89);
    assert_eq!(wire.frame().first, 0x89);
    told.expect_close(&format!("1006: {}", CloseReason::Timeout(Limit::Pong)));
    client.wait_disconnected(LIMIT).unwrap();
}

fn messages_are_bounded(setting: Setting) {
    let scene = Scene::new(setting);
    let (_client, told, mut wire) =
        scene.connected_with(|builder| builder.max_message(100).max_frame(50));
    wire.say([frame(0x01, [b'a'; 50]), frame(0x80, [b'b'; 50])].concat());
    assert_eq!(told.next().len(), 105);
    wire.say(frame(0x81, [b'a'; 51]));
    wire.expect_close(1009);
    wire.0.finish();
    let reason = CloseReason::Protocol(Violation::TooLong { limit: 50 });
    told.expect_close(&format!("1009: {reason}"));
}

fn messages_are_sent_in_parts(setting: Setting) {
    let scene = Scene::new(setting);
    let (client, _told, mut wire) = scene.connected();
    let handle = client.handle();
    assert!(handle.begin(Kind::Text, "one ").is_queued());
    assert!(handle.go_on("two ").is_queued());
    assert!(handle.complete("three").is_queued());
    assert_eq!(handle.ping([0; 126]), Sent::Invalid);
    let parts = [wire.frame(), wire.frame(), wire.frame()];
    assert_eq!(parts.each_ref().map(|part| part.first), [0x01, 0x00, 0x80]);
    assert_eq!(parts.map(|part| part.payload).concat(), b"one two three");
    let (told, heard) = std::sync::mpsc::channel();
    let go_on = move |session: &mut ws::Session<'_>| {
        let _ = told.send(session.go_on("x"));
    };
    handle.post(go_on).unwrap();
    assert_eq!(heard.recv_timeout(LIMIT).unwrap(), Sent::Invalid);
}
