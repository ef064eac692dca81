//! Nothing that is called where ever deadlocks: calls that wait refuse to on a service's threads,
//! stopping works in callbacks, and handles may be dropped anywhere, in any order.

use std::any::Any;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use sockeye::{Client, CloseReason, ErrorKind, Inbox, Result, Server, Service, raw};

use crate::common::{
    Design, Events, LIMIT, Peer, Probe, addr_of, bounded, echo_server, eventually, quiet, serve,
};
use crate::on_both_designs;

on_both_designs!(
    calls_that_wait_refuse_to_on_service_threads,
    calls_that_wait_may_be_made_on_another_services_threads,
    a_server_is_stopped_in_a_callback,
    a_server_is_started_in_a_callback,
    a_service_is_stopped_in_a_callback,
    a_service_is_stopped_in_on_close,
    a_client_is_told_to_disconnect_in_a_callback,
    the_last_handles_are_dropped_in_a_callback,
    handles_are_dropped_in_any_order,
    stop_waits_for_a_callback_and_on_close_comes_after_it,
    stopping_twice_at_once_waits_for_the_same_end,
);

/// Runs the job in a callback, and waits for what it tells.
fn in_a_callback<T: Send + 'static>(
    service: &Service,
    job: impl FnOnce(&mut raw::Session<'_>) -> T + Send + 'static,
) -> T {
    let (told, answer) = channel();
    let job = Mutex::new(Some(job));
    let (probe, _events) = Probe::new();
    let probe = probe.on_data(move |session, _| {
        if let Some(job) = job.lock().unwrap().take() {
            let _ = told.send(job(session));
        }
    });
    let server = serve(service, probe.serve());
    let mut peer = Peer::new(&server);
    peer.send("go");
    answer.recv_timeout(LIMIT).expect("the callback returns")
}

fn calls_that_wait_refuse_to_on_service_threads(design: Design) {
    let service = design.service();
    let server = echo_server(&service);
    let (protocol, inbox) = Inbox::new(&service, 1000);
    let client = Client::builder(&service, protocol).connect(addr_of(&server)).unwrap();
    client.wait_connected(LIMIT).unwrap();
    let group = raw::Group::new(&service);
    let (of_service, of_server, of_client) = (service.clone(), server.clone(), client.clone());
    let (results, inbox) = in_a_callback(&service, move |session| {
        let handle = session.handle();
        let results: Vec<Result<()>> = vec![
            handle.flush(LIMIT),
            handle.send_within("x", LIMIT),
            group.send_within("x", LIMIT),
            of_server.shutdown(LIMIT),
            of_server.restart(),
            of_service.shutdown(LIMIT),
            of_service.restart(),
            of_client.wait_connected(LIMIT),
            of_client.wait_disconnected(LIMIT),
            of_client.reconnect(LIMIT),
            inbox.receive(&mut [0], LIMIT).map(drop),
            inbox.receive_exact(&mut [0], LIMIT),
            inbox.receive_text(1, LIMIT).map(drop),
        ];
        (results, inbox)
    });
    for (index, result) in results.into_iter().enumerate() {
        let kind = result.map_err(|error| error.kind());
        assert_eq!(kind, Err(ErrorKind::WouldDeadlock), "call {index}");
    }
    // None of them has done anything.
    assert!(server.is_listening() && service.is_running());
    let mut answer = [0; 5];
    client.handle().send("hello");
    inbox.receive_exact(&mut answer, LIMIT).unwrap();
    assert_eq!(&answer, b"hello");
}

fn calls_that_wait_may_be_made_on_another_services_threads(design: Design) {
    let (service, other) = (design.service(), design.service());
    let server = echo_server(&other);
    let addr = addr_of(&server);
    let result = in_a_callback(&service, move |_| {
        let (protocol, inbox) = Inbox::new(&other, 1000);
        let client = Client::builder(&other, protocol).connect(addr)?;
        client.wait_connected(LIMIT)?;
        client.handle().send_within("hello", LIMIT)?;
        client.handle().flush(LIMIT)?;
        let mut answer = [0; 5];
        inbox.receive_exact(&mut answer, LIMIT)?;
        server.shutdown(LIMIT)?;
        other.stop()?;
        Ok::<_, sockeye::Error>(answer)
    });
    assert_eq!(&result.unwrap(), b"hello");
}

