//! Time limits that no clock can hold: each call takes them, and means for ever.

use std::sync::mpsc::channel;
use std::time::Duration;

use sockeye::testing::Harness;
use sockeye::{
    Backoff, Client, Expiry, Inbox, Limits, Server, Service, client, framed, raw, service, udp,
};

use crate::codec::lines;
use crate::common::{Design, Echo, LIMIT, Probe, addr_of, bounded, echo_server, eventually, serve};
use crate::on_both_designs;

/// For ever.
const MAX: Duration = Duration::MAX;

on_both_designs!(
    a_service_is_shut_down,
    timers_are_waited_for,
    timers_never_expire,
    a_server_is_shut_down,
    a_client_connects_again_and_ends,
    sessions_are_sent_to,
    groups_are_sent_to,
    an_inbox_receives,
    datagrams_are_sent_and_received,
    requests_are_answered,
);

fn builder(design: Design) -> service::Builder {
    design.builder().stop_limit(MAX)
}

fn a_service_is_shut_down(design: Design) {
    bounded("shut down", move || {
        let service = builder(design).start().unwrap();
        service.shutdown(MAX).unwrap();
        service.start().unwrap();
        service.restart().unwrap();
        service.stop().unwrap();
    });
}

#[test]
fn the_loop_is_run_by_hand() {
    bounded("run", || {
        let service = Service::builder().threads(0).stop_limit(MAX).start().unwrap();
        service.post(|| ()).unwrap();
        assert!(service.poll_once(MAX).unwrap());
        let stopping = service.clone();
        let timer = service.after(Duration::from_millis(1), move || stopping.stop().unwrap());
        service.run_for(MAX).unwrap();
        drop(timer);
        assert!(!service.is_running());
    });
}

fn timers_are_waited_for(design: Design) {
    let service = builder(design).start().unwrap();
    let timer = service.after(Duration::from_millis(1), || ());
    assert_eq!(bounded("wait", move || timer.wait(MAX)).unwrap(), Expiry::Expired);
}

fn timers_never_expire(design: Design) {
    let service = builder(design).start().unwrap();
    let (expired, never) = channel();
    let again = expired.clone();
    let once = service.after(MAX, move || expired.send(()).unwrap());
    let often = service.every(MAX, move || again.send(()).unwrap());
    // One that is due later than these would be if they were due at once.
    assert_eq!(
        service.after(Duration::from_millis(5), || ()).wait(LIMIT).unwrap(),
        Expiry::Expired
    );
    assert!(once.is_pending() && often.is_pending());
    assert!(never.try_recv().is_err());
}

fn a_server_is_shut_down(design: Design) {
    let service = builder(design).start().unwrap();
    let server = echo_server(&service);
    let client = Client::builder(&service, raw::client(raw::Discard)).connect(addr_of(&server));
    let client = client.unwrap();
    client.wait_connected(LIMIT).unwrap();
    bounded("shut down", move || server.shutdown(MAX)).unwrap();
}

fn a_client_connects_again_and_ends(design: Design) {
    let service = builder(design).start().unwrap();
    let server = echo_server(&service);
    let client = Client::builder(&service, raw::client(raw::Discard))
        .connect_timeout(MAX)
        .limits(Limits::default().idle(MAX).close(MAX).handshake(MAX))
        .reconnect(Backoff::default().first(MAX).max(MAX))
        .connect(addr_of(&server))
        .unwrap();
    bounded("connect", move || {
        client.wait_connected(MAX).unwrap();
        client.reconnect(MAX).unwrap();
        // Again and again: the server may not have accepted it yet.
        eventually("it waits for ever", || {
            server.disconnect_all();
            client.state() == client::State::Waiting
        });
        // One more of those may end this connection too.
        eventually("it is connected again", || {
            client.connect();
            client.is_connected()
        });
        client.disconnect();
        client.wait_disconnected(MAX).unwrap();
    });
}

