//! What is said and heard in good order.

use std::sync::Arc;
use std::thread;

use sockeye::testing::Side;
use sockeye::ws::{self, Kind, Message};
use sockeye::{Limits, Overflow, Sent, Server};

use crate::caller::{Caller, Line};
use crate::common::{LIMIT, Peer, Random, Setting, narrow};
use crate::request::Ask;
use crate::scribe::{Notes, Scribe, echo, shown};
use crate::wire::{BINARY, CONTINUATION, FIN, Frame, PING, TEXT, all_masked, fragmented, masked};
use crate::{on_all_streams, on_tcp};

on_tcp!(sixteen_mebibytes_go_there_and_back);
on_all_streams!(
    an_echo_loses_nothing_when_its_peer_is_slow_to_read,
    two_threads_send_at_the_same_time,
);

fn sixteen_mebibytes_go_there_and_back(setting: Setting) {
    let service = setting.service();
    let (scribe, notes) = Scribe::new();
    let limits = Limits::default().queue(17 << 20);
    let builder = Server::builder(&service, scribe.echo().server()).limits(limits);
    let server = setting.listen(builder);
    let mut line = Line::new(&server);
    let data = Random::new().bytes(16 << 20);
    line.send(&Frame::binary(&data));
    assert!(line.frame() == Frame::binary(&data), "the same bytes");
    // One byte more is too much, which its head says.
    line.0.send([&[FIN | BINARY, 0xFF][..], &((16u64 << 20) + 1).to_be_bytes()].concat());
    line.expect(&Frame::close(1009, "a message of more than 16777216 bytes"));
    drop(line);
    notes.expect(&["open /", "binary (16777216 bytes)"]);
    assert!(notes.close().starts_with("1009: "));
}

fn an_echo_loses_nothing_when_its_peer_is_slow_to_read(setting: Setting) {
    let service = setting.service();
    let (scribe, _notes) = Scribe::new();
    let limits = Limits::default().queue(64 << 10).marks(8 << 10, 32 << 10);
    let builder = Server::builder(&service, scribe.echo().server()).limits(limits);
    let server = setting.listen(narrow(builder));
    let line = Line::of(Peer::narrow(&server), &Ask::new("/"));
    let mut random = Random::new();
    let frames: Vec<_> = (0..400)
        .map(|_| {
            let data = vec![b'a' + random.below(26) as u8; random.below(3000)];
            if random.below(2) == 0 { Frame::text(data) } else { Frame::binary(data) }
        })
        .collect();
    let mut writing = line.0.another_handle();
    let bytes = all_masked(&frames);
    let writer = thread::spawn(move || writing.send(bytes));
    let mut line = line;
    for frame in &frames {
        line.expect(frame);
    }
    writer.join().unwrap();
}

