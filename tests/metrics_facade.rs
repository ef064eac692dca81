//! What is published through the `metrics` facade, to a recorder of the test's own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit, with_local_recorder,
};
use sockeye::metrics::Registry;
use sockeye::{Service, raw};

use common::{Design, LIMIT, Peer, echo_server, eventually, serve};

on_both_designs!(counts_are_published_as_they_are, times_are_published_once);

/// Keeps everything by name and labels.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    values: BTreeMap<String, f64>,
    /// How many times each, and their sum.
    times: BTreeMap<String, (usize, f64)>,
    described: BTreeMap<String, Option<Unit>>,
    /// Panics when this is recorded.
    trap: Option<String>,
}

struct Note(Notes, String);

fn text(key: &Key) -> String {
    let labels = key.labels().map(|label| format!("{}={}", label.key(), label.value()));
    format!("{}{{{}}}", key.name(), labels.collect::<Vec<_>>().join(","))
}

impl Notes {
    fn note(&self, key: &Key) -> Arc<Note> {
        Arc::new(Note(self.clone(), text(key)))
    }

    fn describe(&self, key: &KeyName, unit: Option<Unit>, help: &SharedString) {
        assert!(!help.is_empty());
        self.0.lock().unwrap().described.insert(key.as_str().into(), unit);
    }

    fn value(&self, name: &str) -> f64 {
        self.0.lock().unwrap().values[name]
    }

    fn times(&self, name: &str) -> (usize, f64) {
        self.0.lock().unwrap().times.get(name).copied().unwrap_or_default()
    }
}

impl Recorder for Notes {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&key, unit, &help);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&key, unit, &help);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&key, unit, &help);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.note(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.note(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> metrics::Histogram {
        metrics::Histogram::from_arc(self.note(key))
    }
}

impl Note {
    fn set(&self, value: f64) {
        self.0.0.lock().unwrap().values.insert(self.1.clone(), value);
    }
}

impl CounterFn for Note {
    fn increment(&self, _: u64) {
        unreachable!("numbers are absolute");
    }

    fn absolute(&self, value: u64) {
        self.set(value as f64);
    }
}

impl GaugeFn for Note {
    fn increment(&self, _: f64) {
        unreachable!("numbers are absolute");
    }

    fn decrement(&self, _: f64) {
        unreachable!("numbers are absolute");
    }

    fn set(&self, value: f64) {
        self.set(value);
    }
}

impl HistogramFn for Note {
    fn record(&self, value: f64) {
        self.record_many(value, 1);
    }

    /// At once: a recorder that takes longer for each than the loop for a sample never ends.
    fn record_many(&self, value: f64, times: usize) {
        let mut book = self.0.0.lock().unwrap();
        let trapped = book.trap.as_ref().is_some_and(|trap| self.1.starts_with(trap));
        let (count, sum) = book.times.entry(self.1.clone()).or_default();
        (*count, *sum) = (*count + times, *sum + value * times as f64);
        drop(book);
        assert!(!trapped, "the recorder cannot");
    }
}

fn publish(registry: &Registry, notes: &Notes) {
    with_local_recorder(notes, || registry.publish());
}

fn counts_are_published_as_they_are(design: Design) {
    let (service, registry, notes) = (design.service(), Registry::new(), Notes::default());
    let server = echo_server(&service);
    registry.add_server("front", &server).unwrap();
    for round in 1..=2 {
        Peer::new(&server).exchange("hello");
        eventually("the session ends", || server.metrics().closed.total() == round);
        publish(&registry, &notes);
        let round = round as f64;
        assert_eq!(notes.value("sockeye_server_opened{name=front}"), round);
        assert_eq!(notes.value("sockeye_server_received_bytes{name=front}"), 5.0 * round);
        assert_eq!(notes.value("sockeye_server_closed{name=front,reason=remote}"), round);
        assert_eq!(notes.value("sockeye_server_active{name=front}"), 0.0);
    }
    let book = notes.0.lock().unwrap();
    assert_eq!(book.described["sockeye_server_opened"], None);
    assert_eq!(book.described["sockeye_server_sent_bytes"], Some(Unit::Bytes));
    assert_eq!(book.described["sockeye_server_open_seconds"], Some(Unit::Seconds));
}

const OPEN: &str = "sockeye_server_open_seconds{name=front}";

fn times_are_published_once(design: Design) {
    let (service, registry, notes) = (design.service(), Registry::new(), Notes::default());
    let server = echo_server(&service);
    registry.add_server("front", &server).unwrap();
    publish(&registry, &notes);
    assert_eq!(notes.times(OPEN), (0, 0.0));
    for round in 1..=3 {
        Peer::new(&server).exchange("hello");
        eventually("the session ends", || server.metrics().closed.total() == round);
        publish(&registry, &notes);
        // Nothing has come since.
        publish(&registry, &notes);
        let exact = server.metrics().durations.sum().as_secs_f64();
        let (count, sum) = notes.times(OPEN);
        assert_eq!(count as u64, round);
        assert!((sum - exact).abs() <= exact / 16.0, "{sum} of {exact}");
    }
}

#[test]
fn a_service_publishes_by_a_timer() {
    let (service, registry) = (Service::builder().threads(1).start().unwrap(), Registry::new());
    let notes = Notes::default();
    registry.add_service("main", &service).unwrap();
    let (told, turns) = channel();
    // Rarer than publishing takes in the slowest build: a timer that is late fires within its turn.
    let _timer = service.every(Duration::from_millis(200), move || {
        publish(&registry, &notes);
        let _ = told.send(notes.times("sockeye_service_turn_seconds{name=main}").0);
    });
    while turns.recv_timeout(LIMIT).expect("turns are told") <= 3 {}
}

/// The recorder is not ours: it may do what it likes.
#[test]
fn a_recorder_that_panics_spoils_nothing() {
    let service = Service::builder().threads(1).start().unwrap();
    let (server, registry, notes) = (echo_server(&service), Registry::new(), Notes::default());
    registry.add_server("front", &server).unwrap();
    Peer::new(&server).exchange("hello");
    eventually("the session ends", || server.metrics().durations.count() == 1);
    notes.0.lock().unwrap().trap = Some("sockeye_server_open".into());
    catch_unwind(AssertUnwindSafe(|| publish(&registry, &notes))).unwrap_err();
    notes.0.lock().unwrap().trap = None;
    publish(&registry, &notes);
    assert_eq!(notes.times(OPEN).0, 1, "it has been told");
    assert_eq!(notes.value("sockeye_server_opened{name=front}"), 1.0);
}

/// Publishes once more in the middle of a call.
struct Again<'a>(&'a Registry, Notes);

impl Recorder for Again<'_> {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        with_local_recorder(&self.1, || self.0.publish());
    }

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> metrics::Histogram {
        metrics::Histogram::noop()
    }
}

#[test]
fn a_call_during_another_does_nothing() {
    let service = Service::builder().threads(1).start().unwrap();
    let (server, registry) = (serve(&service, raw::server(|_| raw::Discard)), Registry::new());
    registry.add_server("front", &server).unwrap();
    let again = Again(&registry, Notes::default());
    with_local_recorder(&again, || registry.publish());
    assert!(again.1.0.lock().unwrap().described.is_empty());
}
