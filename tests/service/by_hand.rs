//! A service without threads, whose loop the program runs.

use std::io::{ErrorKind as IoErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use sockeye::{Client, ErrorKind, Expiry, Inbox, Server, Service, raw, service};

use crate::common::{Design, Echo, LIMIT};
use crate::{Gate, next, on_both_designs};

on_both_designs!(
    it_has_no_threads_and_does_nothing_by_itself,
    run_works_until_a_callback_stops_the_service,
    run_works_until_another_thread_stops_the_service,
    a_service_that_was_run_can_be_started_and_run_again,
    run_for_works_for_the_time_given,
    run_for_returns_early_when_the_service_is_stopped,
    poll_once_tells_whether_something_happened,
    poll_once_waits_for_work_from_other_threads,
    polling_serves_a_connection,
    the_loop_cannot_be_run_twice_at_once,
    the_thread_is_a_service_thread_while_it_runs_the_loop,
    a_thread_that_runs_the_loop_of_another_service_is_still_its_own_services,
    calls_that_wait_run_the_loop_meanwhile,
    a_stopped_service_runs_nothing,
    stop_waits_for_the_callback_that_another_thread_runs,
    stop_ends_connections_without_a_loop_running,
    shutdown_runs_posted_jobs_without_a_loop_running,
    a_busy_loop_calls_on_idle,
    a_panic_in_a_job_leaves_the_loop_running,
);

fn by_hand(design: Design) -> service::Builder {
    match design {
        Design::LoopPerThread => Service::builder().loop_per_thread(0),
        Design::ThreadPool => Service::builder().thread_pool(0),
    }
}

fn it_has_no_threads_and_does_nothing_by_itself(design: Design) {
    let (sender, receiver) = channel();
    let at_start = sender.clone();
    let hook = move |_| at_start.send("thread").unwrap();
    let service = by_hand(design).on_thread_start(hook).start().unwrap();
    assert_eq!(service.threads(), 0);
    assert!(service.is_running());
    service.post(move || sender.send("job").unwrap()).unwrap();
    thread::yield_now();
    assert!(receiver.try_recv().is_err());
    assert!(service.poll_once(Duration::ZERO).unwrap());
    assert_eq!(receiver.try_recv().unwrap(), "job");
    service.stop().unwrap();
}

fn run_works_until_a_callback_stops_the_service(design: Design) {
    let service = by_hand(design).start().unwrap();
    let (sender, receiver) = channel();
    for number in 0..3 {
        let sender = sender.clone();
        service.post(move || sender.send(number).unwrap()).unwrap();
    }
    let own = service.clone();
    service.after(Duration::from_millis(1), move || own.stop().unwrap()).detach();
    service.run().unwrap();
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [0, 1, 2]);
    service.wait().unwrap();
    assert!(!service.is_running());
}

fn run_works_until_another_thread_stops_the_service(design: Design) {
    let service = by_hand(design).start().unwrap();
    let (sender, receiver) = channel();
    service.post(move || sender.send(()).unwrap()).unwrap();
    let other = service.clone();
    let stopper = thread::spawn(move || {
        next(&receiver);
        other.stop().unwrap();
    });
    service.run().unwrap();
    stopper.join().unwrap();
}

fn a_service_that_was_run_can_be_started_and_run_again(design: Design) {
    let service = by_hand(design).start().unwrap();
    for _ in 0..200 {
        let own = service.clone();
        service.post(move || own.stop().unwrap()).unwrap();
        service.run().unwrap();
        // `run` has returned because the service is stopped, so it can be started.
        service.start().unwrap();
    }
    service.stop().unwrap();
}

fn run_for_works_for_the_time_given(design: Design) {
    let service = by_hand(design).start().unwrap();
    let (sender, receiver) = channel();
    service.post(move || sender.send(()).unwrap()).unwrap();
    let begun = Instant::now();
    service.run_for(Duration::from_millis(20)).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(20));
    receiver.try_recv().unwrap();
    assert!(service.is_running());
    service.stop().unwrap();
}

fn run_for_returns_early_when_the_service_is_stopped(design: Design) {
    let service = by_hand(design).start().unwrap();
    let own = service.clone();
    service.post(move || own.stop().unwrap()).unwrap();
    let begun = Instant::now();
    service.run_for(LIMIT).unwrap();
    assert!(begun.elapsed() < LIMIT);
}

