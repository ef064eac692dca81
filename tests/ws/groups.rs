//! What is sent to many.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sockeye::http::{self, Request, Response, Router};
use sockeye::middleware::{Middleware, Verdict};
use sockeye::testing::Harness;
use sockeye::ws::{self, Deflate, Group, Message};
use sockeye::{Endpoint, Sent, Service, raw};

use crate::answer::get;
use crate::caller::{Caller, Line};
use crate::common::{Peer, Served, Setting};
use crate::deflate::{EAGER, Unpacker};
use crate::on_all_streams;
use crate::request::Ask;
use crate::scribe::{Scribe, echo};
use crate::wire::{Frame, RSV1};

on_all_streams!(
    everyone_hears_it_in_order,
    those_who_speak_http_hear_nothing,
    rooms_are_groups,
    what_is_said_to_rooms_reaches_each_member_once,
    pings_to_all_go_beside_what_is_sent_in_parts,
    a_close_for_all_is_for_who_has_words,
);

fn everyone_hears_it_in_order(setting: Setting) {
    let service = setting.service();
    let group = Group::new(&service);
    let (scribe, notes) = Scribe::new();
    let joined = group.clone();
    let scribe = scribe.on_open(move |session, _| assert!(session.join(&joined)));
    let server = setting.serve(&service, scribe.server());
    let mut lines: Vec<_> = (0..6).map(|_| Line::new(&server)).collect();
    lines.iter().for_each(|_| drop(notes.handle()));
    crate::common::eventually("all are members", || group.len() == 6);
    for number in 0..50 {
        assert!(group.text(format!("{number}")).is_queued());
        assert!(group.binary(vec![number; 600]).is_queued());
    }
    group.ping("?");
    group.close(4000, "all");
    for line in &mut lines {
        for number in 0..50 {
            line.expect(&Frame::text(format!("{number}")));
            line.expect(&Frame::binary([number; 600]));
        }
        line.expect(&Frame::ping("?"));
        line.expect(&Frame::close(4000, "all"));
        line.send(&Frame::close(4000, ""));
        line.0.expect_end();
    }
    drop(lines);
    (0..6).for_each(|_| assert_eq!(notes.close(), "4000: closed by this side with 4000: all"));
}

