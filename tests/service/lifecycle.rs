//! Start, stop, restart and the last handle.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sockeye::{Client, ErrorKind, Server, Service, raw};

use crate::common::{Design, Echo, LIMIT, eventually};
use crate::{Gate, bounded, next, on_both_designs, single, take};

on_both_designs!(
    a_service_says_whether_it_runs_and_on_how_many_threads,
    start_on_a_running_service_is_an_error,
    stop_on_a_stopped_service_does_nothing,
    a_stop_in_a_callback_takes_effect_after_it,
    wait_returns_when_another_thread_stops_the_service,
    calls_that_wait_are_refused_in_callbacks,
    a_stopped_service_can_be_started_again,
    a_restarted_service_has_its_servers_back,
    a_restarted_service_runs_the_jobs_posted_before,
    jobs_of_many_strands_survive_a_restart,
    a_server_that_was_stopped_stays_stopped_over_a_restart,
    servers_and_clients_cannot_be_made_on_a_stopped_service,
    two_services_do_not_know_each_other,
    a_thread_of_one_service_may_wait_for_another,
    dropping_the_last_handle_stops_the_threads,
    servers_and_clients_keep_the_service,
    the_last_handle_may_be_dropped_in_a_callback,
    what_never_ran_is_dropped_with_the_service,
    pending_timers_are_dropped_with_the_service,
);

fn a_service_says_whether_it_runs_and_on_how_many_threads(design: Design) {
    let service = design.service();
    assert_eq!(service.threads(), 2);
    assert!(service.is_running());
    service.stop().unwrap();
    assert_eq!(service.threads(), 2);
    assert!(!service.is_running());
    assert!(format!("{service:?}").contains("running: false"), "{service:?}");
}

fn start_on_a_running_service_is_an_error(design: Design) {
    let service = design.service();
    let error = service.start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyRunning);
    assert_eq!(error.to_string(), "cannot start the service: it runs already");
    assert!(service.is_running());
    service.stop().unwrap();
}

fn stop_on_a_stopped_service_does_nothing(design: Design) {
    let service = design.service();
    service.stop().unwrap();
    service.stop().unwrap();
    service.shutdown(LIMIT).unwrap();
    service.wait().unwrap();
    assert!(!service.is_running());
}

fn a_stop_in_a_callback_takes_effect_after_it(design: Design) {
    for stop_in in [stop_in_a_job, stop_in_a_timer, stop_in_a_session] {
        let (sender, receiver) = channel();
        let ended = sender.clone();
        let service = design.builder().on_stopped(move || ended.send("stopped").unwrap());
        let service = service.start().unwrap();
        let own = service.clone();
        let stop = move || {
            own.stop().unwrap();
            own.stop().unwrap();
            sender.send("callback").unwrap();
        };
        let _kept = stop_in(&service, Box::new(stop));
        service.wait().unwrap();
        assert!(!service.is_running());
        assert_eq!(take(&receiver, 2), ["callback", "stopped"]);
    }
}

type Stop = Box<dyn FnOnce() + Send>;

fn stop_in_a_job(service: &Service, stop: Stop) -> Option<(Server, TcpStream)> {
    service.post(stop).unwrap();
    None
}

fn stop_in_a_timer(service: &Service, stop: Stop) -> Option<(Server, TcpStream)> {
    service.after(Duration::ZERO, stop).detach();
    None
}

fn stop_in_a_session(service: &Service, stop: Stop) -> Option<(Server, TcpStream)> {
    let stop = Mutex::new(Some(stop));
    let make = move |_: &_| {
        let mut stop = stop.lock().unwrap().take();
        move |_: &mut raw::Session<'_>, _: &[u8]| stop.take().into_iter().for_each(|stop| stop())
    };
    let server = Server::builder(service, raw::server(make)).listen("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(server.local_addr()).unwrap();
    peer.write_all(b"!").unwrap();
    Some((server, peer))
}

fn wait_returns_when_another_thread_stops_the_service(design: Design) {
    let service = design.service();
    let waiting = service.clone();
    let (sender, receiver) = channel();
    let waiter = thread::spawn(move || {
        sender.send(()).unwrap();
        waiting.wait().unwrap();
        waiting.is_running()
    });
    next(&receiver);
    service.stop().unwrap();
    assert!(!bounded("wait", move || waiter.join().unwrap()));
}

fn calls_that_wait_are_refused_in_callbacks(design: Design) {
    let service = design.service();
    let server = Server::builder(&service, raw::server(|_| Echo)).listen("127.0.0.1:0").unwrap();
    let (sender, receiver) = channel();
    let own = service.clone();
    let job = move || {
        let timer = own.timer(|_| {});
        sender.send(own.restart()).unwrap();
        sender.send(own.shutdown(LIMIT)).unwrap();
        sender.send(server.shutdown(LIMIT)).unwrap();
        sender.send(server.restart()).unwrap();
        sender.send(timer.wait(LIMIT).map(drop)).unwrap();
    };
    service.post(job).unwrap();
    for outcome in take(&receiver, 5) {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::WouldDeadlock);
    }
    assert!(service.is_running());
    service.stop().unwrap();
}

