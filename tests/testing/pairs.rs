//! Two sessions of a running service, with faults on both ends and threads in between.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use sockeye::testing::{Side, connect};
use sockeye::{CloseReason, Error, ErrorKind, Limits, raw};

use crate::common::{Design, Echo, Event, Events, LIMIT, Probe};
use crate::{Ending, Random, echo, faults, on_both_designs, once};

on_both_designs!(
    both_halves_keep_every_byte,
    both_halves_end_once_at_a_reset,
    both_halves_drain_before_a_close,
    a_panic_ends_both_halves_and_is_told,
    a_stop_ends_both_halves_and_waits_for_them,
    a_stop_in_the_middle_of_it_ends_each_once,
    a_stop_ends_what_is_connected_meanwhile,
    a_shutdown_ends_both_halves_in_peace,
    a_connection_outlives_its_handles,
);

fn both_halves_keep_every_byte(design: Design) {
    let service = design.service();
    let pairs: Vec<_> = (0..40)
        .map(|seed| {
            let capacity = Random(seed).draw(1..3000);
            let server = Side::new(raw::server(|_| Echo)).faults(faults(seed)).capacity(capacity);
            let (probe, events) = Probe::new();
            let limits = Limits::default().queue(1500).marks(200, 1000);
            let client = Side::new(raw::client(probe)).faults(faults(!seed)).limits(limits);
            (seed, connect(&service, server, client).unwrap(), events)
        })
        .collect();
    for (seed, (_, client), _) in &pairs {
        let data = Random(*seed).bytes(1000..4000);
        for piece in Random(*seed).cut(&data) {
            client.send_within(piece, LIMIT).unwrap();
        }
    }
    for (seed, (server, client), events) in pairs {
        let data = Random(seed).bytes(1000..4000);
        assert!(events.data(data.len()) == data, "seed {seed}");
        client.close();
        assert!(matches!(events.close(), CloseReason::Local), "seed {seed}");
        assert_eq!(server.stats().bytes_sent, data.len() as u64);
    }
    service.stop().unwrap();
}

fn both_halves_end_once_at_a_reset(design: Design) {
    let service = design.service();
    let pairs: Vec<_> = (0..120)
        .map(|bytes| {
            let server_faults = match bytes % 2 {
                0 => faults(bytes).reset_after_read(bytes / 2),
                _ => faults(bytes).reset_after_write(bytes / 2),
            };
            let (server, server_events) = echo();
            let (client, client_events) = Probe::new();
            let server = Side::new(raw::client(server)).faults(server_faults).capacity(20);
            let client = Side::new(raw::client(client)).faults(faults(!bytes));
            let handles = connect(&service, server, client).unwrap();
            (bytes, handles.1, server_events, client_events)
        })
        .collect();
    for (bytes, client, server_events, client_events) in pairs {
        let data = Random(bytes).bytes(100..101);
        client.send(&data);
        let server_ending = Ending::awaited(&server_events);
        let client_ending = Ending::awaited(&client_events);
        for ending in [&server_ending, &client_ending] {
            assert!(data.starts_with(&ending.data), "{bytes} bytes");
            assert!(matches!(ending.reasons[..], [CloseReason::Reset]), "{bytes} bytes");
        }
        assert!(client_ending.data.len() <= server_ending.data.len(), "{bytes} bytes");
    }
    service.stop().unwrap();
}

fn both_halves_drain_before_a_close(design: Design) {
    let service = design.service();
    for seed in 0..40 {
        let data = Random(seed).bytes(1..3000);
        let server = once(data.clone(), |session| session.close());
        let (probe, events) = Probe::new();
        let server = Side::new(server).faults(faults(seed)).capacity(100);
        let client = Side::new(raw::client(probe)).faults(faults(!seed));
        let (_, client) = connect(&service, server, client).unwrap();
        client.send("go");
        let ending = Ending::awaited(&events);
        assert!(ending.data == data, "seed {seed}: {} of {}", ending.data.len(), data.len());
        assert!(matches!(ending.reasons[..], [CloseReason::Remote]), "seed {seed}");
    }
    service.stop().unwrap();
}

