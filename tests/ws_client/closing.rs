//! Goodbyes.

use sockeye::{CloseReason, Limit, Limits};

use crate::common::{LIMIT, SHORT, Setting};
use crate::on_all_streams;
use crate::on_tcp;
use crate::scene::{Scene, close_frame, frame};

on_all_streams!(a_client_closes, a_server_closes);
on_tcp!(
    what_is_queued_goes_first,
    a_server_that_does_not_answer_is_left,
    a_server_that_does_not_end_the_stream_is_left,
    a_server_that_goes_without_a_goodbye,
    codes_that_may_not_be_sent,
    disconnecting_says_goodbye,
);

fn a_client_closes(setting: Setting) {
    let scene = Scene::new(setting);
    let (client, told, mut wire) = scene.connected();
    client.handle().close(3000, "done here");
    assert_eq!(wire.expect_close(3000), "done here");
    // What comes before the answer is not for a handler that has closed.
    wire.say(frame(0x81, "late"));
    wire.say(close_frame(3000, ""));
    // It waits for the server to end the stream (RFC 6455 7.1.1).
    assert_eq!(told.rest(), [""; 0]);
    wire.0.finish();
    told.expect("close 3000: closed by this side with 3000: done here");
    client.wait_disconnected(LIMIT).unwrap();
    wire.0.expect_end();
}

fn a_server_closes(setting: Setting) {
    let scene = Scene::new(setting);
    let (client, told, mut wire) = scene.connected();
    wire.say([frame(0x81, "last"), close_frame(1001, "going"), frame(0x81, "no")].concat());
    assert_eq!(wire.expect_close(1001), "");
    wire.0.finish();
    told.expect("text last");
    told.expect("close 1001: closed by the peer with 1001: going");
    client.wait_disconnected(LIMIT).unwrap();
    wire.0.expect_end();
    // Without a code.
    let (_client, told, mut wire) = scene.connected();
    wire.say(frame(0x88, ""));
    assert_eq!(wire.frame().payload, b"");
    wire.0.finish();
    told.expect("close 1005: closed by the peer with 1005");
}

fn what_is_queued_goes_first(setting: Setting) {
    let scene = Scene::new(setting);
    let (client, _told, mut wire) = scene.connected();
    for at in 0..100 {
        client.handle().text(at.to_string());
    }
    client.close(1000, "");
    assert!(!client.handle().text("too late").is_queued());
    for at in 0..100 {
        assert_eq!(wire.frame().payload, at.to_string().as_bytes());
    }
    wire.expect_close(1000);
}

fn a_server_that_does_not_answer_is_left(setting: Setting) {
    let scene = Scene::new(setting);
    let limits = Limits::default().close(SHORT);
    let (client, told, mut wire) = scene.connected_with(|builder| builder.limits(limits));
    client.close(1000, "");
    wire.expect_close(1000);
    told.expect_close(&format!("1006: {}", CloseReason::Timeout(Limit::Goodbye)));
    client.wait_disconnected(LIMIT).unwrap();
}

fn a_server_that_does_not_end_the_stream_is_left(setting: Setting) {
    let scene = Scene::new(setting);
    let limits = Limits::default().close(SHORT);
    let (client, told, mut wire) = scene.connected_with(|builder| builder.limits(limits));
    client.close(1000, "");
    wire.expect_close(1000);
    wire.say(close_frame(1000, ""));
    // Both have said goodbye.
    told.expect("close 1000: closed by this side with 1000");
    client.wait_disconnected(LIMIT).unwrap();
}

fn a_server_that_goes_without_a_goodbye(setting: Setting) {
    let scene = Scene::new(setting);
    let (client, told, wire) = scene.connected();
    wire.0.finish();
    told.expect("close 1006: cut off without a goodbye");
    client.wait_disconnected(LIMIT).unwrap();
    let (_client, told, wire) = scene.connected();
    wire.0.reset();
    told.expect_close("1006: reset by the peer");
}

fn codes_that_may_not_be_sent(setting: Setting) {
    let scene = Scene::new(setting);
    for code in [0, 999, 1005, 1006, 1015, 2999, 5000] {
        let (client, _told, mut wire) = scene.connected();
        client.close(code, "");
        wire.expect_close(1011);
    }
}

fn disconnecting_says_goodbye(setting: Setting) {
    let scene = Scene::new(setting);
    let (client, told, mut wire) = scene.connected();
    client.disconnect();
    wire.expect_close(1000);
    wire.say(close_frame(1000, ""));
    wire.0.finish();
    told.expect("close 1000: closed by this side");
    let (_client, told, mut wire) = scene.connected();
    scene.service.stop().unwrap();
    let _ = wire.0.receive_what_comes();
    told.expect_close("1001: shut down");
}