fn a_stopped_service_can_be_started_again(design: Design) {
    let service = design.service();
    for round in 0..20 {
        let (sender, receiver) = channel();
        service.post(move || sender.send(round).unwrap()).unwrap();
        assert_eq!(next(&receiver), round);
        service.stop().unwrap();
        service.start().unwrap();
    }
    service.stop().unwrap();
}

fn a_restarted_service_has_its_servers_back(design: Design) {
    let service = design.service();
    let server = Server::builder(&service, raw::server(|_| Echo)).listen("127.0.0.1:0").unwrap();
    let address = server.local_addr();
    for _ in 0..3 {
        assert!(server.is_listening());
        assert_eq!(server.local_addr(), address);
        let mut peer = TcpStream::connect(&address).unwrap();
        peer.set_read_timeout(Some(LIMIT)).unwrap();
        peer.write_all(b"hello").unwrap();
        let mut answer = [0; 5];
        peer.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"hello");

        service.stop().unwrap();
        assert!(!server.is_listening());
        assert_eq!(server.connections(), 0);
        TcpStream::connect(&address).unwrap_err();
        service.start().unwrap();
    }
    service.stop().unwrap();
}

fn a_restarted_service_runs_the_jobs_posted_before(design: Design) {
    let service = single(design).start().unwrap();
    let (sender, receiver) = channel();
    let (gate, blocked) = Gate::new();
    service.strand().post(blocked).unwrap();
    gate.wait_begun();
    for number in 0..10 {
        let sender = sender.clone();
        service.post(move || sender.send(number).unwrap()).unwrap();
    }
    let stopping = service.clone();
    let stopper = thread::spawn(move || stopping.stop());
    eventually("the service stops", || !service.is_running());
    gate.open();
    stopper.join().unwrap().unwrap();
    service.start().unwrap();
    assert_eq!(take(&receiver, 10), (0..10).collect::<Vec<_>>());
    service.stop().unwrap();
}

/// More strands are ready than a thread runs in one round, and the first of them stops the service.
fn jobs_of_many_strands_survive_a_restart(design: Design) {
    const STRANDS: usize = 2000;
    let service = single(design).start().unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let (gate, blocked) = Gate::new();
    service.post(blocked).unwrap();
    gate.wait_begun();
    let own = service.clone();
    let stop = move || {
        own.stop().unwrap();
        eventually("the service takes no work", || own.post(|| {}).is_err());
    };
    service.strand().post(stop).unwrap();
    for _ in 0..STRANDS {
        let ran = Arc::clone(&ran);
        let job = move || {
            ran.fetch_add(1, Ordering::SeqCst);
        };
        service.strand().post(job).unwrap();
    }
    gate.open();
    service.wait().unwrap();
    service.start().unwrap();
    eventually("all jobs ran", || ran.load(Ordering::SeqCst) == STRANDS);
    service.stop().unwrap();
}

fn a_server_that_was_stopped_stays_stopped_over_a_restart(design: Design) {
    let service = design.service();
    let server = Server::builder(&service, raw::server(|_| Echo)).listen("127.0.0.1:0").unwrap();
    server.stop().unwrap();
    service.restart().unwrap();
    assert!(!server.is_listening());
    server.start().unwrap();
    assert!(server.is_listening());
    service.stop().unwrap();
}

fn servers_and_clients_cannot_be_made_on_a_stopped_service(design: Design) {
    let service = design.service();
    let server = Server::builder(&service, raw::server(|_| Echo)).listen("127.0.0.1:0").unwrap();
    service.stop().unwrap();
    let one_more = Server::builder(&service, raw::server(|_| Echo)).listen("127.0.0.1:0");
    assert_eq!(one_more.unwrap_err().kind(), ErrorKind::Stopped);
    let client = Client::builder(&service, raw::client(Echo)).connect(server.local_addr());
    assert_eq!(client.unwrap_err().kind(), ErrorKind::Stopped);
    assert_eq!(server.start().unwrap_err().kind(), ErrorKind::Stopped);
}

