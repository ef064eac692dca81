//! What comes with the header and behind it reaches TLS and the handler unharmed, however it is cut.

use std::sync::mpsc::{Sender, channel};
use std::thread;

use sockeye::testing::{Conditions, Faults, set_conditions};
use sockeye::{Limits, Server, Violation, framed};

use crate::common::{LIMIT, Peer, Probe, Random, Setting, Stream, bounded};
use crate::headers::{line, value, with_values};
use crate::world::{World, trusting};
use crate::{on_all_streams, on_stream, on_tcp};

on_all_streams!(
    data_in_one_piece_with_the_header_arrives,
    every_cut_of_a_header_is_the_same,
    what_no_longer_fits_behind_a_header_is_not_forgotten,
    much_behind_a_header_arrives_in_order,
    data_waits_for_a_session_that_is_paused,
);

on_tcp!(
    data_behind_a_header_does_not_exceed_the_queue,
    messages_begin_right_behind_the_header,
    an_end_right_behind_the_header_is_seen,
);

on_stream!(faulty Memory: faults_of_the_stream_do_not_matter);

fn some_headers() -> [Vec<u8>; 3] {
    [line("192.0.2.1:8080"), with_values(b""), with_values(&value(2, b"a.example"))]
}

fn data_in_one_piece_with_the_header_arrives(setting: Setting) {
    let world = World::new(setting);
    for header in some_headers() {
        // Over TLS it is the first of its messages that comes in the same piece.
        let mut peer = Peer::behind(&world.server, &[&header]);
        peer.exchange("hello");
        peer.exchange("again");
    }
}

fn every_cut_of_a_header_is_the_same(setting: Setting) {
    let world = World::new(setting);
    for header in some_headers() {
        for cut in 1..header.len() {
            let (first, second) = header.split_at(cut);
            Peer::behind(&world.server, &[first, second]).exchange("hello");
        }
        let bytes = header.chunks(1).collect::<Vec<_>>();
        Peer::behind(&world.server, &bytes).exchange("byte by byte");
    }
}

/// The first read ends right behind the header; no further event tells of what is left.
fn what_no_longer_fits_behind_a_header_is_not_forgotten(setting: Setting) {
    let world = World::new(setting);
    for length in [4085, 4095, 4096] {
        let header = with_values(&value(0xe0, &vec![0; length - 31]));
        assert_eq!(header.len(), length);
        let data = if setting.stream == Stream::Tls { &b""[..] } else { b"early data" };
        let mut peer = Peer::behind(&world.server, &[&[&header, data].concat()]);
        peer.expect(data);
        peer.exchange("hello");
    }
}

fn much_behind_a_header_arrives_in_order(setting: Setting) {
    let world = World::new(setting);
    let data = Random::new().bytes(1 << 20);
    let mut peer = Peer::behind(&world.server, &[&line("192.0.2.1:8080")]);
    let mut writer = peer.another_handle();
    let sent = data.clone();
    let writing = thread::spawn(move || writer.send(sent));
    peer.expect(&data);
    writing.join().unwrap();
}

fn data_waits_for_a_session_that_is_paused(setting: Setting) {
    let (probe, events) = Probe::new();
    let service = setting.service();
    let probe = probe.on_open(|session| session.pause());
    let server =
        setting.listen(Server::builder(&service, probe.serve()).proxy_protocol(trusting()));
    let mut peer = Peer::behind(&server, &[&line("192.0.2.1:8080")]);
    peer.send("hello");
    let session = events.open();
    session.post(|session| _ = session.send("still paused")).unwrap();
    peer.expect("still paused");
    session.resume();
    assert_eq!(events.data(5), b"hello");
}

/// An echo that ignores what it is told still loses nothing, and keeps its bound.
fn data_behind_a_header_does_not_exceed_the_queue(setting: Setting) {
    let limits = Limits::default().queue(100).marks(10, 50);
    let world = World::with(setting, &setting.service(), trusting(), |b| b.limits(limits));
    let data = Random::new().bytes(3000);
    let mut peer = Peer::behind(&world.server, &[&[line("192.0.2.1:8080"), data.clone()].concat()]);
    peer.expect(&data);
    peer.exchange("more");
}

/// Tells each message.
struct Messages(Sender<Vec<u8>>);

impl framed::Handler for Messages {
    fn on_message(&mut self, session: &mut framed::Session<'_>, message: &[u8]) {
        let _ = self.0.send(message.to_vec());
        // The next comes when this is sent.
        session.send(message);
    }
}

/// Frames of one byte of length and so many bytes.
#[derive(Clone)]
struct Short;

impl framed::Codec for Short {
    type Message = [u8];

    fn decode(&mut self, data: &[u8]) -> Result<framed::Decoded, Violation> {
        let end = usize::from(data[0]) + 1;
        Ok(match data.len() < end {
            true => framed::Decoded::Incomplete { wanted: end },
            false => framed::Decoded::Frame { payload: 1..end, end },
        })
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        Ok(payload)
    }

    fn encode(&self, message: &[u8], frame: &mut framed::Frame<'_>) -> Result<(), Violation> {
        frame.put(&[u8::try_from(message.len()).unwrap()]);
        frame.message();
        Ok(())
    }
}

fn messages_begin_right_behind_the_header(setting: Setting) {
    let (told, messages) = channel();
    let protocol = framed::server(Short, move |_| Messages(told.clone()));
    let service = setting.service();
    // So little room that messages are held back between the pieces.
    let limits = Limits::default().queue(12).marks(1, 4);
    let builder = Server::builder(&service, protocol).proxy_protocol(trusting()).limits(limits);
    let server = setting.listen(builder);
    let frames = b"\x02ab\x05cdefg\x00\x03hij";
    let header = with_values(b"");
    for cut in 0..frames.len() {
        let first = [&header, &frames[..cut]].concat();
        let mut peer = Peer::behind(&server, &[&first, &frames[cut..]]);
        for wanted in [&b"ab"[..], b"cdefg", b"", b"hij"] {
            assert_eq!(messages.recv_timeout(LIMIT).as_deref(), Ok(wanted), "cut at {cut}");
        }
        peer.expect(frames);
    }
}

fn an_end_right_behind_the_header_is_seen(setting: Setting) {
    let (probe, events) = Probe::new();
    let service = setting.service();
    let builder = Server::builder(&service, probe.echo().serve()).proxy_protocol(trusting());
    let server = setting.listen(builder);
    for data in ["", "last words"] {
        let all = [&line("192.0.2.1:8080"), data.as_bytes()].concat();
        let mut peer = Peer::behind(&server, &[&all]);
        peer.finish();
        assert_eq!(peer.receive_to_end(), data.as_bytes());
        events.end();
        events.close();
    }
}

/// Reads of few bytes, and such that say there is nothing.
fn faults_of_the_stream_do_not_matter(setting: Setting) {
    let mut random = Random::new();
    let service = setting.service();
    for _ in 0..30 {
        let world = World::with(setting, &service, trusting(), |builder| builder);
        let faults = Faults::seeded(random.next()).short_reads(20).short_writes(9).would_block(40);
        let name = world.server.local_addr().to_string();
        set_conditions(&service, name, Conditions::default().server(faults)).unwrap();
        exchange_behind_headers(world);
    }
}

fn exchange_behind_headers(world: World) {
    bounded("sessions behind headers", move || {
        for header in some_headers() {
            let mut peer = Peer::behind(&world.server, &[&[&*header, b"early"].concat()]);
            peer.expect("early");
            peer.exchange(vec![7; 5000]);
        }
    });
}
