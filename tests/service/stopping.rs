//! What becomes of connections and jobs at the end, and of an end that takes too long.

use std::io::Read;
use std::net::TcpStream;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use sockeye::{CloseReason, ErrorKind, Limits, Server, Service, Strand, raw};

use crate::common::{Design, LIMIT, Probe, eventually};
use crate::{Gate, bounded, next, on_both_designs, single, take};

on_both_designs!(
    stop_ends_connections_at_once_and_says_so,
    shutdown_sends_what_is_queued_before_it_ends,
    shutdown_cuts_off_who_does_not_read,
    shutdown_runs_the_jobs_that_are_posted,
    shutdown_does_not_wait_for_timers,
    shutdown_refuses_what_comes_afterwards,
    shutdown_gives_up_on_jobs_without_end,
    a_callback_that_does_not_return_makes_stop_time_out,
    the_time_to_stop_is_bounded_once,
    a_late_callback_may_outlive_its_service,
    a_late_callback_does_no_harm_to_the_next_start,
    a_second_stop_waits_for_the_first,
);

fn stop_ends_connections_at_once_and_says_so(design: Design) {
    let service = design.service();
    let (protocol, events) = Probe::server();
    let server = Server::builder(&service, protocol).listen("127.0.0.1:0").unwrap();
    let mut peers = (0..4).map(|_| connect(&server)).collect::<Vec<_>>();
    for _ in 0..4 {
        events.open();
    }
    service.stop().unwrap();
    for _ in 0..4 {
        assert!(matches!(events.close(), CloseReason::Shutdown));
    }
    assert!(events.rest().is_empty(), "each is told once");
    assert_eq!(server.connections(), 0);
    for peer in &mut peers {
        // A FIN or a reset, but an end.
        assert_eq!(peer.read(&mut [0; 16]).unwrap_or(0), 0);
    }
}

fn shutdown_sends_what_is_queued_before_it_ends(design: Design) {
    const BYTES: usize = 8 << 20;
    let service = design.service();
    let (protocol, events) = Probe::server();
    let server = Server::builder(&service, protocol).listen("127.0.0.1:0").unwrap();
    let mut peer = connect(&server);
    let session = events.open();
    assert!(session.send(vec![7; BYTES]).is_queued());
    let reader = thread::spawn(move || {
        let mut received = Vec::new();
        peer.read_to_end(&mut received).unwrap();
        received
    });
    service.shutdown(LIMIT).unwrap();
    let received = reader.join().unwrap();
    assert_eq!(received.len(), BYTES);
    assert!(received.iter().all(|byte| *byte == 7));
    assert!(matches!(events.close(), CloseReason::Shutdown));
    assert!(!service.is_running());
}

fn shutdown_cuts_off_who_does_not_read(design: Design) {
    let service = design.service();
    let (protocol, events) = Probe::server();
    let limits = Limits::default().close(LIMIT);
    let server = Server::builder(&service, protocol).limits(limits).listen("127.0.0.1:0").unwrap();
    let peer = connect(&server);
    let session = events.open();
    assert!(session.send(vec![7; 8 << 20]).is_queued());
    let error = service.shutdown(Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("cut off"), "{error}");
    events.close();
    assert_eq!(server.connections(), 0);
    assert!(!service.is_running());
    drop(peer);
}

fn shutdown_runs_the_jobs_that_are_posted(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    let (gate, blocked) = Gate::new();
    service.post(blocked).unwrap();
    let strands = [service.strand(), service.strand()];
    for _ in 0..1000 {
        let [first, second, third] = [sender.clone(), sender.clone(), sender.clone()];
        service.post(move || first.send(0).unwrap()).unwrap();
        strands[0].post(move || second.send(1).unwrap()).unwrap();
        strands[1].post(move || third.send(2).unwrap()).unwrap();
    }
    drop(sender);
    let shutdown = thread::spawn(move || service.shutdown(LIMIT));
    gate.open();
    shutdown.join().unwrap().unwrap();
    assert_eq!(receiver.iter().count(), 3000);
}

fn shutdown_does_not_wait_for_timers(design: Design) {
    let service = design.service();
    let timer = service.after(LIMIT, || {});
    let begun = Instant::now();
    service.shutdown(LIMIT).unwrap();
    assert!(begun.elapsed() < LIMIT);
    assert!(timer.is_pending());
}

fn shutdown_refuses_what_comes_afterwards(design: Design) {
    let service = design.service();
    service.shutdown(LIMIT).unwrap();
    assert_eq!(service.post(|| {}).unwrap_err().kind(), ErrorKind::Stopped);
    service.start().unwrap();
    let (sender, receiver) = channel();
    service.post(move || sender.send(()).unwrap()).unwrap();
    next(&receiver);
    service.stop().unwrap();
}

fn shutdown_gives_up_on_jobs_without_end(design: Design) {
    let service = design.service();
    let strand = Arc::new(Mutex::new(Some(service.strand())));
    again(&strand);
    let draining = service.clone();
    let error = bounded("shutdown", move || draining.shutdown(Duration::from_millis(50)));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(!service.is_running());
    *strand.lock().unwrap() = None;
}

