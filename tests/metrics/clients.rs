//! What clients count: their attempts, and what became of them.

use std::time::Duration;

use sockeye::metrics::Sessions;
use sockeye::{Backoff, Client, Service, raw};

use crate::common::{Design, Hanging, LIMIT, Setting, eventually};
use crate::{on_all_streams, on_both_designs};

on_all_streams!(connections_are_counted_over_reconnects, attempts_that_find_nobody_have_failed);
on_both_designs!(attempts_given_up_have_failed, a_dropped_client_leaves_no_attempt_open);

/// Each attempt has come to something.
#[track_caller]
fn assert_at_rest(metrics: &Sessions) {
    assert_eq!((metrics.opening(), metrics.active()), (0, 0), "{metrics:?}");
    assert_eq!(metrics.begun, metrics.opened + metrics.failed, "{metrics:?}");
    assert_eq!(metrics.opened, metrics.closed.total(), "{metrics:?}");
}

fn connections_are_counted_over_reconnects(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, raw::server(|_| raw::Discard));
    let client = server.place().client(&service, raw::client(raw::Discard));
    let client = client.connect(server.local_addr()).unwrap();
    for round in 1..=3 {
        client.wait_connected(LIMIT).unwrap();
        let metrics = client.metrics();
        assert_eq!((metrics.begun, metrics.opened, metrics.active()), (round, round, 1));
        client.handle().send("hello");
        if round < 3 {
            client.reconnect(LIMIT).unwrap();
        }
    }
    client.disconnect();
    client.wait_disconnected(LIMIT).unwrap();
    let metrics = client.metrics();
    assert_at_rest(&metrics);
    assert_eq!(metrics.closed.because("local"), 3);
    assert_eq!((metrics.stats.bytes_sent, metrics.stats), (15, client.handle().stats()));
    assert_eq!(service.metrics().clients, metrics);
}

fn attempts_that_find_nobody_have_failed(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let backoff = Backoff::default().first(Duration::from_millis(1)).attempts(2);
    let client = place.client(&service, raw::client(raw::Discard)).reconnect(backoff);
    let client = client.connect(place.endpoint()).unwrap();
    client.wait_connected(LIMIT).unwrap_err();
    client.wait_disconnected(LIMIT).unwrap();
    let metrics = client.metrics();
    assert_at_rest(&metrics);
    assert!(metrics.begun > 1, "{metrics:?}");
    assert_eq!((metrics.failed, metrics.errors), (metrics.begun, metrics.begun), "{metrics:?}");
}

/// A client that connects to where nobody answers.
fn trying(service: &Service, hanging: &Hanging) -> Client {
    let client = Client::builder(service, raw::client(raw::Discard)).connect_timeout(LIMIT * 10);
    let client = client.connect(hanging.addr).unwrap();
    eventually("it tries", || client.metrics().opening() == 1);
    client
}

fn attempts_given_up_have_failed(design: Design) {
    let (service, hanging) = (design.service(), Hanging::new());
    let client = trying(&service, &hanging);
    client.disconnect();
    client.wait_disconnected(LIMIT).unwrap();
    let metrics = client.metrics();
    assert_at_rest(&metrics);
    assert_eq!((metrics.failed, metrics.errors), (1, 0), "{metrics:?}");
}

fn a_dropped_client_leaves_no_attempt_open(design: Design) {
    let (service, hanging) = (design.service(), Hanging::new());
    for round in 1..=10 {
        drop(trying(&service, &hanging));
        eventually("it is given up", || service.metrics().clients.failed == round);
    }
    assert_at_rest(&service.metrics().clients);
}