fn a_server_is_stopped_in_a_callback(design: Design) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let stopped = Arc::new(Mutex::new(None::<Server>));
    let stopping = Arc::clone(&stopped);
    let probe = probe.on_data(move |session, data| {
        stopping.lock().unwrap().as_ref().unwrap().stop().unwrap();
        session.send(data);
    });
    let server = Server::builder(&service, probe.serve()).listen(quiet()).unwrap();
    *stopped.lock().unwrap() = Some(server.clone());
    let mut peer = Peer::new(&server);
    peer.exchange("stop");
    eventually("it does not listen", || !server.is_listening());
    drop(TcpListener::bind(addr_of(&server)).expect("the port is free"));
    // The session goes on.
    peer.exchange("again");
    let session = events.open();
    assert!(session.is_open());
    stopped.lock().unwrap().take();
}

fn a_server_is_started_in_a_callback(design: Design) {
    let service = design.service();
    let server = Server::builder(&service, raw::server(|_| raw::Discard)).listen(quiet()).unwrap();
    server.stop().unwrap();
    let started = server.clone();
    in_a_callback(&service, move |_| started.start()).unwrap();
    assert!(server.is_listening());
    Peer::new(&server).send("x");
    eventually("it is accepted", || server.metrics().begun == 1);
}

fn a_service_is_stopped_in_a_callback(design: Design) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let stopped = service.clone();
    let probe = probe.on_data(move |session, data| {
        stopped.stop().unwrap();
        // The effect follows after the callback.
        assert!(session.send(data).is_queued());
    });
    let server = serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    peer.send("stop");
    let waiting = service.clone();
    bounded("wait", move || waiting.wait()).unwrap();
    assert!(!service.is_running());
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Shutdown), "{reason:?}");
    peer.receive_what_comes();
    drop(server);
}

fn a_service_is_stopped_in_on_close(design: Design) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let stopped = service.clone();
    let server = serve(&service, probe.on_close(move |_| stopped.stop().unwrap()).serve());
    let others: Vec<Peer> = (0..5).map(|_| Peer::new(&server)).collect();
    others.iter().for_each(|_| drop(events.open()));
    drop(Peer::new(&server));
    let waiting = service.clone();
    bounded("wait", move || waiting.wait()).unwrap();
    (0..6).for_each(|_| drop(events.close()));
    assert!(!service.is_running());
}

fn a_client_is_told_to_disconnect_in_a_callback(design: Design) {
    let service = design.service();
    let server = echo_server(&service);
    let (probe, events) = Probe::new();
    let slot = Arc::new(Mutex::new(None::<Client>));
    let own = Arc::clone(&slot);
    let probe = probe.on_data(move |_, _| own.lock().unwrap().as_ref().unwrap().disconnect());
    let client = Client::builder(&service, raw::client(probe)).connect(addr_of(&server)).unwrap();
    *slot.lock().unwrap() = Some(client.clone());
    client.wait_connected(LIMIT).unwrap();
    client.handle().send("echo this");
    client.wait_disconnected(LIMIT).unwrap();
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Local), "{reason:?}");
    slot.lock().unwrap().take();
}

/// A service that tells when one of its threads ends.
fn telling_service(design: Design) -> (Service, Receiver<()>) {
    let (told, ended) = channel();
    let told = Mutex::new(told);
    let tell = move |_| _ = told.lock().unwrap().send(());
    (design.builder().on_thread_end(tell).start().unwrap(), ended)
}

fn assert_both_threads_end(ended: &Receiver<()>) {
    for _ in 0..2 {
        ended.recv_timeout(LIMIT).expect("the thread ends");
    }
}