/// A server with one session that speaks HTTP, and one that speaks WebSocket.
fn mixed(setting: Setting, service: &Service) -> (Served, Line, Line) {
    let (scribe, notes) = Scribe::new();
    let site = Router::new()
        .get("/", |_: &mut Request<'_>| Response::text("here"))
        .websocket_with("/chat", scribe.endpoint());
    let server = setting.serve(service, http::server(site));
    let mut plain = Line(Peer::new(&server));
    plain.0.send(get("/", ""));
    assert!(plain.head().contains("Content-Length: 4\r\n"));
    plain.0.expect("here");
    let line = Line::of(Peer::new(&server), &Ask::new("/chat"));
    notes.handle();
    (server, plain, line)
}

fn those_who_speak_http_hear_nothing(setting: Setting) {
    let service = setting.service();
    let (server, mut plain, mut line) = mixed(setting, &service);
    assert_eq!(server.everyone().len(), 2);
    let everyone = Group::from(server.everyone().clone());
    assert_eq!(everyone.text("to all"), Sent::Queued);
    assert!(everyone.send("binary").is_queued());
    line.expect(&Frame::text("to all"));
    line.expect(&Frame::binary("binary"));
    plain.0.send(get("/", ""));
    assert!(plain.head().starts_with("HTTP/1.1 200 "), "nothing but answers");
    plain.0.expect("here");
}

fn rooms_are_groups(setting: Setting) {
    let service = setting.service();
    let (scribe, _notes) = Scribe::new();
    let scribe = scribe.on_message(|session, message| {
        let Message::Text(name) = message else { return };
        session.join_room(name).unwrap();
        session.text("joined");
    });
    let server = setting.serve(&service, scribe.server());
    let mut lines = ["red", "blue", "red"].map(|room| {
        let mut line = Line::new(&server);
        line.send(&Frame::text(room));
        line.expect(&Frame::text("joined"));
        line
    });
    let rooms = server.rooms();
    assert!(Group::from(rooms.get("red").unwrap()).text("to the red").is_queued());
    assert!(rooms.send("blue", "to the blue").is_queued());
    assert!(rooms.send_to(["red", "blue"], "to both", None).is_queued());
    for (line, first) in lines.iter_mut().zip([
        Frame::text("to the red"),
        Frame::binary("to the blue"),
        Frame::text("to the red"),
    ]) {
        line.expect(&first);
        line.expect(&Frame::binary("to both"));
    }
}

/// A service without threads, and who is on it.
fn hall() -> (Service, Group) {
    let service = Service::builder().threads(0).start().unwrap();
    let group = Group::new(&service);
    (service, group)
}

fn member(service: &Service, group: &Group, endpoint: ws::Endpoint, offer: &str) -> Caller {
    member_of(service, group, ws::server_with(endpoint), offer)
}

fn member_of(
    service: &Service,
    group: &Group,
    protocol: ws::ServerProtocol,
    offer: &str,
) -> Caller {
    let ask = if offer.is_empty() { Ask::new("/") } else { Ask::new("/").offering(offer) };
    let mut caller = Caller::on(service, protocol, &ask);
    caller.harness.handle().join(group);
    caller.take();
    caller
}

#[test]
fn each_member_hears_it_as_was_agreed() {
    let (service, group) = hall();
    let offers = [
        "",
        "permessage-deflate",
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=9",
        "permessage-deflate; server_max_window_bits=10",
        "permessage-deflate; server_max_window_bits=8",
    ];
    let (scribe, _notes) = Scribe::new();
    let endpoint = scribe.endpoint().deflate(EAGER);
    let mut members: Vec<_> = offers
        .iter()
        .chain(&offers)
        .map(|offer| (member(&service, &group, endpoint.clone(), offer), Unpacker::of(offer)))
        .collect();
    for round in 0..20 {
        let text = format!("round {round} of {}", "many words that come again ".repeat(100));
        assert!(group.text(&text).is_queued());
        assert!(group.binary("short").is_queued());
        for (caller, unpacker) in &mut members {
            let frames = caller.take();
            assert_eq!(frames.len(), 2);
            assert_eq!(frames[0].is_compressed(), unpacker.expects_compression());
            assert_eq!(unpacker.unpack(&frames[0]), text.as_bytes());
            assert_eq!(frames[1], Frame::binary("short"));
        }
    }
    // Those who have agreed on the same without a context get the same bytes.
    group.text("the same, the same, the same, the same, the same, the same, the same, the same");
    let frames: Vec<_> = members.iter_mut().map(|(caller, _)| caller.take().remove(0)).collect();
    assert_eq!(frames[2], frames[8]);
    assert_eq!(frames[2].first & RSV1, RSV1);
}

#[test]
fn all_but_one_hear_it() {
    let (service, group) = hall();
    let (scribe, _notes) = Scribe::new();
    let endpoint = scribe.endpoint();
    let mut members: Vec<_> =
        (0..3).map(|_| member(&service, &group, endpoint.clone(), "")).collect();
    let id = members[1].harness.handle().id();
    group.send_message_except(id, Message::Text("not you"));
    group.send_message_except(id, Message::Binary(b"nor this"));
    group.text("all");
    let all = [Frame::text("not you"), Frame::binary("nor this"), Frame::text("all")];
    assert_eq!(members[0].take(), all);
    assert_eq!(members[1].take(), all[2..]);
    assert_eq!(members[2].take(), all);
}

#[test]
fn a_ping_has_its_bound() {
    let (service, group) = hall();
    let (scribe, _notes) = Scribe::new();
    let mut caller = member(&service, &group, scribe.endpoint(), "");
    assert_eq!(group.ping([1; 126]), Sent::Invalid);
    assert_eq!(group.ping([1; 125]), Sent::Queued);
    assert_eq!(caller.take(), [Frame::ping([1; 125])]);
}

/// What one of them is in the middle of is not disturbed.
#[test]
fn who_sends_in_parts_hears_it_behind() {
    let (service, group) = hall();
    let (scribe, notes) = Scribe::new();
    let mut caller = member(&service, &group, scribe.endpoint(), "");
    let handle = notes.handle();
    handle.begin(ws::Kind::Text, "be");
    assert_eq!(caller.take(), [Frame::new(1, "be")]);
    group.text("all");
    assert_eq!(caller.take(), []);
    handle.complete("gun");
    assert_eq!(caller.take(), [Frame::new(0x80, "gun"), Frame::text("all")]);
}

/// Shouts, and does not let secrets pass either way.
struct Censor(Arc<AtomicUsize>);

impl Middleware for Censor {
    fn on_received(&mut self, _: &mut raw::Session<'_>, message: &mut Cow<'_, [u8]>) -> Verdict {
        self.judge(message, |message| message.make_ascii_uppercase())
    }

    fn on_sending(&mut self, _: &mut raw::Session<'_>, message: &mut Cow<'_, [u8]>) -> Verdict {
        self.judge(message, |message| message.push(b'!'))
    }
}

impl Censor {
    fn judge(&self, message: &mut Cow<'_, [u8]>, change: fn(&mut Vec<u8>)) -> Verdict {
        self.0.fetch_add(1, Ordering::Relaxed);
        if message.windows(6).any(|six| six.eq_ignore_ascii_case(b"secret")) {
            return Verdict::Drop;
        }
        if !message.starts_with(b"as it is") {
            change(message.to_mut());
        }
        Verdict::Pass
    }
}

fn censored(protocol: ws::ServerProtocol) -> (ws::ServerProtocol, Arc<AtomicUsize>) {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    (protocol.with(move |_: &Endpoint| Censor(Arc::clone(&counter))), seen)
}

#[test]
fn middleware_sees_messages_both_ways() {
    for offer in ["", "permessage-deflate"] {
        let (service, group) = hall();
        let (scribe, notes) = Scribe::new();
        let endpoint = scribe.echo().endpoint().deflate(Deflate { min_size: 0, ..EAGER });
        let (protocol, seen) = censored(ws::server_with(endpoint));
        let mut caller = member_of(&service, &group, protocol, offer);
        let mut unpacker = Unpacker::of(offer);
        let mut say = |frames: Vec<Frame>| -> Vec<String> {
            let shown = |frame: &Frame| {
                let kind = frame.first & 0xF;
                format!("{kind} {}", String::from_utf8(unpacker.unpack(frame)).unwrap())
            };
            frames.iter().map(shown).collect()
        };
        assert_eq!(say(caller.send(Frame::text("hello"))), ["1 HELLO!"]);
        assert_eq!(say(caller.send(Frame::binary("bytes"))), ["2 BYTES!"]);
        assert_eq!(say(caller.send(Frame::text("my secret"))), [""; 0]);
        assert_eq!(say(caller.send(Frame::text("as it is"))), ["1 as it is"]);
        group.text("group");
        group.text("secret of the group");
        assert_eq!(say(caller.take()), ["1 group!"]);
        let handle = notes.handle();
        assert!(handle.text("handle").is_queued());
        handle.post(|session| assert_eq!(session.text("secret"), Sent::Dropped)).unwrap();
        assert_eq!(say(caller.take()), ["1 handle!"]);
        let before = seen.load(Ordering::Relaxed);
        assert_eq!(say(caller.send(Frame::ping("p"))), ["10 p"]);
        handle.ping("q");
        assert_eq!(say(caller.take()), ["9 q"]);
        assert_eq!(seen.load(Ordering::Relaxed), before, "control frames are no messages");
        notes.expect(&["open /", "text HELLO", "binary BYTES", "text as it is", "ping p"]);
    }
}

/// What middleware makes of a text has to be one: else it is told of, and goes nowhere.
#[test]
fn a_text_that_middleware_spoils_is_not_heard() {
    struct Spoiler;
    impl Middleware for Spoiler {
        fn on_received(
            &mut self,
            _: &mut raw::Session<'_>,
            message: &mut Cow<'_, [u8]>,
        ) -> Verdict {
            message.to_mut().push(0xFF);
            Verdict::Pass
        }
    }
    let (protocol, notes) = echo();
    let mut caller = Caller::new(protocol.with(|_: &Endpoint| Spoiler));
    assert_eq!(caller.send(Frame::text("text")), []);
    assert_eq!(caller.send(Frame::binary("b")), [Frame::binary(b"b\xff")]);
    notes.expect(&["open /", r"binary b\xff"]);
}

/// A group of all kinds: each kind hears it in its own language.
#[test]
fn raw_members_hear_the_message_itself() {
    let (service, group) = hall();
    let (scribe, _notes) = Scribe::new();
    let mut raw = Harness::on(&service, raw::server(|_| raw::Discard));
    raw.handle().join(&group);
    raw.run();
    let mut caller = member(&service, &group, scribe.endpoint(), "");
    group.text("one");
    group.text("two");
    assert_eq!(caller.take(), [Frame::text("one"), Frame::text("two")]);
    assert_eq!(raw.take(), b"onetwo");
}

fn what_is_said_to_rooms_reaches_each_member_once(setting: Setting) {
    let service = setting.service();
    let (scribe, notes) = Scribe::new();
    let scribe = scribe.on_open(|session, _| {
        session.join_room("lobby").unwrap();
        session.join_room("kitchen").unwrap();
    });
    let server = setting.serve(&service, scribe.server());
    let mut line = Line::new(&server);
    notes.handle();
    let rooms = ws::Rooms::from(server.rooms());
    crate::common::eventually("it is in both", || rooms.len() == 2);
    assert!(rooms.text_to(["lobby", "kitchen"], "dinner", None).is_queued());
    line.expect(&Frame::text("dinner"));
    assert!(rooms.message_to(["kitchen"], Message::Binary(b"is ready"), None).is_queued());
    line.expect(&Frame::binary("is ready"));
    assert_eq!(rooms.text("cellar", "nobody"), Sent::Queued);
    assert!(rooms.text("lobby", "come").is_queued());
    line.expect(&Frame::text("come"));
}

fn pings_to_all_go_beside_what_is_sent_in_parts(setting: Setting) {
    let service = setting.service();
    let group = Group::new(&service);
    let (scribe, notes) = Scribe::new();
    let joined = group.clone();
    let scribe = scribe.on_open(move |session, _| {
        session.join(&joined);
        session.begin(ws::Kind::Text, "one ");
    });
    let server = setting.serve(&service, scribe.server());
    let mut line = Line::new(&server);
    let handle = notes.handle();
    line.expect(&Frame::new(0x01, "one "));
    assert!(group.text("behind").is_queued());
    assert!(group.ping("beside").is_queued());
    line.expect(&Frame::ping("beside"));
    assert!(handle.complete("message").is_queued());
    line.expect(&Frame::new(0x80, "message"));
    line.expect(&Frame::text("behind"));
}

fn a_close_for_all_is_for_who_has_words(setting: Setting) {
    let service = setting.service();
    let (server, mut plain, mut line) = mixed(setting, &service);
    Group::from(server.everyone().clone()).close(4001, "all");
    line.expect(&Frame::close(4001, "all"));
    plain.0.send(get("/", ""));
    assert!(plain.head().starts_with("HTTP/1.1 200 "), "it is open");
}
