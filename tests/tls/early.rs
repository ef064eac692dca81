//! What is asked of a session before its handshake has ended.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use sockeye::{ErrorKind, Limits, Sent, raw};

use crate::common::{Design, LIMIT, addr_of, bounded, eventually};
use crate::diary::Diary;
use crate::on_both_designs;
use crate::wire::{Wire, accept};
use crate::world::{BOTH, Serving, World, listener};

on_both_designs!(
    what_a_server_sends_early_follows_on_opens,
    what_a_client_sends_early_follows_on_opens,
    early_sends_are_bounded,
    jobs_that_were_posted_early_run_once_it_is_open,
    jobs_of_who_never_opens_do_not_run,
    an_early_close_of_a_servers_session_is_prompt,
    a_client_ends_promptly_in_the_middle_of_a_handshake,
    a_service_stops_promptly_in_the_middle_of_a_handshake,
    a_client_that_waits_for_a_handshake_times_out,
);

fn hello(session: &mut raw::Session<'_>) {
    session.send("open ");
}

fn job(session: &mut raw::Session<'_>) {
    session.send("job");
}

fn what_a_server_sends_early_follows_on_opens(design: Design) {
    let (world, service) = (World::new(), design.service());
    for version in BOTH {
        let (diary, entries) = Diary::new();
        let serving = world.serve(&service, diary.on_open(hello).serve());
        let config = Arc::new(world.rustls_client(&[version]));
        let mut peer = Wire::connect(addr_of(&serving.server), &config);
        eventually("it is accepted", || serving.server.sessions().len() == 1);
        let session = serving.server.sessions().remove(0);
        assert_eq!(session.send("one "), Sent::Queued);
        assert_eq!(serving.server.multicast("two "), Sent::Queued);
        eventually("the group has delivered", || session.pending() == 8);
        // A turn of the session's in between.
        std::thread::sleep(Duration::from_millis(20));
        entries.expect_nothing_yet();
        assert!(session.is_open(), "it takes messages");
        peer.try_handshake().unwrap();
        peer.expect("open one two ");
    }
}

fn what_a_client_sends_early_follows_on_opens(design: Design) {
    let (world, service) = (World::new(), design.service());
    for version in BOTH {
        let listener = listener();
        let (diary, entries) = Diary::new();
        let queue = |builder: sockeye::client::Builder| builder.queue_while_down(100);
        let (client, _) = world.connect_with(&service, diary.on_open(hello), &listener, queue);
        assert_eq!(client.handle().send("one "), Sent::Queued);
        let mut peer = Wire::accept(&listener, &world.rustls_server(&[version]));
        // It shakes hands now.
        while peer.tls.wants_read() && !peer.tls.wants_write() {
            peer.pull().unwrap();
        }
        assert_eq!(client.handle().send("two "), Sent::Queued);
        entries.expect_nothing_yet();
        peer.try_handshake().unwrap();
        peer.expect("open one two ");
        client.wait_connected(LIMIT).unwrap();
    }
}

fn early_sends_are_bounded(design: Design) {
    let (world, service) = (World::new(), design.service());
    let (diary, entries) = Diary::new();
    let limits = Limits::default().queue(1000);
    let serving = Serving::new(&service, diary.serve(), world.server_config(), limits);
    let config = Arc::new(world.rustls_client(&BOTH));
    let mut peer = Wire::connect(addr_of(&serving.server), &config);
    eventually("it is accepted", || serving.server.sessions().len() == 1);
    let session = serving.server.sessions().remove(0);
    assert!(session.send([1; 600]).is_queued());
    assert_eq!(session.send([2; 600]), Sent::Full);
    assert!(session.send([3; 400]).is_queued());
    assert_eq!(session.send([4]), Sent::Full);
    peer.try_handshake().unwrap();
    peer.expect([1; 600]);
    peer.expect([3; 400]);
    entries.expect(&["handshake", "open"]);
    assert!(session.is_open());
}

fn jobs_that_were_posted_early_run_once_it_is_open(design: Design) {
    let (world, service) = (World::new(), design.service());
    let (diary, entries) = Diary::new();
    let serving = world.serve(&service, diary.on_open(hello).serve());
    let config = Arc::new(world.rustls_client(&BOTH));
    let mut peer = Wire::connect(addr_of(&serving.server), &config);
    eventually("it is accepted", || serving.server.sessions().len() == 1);
    let session = serving.server.sessions().remove(0);
    session.post(job).unwrap();
    peer.try_handshake().unwrap();
    peer.expect("open job");
    entries.expect(&["handshake", "open"]);
}