fn the_last_handles_are_dropped_in_a_callback(design: Design) {
    type Handles = (Service, Server, Client, raw::Handle);
    let (service, ended) = telling_service(design);
    let (probe, events) = Probe::new();
    let slot = Arc::new(Mutex::new(None::<Handles>));
    let last = Arc::clone(&slot);
    let probe = probe.on_data(move |_, _| {
        let handles = last.lock().unwrap().take();
        drop(handles);
    });
    let server = serve(&service, probe.serve());
    let client = Client::builder(&service, raw::client(raw::Discard)).connect(addr_of(&server));
    let client = client.unwrap();
    client.wait_connected(LIMIT).unwrap();
    let session = events.open();
    let mut peer = Peer::new(&server);
    events.open();
    *slot.lock().unwrap() = Some((service, server, client, session));
    peer.send("drop it all");
    (0..2).for_each(|_| drop(events.close()));
    peer.receive_what_comes();
    assert_both_threads_end(&ended);
}

fn handles_are_dropped_in_any_order(design: Design) {
    for order in 0..24_usize {
        let (service, ended) = telling_service(design);
        let (protocol, events) = Probe::server();
        let server = serve(&service, protocol);
        let client = Client::builder(&service, raw::client(raw::Discard));
        let client = client.connect(addr_of(&server)).unwrap();
        client.wait_connected(LIMIT).unwrap();
        let session = events.open();
        let mut handles: Vec<Box<dyn Any + Send>> =
            vec![Box::new(service), Box::new(server), Box::new(client), Box::new(session)];
        // The order with this number in the factorial system.
        let choices = [order / 6, order / 2 % 3, order % 2, 0];
        let sequence = choices.map(|choice| handles.remove(choice));
        bounded("dropping the handles", move || sequence.into_iter().for_each(drop));
        assert_both_threads_end(&ended);
        assert_closed_once(&events);
    }
}

fn assert_closed_once(events: &Events) {
    events.close();
    assert!(events.rest().is_empty());
}

fn stop_waits_for_a_callback_and_on_close_comes_after_it(design: Design) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let (told, in_callback) = channel::<()>();
    let (go_on, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let stage = Arc::new(AtomicUsize::new(0));
    let (seen, at_close) = (Arc::clone(&stage), Arc::clone(&stage));
    let closes: Sender<usize>;
    let closed;
    (closes, closed) = channel();
    let probe = probe
        .on_data(move |_, _| {
            let _ = told.send(());
            let _ = wait.lock().unwrap().recv_timeout(LIMIT);
            seen.store(1, Ordering::SeqCst);
        })
        .on_close(move |_| _ = closes.send(at_close.load(Ordering::SeqCst)));
    let server = serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    peer.send("x");
    in_callback.recv_timeout(LIMIT).unwrap();
    let stopping = service.clone();
    let stopping = std::thread::spawn(move || stopping.stop());
    eventually("it is stopping", || !server.is_listening() || !service.is_running());
    assert!(closed.try_recv().is_err(), "not while the callback runs");
    go_on.send(()).unwrap();
    bounded("stop", move || stopping.join().unwrap()).unwrap();
    assert_eq!(closed.recv_timeout(LIMIT), Ok(1));
    assert!(matches!(events.close(), CloseReason::Shutdown));
}

fn stopping_twice_at_once_waits_for_the_same_end(design: Design) {
    let service = design.service();
    let (protocol, events) = Probe::server();
    let server = serve(&service, protocol);
    let _peers: Vec<Peer> = (0..20).map(|_| Peer::new(&server)).collect();
    (0..20).for_each(|_| drop(events.open()));
    let stop = |_| {
        let service = service.clone();
        std::thread::spawn(move || {
            let stopped = service.stop();
            (stopped, service.is_running())
        })
    };
    for stopping in (0..4).map(stop).collect::<Vec<_>>() {
        let (stopped, running) = bounded("stop", move || stopping.join().unwrap());
        stopped.unwrap();
        assert!(!running);
    }
    (0..20).for_each(|_| drop(events.close()));
}