fn poll_once_tells_whether_something_happened(design: Design) {
    let service = by_hand(design).start().unwrap();
    assert!(!service.poll_once(Duration::ZERO).unwrap());
    service.post(|| {}).unwrap();
    assert!(service.poll_once(Duration::ZERO).unwrap());
    assert!(!service.poll_once(Duration::ZERO).unwrap());
    let begun = Instant::now();
    assert!(!service.poll_once(Duration::from_millis(5)).unwrap());
    assert!(begun.elapsed() >= Duration::from_millis(5));
    let timer = service.after(Duration::from_millis(1), || {});
    assert!(service.poll_once(LIMIT).unwrap(), "a timer is something too");
    assert!(!timer.is_pending());
    service.stop().unwrap();
}

fn poll_once_waits_for_work_from_other_threads(design: Design) {
    let service = by_hand(design).start().unwrap();
    let (sender, receiver) = channel();
    for _ in 0..100 {
        let (other, sender) = (service.clone(), sender.clone());
        let poster = thread::spawn(move || other.post(move || sender.send(()).unwrap()).unwrap());
        assert!(service.poll_once(LIMIT).unwrap());
        receiver.try_recv().unwrap();
        poster.join().unwrap();
    }
    service.stop().unwrap();
}

fn polling_serves_a_connection(design: Design) {
    let service = by_hand(design).start().unwrap();
    let server = Server::builder(&service, raw::server(|_| Echo)).listen("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(server.local_addr()).unwrap();
    peer.set_nonblocking(true).unwrap();
    for text in ["hello", "again"] {
        peer.write_all(text.as_bytes()).unwrap();
        let mut answer = [0; 5];
        read_while_polling(&service, &mut peer, &mut answer);
        assert_eq!(answer, text.as_bytes());
    }
    service.stop().unwrap();
}

fn read_while_polling(service: &Service, peer: &mut TcpStream, buffer: &mut [u8]) {
    let deadline = Instant::now() + LIMIT;
    let mut read = 0;
    while read < buffer.len() {
        assert!(Instant::now() < deadline, "{read} bytes within the limit");
        match peer.read(&mut buffer[read..]) {
            Ok(0) => panic!("the end after {read} bytes"),
            Ok(count) => read += count,
            Err(error) if error.kind() == IoErrorKind::WouldBlock => {
                service.poll_once(Duration::from_millis(1)).unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn the_loop_cannot_be_run_twice_at_once(design: Design) {
    let service = by_hand(design).start().unwrap();
    let (sender, receiver) = channel();
    let inner = service.clone();
    let nested = move || {
        let other = inner.clone();
        let elsewhere = thread::spawn(move || other.run());
        let outcomes = [
            inner.run(),
            inner.run_for(LIMIT),
            inner.poll_once(LIMIT).map(drop),
            elsewhere.join().unwrap(),
        ];
        sender.send(outcomes).unwrap();
    };
    service.post(nested).unwrap();
    assert!(service.poll_once(Duration::ZERO).unwrap());
    for outcome in next(&receiver) {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::AlreadyRunning);
    }
    service.stop().unwrap();
}

fn the_thread_is_a_service_thread_while_it_runs_the_loop(design: Design) {
    let service = by_hand(design).start().unwrap();
    assert!(!service.is_service_thread());
    let (sender, receiver) = channel();
    let inside = service.clone();
    let job = move || {
        sender.send(inside.is_service_thread()).unwrap();
        let dispatched = sender.clone();
        inside.dispatch(move || dispatched.send(true).unwrap()).unwrap();
        sender.send(inside.shutdown(LIMIT).is_err()).unwrap();
    };
    service.post(job).unwrap();
    service.run_for(Duration::ZERO).unwrap();
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [true; 3]);
    assert!(!service.is_service_thread());
    service.stop().unwrap();
}

fn a_thread_that_runs_the_loop_of_another_service_is_still_its_own_services(design: Design) {
    let (outer, inner) = (design.service(), by_hand(design).start().unwrap());
    let (sender, receiver) = channel();
    let (outside, inside) = (outer.clone(), inner.clone());
    let run_inner = move || {
        let (own, other) = (inside.clone(), outside.clone());
        let look = move || {
            let refused = other.shutdown(LIMIT).map_err(|error| error.kind());
            sender.send((own.is_service_thread(), other.is_service_thread(), refused)).unwrap();
        };
        inside.post(look).unwrap();
        inside.poll_once(Duration::ZERO).unwrap();
        assert!(outside.is_service_thread() && !inside.is_service_thread());
    };
    outer.post(run_inner).unwrap();
    assert_eq!(next(&receiver), (true, true, Err(ErrorKind::WouldDeadlock)));
    inner.stop().unwrap();
    outer.stop().unwrap();
}

fn calls_that_wait_run_the_loop_meanwhile(design: Design) {
    let service = by_hand(design).start().unwrap();
    let server = Server::builder(&service, raw::server(|_| Echo)).listen("127.0.0.1:0").unwrap();
    let (protocol, inbox) = Inbox::new(&service, 1024);
    let client = Client::builder(&service, protocol).connect(server.local_addr()).unwrap();
    client.wait_connected(LIMIT).unwrap();
    client.handle().send_within("hello", LIMIT).unwrap();
    client.handle().flush(LIMIT).unwrap();
    let mut answer = [0; 5];
    inbox.receive_exact(&mut answer, LIMIT).unwrap();
    assert_eq!(&answer, b"hello");
    let timer = service.after(Duration::from_millis(1), || {});
    assert_eq!(timer.wait(LIMIT).unwrap(), Expiry::Expired);
    client.disconnect();
    client.wait_disconnected(LIMIT).unwrap();
    server.shutdown(LIMIT).unwrap();
    service.shutdown(LIMIT).unwrap();
    assert!(!service.is_running());
}

fn a_stopped_service_runs_nothing(design: Design) {
    let service = by_hand(design).start().unwrap();
    let (sender, receiver) = channel();
    service.post(move || sender.send(()).unwrap()).unwrap();
    service.stop().unwrap();
    let _ = service.poll_once(Duration::ZERO);
    let _ = service.run_for(Duration::ZERO);
    let _ = service.run();
    assert!(receiver.try_recv().is_err(), "the job is for the next start");
    service.start().unwrap();
    service.poll_once(Duration::ZERO).unwrap();
    receiver.try_recv().unwrap();
    service.stop().unwrap();
}

fn stop_waits_for_the_callback_that_another_thread_runs(design: Design) {
    let limit = Duration::from_millis(50);
    let service = by_hand(design).stop_limit(limit).start().unwrap();
    let (gate, blocked) = Gate::new();
    service.post(blocked).unwrap();
    let running = service.clone();
    let runner = thread::spawn(move || running.run());
    gate.wait_begun();
    let begun = Instant::now();
    assert_eq!(service.stop().unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(begun.elapsed() >= limit);
    gate.open();
    runner.join().unwrap().unwrap();
    service.start().unwrap();
    service.stop().unwrap();
}

fn stop_ends_connections_without_a_loop_running(design: Design) {
    let service = by_hand(design).start().unwrap();
    let server = Server::builder(&service, raw::server(|_| Echo)).listen("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(server.local_addr()).unwrap();
    peer.set_nonblocking(true).unwrap();
    peer.write_all(b"!").unwrap();
    read_while_polling(&service, &mut peer, &mut [0]);
    assert_eq!(server.connections(), 1);
    service.stop().unwrap();
    assert_eq!(server.connections(), 0);
    assert!(!server.is_listening());
}

fn shutdown_runs_posted_jobs_without_a_loop_running(design: Design) {
    let service = by_hand(design).start().unwrap();
    let (sender, receiver) = channel();
    for number in 0..1000 {
        let sender = sender.clone();
        service.post(move || sender.send(number).unwrap()).unwrap();
    }
    service.shutdown(LIMIT).unwrap();
    assert_eq!(receiver.try_iter().count(), 1000);
}

fn a_busy_loop_calls_on_idle(design: Design) {
    let idle = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&idle);
    let called = move || {
        count.fetch_add(1, Ordering::SeqCst);
    };
    let service = by_hand(design).busy().on_idle(called).start().unwrap();
    service.run_for(Duration::from_millis(2)).unwrap();
    assert!(idle.load(Ordering::SeqCst) > 1);
    let own = service.clone();
    service.after(Duration::from_millis(1), move || own.stop().unwrap()).detach();
    service.run().unwrap();
    service.wait().unwrap();
}

fn a_panic_in_a_job_leaves_the_loop_running(design: Design) {
    let (sender, receiver) = channel();
    let tell = move |error: &sockeye::Error| sender.send(error.kind()).unwrap();
    let service = by_hand(design).on_error(tell).start().unwrap();
    service.post(|| panic!("by hand")).unwrap();
    let own = service.clone();
    service.post(move || own.stop().unwrap()).unwrap();
    service.run().unwrap();
    assert_eq!(receiver.try_recv().unwrap(), ErrorKind::Panicked);
    service.wait().unwrap();
}

/// Programs with threads have nothing to run.
#[test]
fn the_loop_of_a_service_with_threads_is_its_own() {
    for design in [Design::LoopPerThread, Design::ThreadPool] {
        let service = design.service();
        for outcome in [
            service.run(),
            service.run_for(Duration::ZERO),
            service.poll_once(Duration::ZERO).map(drop),
        ] {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unsupported);
        }
        service.stop().unwrap();
    }
}