fn a_stop_ends_both_halves_and_waits_for_them(design: Design) {
    let service = design.service();
    let both = |_| {
        let (server, server_events) = Probe::server();
        let (client, client_events) = Probe::new();
        connect(&service, server, raw::client(client)).unwrap();
        [server_events, client_events]
    };
    let all: Vec<Events> = (0..20).flat_map(both).collect();
    service.stop().unwrap();
    for events in all {
        let reasons = Ending::of(&events).reasons;
        // The other half may have gone first.
        let expected = |reason: &_| matches!(reason, CloseReason::Shutdown | CloseReason::Reset);
        assert!(reasons.len() == 1 && reasons.iter().all(expected), "{reasons:?}");
    }
    let refused = connect(&service, raw::server(|_| Echo), raw::client(Echo));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Stopped);
}

fn a_stop_in_the_middle_of_it_ends_each_once(design: Design) {
    for round in 0..10 {
        let service = design.service();
        let all: Vec<_> = (0..10)
            .flat_map(|number| {
                let seed = 10 * round + number;
                let (server, server_events) = echo();
                let (client, client_events) = Probe::new();
                let server = Side::new(server.serve()).faults(faults(seed)).capacity(50);
                let client = Side::new(raw::client(client)).faults(faults(!seed));
                let (_, client) = connect(&service, server, client).unwrap();
                client.send(Random(seed).bytes(500..501));
                [server_events, client_events]
            })
            .collect();
        let seen = all[0].next();
        assert!(matches!(seen, Event::Open(_)), "{seen:?}");
        service.stop().unwrap();
        for (events, seed) in all.iter().zip((0..).map(|index| 10 * round + index / 2)) {
            let ending = Ending::of(events);
            assert_eq!(ending.reasons.len(), 1, "seed {seed}: {:?}", ending.reasons);
            assert!(Random(seed).bytes(500..501).starts_with(&ending.data), "seed {seed}");
        }
    }
}

fn a_stop_ends_what_is_connected_meanwhile(design: Design) {
    for _ in 0..50 {
        let service = design.service();
        let (server, events) = Probe::server();
        let others = service.clone();
        let connector =
            thread::spawn(
                move || {
                    while connect(&others, server.clone(), raw::client(Echo)).is_ok() {}
                },
            );
        events.open();
        let begun = Instant::now();
        service.stop().unwrap();
        // A stop gives up on what does not end, after ten seconds.
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        connector.join().unwrap();
        let all = events.rest();
        let opened = 1 + all.iter().filter(|event| matches!(event, Event::Open(_))).count();
        assert_eq!(opened, all.iter().filter(|event| matches!(event, Event::Close(_))).count());
    }
}

fn a_shutdown_ends_both_halves_in_peace(design: Design) {
    let service = design.service();
    let all: Vec<_> = (0..20)
        .flat_map(|seed| {
            let (server, server_events) = echo();
            let (client, client_events) = Probe::new();
            let server = Side::new(server.serve()).faults(faults(seed));
            let client = Side::new(raw::client(client)).faults(faults(!seed));
            connect(&service, server, client).unwrap();
            [server_events, client_events]
        })
        .collect();
    service.shutdown(LIMIT).unwrap();
    for events in all {
        let reasons = Ending::of(&events).reasons;
        // The other half's end may come first.
        let expected = |reason: &_| matches!(reason, CloseReason::Shutdown | CloseReason::Remote);
        assert!(reasons.len() == 1 && reasons.iter().all(expected), "{reasons:?}");
    }
}

fn a_panic_ends_both_halves_and_is_told(design: Design) {
    let (told, errors) = channel();
    let tell = move |error: &Error| drop(told.send(error.to_string()));
    let service = design.builder().on_error(tell).start().unwrap();
    let (server, server_events) = Probe::new();
    let server = server.on_data(|_, _| panic!("on order"));
    let (client, client_events) = Probe::new();
    let (_, client) = connect(&service, server.serve(), raw::client(client)).unwrap();
    client.send("go");
    assert!(matches!(server_events.close(), CloseReason::Panic(_)));
    assert!(matches!(client_events.close(), CloseReason::Reset));
    let error = errors.recv_timeout(LIMIT).unwrap();
    assert!(error.contains("on order"), "{error}");
    service.stop().unwrap();
}

fn a_connection_outlives_its_handles(design: Design) {
    let service = design.service();
    let (probe, events) = Probe::new();
    drop(connect(&service, raw::server(|_| Echo), raw::client(probe)).unwrap());
    let client = events.open();
    client.send("still there");
    assert_eq!(events.data(11), b"still there");
    service.stop().unwrap();
}
