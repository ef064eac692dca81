//! Clients of Unix sockets: whom they do not reach, and when they ask again.

use std::io::Write as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};
use sockeye::{Backoff, CloseReason, ErrorKind, raw};

use crate::common::{Design, Event, LIMIT, Probe, SHORT, eventually};
use crate::folder::Folder;
use crate::{builder, client, on_both_designs};

on_both_designs!(
    nobody_there_is_a_refusal,
    a_client_finds_its_server_again,
    the_first_address_that_answers_is_taken,
    a_full_backlog_is_waited_for,
    a_full_backlog_times_out,
    a_client_that_gives_up_ends_the_wait,
);

fn nobody_there_is_a_refusal(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let attempt = || {
        let client = client(&service, raw::Discard).connect(folder.socket()).unwrap();
        client.wait_connected(LIMIT).unwrap_err()
    };
    let missing = attempt();
    assert_eq!(missing.kind(), ErrorKind::Refused);
    assert!(missing.to_string().contains("there is no such socket"), "{missing}");
    drop(UnixListener::bind(folder.socket()).unwrap());
    assert_eq!(attempt().kind(), ErrorKind::Refused);
}

fn a_client_finds_its_server_again(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let server = builder(&service).listen(folder.socket()).unwrap();
    let (probe, events) = Probe::new();
    let backoff = Backoff::default().first(Duration::from_millis(1)).max(Duration::from_millis(10));
    let client = client(&service, probe).reconnect(backoff).connect(folder.socket()).unwrap();
    for round in 0..3 {
        client.wait_connected(LIMIT).unwrap();
        events.open();
        client.handle().send([round; 10]);
        assert_eq!(events.data(10), [round; 10]);
        server.restart().unwrap();
        assert!(matches!(events.close(), CloseReason::Remote | CloseReason::Reset));
    }
    events.open();
}

fn the_first_address_that_answers_is_taken(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let server = builder(&service).listen(folder.socket()).unwrap();
    let missing = folder.path().join("b.sock");
    let client = client(&service, raw::Discard).connect([missing, folder.socket()]).unwrap();
    client.wait_connected(LIMIT).unwrap();
    assert_eq!(client.handle().peer_addr(), Some(server.local_addr()));
}

/// A listener that nobody can connect to any more until it accepts.
fn full(folder: &Folder) -> (UnixListener, Vec<UnixStream>) {
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    let address = SockAddr::unix(folder.socket()).unwrap();
    listener.bind(&address).unwrap();
    listener.listen(0).unwrap();
    let mut waiting = Vec::new();
    loop {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        if socket.connect(&address).is_err() {
            return (listener.into(), waiting);
        }
        waiting.push(socket.into());
    }
}

fn a_full_backlog_is_waited_for(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (listener, waiting) = full(&folder);
    let (probe, events) = Probe::new();
    let client = client(&service, probe);
    if cfg!(not(any(target_os = "linux", target_os = "android"))) {
        return; // It would be refused.
    }
    let client = client.connect(folder.socket()).unwrap();
    assert_eq!(client.wait_connected(SHORT).unwrap_err().kind(), ErrorKind::TimedOut);
    for _ in &waiting {
        listener.accept().unwrap();
    }
    client.wait_connected(LIMIT).unwrap();
    listener.accept().unwrap().0.write_all(b"welcome").unwrap();
    assert_eq!(events.data(7), b"welcome");
}

fn a_full_backlog_times_out(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let _full = full(&folder);
    let client = client(&service, raw::Discard).connect_timeout(SHORT);
    let client = client.connect(folder.socket()).unwrap();
    let error = client.wait_connected(LIMIT).unwrap_err();
    let wanted = match cfg!(any(target_os = "linux", target_os = "android")) {
        true => ErrorKind::TimedOut,
        false => ErrorKind::Refused,
    };
    assert_eq!(error.kind(), wanted);
}

fn a_client_that_gives_up_ends_the_wait(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (listener, waiting) = full(&folder);
    let (probe, events) = Probe::new();
    let client = client(&service, probe).connect(folder.socket()).unwrap();
    client.disconnect();
    client.wait_disconnected(LIMIT).unwrap();
    for _ in &waiting {
        listener.accept().unwrap();
    }
    drop(client);
    service.stop().unwrap();
    eventually("nothing has opened", || {
        events.rest().iter().all(|event| !matches!(event, Event::Open(_)))
    });
}
