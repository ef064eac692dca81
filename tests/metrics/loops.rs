//! What loops measure of themselves.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use sockeye::{Service, metrics::Loops};

use crate::common::{Design, LIMIT, eventually};
use crate::on_both_designs;

on_both_designs!(
    a_turn_takes_as_long_as_its_callbacks,
    turns_stay_counted_over_restarts,
    what_fails_is_counted_by_kind,
    waiting_jobs_are_seen,
);

const BLOCK: Duration = Duration::from_millis(40);

fn a_turn_takes_as_long_as_its_callbacks(design: Design) {
    let service = design.service();
    service.post(|| thread::sleep(BLOCK)).unwrap();
    eventually("the turn is counted", || loops(&service).turns.max() >= BLOCK);
    let turns = loops(&service).turns;
    assert!(turns.sum() >= BLOCK && turns.count() > 0, "{turns:?}");
}

fn turns_stay_counted_over_restarts(design: Design) {
    let service = design.service();
    for round in 1..=5 {
        let before = loops(&service);
        service.post(|| {}).unwrap();
        eventually("another turn", || loops(&service).turns.count() > before.turns.count());
        service.restart().unwrap();
        let after = loops(&service);
        assert!(after.turns.count() >= round, "{after:?}");
        assert!(after.lag.count() >= before.lag.count(), "{after:?}");
    }
}

fn what_fails_is_counted_by_kind(design: Design) {
    let service = design.builder().on_error(|_| panic!("once more")).start().unwrap();
    service.post(|| panic!("in a job")).unwrap();
    let _timer = service.after(Duration::ZERO, || panic!("in a timer"));
    eventually("both are counted", || loops(&service).panics == 2);
    assert_eq!(loops(&service).errors, 0);
}

fn waiting_jobs_are_seen(design: Design) {
    let service = design.service();
    assert_eq!(loops(&service).jobs, 0);
    let (release, held) = channel::<()>();
    service.post(move || held.recv_timeout(LIMIT).unwrap()).unwrap();
    for _ in 0..3 {
        service.post(|| {}).unwrap();
    }
    assert_eq!(loops(&service).jobs, 4);
    release.send(()).unwrap();
    eventually("all are run", || loops(&service).jobs == 0);
}

#[test]
fn a_loop_that_is_held_up_lags() {
    let service = Service::builder().threads(1).start().unwrap();
    service.post(|| thread::sleep(BLOCK)).unwrap();
    // What becomes ready when the turn begins, finds the loop at its end.
    eventually("the lag is seen", || loops(&service).lag.max() >= BLOCK - BLOCK / 4);
}

#[test]
fn a_loop_that_sleeps_does_not_lag() {
    let service = Service::builder().threads(0).start().unwrap();
    service.poll_once(3 * BLOCK).unwrap();
    let lag = loops(&service).lag;
    assert!(lag.count() >= 100, "{lag:?}");
    assert!(lag.quantile(0.5) < Some(Duration::from_millis(1)), "{lag:?}");
    assert_eq!(loops(&service).turns.count(), 0, "there was nothing to do");
}

#[test]
fn the_time_that_a_program_keeps_its_loop_waiting_is_lag_but_no_turn() {
    let service = Service::builder().threads(0).start().unwrap();
    service.poll_once(Duration::ZERO).unwrap();
    thread::sleep(BLOCK);
    service.post(|| {}).unwrap();
    while !service.poll_once(Duration::ZERO).unwrap() {}
    let Loops { turns, lag, .. } = loops(&service);
    assert_eq!(turns.count(), 1);
    assert!(turns.max() < BLOCK, "{turns:?}");
    assert!(lag.max() >= BLOCK - Duration::from_millis(2), "{lag:?}");
}

#[test]
fn the_time_of_a_stop_is_no_lag() {
    let service = Service::builder().threads(0).start().unwrap();
    service.poll_once(Duration::ZERO).unwrap();
    service.stop().unwrap();
    thread::sleep(5 * BLOCK);
    service.start().unwrap();
    service.poll_once(Duration::ZERO).unwrap();
    let lag = loops(&service).lag;
    assert!(lag.max() < 5 * BLOCK, "{lag:?}");
}

fn loops(service: &Service) -> Loops {
    service.metrics().loops
}