fn two_threads_send_at_the_same_time(setting: Setting) {
    let service = setting.service();
    let (protocol, notes) = echo();
    let server = setting.serve(&service, protocol);
    let mut line = Line::new(&server);
    let handle = notes.handle();
    let threads = ["a", "b"].map(|name| {
        let handle = handle.clone();
        thread::spawn(move || {
            for number in 0..500 {
                let text = format!("{name}{number}");
                let message = Message::Text(&text);
                handle.send_message_within(message, LIMIT).unwrap();
                if number % 50 == 0 {
                    assert!(handle.ping(name).is_queued());
                }
            }
        })
    });
    let (mut next, mut pings) = ([0, 0], 0);
    while next != [500, 500] || pings < 20 {
        let frame = line.frame();
        if frame.first == FIN | PING {
            pings += 1;
            continue;
        }
        assert_eq!(frame.first, FIN | TEXT);
        let text = String::from_utf8(frame.payload).unwrap();
        let which = usize::from(text.starts_with('b'));
        assert_eq!(text[1..].parse(), Ok(next[which]), "each thread's are in order");
        next[which] += 1;
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// What a seeded client says, and what its server's handler and itself hear then.
struct Script {
    bytes: Vec<u8>,
    heard: Vec<String>,
    answers: Vec<Frame>,
}

impl Script {
    fn new(random: &mut Random) -> Self {
        let mut script = Self { bytes: Vec::new(), heard: vec!["open /".into()], answers: vec![] };
        for _ in 0..4 {
            script.add_message(random);
        }
        script
    }

    fn add_message(&mut self, random: &mut Random) {
        let text = random.below(2) == 0;
        let len = [0, 1, 7, 130, 300][random.below(5)];
        let data = match text {
            true => "aä€🐟".repeat(len / 10 + 1).into_bytes(),
            false => random.bytes(len),
        };
        let opcode = if text { TEXT } else { BINARY };
        let frames = 1 + random.below(4);
        let mut cuts: Vec<_> = (1..frames).map(|_| random.below(data.len() + 1)).collect();
        cuts.extend([0, data.len()]);
        cuts.sort_unstable();
        for (at, ends) in cuts.windows(2).enumerate() {
            if random.below(2) == 0 {
                self.add_control(random);
            }
            let fin = if at + 1 == frames { FIN } else { 0 };
            let opcode = if at == 0 { opcode } else { CONTINUATION };
            self.bytes.extend(masked(fin | opcode, &data[ends[0]..ends[1]]));
        }
        let kind = if text { "text" } else { "binary" };
        self.heard.push(format!("{kind} {}", shown(&data)));
        self.answers.push(if text { Frame::text(data) } else { Frame::binary(data) });
    }

    fn add_control(&mut self, random: &mut Random) {
        let len = [0, 5, 125][random.below(3)];
        let said = random.bytes(len);
        if random.below(3) == 0 {
            self.bytes.extend(Frame::pong(&said).masked());
            self.heard.push(format!("pong {}", shown(&said)));
        } else {
            self.bytes.extend(Frame::ping(&said).masked());
            self.heard.push(format!("ping {}", shown(&said)));
            self.answers.push(Frame::pong(&said));
        }
    }

    #[track_caller]
    fn is_heard_alike<'a>(&self, pieces: impl Iterator<Item = &'a [u8]>) {
        let (protocol, notes) = echo();
        let mut caller = Caller::new(protocol);
        let mut answers = Vec::new();
        pieces.for_each(|piece| answers.extend(caller.feed(piece)));
        caller.is_between_frames();
        assert_eq!(answers, self.answers);
        assert_eq!(notes.rest(), self.heard);
    }
}

#[test]
fn where_a_conversation_is_cut_does_not_matter() {
    let mut random = Random::new();
    for _ in 0..2 {
        let script = Script::new(&mut random);
        let bytes = &script.bytes;
        script.is_heard_alike([&bytes[..]].into_iter());
        script.is_heard_alike(bytes.chunks(1));
        for cut in 1..bytes.len() {
            script.is_heard_alike([&bytes[..cut], &bytes[cut..]].into_iter());
        }
        for _ in 0..30 {
            let mut rest = &bytes[..];
            script.is_heard_alike(std::iter::from_fn(|| {
                let most = [3, 20, 200][random.below(3)];
                let piece = rest.split_off(..(1 + random.below(most)).min(rest.len()))?;
                (!piece.is_empty()).then_some(piece)
            }));
        }
    }
}

#[test]
fn control_frames_pass_inside_of_a_message() {
    let (protocol, notes) = echo();
    let mut caller = Caller::new(protocol);
    assert_eq!(caller.feed(masked(TEXT, b"one ")), []);
    assert_eq!(caller.send(Frame::ping("now")), [Frame::pong("now")]);
    assert_eq!(caller.feed(masked(CONTINUATION, b"two ")), []);
    assert_eq!(caller.send(Frame::pong("unasked")), []);
    assert_eq!(caller.feed(masked(FIN | CONTINUATION, b"three")), [Frame::text("one two three")]);
    notes.expect(&["open /", "ping now", "pong unasked", "text one two three"]);
}

#[test]
fn a_close_inside_of_a_message_counts() {
    let (protocol, notes) = echo();
    let mut caller = Caller::new(protocol);
    caller.feed(masked(TEXT, b"never comp"));
    assert_eq!(caller.send(Frame::close(4001, "")), [Frame::close(4001, "")]);
    caller.finish();
    notes.expect(&["open /", "close 4001: closed by the peer with 4001"]);
}

/// What has come with one read is answered with one write.
#[test]
fn many_messages_of_a_read_are_answered_together() {
    let (scribe, _notes) = Scribe::new();
    let writes = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&writes);
    struct Counting(Scribe, Arc<std::sync::Mutex<Vec<usize>>>);
    impl ws::Handler for Counting {
        fn on_text(&mut self, session: &mut ws::Session<'_>, text: &str) {
            self.0.on_text(session, text);
        }
        fn on_sent(&mut self, _: &mut ws::Session<'_>, sent: usize, _: usize) {
            self.1.lock().unwrap().push(sent);
        }
    }
    let scribe = scribe.echo();
    let protocol = ws::server(move |_: &sockeye::http::Request<'_>| {
        Counting(scribe.clone(), Arc::clone(&seen))
    });
    let mut caller = Caller::new(protocol);
    writes.lock().unwrap().clear();
    let frames = vec![Frame::text("16 bytes of text"); 1000];
    assert!(caller.feed(all_masked(&frames)) == frames);
    assert_eq!(*writes.lock().unwrap(), [18_000]);
}