fn two_services_do_not_know_each_other(design: Design) {
    let (one, other) = (design.service(), design.service());
    let (sender, receiver) = channel();
    let (first, second) = (one.clone(), other.clone());
    let job = move || {
        sender.send((first.is_service_thread(), second.is_service_thread())).unwrap();
    };
    one.post(job).unwrap();
    assert_eq!(next(&receiver), (true, false));
    one.stop().unwrap();
    assert!(other.is_running());
    let (sender, receiver) = channel();
    other.post(move || sender.send(()).unwrap()).unwrap();
    next(&receiver);
    other.stop().unwrap();
}

fn a_thread_of_one_service_may_wait_for_another(design: Design) {
    let (one, other) = (design.service(), design.service());
    let (sender, receiver) = channel();
    let waited_for = other.clone();
    let job = move || {
        sender.send(waited_for.restart()).unwrap();
        sender.send(waited_for.shutdown(LIMIT)).unwrap();
    };
    one.post(job).unwrap();
    for outcome in take(&receiver, 2) {
        outcome.unwrap();
    }
    assert!(!other.is_running());
    assert!(one.is_running());
    one.stop().unwrap();
}

fn dropping_the_last_handle_stops_the_threads(design: Design) {
    let (service, ends) = watched(design);
    let clone = service.clone();
    drop(service);
    assert!(clone.is_running());
    let (sender, receiver) = channel();
    clone.post(move || sender.send(()).unwrap()).unwrap();
    next(&receiver);
    assert!(ends.try_recv().is_err());
    drop(clone);
    assert_eq!(take(&ends, 3), ["thread", "thread", "stopped"]);
}

fn servers_and_clients_keep_the_service(design: Design) {
    let (service, ends) = watched(design);
    let server = Server::builder(&service, raw::server(|_| Echo)).listen("127.0.0.1:0").unwrap();
    let client =
        Client::builder(&service, raw::client(raw::Discard)).connect(server.local_addr()).unwrap();
    drop(service);
    client.wait_connected(LIMIT).unwrap();
    drop(server);
    assert!(client.service().is_running());
    assert!(ends.try_recv().is_err());
    drop(client);
    assert_eq!(take(&ends, 3), ["thread", "thread", "stopped"]);
}

fn the_last_handle_may_be_dropped_in_a_callback(design: Design) {
    let (service, ends) = watched(design);
    let (sender, receiver) = channel::<Service>();
    let job = move || drop(receiver.recv_timeout(LIMIT).unwrap());
    service.post(job).unwrap();
    sender.send(service).unwrap();
    assert_eq!(take(&ends, 3), ["thread", "thread", "stopped"]);
}

/// A service, and what is told when it ends.
fn watched(design: Design) -> (Service, std::sync::mpsc::Receiver<&'static str>) {
    let (sender, receiver) = channel();
    let ended = sender.clone();
    let service = design
        .builder()
        .on_thread_end(move |_| ended.send("thread").unwrap())
        .on_stopped(move || sender.send("stopped").unwrap())
        .start()
        .unwrap();
    (service, receiver)
}

fn what_never_ran_is_dropped_with_the_service(design: Design) {
    let service = single(design).start().unwrap();
    let held = Arc::new(());
    let (gate, blocked) = Gate::new();
    service.strand().post(blocked).unwrap();
    gate.wait_begun();
    let hold = Arc::clone(&held);
    service.post(move || drop(hold)).unwrap();
    let stopping = service.clone();
    let stopper = thread::spawn(move || stopping.stop());
    eventually("the service stops", || !service.is_running());
    gate.open();
    stopper.join().unwrap().unwrap();
    drop(service);
    eventually("the job is dropped", || Arc::strong_count(&held) == 1);
}

fn pending_timers_are_dropped_with_the_service(design: Design) {
    let service = design.service();
    let held = Arc::new(());
    for _ in 0..10 {
        let hold = Arc::clone(&held);
        service.after(Duration::from_secs(3600), move || drop(hold)).detach();
    }
    drop(service);
    eventually("their callbacks are dropped", || Arc::strong_count(&held) == 1);
}