fn sessions_are_sent_to(design: Design) {
    let service = builder(design).start().unwrap();
    let server = echo_server(&service);
    let (protocol, inbox) = Inbox::new(&service, 1000);
    let client = Client::builder(&service, protocol).connect(addr_of(&server)).unwrap();
    client.wait_connected(LIMIT).unwrap();
    bounded("send", move || {
        client.handle().send_within("echo", MAX).unwrap();
        client.handle().flush(MAX).unwrap();
        inbox.receive_exact(&mut [0; 4], LIMIT).unwrap();
    });
}

fn groups_are_sent_to(design: Design) {
    let service = builder(design).start().unwrap();
    let group = raw::Group::new(&service);
    bounded("send", move || group.send_within("to nobody", MAX)).unwrap();
}

fn an_inbox_receives(design: Design) {
    let service = builder(design).start().unwrap();
    let (probe, _events) = Probe::new();
    let greet = probe.on_open(|session| {
        session.send("a line\nor two");
    });
    let server = Server::builder(&service, greet.serve()).listen("127.0.0.1:0").unwrap();
    let (protocol, inbox) = Inbox::new(&service, 1000);
    let _client = Client::builder(&service, protocol).connect(addr_of(&server)).unwrap();
    bounded("receive", move || {
        assert_eq!(inbox.receive(&mut [0], MAX).unwrap(), 1);
        inbox.receive_exact(&mut [0], MAX).unwrap();
        assert_eq!(inbox.receive_until(b"\n", 100, MAX).unwrap(), b"line\n");
        assert!(!inbox.receive_text(100, MAX).unwrap().is_empty());
    });
    let (protocol, inbox) = framed::Inbox::new(&service, lines(), 1000, 10);
    let _client = Client::builder(&service, protocol).connect(addr_of(&server)).unwrap();
    let message = bounded("receive", move || inbox.receive(MAX)).unwrap();
    assert_eq!(message.as_deref(), Some(&b"a line"[..]));
}

fn datagrams_are_sent_and_received(design: Design) {
    let service = builder(design).start().unwrap();
    let limits = udp::Limits::default().close(MAX);
    let (handler, inbox) = udp::Inbox::new(&service, 1000);
    let socket =
        udp::Socket::builder(&service, handler).limits(limits.clone()).bind("127.0.0.1:0").unwrap();
    let sender = udp::Socket::builder(&service, |_: &mut udp::Session<'_>, _, _: &[u8]| ())
        .limits(limits)
        .connect(socket.local_addr())
        .unwrap();
    bounded("send and receive", move || {
        sender.send_within("one", MAX).unwrap();
        sender.send_within("two", MAX).unwrap();
        sender.flush(MAX).unwrap();
        assert_eq!(inbox.receive(MAX).unwrap().data, b"one");
        assert_eq!(inbox.receive_into(&mut [0; 3], MAX).unwrap().0, 3);
        socket.close();
        socket.wait_closed(MAX).unwrap();
    });
}

#[test]
fn a_harness_runs() {
    bounded("run", || {
        let mut peer = Harness::new(raw::server(|_| Echo));
        assert!(peer.run_until(MAX, |_| true));
    });
}

fn requests_are_answered(design: Design) {
    let service = builder(design).start().unwrap();
    let echo = |session: &mut framed::Session<'_>, message: &[u8]| {
        session.send(message);
    };
    let server = serve(&service, framed::server(lines(), move |_| echo));
    let (protocol, requests) = framed::requests(&service, lines()).time_limit(MAX).build();
    let client = Client::builder(&service, protocol).connect(addr_of(&server)).unwrap();
    client.wait_connected(LIMIT).unwrap();
    bounded("ask", move || {
        assert_eq!(requests.call("a", MAX).unwrap(), b"a");
        assert_eq!(requests.request("b").wait(MAX).unwrap(), b"b");
    });
}