#[test]
fn messages_in_pieces_come_as_they_arrive() {
    let (scribe, notes) = Scribe::new();
    let endpoint = scribe.in_pieces().endpoint().max_message(4).max_frame(100);
    let mut caller = Caller::new(ws::server_with(endpoint));
    caller.feed(Frame::text("whole").masked());
    caller.feed(fragmented(BINARY, &[b"one", b"", b"two"]));
    notes.expect(&[
        "open /",
        "piece of text first last: whole",
        "piece of binary first: one",
        "piece of binary last: two",
    ]);
    let frame = Frame::text("in two ä").masked();
    caller.feed(&frame[..frame.len() - 1]);
    caller.feed(Frame::ping("").masked());
    notes.expect(&[r"piece of text first: in two \xc3"]);
}

#[test]
fn pieces_of_no_text_are_refused_too() {
    let (scribe, notes) = Scribe::new();
    let mut caller = Caller::new(scribe.in_pieces().server());
    caller.feed(masked(TEXT, b"good"));
    let answer = caller.feed(masked(FIN | CONTINUATION, b"\xff"));
    assert_eq!(answer, [Frame::close(1007, "text that is not UTF-8")]);
    caller.finish();
    notes.expect(&["open /", "piece of text first: good"]);
    assert_eq!(notes.close(), "1007: the peer has sent text that is not UTF-8");
}

/// A session without room, of a server with this policy.
fn full(overflow: Overflow) -> (Caller, Notes) {
    let (scribe, notes) = Scribe::new();
    let limits = Limits::default().queue(1000).marks(200, 400).overflow(overflow);
    let side = Side::new(scribe.server()).limits(limits).capacity(64);
    let mut caller = Caller::new(side);
    caller.harness.pause();
    (caller, notes)
}

#[test]
fn what_became_of_a_message_is_told() {
    let (mut caller, notes) = full(Overflow::Wait);
    let handle = notes.handle();
    assert_eq!(handle.text("small"), Sent::Queued);
    caller.harness.run();
    assert_eq!(handle.binary(vec![0; 500]), Sent::Congested);
    caller.harness.run();
    assert_eq!(handle.text("x".repeat(700)), Sent::Full);
    assert_eq!(handle.ping([0; 126]), Sent::Invalid);
    assert_eq!(handle.pong([0; 126]), Sent::Invalid);
    assert_eq!(handle.text(""), Sent::Congested, "a small one has room");
    let frames = caller.resume();
    assert_eq!(frames, [Frame::text("small"), Frame::binary([0; 500]), Frame::text("")]);
    notes.expect(&["open /", "drain"]);
    handle.close(1000, "");
    assert_eq!(handle.text("late"), Sent::Closed);
    assert_eq!(handle.ping(""), Sent::Closed);
}

#[test]
fn what_does_not_fit_is_dropped_or_ends_the_session() {
    let (mut caller, notes) = full(Overflow::Drop);
    let handle = notes.handle();
    assert!(handle.text("a".repeat(900)).is_queued());
    assert_eq!(handle.text("b".repeat(900)), Sent::Dropped);
    caller.harness.run();
    assert_eq!(handle.stats().dropped, 1);
    assert_eq!(caller.resume(), [Frame::text("a".repeat(900))]);
    assert!(handle.text("c").is_queued());
    assert_eq!(caller.take(), [Frame::text("c")]);

    let (mut caller, notes) = full(Overflow::Disconnect);
    let handle = notes.handle();
    assert!(handle.text("a".repeat(900)).is_queued());
    assert_eq!(handle.text("b".repeat(900)), Sent::Overflow);
    caller.resume();
    assert!(caller.harness.is_reset());
    assert_eq!(notes.close(), "1006: the send queue overflowed");
}