/// A job that posts itself again, until it is refused.
fn again(strand: &Arc<Mutex<Option<Strand>>>) {
    let own = Arc::clone(strand);
    if let Some(strand) = &*strand.lock().unwrap() {
        let _ = strand.post(move || again(&own));
    }
}

fn a_callback_that_does_not_return_makes_stop_time_out(design: Design) {
    let limit = Duration::from_millis(50);
    let service = design.builder().stop_limit(limit).start().unwrap();
    let (gate, blocked) = Gate::new();
    service.post(blocked).unwrap();
    gate.wait_begun();
    let stopping = service.clone();
    let begun = Instant::now();
    let error = bounded("stop", move || stopping.stop()).unwrap_err();
    assert!(begun.elapsed() >= limit);
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("a callback has not returned"), "{error}");
    assert!(!service.is_running());
    gate.open();
}

/// Neither the connection nor the thread of a blocked callback can end; both are waited for at
/// the same time.
fn the_time_to_stop_is_bounded_once(design: Design) {
    let limit = Duration::from_secs(2);
    let service = design.builder().stop_limit(limit).start().unwrap();
    let (gate, blocked) = Gate::new();
    let (sender, blocker) = channel();
    sender.send(blocked).unwrap();
    let blocker = Mutex::new(blocker);
    let make = move |_: &_| {
        let blocked = blocker.lock().unwrap().recv().unwrap();
        let mut blocked = Some(blocked);
        move |_: &mut raw::Session<'_>, _: &[u8]| blocked.take().into_iter().for_each(|job| job())
    };
    let server = Server::builder(&service, raw::server(make)).listen("127.0.0.1:0").unwrap();
    let mut peer = connect(&server);
    std::io::Write::write_all(&mut peer, b"!").unwrap();
    gate.wait_begun();
    let begun = Instant::now();
    let error = bounded("stop", move || service.stop()).unwrap_err();
    let took = begun.elapsed();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(took >= limit && took < 2 * limit, "{took:?}");
    gate.open();
}

/// Its session ends as all do, with a reason.
fn a_late_callback_may_outlive_its_service(design: Design) {
    struct Late<J>(Option<J>, Sender<CloseReason>);
    impl<J: FnOnce() + Send + 'static> raw::Handler for Late<J> {
        fn on_data(&mut self, _: &mut raw::Session<'_>, _: &[u8]) {
            self.0.take().into_iter().for_each(|job| job());
        }

        fn on_close(&mut self, _: &mut raw::Session<'_>, reason: &CloseReason) {
            self.1.send(reason.clone()).unwrap();
        }
    }
    let service = design.builder().stop_limit(Duration::from_millis(20)).start().unwrap();
    let (gate, blocked) = Gate::new();
    let (sender, receiver) = channel();
    let late = Mutex::new(Some(Late(Some(blocked), sender)));
    let make = move |_: &_| late.lock().unwrap().take().unwrap();
    let server = Server::builder(&service, raw::server(make)).listen("127.0.0.1:0").unwrap();
    let mut peer = connect(&server);
    std::io::Write::write_all(&mut peer, b"!").unwrap();
    gate.wait_begun();
    bounded("stop", move || service.stop()).unwrap_err();
    drop(server);
    gate.open();
    assert!(matches!(next(&receiver), CloseReason::Shutdown));
}

fn a_late_callback_does_no_harm_to_the_next_start(design: Design) {
    let (sender, ends) = channel();
    let service = single(design)
        .stop_limit(Duration::from_millis(20))
        .on_thread_end(move |_| sender.send(()).unwrap())
        .start()
        .unwrap();
    let (gate, blocked) = Gate::new();
    service.strand().post(blocked).unwrap();
    gate.wait_begun();
    assert_eq!(service.stop().unwrap_err().kind(), ErrorKind::TimedOut);
    service.start().unwrap();
    let (ran, receiver) = channel();
    let (first, second) = (ran.clone(), ran);
    service.post(move || first.send("beside it").unwrap()).unwrap();
    assert_eq!(next(&receiver), "beside it");
    gate.open();
    service.post(move || second.send("after it").unwrap()).unwrap();
    assert_eq!(next(&receiver), "after it");
    service.stop().unwrap();
    // The thread that came late has ended too.
    take(&ends, 2);
}

fn a_second_stop_waits_for_the_first(design: Design) {
    let service = design.service();
    let (gate, blocked) = Gate::new();
    service.post(blocked).unwrap();
    gate.wait_begun();
    let stop = |service: &Service| {
        let stopping = service.clone();
        thread::spawn(move || {
            let outcome = stopping.stop();
            (outcome, stopping.is_running())
        })
    };
    let first = stop(&service);
    eventually("the first stop has begun", || !service.is_running());
    let second = stop(&service);
    thread::yield_now();
    gate.open();
    for stopper in [first, second] {
        let (outcome, running) = bounded("stop", move || stopper.join().unwrap());
        outcome.unwrap();
        assert!(!running);
    }
    service.start().unwrap();
    service.stop().unwrap();
}

fn connect(server: &Server) -> TcpStream {
    let peer = TcpStream::connect(server.local_addr()).unwrap();
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    peer
}
