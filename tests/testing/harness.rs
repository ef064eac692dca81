//! The harness itself: that a session driven by hand behaves as one on a socket, and that tests
//! built upon it can rely on what it tells.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use sockeye::testing::{Harness, Side};
use sockeye::{CloseReason, Limit, Limits, Sent, Service, raw};

use crate::common::{Echo, Event, LIMIT, Probe};
use crate::reversing;

#[test]
fn what_is_fed_is_answered_on_the_spot() {
    let mut peer = Harness::new(raw::server(|_| Echo));
    assert_eq!(peer.feed("to"), b"to");
    assert_eq!(peer.feed(b" and "), b" and ");
    assert_eq!(peer.feed(vec![b'o'; 200_000]), vec![b'o'; 200_000], "more than fits in between");
    assert_eq!(peer.take(), b"");
    assert!(peer.closed().is_none() && !peer.is_finished() && !peer.is_reset());
    let stats = peer.handle().stats();
    assert_eq!((stats.bytes_received, stats.bytes_sent), (200_007, 200_007));
}

/// More than one read takes, all of it there at once, and little of it read in one turn.
#[test]
fn what_is_left_of_a_turn_is_read_in_the_next() {
    const BYTES: usize = 300_000;
    for budget in [1, 100_000] {
        let limits = Limits::default().read_budget(budget);
        let side = Side::new(raw::server(|_| Echo)).limits(limits).capacity(BYTES);
        let mut peer = Harness::new(side);
        let data: Vec<u8> = (0..BYTES).map(|index| (index % 251) as u8).collect();
        assert!(peer.feed(&data) == data);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_cut_gives_the_same_answer(
        script in "([a-z]{0,9}\n){0,9}[a-z]{0,9}",
        mut cuts in prop::collection::vec(0..100usize, 0..20),
    ) {
        let whole = Harness::new(reversing()).feed(&script);
        cuts.retain(|cut| *cut <= script.len());
        cuts.extend([0, script.len()]);
        cuts.sort_unstable();
        let mut peer = Harness::new(reversing());
        let pieces = cuts.windows(2).map(|cut| &script[cut[0]..cut[1]]);
        let answer: Vec<u8> = pieces.flat_map(|piece| peer.feed(piece)).collect();
        prop_assert_eq!(&answer, &whole);
        let lines = script.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let expected: String =
            lines.map(|line| line.trim_end().chars().rev().chain(['\n']).collect::<String>()).collect();
        prop_assert_eq!(answer, expected.into_bytes());
    }
}

#[test]
fn a_handler_speaks_first_where_it_wants_to() {
    let mut peer = Harness::new(raw::client(Greeter { opened: 0 }));
    assert_eq!(peer.take(), b"hello 1");
    peer.handle().send(", and from the handle");
    assert_eq!(peer.feed("x"), b", and from the handle");
}

#[test]
fn a_client_connects_again_with_the_same_handler_and_handle() {
    let mut peer = Harness::new(raw::client(Greeter { opened: 0 }));
    let handle = peer.handle();
    assert_eq!(peer.take(), b"hello 1");
    peer.reset();
    assert!(matches!(peer.closed(), Some(CloseReason::Reset)) && !handle.is_open());
    peer.reconnect();
    assert_eq!(peer.take(), b"hello 2");
    assert!(peer.closed().is_none() && handle.is_open() && peer.handle() == handle);
}

#[test]
fn a_server_makes_a_handler_for_each_connection() {
    let mut peer = Harness::new(raw::server(|_| Greeter { opened: 0 }));
    let first = peer.handle();
    assert_eq!(peer.take(), b"hello 1");
    peer.finish();
    peer.reconnect();
    assert_eq!(peer.take(), b"hello 1");
    assert!(first != peer.handle() && first.id() != peer.handle().id() && !first.is_open());
}

#[test]
#[should_panic(expected = "only a session that is closed")]
fn an_open_session_cannot_be_connected_again() {
    Harness::new(raw::client(Echo)).reconnect();
}

#[test]
fn an_end_closes_unless_the_handler_keeps_open() {
    let (probe, events) = Probe::new();
    let mut peer = Harness::new(raw::client(probe.keep_open()));
    peer.feed("data");
    peer.finish();
    assert_eq!(peer.feed("behind the end"), b"", "is not sent");
    assert!(matches!(
        &events.rest()[..],
        [Event::Open(_), Event::Data(data), Event::End] if data == b"data"
    ));
    peer.handle().send("still there");
    assert_eq!(peer.take(), b"still there");
    peer.handle().close();
    peer.run();
    assert!(peer.is_finished());
    assert!(matches!(peer.closed(), Some(CloseReason::Local)));

    let mut peer = Harness::new(raw::server(|_| Echo));
    assert_eq!(peer.feed("x"), b"x");
    peer.finish();
    assert!(peer.is_finished() && matches!(peer.closed(), Some(CloseReason::Remote)));
}

#[test]
fn a_session_that_closes_waits_for_its_peer() {
    let (probe, events) = Probe::new();
    let mut peer = Harness::new(raw::client(probe));
    let handle = peer.handle();
    handle.send("goodbye");
    handle.close();
    assert_eq!(peer.take(), b"goodbye");
    assert!(peer.is_finished() && peer.closed().is_none());
    assert_eq!(peer.feed("too late"), b"");
    peer.finish();
    assert!(matches!(peer.closed(), Some(CloseReason::Local)));
    assert_eq!(handle.send("too late"), Sent::Closed);
    let rest = events.rest();
    assert!(!rest.iter().any(|event| matches!(event, Event::Data(_))), "{rest:?}");
    assert_eq!(closes(&rest), 1);
}

#[test]
fn resets_go_both_ways() {
    let (probe, events) = Probe::new();
    let mut peer = Harness::new(raw::client(probe));
    peer.feed("data");
    peer.reset();
    assert!(matches!(peer.closed(), Some(CloseReason::Reset)));
    assert_eq!(events.data(4), b"data");
    assert_eq!(closes(&events.rest()), 1);

    let mut peer = Harness::new(raw::server(|_| Echo));
    peer.handle().abort();
    peer.run();
    assert!(peer.is_reset() && matches!(peer.closed(), Some(CloseReason::Aborted)));
}

#[test]
fn a_reset_is_seen_also_where_nothing_is_read() {
    let mut peer = Harness::new(raw::server(|_| Echo));
    peer.handle().pause();
    peer.run();
    peer.reset();
    assert!(matches!(peer.closed(), Some(CloseReason::Reset)), "of a paused session");

    let mut peer = Harness::new(raw::client(Probe::new().0.keep_open()));
    peer.finish();
    assert!(peer.closed().is_none());
    peer.reset();
    assert!(matches!(peer.closed(), Some(CloseReason::Reset)), "behind the peer's end");
}

#[test]
fn handles_refuse_once_a_close_is_told() {
    let (probe, events) = Probe::new();
    let (told, refused) = channel();
    let probe = probe.on_close(move |session| {
        let handle = session.handle();
        let _ = told.send((handle.is_open(), handle.send("too late"), session.send("too late")));
    });
    Harness::new(raw::client(probe)).finish();
    assert_eq!(refused.recv().unwrap(), (false, Sent::Closed, Sent::Closed));
    assert!(matches!(events.close(), CloseReason::Remote));
}

#[test]
fn a_peer_that_hangs_up_is_read_to_the_end_but_not_written_to() {
    let (probe, events) = Probe::new();
    let mut peer = Harness::new(raw::client(probe.keep_open()));
    let handle = peer.handle();
    handle.pause();
    peer.feed("last words");
    peer.hang_up();
    handle.resume();
    peer.run();
    assert_eq!(events.data(10), b"last words");
    assert!(peer.closed().is_none());
    handle.send("in vain");
    peer.run();
    assert!(matches!(peer.closed(), Some(CloseReason::Reset)));
}

#[test]
fn a_paused_peer_fills_the_socket_then_the_queue() {
    let limits = Limits::default().marks(100, 1000);
    let mut peer = Harness::new(Side::new(raw::server(|_| Echo)).limits(limits).capacity(400));
    let data: Vec<u8> = (0..10_000).map(|index| (index % 251) as u8).collect();
    peer.pause();
    assert_eq!(peer.feed(&data), b"");
    let (unsent, received) = (peer.unsent(), peer.handle().stats().bytes_received as usize);
    // The peer's 400, the high mark, and the read that crossed it; 400 more were not read.
    assert!((1400..=1800).contains(&received), "{received} bytes taken");
    assert_eq!(unsent + received + 400, data.len());
    assert_eq!(peer.resume(), data);
    assert_eq!(peer.unsent(), 0);
}

#[test]
fn limits_in_time_hold() {
    let soon = Duration::from_millis(1);
    let limits = Limits::default().idle(soon).close(soon);
    let mut peer = Harness::new(Side::new(raw::server(|_| Echo)).limits(limits));
    assert!(peer.run_until(LIMIT, |peer| peer.closed().is_some()));
    assert!(matches!(peer.closed(), Some(CloseReason::Timeout(Limit::Idle))));
    assert!(!peer.run_until(soon, |_| false), "and so does the harness's own");
}

#[test]
fn a_close_does_not_wait_for_ever() {
    let limits = Limits::default().close(Duration::from_millis(1));
    let side = Side::new(raw::server(|_| Echo)).limits(limits).capacity(10);
    let mut peer = Harness::new(side);
    peer.pause();
    peer.handle().send("more than fits");
    peer.handle().close();
    assert!(peer.run_until(LIMIT, |peer| peer.closed().is_some()));
    assert!(matches!(peer.closed(), Some(CloseReason::Timeout(Limit::Close))));
    assert_eq!(peer.resume(), b"");
    assert!(peer.is_reset());
}

#[test]
fn other_threads_are_waited_for() {
    let mut peer = Harness::new(raw::server(|_| Echo));
    let handle = peer.handle();
    let other = std::thread::spawn(move || handle.send_within("from afar", LIMIT));
    let mut answer = Vec::new();
    assert!(peer.run_until(LIMIT, |peer| {
        answer.extend(peer.take());
        !answer.is_empty()
    }));
    other.join().unwrap().unwrap();
    assert_eq!(answer, b"from afar");
}

#[test]
fn a_panic_is_a_reason() {
    let handler = |_: &mut raw::Session<'_>, data: &[u8]| assert_eq!(data, b"expected");
    let mut peer = Harness::new(raw::server(move |_| handler));
    peer.feed("expected");
    assert!(peer.closed().is_none());
    peer.feed("something else");
    let Some(CloseReason::Panic(error)) = peer.closed() else { panic!("{peer:?}") };
    assert!(error.to_string().contains("left == right"), "{error}");
    assert!(peer.is_reset());
}

#[test]
fn a_panic_when_a_handler_is_dropped_does_no_harm() {
    let mut peer = Harness::new(raw::server(|_| Bomb));
    peer.finish();
    assert!(matches!(peer.closed(), Some(CloseReason::Remote)));
    peer.service().stop().unwrap();
}

#[test]
#[should_panic(expected = "keeps itself busy without end")]
fn a_session_that_never_rests_is_told_of() {
    fn again(session: &mut raw::Session<'_>) {
        session.handle().post(again).unwrap();
    }
    let peer = Harness::new(raw::client(raw::Discard));
    peer.handle().post(again).unwrap();
    { peer }.run();
}

#[test]
fn a_dropped_harness_ends_its_session() {
    let (probe, events) = Probe::new();
    let peer = Harness::new(raw::client(probe));
    let handle = peer.handle();
    drop(peer);
    assert!(!handle.is_open());
    assert!(matches!(events.close(), CloseReason::Shutdown));
    assert_eq!(closes(&events.rest()), 0);
}

#[test]
fn handlers_are_dropped_with_their_sessions() {
    let alive = Arc::new(());
    let made = Arc::clone(&alive);
    let mut peer = Harness::new(raw::server(move |_| Keeper(Arc::clone(&made))));
    assert_eq!(Arc::strong_count(&alive), 3);
    peer.finish();
    assert_eq!(Arc::strong_count(&alive), 2);
    drop(peer);
    assert_eq!(Arc::strong_count(&alive), 1, "nothing keeps a harness alive");
    drop(Harness::new(raw::client(Keeper(Arc::clone(&alive)))));
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
fn several_share_a_service_and_its_groups() {
    let service = Service::builder().threads(0).start().unwrap();
    let room = raw::Group::new(&service);
    let mut peers: Vec<_> = (0..4)
        .map(|_| {
            let room = room.clone();
            Harness::on(&service, raw::server(move |_| Member(room.clone())))
        })
        .collect();
    assert_eq!(peers[0].feed("hello"), b"hello");
    assert!(peers[1..].iter_mut().all(|peer| peer.take() == b"hello"));
    drop(peers.pop());
    assert_eq!(peers[1].feed("bye"), b"bye");
    assert_eq!(room.len(), 3);
    service.stop().unwrap();
    assert!(peers.iter().all(|peer| matches!(peer.closed(), Some(CloseReason::Shutdown))));
    assert!(peers.iter_mut().all(|peer| peer.feed("nobody there").is_empty() && peer.is_reset()));
}

#[test]
fn a_server_session_knows_everyone_of_its_server() {
    let members = |session: &mut raw::Session<'_>, _: &[u8]| {
        let members = session.everyone().members();
        session.send(format!("{} {}", members.len(), members == [session.handle()]));
    };
    assert_eq!(Harness::new(raw::server(move |_| members)).feed("?"), b"1 true");
    assert_eq!(Harness::new(raw::client(members)).feed("?"), b"0 false");
}

#[test]
#[should_panic(expected = "a service without threads")]
fn a_service_with_threads_is_refused() {
    let service = Service::builder().threads(1).start().unwrap();
    Harness::on(&service, raw::server(|_| Echo));
}

#[test]
fn a_session_knows_a_peer_and_its_state_as_ever() {
    let opened = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&opened);
    let peer = Harness::new(raw::server(move |endpoint| {
        *seen.lock().unwrap() = Some(endpoint.clone());
        Echo
    }));
    assert_eq!(peer.handle().peer_addr(), *opened.lock().unwrap());
    assert!(peer.handle().connected_at().is_some());
    assert!(peer.service().is_running());
}

fn closes(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Close(_))).count()
}

/// Counts the connections it has had.
struct Greeter {
    opened: usize,
}

impl raw::Handler for Greeter {
    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        self.opened += 1;
        session.send(format!("hello {}", self.opened));
    }

    fn on_data(&mut self, _session: &mut raw::Session<'_>, _data: &[u8]) {}
}

struct Member(raw::Group);

impl raw::Handler for Member {
    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        session.join(&self.0);
    }

    fn on_data(&mut self, _session: &mut raw::Session<'_>, data: &[u8]) {
        self.0.send(data);
    }
}

struct Keeper(#[expect(dead_code, reason = "only its count is looked at")] Arc<()>);

impl raw::Handler for Keeper {
    fn on_data(&mut self, _session: &mut raw::Session<'_>, _data: &[u8]) {}
}

/// Panics when it is dropped.
struct Bomb;

impl raw::Handler for Bomb {
    fn on_data(&mut self, _session: &mut raw::Session<'_>, _data: &[u8]) {}
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("on order");
    }
}