fn jobs_of_who_never_opens_do_not_run(design: Design) {
    let (world, service) = (World::new(), design.service());
    let (diary, entries) = Diary::new();
    let diary = diary.on_handshake(|session| session.close());
    let serving = world.serve(&service, diary.serve());
    let config = Arc::new(world.rustls_client(&BOTH));
    let mut peer = Wire::connect(addr_of(&serving.server), &config);
    eventually("it is accepted", || serving.server.sessions().len() == 1);
    let session = serving.server.sessions().remove(0);
    let (told, ran) = channel::<()>();
    session.post(move |_| told.send(()).unwrap()).unwrap();
    peer.try_handshake().unwrap();
    peer.expect_goodbye();
    assert!(ran.recv_timeout(LIMIT).is_err(), "it is dropped instead");
    entries.expect(&["handshake"]);
}

fn an_early_close_of_a_servers_session_is_prompt(design: Design) {
    let (world, service) = (World::new(), design.service());
    let (diary, entries) = Diary::new();
    let serving = world.serve(&service, diary.serve());
    for abort in [false, true] {
        let config = Arc::new(world.rustls_client(&BOTH));
        let mut peer = Wire::connect(addr_of(&serving.server), &config);
        eventually("it is accepted", || serving.server.sessions().len() == 1);
        let session = serving.server.sessions().remove(0);
        match abort {
            true => session.abort(),
            false => session.close(),
        }
        eventually("it is gone", || serving.server.connections() == 0);
        assert!(peer.try_handshake().is_err());
    }
    serving.errors.expect_none();
    drop(serving.server);
    entries.expect_no_more();
}

fn a_client_ends_promptly_in_the_middle_of_a_handshake(design: Design) {
    let (world, service) = (World::new(), design.service());
    for how in ["disconnect", "drop", "close", "abort"] {
        let listener = listener();
        let (diary, entries) = Diary::new();
        let (client, errors) = world.connect(&service, diary, &listener);
        // A peer that says nothing.
        let peer = accept(&listener);
        peer.peek(&mut [0]).unwrap();
        let began = Instant::now();
        match how {
            "disconnect" => client.disconnect(),
            "close" => client.handle().close(),
            "abort" => client.handle().abort(),
            _ => {}
        }
        if how != "drop" {
            let end = client.clone();
            let error = bounded("wait_connected", move || end.wait_connected(LIMIT)).unwrap_err();
            assert_ne!(error.kind(), ErrorKind::TimedOut, "{how}: {error}");
            client.wait_disconnected(LIMIT).unwrap();
        }
        drop(client);
        entries.expect_no_more();
        assert!(began.elapsed() < Duration::from_secs(4), "{how} took {:?}", began.elapsed());
        errors.expect_none();
    }
}

fn a_service_stops_promptly_in_the_middle_of_a_handshake(design: Design) {
    let world = World::new();
    for graceful in [false, true] {
        let service = design.service();
        let (diary, entries) = Diary::new();
        let serving = world.serve(&service, diary.clone().serve());
        let _silent = std::net::TcpStream::connect(addr_of(&serving.server)).unwrap();
        let listener = listener();
        let (client, _) = world.connect(&service, diary, &listener);
        accept(&listener).peek(&mut [0]).unwrap();
        eventually("it is accepted", || serving.server.connections() == 1);
        let began = Instant::now();
        bounded("the end of the service", move || match graceful {
            true => service.shutdown(LIMIT).unwrap(),
            false => service.stop().unwrap(),
        });
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        assert!(!client.is_connected());
        assert_eq!(serving.server.connections(), 0);
        drop((client, serving));
        entries.expect_no_more();
    }
}

fn a_client_that_waits_for_a_handshake_times_out(design: Design) {
    let (world, service) = (World::new(), design.service());
    let short = Duration::from_millis(50);
    let limits = |builder: sockeye::client::Builder| {
        builder.limits(Limits::default().handshake(Duration::from_millis(50)))
    };
    let timeout =
        |builder: sockeye::client::Builder| builder.connect_timeout(Duration::from_millis(50));
    for by_limit in [true, false] {
        let listener = listener();
        let (diary, entries) = Diary::new();
        let began = Instant::now();
        let (client, errors) = if by_limit {
            world.connect_with(&service, diary, &listener, limits)
        } else {
            world.connect_with(&service, diary, &listener, timeout)
        };
        let _peer = accept(&listener);
        let error = client.wait_connected(LIMIT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
        assert!(error.to_string().contains("handshake took too long"), "{error}");
        assert!(began.elapsed() >= short);
        errors.expect(ErrorKind::TimedOut, "handshake took too long");
        errors.expect_none();
        drop(client);
        entries.expect_no_more();
    }
}