/// A callback that goes on sending meets the bound, frames included.
#[test]
fn a_callback_meets_the_bound_too() {
    for overflow in [Overflow::Wait, Overflow::Drop, Overflow::Disconnect] {
        let (scribe, notes) = Scribe::new();
        let scribe = scribe.on_message(move |session, _| {
            let mut sent = Sent::Queued;
            for _ in 0..1000 {
                sent = session.binary([0; 98]);
                if !sent.is_queued() {
                    break;
                }
            }
            let expected = match overflow {
                Overflow::Drop => Sent::Dropped,
                _ => Sent::Overflow,
            };
            assert_eq!((sent, session.pending() <= 1000), (expected, true));
        });
        let limits = Limits::default().queue(1000).overflow(overflow);
        let mut caller = Caller::new(Side::new(scribe.server()).limits(limits));
        let frames = caller.send(Frame::text("go"));
        notes.expect(&["open /", "text go"]);
        match overflow {
            Overflow::Drop => assert_eq!(frames, vec![Frame::binary([0; 98]); 10]),
            _ => assert_eq!(notes.close(), "1006: the send queue overflowed"),
        }
    }
}

/// Nobody makes a server remember more pongs than it has room for.
#[test]
fn a_flood_of_pings_is_bounded() {
    for overflow in [Overflow::Wait, Overflow::Drop, Overflow::Disconnect] {
        let (mut caller, notes) = full(overflow);
        let handle = notes.handle();
        let pings = Frame::ping([7; 125]).masked().repeat(1000);
        caller.feed(&pings);
        assert!(handle.is_open());
        assert!(handle.pending() <= 1000 + 8192, "{} bytes", handle.pending());
        let pongs = caller.resume();
        assert!(!pongs.is_empty() && pongs.iter().all(|pong| *pong == Frame::pong([7; 125])));
        // Who waits for them gets all.
        assert!(overflow != Overflow::Wait || pongs.len() == 1000, "{} pongs", pongs.len());
        assert_eq!(caller.send(Frame::ping("last")), [Frame::pong("last")]);
    }
}

/// A handler that pauses gets nothing of what has been read already, until it resumes.
#[test]
fn a_paused_session_hears_nothing() {
    let (scribe, notes) = Scribe::new();
    let scribe = scribe.on_message(|session, _| session.pause());
    let mut caller = Caller::new(scribe.server());
    let frames = ["one", "two", "three"].map(Frame::text);
    caller.feed(all_masked(&frames));
    notes.expect(&["open /", "text one"]);
    let handle = notes.handle();
    for expected in ["text two", "text three"] {
        assert_eq!(notes.rest(), [""; 0]);
        handle.resume();
        caller.harness.run();
        notes.expect(&[expected]);
    }
}

#[test]
fn plain_sends_are_binary() {
    let (scribe, notes) = Scribe::new();
    let scribe = scribe.on_message(|session, _| {
        session.send("plain");
        session.send_message(Message::Text("text"));
        session.binary_shared(vec![1; 600].into());
        session.pong("alive");
    });
    let mut caller = Caller::new(scribe.server());
    assert_eq!(
        caller.send(Frame::text("go")),
        [
            Frame::binary("plain"),
            Frame::text("text"),
            Frame::binary([1; 600]),
            Frame::pong("alive"),
        ]
    );
    let handle = notes.handle();
    let raw: &sockeye::raw::Handle = &handle;
    assert!(raw.send("plain").is_queued());
    assert!(handle.send_message(Message::Binary(b"b")).is_queued());
    assert!(handle.begin(Kind::Text, "be").is_queued() && handle.complete("gun").is_queued());
    let posted = handle.post(|session| assert!(session.text("posted").is_queued()));
    posted.unwrap();
    assert_eq!(
        caller.take(),
        [
            Frame::binary("plain"),
            Frame::binary("b"),
            Frame::new(TEXT, "be"),
            Frame::new(FIN | CONTINUATION, "gun"),
            Frame::text("posted"),
        ]
    );
    let stats = handle.stats();
    assert_eq!((stats.messages_received, stats.messages_sent), (2, 8), "with HTTP's");
}

/// Lengths around those that a head says in another form.
#[test]
fn every_form_of_length_is_written_and_read() {
    let (protocol, _notes) = echo();
    let mut caller = Caller::new(protocol);
    for len in [0, 1, 125, 126, 127, 511, 512, 65_535, 65_536, 65_537] {
        let data = vec![b'x'; len];
        assert_eq!(caller.send(Frame::text(&data)), [Frame::text(&data)], "{len} bytes");
        assert_eq!(caller.send(Frame::binary(&data)), [Frame::binary(&data)], "{len} bytes");
    }
}
